// The most connected entities and what joins them
MATCH (e:__Entity__) WHERE NOT e.literal
WITH e, COUNT { (e)--(:__Entity__) } AS links ORDER BY links DESC, e.id LIMIT 40
WITH collect(e) AS hubs
UNWIND hubs AS a
MATCH p = (a)-[]->(b) WHERE b IN hubs
RETURN p LIMIT 200
