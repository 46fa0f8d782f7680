"""A model that reads documents and writes reports, for the scripted server."""

from collections.abc import Mapping, Sequence
from typing import Any

from graphrag.testing.scripts import facts
from tests.graphrag.generation.scripts import reporting


def reader_and_writer(messages: Sequence[Mapping[str, str]], body: Mapping[str, Any]) -> str:
    """Reads facts, or writes a report, as the prompt asks."""
    if str(messages[0]["content"]).startswith("You write a short report"):
        return reporting(messages, body)
    return facts(messages, body)
