// The evidence of relations: the sentence, the passage and the document (change the name)
CALL db.index.fulltext.queryNodes('kg_names', 'Apple', {limit: 1}) YIELD node AS e
MATCH (e)-[r WHERE r.id STARTS WITH 'rel-']-(other:__Entity__)
UNWIND range(0, size(r.evidence) - 1) AS i
MATCH (c:__Chunk__ {id: r.chunks[i]})-[:PART_OF]->(d:__Document__)
RETURN startNode(r).name AS subject, type(r) AS relation, endNode(r).name AS object,
       r.evidence[i] AS evidence, d.name AS document, r.starts[i] AS start, r.ends[i] AS end
ORDER BY r.weight DESC LIMIT 50
