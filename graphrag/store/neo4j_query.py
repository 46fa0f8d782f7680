"""Questions in Cypher: read only, bounded in rows and time, with values as parameters.

The server itself says what a query would do (``EXPLAIN``) before it is run: anything that writes, changes
the schema, reads files or addresses (LOAD CSV) or calls procedures other than index look-ups is refused.
The session is a reading one besides, so that the server refuses writes a second time.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphrag.errors import DataError
from graphrag.store.neo4j import Connection

TEMPLATES: Mapping[str, str] = {
    "neighbours": (
        "CALL db.index.fulltext.queryNodes('kg_names', $name, {limit: 1}) YIELD node AS e "
        "MATCH (e)-[r WHERE r.id STARTS WITH 'rel-']-(other:__Entity__) "
        "RETURN startNode(r).name AS subject, type(r) AS relation, endNode(r).name AS object, "
        "r.weight AS weight, r.id AS id ORDER BY weight DESC, id"
    ),
    "evidence": (
        "MATCH (:__Entity__)-[r WHERE r.id = $id]->(:__Entity__) UNWIND range(0, size(r.evidence) - 1) AS i "
        "MATCH (c:__Chunk__ {id: r.chunks[i]})-[:PART_OF]->(d:__Document__) "
        "RETURN r.evidence[i] AS quote, d.key AS document, r.starts[i] AS start, r.ends[i] AS end"
    ),
    "path": (
        "CALL db.index.fulltext.queryNodes('kg_names', $first, {limit: 1}) YIELD node AS a "
        "CALL db.index.fulltext.queryNodes('kg_names', $second, {limit: 1}) YIELD node AS b "
        "MATCH p = shortestPath((a)-[*..6]-(b)) WHERE all(n IN nodes(p) WHERE n:__Entity__) "
        "RETURN [n IN nodes(p) | n.name] AS names, [r IN relationships(p) | type(r)] AS relations"
    ),
    "passages": (
        "CALL db.index.fulltext.queryNodes('kg_text', $words, {limit: $limit}) YIELD node AS c, score "
        "RETURN c.id AS id, c.title AS title, c.text AS text, score ORDER BY score DESC, id"
    ),
    "similar": (
        "CALL db.index.vector.queryNodes('kg_vectors', $limit, $vector) YIELD node AS c, score "
        "RETURN c.id AS id, c.title AS title, c.text AS text, score ORDER BY score DESC, id"
    ),
}
_PROCEDURES = re.compile(r"db\.index\.(fulltext|vector)\.query(Nodes|Relationships)\b")


def query(
    connection: Connection,
    text: str,
    parameters: Mapping[str, object] | None = None,
    *,
    rows: int = 1000,
    seconds: float = 10.0,
) -> list[dict[str, Any]]:
    """At most `rows` rows of a template or of a query of one's own, ended by the server after `seconds`.

    Raises:
        DataError: If the query is not one that only reads the graph, or cannot be understood.
        StoreError: If it takes too long.
    """
    text = TEMPLATES.get(text, text)
    values = dict(parameters or {})
    for reason in _objections(connection, text, values):
        raise DataError(f"this query {reason}; only queries that read the graph are run")
    return connection.limited(text, values, rows=rows, seconds=seconds)


def _objections(connection: Connection, text: str, values: Mapping[str, object]) -> Iterator[str]:
    kind, operators = connection.plan(text, values)
    if kind != "r":
        yield "would change the database or its schema"
    for name, details in operators:
        if name.startswith("LoadCSV"):
            yield "would read a file or an address"
        elif name.startswith("ProcedureCall") and not _PROCEDURES.match(details.strip()):
            yield f"calls a procedure ({details.split('(')[0].strip()[:60]})"
        elif not name.startswith(_READING):
            yield f"does more than reading ({name})"


# Operators of plans that read (Neo4j's manual, "Operators"); what is not listed is refused.
_READING = (
    "ProduceResults", "AllNodesScan", "NodeByLabelScan", "NodeByIdSeek", "NodeByElementIdSeek", "NodeIndex",
    "NodeUniqueIndex", "MultiNodeIndexSeek", "DirectedRelationship", "UndirectedRelationship",
    "DirectedAllRelationships", "UndirectedAllRelationships", "DirectedUnionRelationship",
    "UndirectedUnionRelationship", "UnionNodeByLabelsScan", "IntersectionNodeByLabelsScan",
    "SubtractionNodeByLabelsScan", "PartitionedNode", "Expand", "OptionalExpand", "VarLengthExpand",
    "PruningVarLengthExpand", "BFSPruningVarLengthExpand", "ShortestPath", "StatefulShortestPath", "Repeat",
    "NullifyMetadata", "BidirectionalRepeat", "Filter", "Projection", "CacheProperties", "Limit",
    "ExhaustiveLimit", "Skip", "Sort", "Top", "PartialSort", "PartialTop", "Distinct", "OrderedDistinct",
    "EagerAggregation", "OrderedAggregation", "Eager", "Unwind", "Argument", "Apply", "SemiApply",
    "AntiSemiApply", "LetSemiApply", "LetAntiSemiApply", "SelectOrSemiApply", "SelectOrAntiSemiApply",
    "LetSelectOrSemiApply", "RollUpApply", "ConditionalApply", "AntiConditionalApply", "Optional",
    "CartesianProduct", "NodeHashJoin", "NodeLeftOuterHashJoin", "NodeRightOuterHashJoin", "ValueHashJoin",
    "AssertSameNode", "AssertSameRelationship", "TriadicSelection", "TriadicBuild", "TriadicFilter", "Union",
    "OrderedUnion", "EmptyRow", "EmptyResult", "NodeCountFromCountStore", "RelationshipCountFromCountStore",
    "ProjectEndpoints", "DynamicLabelNodeLookup", "DynamicNodeByLabel", "DynamicDirected",
    "DynamicUndirected", "Trail", "ProcedureCall", "LoadCSV",
)  # fmt: skip
