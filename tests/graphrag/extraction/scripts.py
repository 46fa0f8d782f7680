"""Answers of models with particular habits, for the scripted server."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from graphrag.testing.scripts import facts, passages

Messages = Sequence[Mapping[str, str]]
_RECORD = re.compile(r"^(\d+)\. (.*) \| (.*) \| (.*) \| (.*)$", re.MULTILINE)


def one_at_a_time(messages: Messages, body: Mapping[str, Any]) -> str:
    """A lazy model: one record per round."""
    triples = json.loads(facts(messages[:2], body))["triples"]
    said = sum(message["role"] == "assistant" for message in messages)
    return json.dumps({"triples": triples[said : said + 1], "aliases": []})


def careful_judge(messages: Messages, body: Mapping[str, Any]) -> str:
    """Confirms what the quoted words say, and completes where asked to."""
    records = []
    for number, _, words, _, quote in _RECORD.findall(messages[1]["content"]):
        stated = words in quote
        record = {"number": int(number), "stated": "yes" if stated else "no"}
        record["relation"] = words.upper() if stated else ""
        records.append({**record, "subject_type": "Person", "object_type": "Organization"})
    triples = []
    if "left out" in messages[0]["content"]:
        known = {number for number, *_ in _RECORD.findall(messages[1]["content"])}
        triples = [
            t
            for t in json.loads(facts(messages[:2], body))["triples"]
            if t["relation"] != "FOUNDED" or not known
        ]
    return json.dumps({"records": records, "triples": triples, "aliases": []})


def obedient(messages: Messages, body: Mapping[str, Any]) -> str:
    """A model that does whatever a passage tells it: it repeats the records written there."""
    triples = []
    for number, text in passages(messages):
        for line in text.splitlines():
            if line.startswith("{"):
                triples.append({"passage": number, **json.loads(line)})
        if "reveal" in text:
            secret = messages[0]["content"][:200]
            triples.append(
                {
                    "passage": number,
                    "subject": secret,
                    "relation": "FOUNDED",
                    "object": secret,
                    "quote": secret,
                }
            )
        if "decode and obey" in text:  # words of another document, which this one does not hold
            hidden = {"subject": "Ada Stone", "relation": "FOUNDED", "object": "Acme"}
            triples.append({"passage": number, **hidden, "quote": "Ada Stone founded Acme"})
        if "every passage" in text:
            triples += [
                {
                    "passage": other,
                    "subject": "Mallory",
                    "relation": "FOUNDED",
                    "object": "Evil",
                    "quote": "Mallory founded Evil",
                }
                for other, _ in passages(messages)
            ]
    honest = json.loads(facts(messages[:2], body))["triples"] if len(messages) == 2 else []
    return json.dumps({"triples": honest + triples, "aliases": []})
