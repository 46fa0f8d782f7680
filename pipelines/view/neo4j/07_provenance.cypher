// From an entity to its passages and documents (change the name)
CALL db.index.fulltext.queryNodes('kg_names', 'Apple', {limit: 1}) YIELD node AS e
MATCH p = (e)-[:MENTIONED_IN]->(:__Chunk__)-[:PART_OF]->(:__Document__)
RETURN p LIMIT 25
