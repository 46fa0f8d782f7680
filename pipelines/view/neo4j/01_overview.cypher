// Overview: how many entities of each label
MATCH (e:__Entity__)
UNWIND [name IN labels(e) WHERE name <> '__Entity__'] AS label
RETURN label, count(*) AS entities ORDER BY entities DESC, label
