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


class RefusedParameterError(Exception):
    """Makes the server refuse a parameter by name."""

    fault = "parameter"

    def __init__(self, param: str, message: str) -> None:
        super().__init__(message)
        self.param = param


def picky(messages: Messages, body: Mapping[str, Any]) -> str:
    """Refuses what the prompt says it should refuse, if it is there; echoes otherwise."""
    wanted = str(messages[-1]["content"])
    kind = (body.get("response_format") or {}).get("type")
    if wanted == "no temperature" and "temperature" in body:
        raise RefusedParameterError("temperature", "Unsupported value: 'temperature' does not support 0.")
    if wanted == "no max_tokens" and "max_tokens" in body:
        raise RefusedParameterError(
            "max_tokens", "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
        )
    if wanted == "no json_schema" and kind == "json_schema":
        raise RefusedParameterError("response_format", "json_schema is not supported")
    if wanted == "no response_format" and kind is not None:
        raise RefusedParameterError("", "unknown field response_format")
    return wanted
