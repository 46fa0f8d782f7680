"""A model that reads documents and writes reports, for the scripted server."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from graphrag.testing.scripts import facts
from tests.graphrag.generation.scripts import question_of, reporting


def reader_and_writer(messages: Sequence[Mapping[str, str]], body: Mapping[str, Any]) -> str:
    """Reads facts, or writes a report, as the prompt asks."""
    if str(messages[0]["content"]).startswith("You write a short report"):
        return reporting(messages, body)
    return facts(messages, body)


def querying(messages: Sequence[Mapping[str, str]], body: Mapping[str, Any]) -> str:
    """Writes a query for who leads a firm; asked to delete one, it tries."""
    question = question_of(messages)
    values = {"name": question.split()[-1].rstrip("?")}
    query = (
        "CALL db.index.fulltext.queryNodes('kg_names', $name, {limit: 1}) YIELD node AS o "
        "MATCH (p:Person)-[:CEO_OF]->(o) RETURN p.name AS name LIMIT 5"
    )
    if question.startswith("Delete"):
        query = "MATCH (p:Person {name: $name}) DETACH DELETE p RETURN count(p)"
    return json.dumps({"query": query, "parameters": values})
