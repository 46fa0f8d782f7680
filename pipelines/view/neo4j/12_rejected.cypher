// What the ontology rejected, by reason (needs a push with --rejected)
MATCH (x:__Rejected__)-[:READ_IN]->(c:__Chunk__)
RETURN x.reason AS reason, x.subject AS subject, x.predicate AS predicate, x.object AS object,
       x.message AS message, x.quote AS quote
ORDER BY reason, subject LIMIT 100
