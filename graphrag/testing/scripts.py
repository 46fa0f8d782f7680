"""Answers for the scripted server: what a model would say, as plain functions of the prompt."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

Messages = Sequence[Mapping[str, str]]

_PASSAGE = re.compile(r'<passage-([0-9a-f]{8}) number="(\d+)">\n(.*?)\n</passage-\1>', re.DOTALL)
_NAME = r"[A-Z][\w&'-]*(?: [A-Z][\w&'-]*){0,8}"
_FACT = re.compile(
    rf"(?P<subject>{_NAME}|He|She|It) (?:was |is |has )?(?P<verb>founded|acquired|directed|wrote|joined|"
    rf"born in|located in|married to|employed by) (?P<object>{_NAME}|\d{{4}})(?=[.,;])"
)
_TYPES = {
    "founded": ("Person", "Organization"),
    "acquired": ("Organization", "Organization"),
    "directed": ("Person", "Work"),
    "wrote": ("Person", "Work"),
    "joined": ("Person", "Organization"),
    "born in": ("Person", "Place"),
    "located in": ("Organization", "Place"),
    "married to": ("Person", "Person"),
    "employed by": ("Person", "Organization"),
}


def passages(messages: Messages) -> list[tuple[int, str]]:
    """The fenced passages of a prompt, numbered as the prompt numbers them."""
    first = next((str(message["content"]) for message in messages if message["role"] == "user"), "")
    return [(int(number), text) for _, number, text in _PASSAGE.findall(first)]


def facts(messages: Messages, body: Mapping[str, Any]) -> str:
    """Reads sentences such as "Ada Lovelace joined Acme." as a careful model would.

    A round of gleaning finds nothing more; being asked again gives the same answer.
    """
    if is_gleaning(messages):
        return json.dumps({"triples": [], "aliases": []})
    triples = [
        record(number, match["subject"], match["verb"], match["object"], match[0])
        for number, text in passages(messages)
        for match in _FACT.finditer(text)
    ]
    return json.dumps({"triples": triples, "aliases": []}, ensure_ascii=False)


def record(passage: int, subject: str, verb: str, target: str, quote: str) -> dict[str, object]:
    """One record of an extraction's answer."""
    subject_type, object_type = _TYPES[verb]
    return {
        "passage": passage,
        "subject": subject,
        "subject_type": subject_type,
        "subject_words": "",
        "relation": verb.replace(" ", "_").upper(),
        "object": target,
        "object_type": "date" if target.isdigit() else object_type,
        "object_words": "",
        "quote": quote,
    }


def is_gleaning(messages: Messages) -> bool:
    """Whether the last turn asks for what was left out."""
    return len(messages) > 2 and "could not be read" not in str(messages[-1]["content"])


def echo(messages: Messages, body: Mapping[str, Any]) -> str:
    """The last turn back."""
    return str(messages[-1]["content"])
