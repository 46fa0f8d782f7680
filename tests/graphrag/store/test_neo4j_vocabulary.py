"""A query that a model wrote keeps to the words of the ontology and to plain Cypher."""

import pytest

from graphrag.store.neo4j_vocabulary import Vocabulary
from ontology import EntityType, Ontology, RelationType

WORDS = Vocabulary.of(
    Ontology.build(
        "firms",
        [EntityType("Person"), EntityType("Organization"), EntityType("Place")],
        [
            RelationType("FOUNDED", domain=("Person",), range=("Organization",)),
            RelationType("BORN_IN", domain=("Person",), range=("Place",)),
        ],
    )
)
VALUES = {"name": "Acme", "words": "kettle", "names": ["a"]}

GOOD = [
    "MATCH (p:Person)-[:FOUNDED]->(o:Organization {name: $name}) RETURN p.name AS name LIMIT 5",
    "CALL db.index.fulltext.queryNodes('kg_names', $name, {limit: 1}) YIELD node AS e "
    "MATCH (e)<-[r:FOUNDED]-(p) RETURN p.name, r.evidence",
    "MATCH (a)-[r:FOUNDED|BORN_IN]->(b) WHERE a:Person AND r:FOUNDED "
    "RETURN type(r), count(*) AS n ORDER BY n",
    "MATCH p = shortestPath((a:Person)-[:FOUNDED|BORN_IN*1..4]-(b:Place)) RETURN length(p) AS n",
    "MATCH (e:__Entity__)-[:MENTIONED_IN]->(c:Chunk)-[:PART_OF]->(d:Document) "
    "WHERE c.text CONTAINS 'kettle: x' RETURN d.title, collect(e.name)[0..3] AS n",
    "MATCH (p:Person) WHERE NOT EXISTS { (p)-[:FOUNDED]->() } RETURN p.name",
    "MATCH (p:Person) RETURN p.name, COUNT { MATCH (p)-[:FOUNDED]->(o) WHERE o:Organization RETURN o } AS n",
    "MATCH (p:Person) CALL (p) { MATCH (p)-[:FOUNDED]->(o) RETURN count(o) AS n } RETURN p.name, n",
    "MATCH (p:Person|Organization) WHERE p.name IN $names AND p.name IS NOT NULL RETURN p {.name, .type}",
    "WITH {first: $name} AS m MATCH (o {name: m.first}) RETURN o.name",
    "OPTIONAL MATCH (p:Person) RETURN CASE WHEN p.name = 'A' THEN 1 ELSE 2 END AS x, toLower(p.name)",
    "MATCH (p:Person&!Place) WHERE any(x IN p.aliases WHERE x = $name) RETURN p.name "
    "UNION MATCH (o:Place) RETURN o.name",
]


@pytest.mark.parametrize("query", GOOD)
def test_a_query_in_known_words_has_no_problem(query):
    assert WORDS.problems(query, VALUES) == []


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("MATCH (p:Persn) RETURN p.name", "no label Persn"),
        ("MATCH (p) WHERE p:Persn RETURN p.name", "no label Persn"),
        ("MATCH (p:Person|Robot) RETURN p.name", "no label Robot"),
        ("MATCH (p:FOUNDED) RETURN p.name", "no label FOUNDED"),
        ("MATCH (p)-[:FOUNDET]->() RETURN p.name", "no relationship type FOUNDET"),
        ("MATCH (p)-[r:FOUNDED|LIKES]->() RETURN p.name", "no relationship type LIKES"),
        ("MATCH (p)-[:Person]->() RETURN p.name", "no relationship type Person"),
        ("MATCH (p) RETURN p.birthday", "no property birthday"),
        ("MATCH (p {nam: 'x'}) RETURN p.name", "no property nam"),
        ("MATCH (p:Person {nam: 'x'}) RETURN p.name", "no property nam"),
        ("MATCH (p:Person) RETURN p {.nam}", "no property nam"),
        ("MATCH (p) WHERE EXISTS { MATCH (p)-[:LIKES]->() } RETURN p.name", "no relationship type LIKES"),
        ("MATCH (p {name: $other}) RETURN p.name", "$other has no value"),
        ("RETURN reduce(s = 0, x IN range(1, 10) | s + x)", "no function reduce"),
        ("UNWIND range(1, 1000000000) AS x RETURN x", "no function range"),
        ("RETURN apoc.load.json('x')", "apoc.load.json is not to be called"),
        ("CALL db.labels() YIELD label RETURN label", "db.labels is not to be called"),
        ("CALL dbms.listConfig() YIELD name RETURN name", "not to be called"),
        ("CALL db.index.fulltext.queryNodes('kg_forms', 'x') YIELD node RETURN node", "looks into"),
        ("CALL db.index.fulltext.queryNodes($name, 'x') YIELD node RETURN node", "looks into"),
        ("CALL db.labels", "looks into"),
        ("MATCH (a)-[*]-(b) RETURN a.name", "names at most 6"),
        ("MATCH (a)-[:FOUNDED*2..]-(b) RETURN a.name", "names at most 6"),
        ("MATCH (a)-[:FOUNDED*1..60]-(b) RETURN a.name", "names at most 6"),
        ("MATCH (a)-[:FOUNDED]-+(b) RETURN a.name", "several steps"),
        ("MATCH (a)-[:FOUNDED]->{1,9}(b) RETURN a.name", "several steps"),
        ("MATCH ((a)-[:FOUNDED]->(b)){1,9} RETURN a.name", "several steps"),
        ("MATCH (n:$($name)) RETURN n.name", "cannot hold"),
        ("MATCH (n) WHERE n IS Person RETURN n.name", "write labels as"),
        ("MATCH (n:`Person`) RETURN n.name", "cannot hold"),
        ("MATCH (n) RETURN n.name // x", "cannot hold"),
        ("MATCH (n) /* x */ RETURN n.name", "cannot hold"),
        ("MATCH (n) RETURN n.name; MATCH (n) RETURN n", "cannot hold"),
        ("MATCH (n) \\u0053ET n.name = 1 RETURN n", "cannot hold"),
        ("ＭＡＴＣＨ (n) RETURN n", "cannot hold"),
        ("MATCH (n) RETURN 'abc", "cannot hold"),
        ("CREATE (n:Person) RETURN n", "begins with"),
        ("EXPLAIN MATCH (n) RETURN n", "begins with"),
        ("MATCH (n:Person)", "ends with RETURN"),
        ("", "begins with"),
        ("MATCH (n RETURN n", "not closed"),
        ("MATCH (n)) RETURN n", "closes nothing"),
        ("WITH 'a' AS s WITH s + s + s + s + s + s AS s RETURN s", "adds at most"),
        ("MATCH (n) RETURN n.name" + " " * 3000, "longer than"),
    ],
)
def test_what_is_off_is_named(query, words):
    assert any(words in problem for problem in WORDS.problems(query, VALUES)), WORDS.problems(query, VALUES)


def test_the_description_tells_what_leads_where():
    assert "(:Person)-[:BORN_IN]->(:Place)" in WORDS.described()
    assert "Organization" in WORDS.described()
