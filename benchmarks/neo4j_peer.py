"""neo4j-graphrag's own writer on made-up rows, for `neo4j_store.py grown --peer`.

    python benchmarks/neo4j_peer.py bolt://host:7687 ENTITIES RELATIONS

Runs in an environment of its own, which holds neo4j-graphrag; the rows are those of `neo4j_store.py`.
"""

import asyncio
import resource
import sys
from collections.abc import Iterator
from time import perf_counter
from typing import Any


def made_nodes(entities: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Id, label and properties."""
    for number in range(entities):
        properties = {
            "name": f"Thing {number}",
            "type": f"Type{number % 20}",
            "aliases": [f"T. {number}"],
            "description": "",
            "literal": False,
            "names": [f"thing {number}", f"t {number}"],
        }
        yield f"ent-{number:032x}", f"Type{number % 20}", properties


def made_edges(entities: int, relations: int) -> Iterator[tuple[str, str, str, str, dict[str, Any]]]:
    """Id, start, type, end and properties; no two of a type join the same two entities."""
    for number in range(relations):
        start, end = (number * 7919) % entities, (number * 104729 + 1 + number // entities) % entities
        properties = {
            "type": f"REL_{number % 40}",
            "weight": 1.0,
            "evidence": [f"Thing {start} has to do with thing {end}, it is said."],
            "documents": ["doc-0"],
            "chunks": ["chk-0"],
            "starts": [0],
            "ends": [10],
            "extractors": ["made"],
            "scores": [0.9],
        }
        yield (
            f"rel-{number:032x}",
            f"ent-{start:032x}",
            f"REL_{number % 40}",
            f"ent-{end:032x}",
            properties,
        )


def main(uri: str, entities: int, relations: int) -> None:
    import neo4j
    import neo4j_graphrag
    from neo4j_graphrag.components.kg_writer import Neo4jWriter
    from neo4j_graphrag.components.types import Neo4jGraph, Neo4jNode, Neo4jRelationship

    graph = Neo4jGraph(
        nodes=[Neo4jNode(id=key, label=kind, properties=held) for key, kind, held in made_nodes(entities)],
        relationships=[
            Neo4jRelationship(start_node_id=start, end_node_id=end, type=kind, properties={"id": key, **held})
            for key, start, kind, end, held in made_edges(entities, relations)
        ],
    )
    with neo4j.GraphDatabase.driver(uri, auth=None) as driver:
        started, used = perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_utime
        result = asyncio.run(Neo4jWriter(driver).run(graph))
        seconds = perf_counter() - started
        cpu = resource.getrusage(resource.RUSAGE_SELF).ru_utime - used
        error = str((result.metadata or {}).get("error", ""))[:200]
        rows = entities + relations
        version = neo4j_graphrag.__version__ if hasattr(neo4j_graphrag, "__version__") else ""
        print(f"neo4j-graphrag {version}: {result.status} {error}")
        print(
            f"{'its writer':24} {rows:>9,} rows {seconds:8.1f} s {rows / seconds:>9,.0f} rows/s, "
            f"client CPU {cpu:.1f} s"
        )
        with driver.session() as session:
            there = session.run(
                "MATCH (n:__KGBuilder__) RETURN count(n) AS nodes, sum(COUNT { (n)-->() }) AS edges"
            ).single(strict=True)
            print(f"there: {there['nodes']:,} nodes, {there['edges']:,} relations")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
