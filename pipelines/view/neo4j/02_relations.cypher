// Overview: how many relations of each type
MATCH (:__Entity__)-[r]->(:__Entity__)
RETURN type(r) AS relation, count(*) AS count, sum(size(r.evidence)) AS evidence
ORDER BY count DESC, relation
