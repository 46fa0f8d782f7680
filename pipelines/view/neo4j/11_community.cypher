// One community: its members, how they hang together, and its report
MATCH (c:__Community__) WHERE c.summary IS NOT NULL
WITH c ORDER BY c.level, c.size DESC LIMIT 1
MATCH (e:__Entity__)-[m:IN_COMMUNITY]->(c)
OPTIONAL MATCH (e)-[r WHERE r.id STARTS WITH 'rel-']-(other:__Entity__)-[:IN_COMMUNITY]->(c)
RETURN c, e, m, r, other LIMIT 200
