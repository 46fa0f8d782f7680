// Entities that share a name: maybe the same thing, maybe namesakes
MATCH (e:__Entity__) WHERE NOT e.literal
UNWIND e.names AS name
WITH name, collect(DISTINCT e) AS found WHERE size(found) > 1
RETURN name, [e IN found | e.name + ' (' + e.type + ')'] AS entities
ORDER BY size(found) DESC, name LIMIT 50
