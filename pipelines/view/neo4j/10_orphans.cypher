// Entities that are mentioned and have no relation
MATCH (e:__Entity__)-[:MENTIONED_IN]->(c:__Chunk__)
WHERE NOT e.literal AND NOT (e)--(:__Entity__)
RETURN e.name AS entity, e.type AS type, count(c) AS passages
ORDER BY passages DESC, entity LIMIT 100
