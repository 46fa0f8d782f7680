// One relation with what it stands on: click the relation for the quoted words (change the name)
CALL db.index.fulltext.queryNodes('kg_names', 'Apple', {limit: 1}) YIELD node AS e
MATCH (e)-[r WHERE r.id STARTS WITH 'rel-']-(other:__Entity__)
WITH r, startNode(r) AS a, endNode(r) AS b ORDER BY r.weight DESC, r.id LIMIT 1
MATCH p = (c:__Chunk__ WHERE c.id IN r.chunks)-[:PART_OF]->(:__Document__)
MATCH (a)-[m]->(c), (b)-[n]->(c)
RETURN a, r, b, p, m, n LIMIT 50
