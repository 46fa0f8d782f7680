"""Vectors of passages on the graph, for look-ups by likeness inside Neo4j.

A push neither needs nor touches them, and a comparison passes over them: they are derived from the
passages' texts by an embedder, whose name stands beside each. Searches of this package do not use the
server's vector index, since it is approximate and their ranks are exact.
"""

from collections.abc import Callable, Sequence

from graphrag.datamodel import Chunk
from graphrag.interfaces import Floats
from graphrag.store.neo4j import Connection
from graphrag.store.neo4j_rows import CHUNK
from graphrag.store.neo4j_view import Neo4jView
from graphrag.store.neo4j_write import await_indexes

INDEX = "kg_vectors"
_BATCH = 500
_OTHERS = f"MATCH (c:{CHUNK.label}) WHERE c.embedder IS NULL OR c.embedder <> $name"


def write_vectors(
    connection: Connection, name: str, dim: int, embed: Callable[[Sequence[Chunk]], Floats]
) -> int:
    """Give every passage that lacks one its vector by the embedder `name`, and make the vector index.

    Returns:
        The number of vectors written.
    """
    view = Neo4jView(connection)
    ids = [row["id"] for row in connection.read(f"{_OTHERS} RETURN c.id AS id ORDER BY id", name=name)]
    for start in range(0, len(ids), _BATCH):
        chunks = view.chunks_by_id(ids[start : start + _BATCH])
        rows = [
            {"id": chunk.id, "vector": vector.tolist()}
            for chunk, vector in zip(chunks, embed(chunks), strict=True)
        ]
        connection.write(
            lambda transaction, rows=rows: transaction.run(  # type: ignore[misc]
                f"UNWIND $rows AS row MATCH (c:{CHUNK.label} {{id: row.id}}) SET c.embedder = $name "
                "WITH c, row CALL db.create.setNodeVectorProperty(c, 'embedding', row.vector)",
                rows=rows,
                name=name,
            ).consume()
        )
    _make_index(connection, dim)
    return len(ids)


def _make_index(connection: Connection, dim: int) -> None:
    held = connection.read(
        "SHOW VECTOR INDEXES YIELD name, options WHERE name = $name "
        "RETURN options.indexConfig['vector.dimensions'] AS dim",
        name=INDEX,
    )
    if held and held[0]["dim"] != dim:
        connection.schema(f"DROP INDEX {INDEX}")
    connection.schema(
        f"CREATE VECTOR INDEX {INDEX} IF NOT EXISTS FOR (c:{CHUNK.label}) ON (c.embedding) OPTIONS "
        f"{{indexConfig: {{`vector.dimensions`: {int(dim)}, `vector.similarity_function`: 'cosine'}}}}"
    )
    await_indexes(connection)
