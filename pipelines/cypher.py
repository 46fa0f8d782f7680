"""The graph as a Cypher script that recreates it in Neo4j, safe to run whatever the texts hold.

Identifiers (labels, types, keys) come from an allow-list only; every text is a literal through one
encoder. Statements are MERGE by id and SET of absolute values, so running the script twice is harmless.
"""

import re
from collections.abc import Iterator, Mapping

from graphrag.engine import GraphRAG
from graphrag.ids import canonical_json
from graphrag.store.identifiers import label, relationship

_PLAIN = re.compile(r"[ !#-&(-\[\]-_a-~]")


def literal(value: object) -> str:
    r"""A value as a Cypher literal.

    Quotes and backslashes have a backslash before them, and everything else outside plain ASCII is written
    as ``\uXXXX``, so that no character of a text can end the literal.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:.9g}" if "." in f"{value:.9g}" or "e" in f"{value:.9g}" else f"{value:.1f}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    return "'" + "".join(_escape(letter) for letter in str(value)) + "'"


def cypher_script(base: GraphRAG) -> Iterator[str]:
    """Statements, one a line: constraint, documents, chunks, entities, relations with evidence."""
    yield "CREATE CONSTRAINT kg_id IF NOT EXISTS FOR (n:__Entity__) REQUIRE n.id IS UNIQUE;\n"
    yield "CREATE CONSTRAINT kg_chunk IF NOT EXISTS FOR (n:Chunk) REQUIRE n.id IS UNIQUE;\n"
    yield "CREATE CONSTRAINT kg_document IF NOT EXISTS FOR (n:Document) REQUIRE n.id IS UNIQUE;\n"
    properties: dict[str, object]
    for document in base.view.documents():
        name = document.title or document.key
        properties = {"name": name, "key": document.key, "title": document.title, "source": document.source}
        yield f"MERGE (n:Document {{id: {literal(document.id)}}}) SET n += {_map(properties)};\n"
    for chunk in base.view.chunks():
        properties = {
            "name": chunk.text[:60],
            "text": chunk.text,
            "start": chunk.span.start,
            "end": chunk.span.end,
        }
        yield (
            f"MATCH (d:Document {{id: {literal(chunk.document_id)}}}) "
            f"MERGE (n:Chunk {{id: {literal(chunk.id)}}}) "
            f"SET n += {_map(properties)} MERGE (n)-[:PART_OF]->(d);\n"
        )
    for entity in base.view.entities():
        kind = label(entity.type)
        properties = {
            "name": entity.name,
            "type": entity.type,
            "aliases": list(entity.aliases),
            "description": entity.description,
        }
        yield (
            f"MERGE (n:__Entity__ {{id: {literal(entity.id)}}}) SET n:{kind} SET n += {_map(properties)};\n"
        )
    for relation in base.view.relations():
        kind = relationship(relation.type)
        evidence = [
            canonical_json(
                {"document": item.document_id, "span": [item.span.start, item.span.end], "quote": item.quote}
            )
            for item in relation.evidence
        ]
        properties = {"type": relation.type, "weight": relation.weight, "evidence": evidence}
        yield (
            f"MATCH (a:__Entity__ {{id: {literal(relation.subject_id)}}}), "
            f"(b:__Entity__ {{id: {literal(relation.object_id)}}}) "
            f"MERGE (a)-[r:{kind} {{id: {literal(relation.id)}}}]->(b) SET r += {_map(properties)};\n"
        )
    for chunk_id, entity_id in _mentioned(base):
        yield (
            f"MATCH (e:__Entity__ {{id: {literal(entity_id)}}}), (c:Chunk {{id: {literal(chunk_id)}}}) "
            "MERGE (e)-[:MENTIONED_IN]->(c);\n"
        )


def _mentioned(base: GraphRAG) -> Iterator[tuple[str, str]]:
    last: tuple[str, str] | None = None
    for chunk_id, entity_id, _ in base.view.mentions():
        if (chunk_id, entity_id) != last:
            last = (chunk_id, entity_id)
            yield last


def _map(properties: Mapping[str, object]) -> str:
    return "{" + ", ".join(f"{key}: {literal(value)}" for key, value in properties.items()) + "}"


def _escape(letter: str) -> str:
    if _PLAIN.fullmatch(letter):
        return letter
    if letter in "\\'\"":
        # Never as a code: Neo4j 5 turns codes into letters before it looks for the end of a literal.
        return f"\\{letter}"
    code = ord(letter)
    if code > 0xFFFF:
        code -= 0x10000
        return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
    return f"\\u{code:04x}"
