// The neighbourhood of a name (change the name)
CALL db.index.fulltext.queryNodes('kg_names', 'Apple', {limit: 1}) YIELD node AS e
MATCH p = (e)-[r]-(:__Entity__)
RETURN p ORDER BY r.weight DESC LIMIT 50
