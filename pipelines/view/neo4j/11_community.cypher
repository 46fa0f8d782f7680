// One community: its members, how they hang together, and its report
MATCH (a)-[r WHERE r.id STARTS WITH 'rel-']->(b:__Entity__)-[:IN_COMMUNITY]->(c:__Community__)
WHERE c.summary IS NOT NULL AND (a)-[:IN_COMMUNITY]->(c)
WITH c, count(r) AS links ORDER BY links DESC, c.id LIMIT 1
MATCH (e:__Entity__)-[m:IN_COMMUNITY]->(c)
OPTIONAL MATCH (e)-[r WHERE r.id STARTS WITH 'rel-']-(other:__Entity__)-[:IN_COMMUNITY]->(c)
RETURN c, e, m, r, other LIMIT 200
