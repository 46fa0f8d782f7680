// The shortest path between two names (change both)
CALL db.index.fulltext.queryNodes('kg_names', 'Apple', {limit: 1}) YIELD node AS a
CALL db.index.fulltext.queryNodes('kg_names', 'Google', {limit: 1}) YIELD node AS b
MATCH p = shortestPath((a)-[*..6]-(b))
WHERE all(n IN nodes(p) WHERE n:__Entity__)
RETURN p
