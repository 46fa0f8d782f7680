// Facts without evidence (there should be none)
MATCH (a:__Entity__)-[r WHERE r.id STARTS WITH 'rel-']->(b:__Entity__)
WHERE size(r.evidence) = 0
   OR any(chunk IN r.chunks WHERE NOT EXISTS { MATCH (:__Chunk__ {id: chunk})-[:PART_OF]->(:__Document__) })
RETURN a.name, type(r), b.name LIMIT 100
