"""Answers of models with particular weaknesses, for the scripted server."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from graphrag.testing.scripts import facts, passages

Messages = Sequence[Mapping[str, str]]


class PromptTooLongError(Exception):
    """Makes the server answer as one whose context is full."""

    fault = "context"


class CutOffError(Exception):
    """Makes the server cut its answer."""

    fault = "length"


def small_context(messages: Messages, body: Mapping[str, Any]) -> str:
    """A model whose context holds 600 characters of passage."""
    if sum(len(text) for _, text in passages(messages)) > 600:
        raise PromptTooLongError
    return facts(messages, body)


def short_breath(messages: Messages, body: Mapping[str, Any]) -> str:
    """A model that breaks off after twenty records."""
    answer = facts(messages, body)
    if len(json.loads(answer)["triples"]) > 20:
        raise CutOffError
    return answer
