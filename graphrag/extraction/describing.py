"""An ontology as a model reads it: lines of a prompt, and the JSON schema that holds it to them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from graphrag.datamodel import CheckedTriple, Chunk
from graphrag.errors import ConfigError
from graphrag.llm.messages import OutputSchema, schema_of
from graphrag.prompts import fence
from graphrag.text import clean, clean_line
from ontology import DatatypeProperty, Ontology, RelationType, ValueKind

SCHEMA_VERSION = "1"
_MAX_ENUM = 400  # servers bound the size of enumerations; beyond it the check alone decides
_OPEN_TYPES = (
    "person",
    "organization",
    "place",
    "work",
    "product",
    "event",
    "group",
    "date",
    "number",
    "other",
)
_VALUE_WORDS = {
    ValueKind.DATE: "date",
    ValueKind.INTEGER: "whole number",
    ValueKind.DECIMAL: "number",
    ValueKind.BOOLEAN: "yes or no",
    ValueKind.STRING: "text",
    ValueKind.PATTERN: "text",
}
# The quote comes first: a model that has written down its evidence invents less after it.
RECORD_FIELDS = (
    "quote",
    "subject",
    "subject_type",
    "subject_words",
    "relation",
    "object",
    "object_type",
    "object_words",
)


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example for the prompt: a passage and its records, as the model should write them."""

    text: str
    records: tuple[dict[str, str], ...]


def describe_types(ontology: Ontology | None) -> str:
    """One line per entity type."""
    if ontology is None:
        return "\n".join(f"- {name}" for name in _OPEN_TYPES)
    lines = []
    for entity_type in ontology.types.values():
        parents = f" (a kind of {', '.join(entity_type.parents)})" if entity_type.parents else ""
        text = f": {_line(entity_type.description)}" if entity_type.description else ""
        lines.append(f"- {entity_type.key}{parents}{text}")
    return "\n".join(lines)


def describe_relations(ontology: Ontology | None) -> str:
    """One line per relation, with domain, range and meaning."""
    if ontology is None:
        return '- any: a short verb phrase in the passage\'s own words, such as "was built by"'
    entries: list[RelationType | DatatypeProperty] = [*ontology.relations.values()]
    entries += ontology.properties.values()
    return "\n".join(_relation_line(entry) for entry in entries)


def strictness(ontology: Ontology | None) -> str:
    """What the prompt says about types and relations outside the lists."""
    if ontology is None:
        return "Give each thing the type of the list that fits best."
    return "Use only types and relations of the lists, by the names given there. What fits none is left out."


def answer_schema(ontology: Ontology | None, *, review: bool = False) -> OutputSchema:
    """The JSON schema of an extraction's answer; relations and types are enumerated where they are few."""
    text = {"type": "string"}
    relations: dict[str, Any] = text
    types: dict[str, Any] = text
    if ontology is not None:
        keys = [*ontology.relations, *ontology.properties]
        if 0 < len(keys) <= _MAX_ENUM:
            relations = {"type": "string", "enum": keys}
        names = [*ontology.types, *dict.fromkeys(_VALUE_WORDS.values()), ""]
        if len(names) <= _MAX_ENUM:
            types = {"type": "string", "enum": names}
    fields = dict.fromkeys(RECORD_FIELDS, text) | {
        "relation": relations,
        "subject_type": types,
        "object_type": types,
    }
    number = {"type": "integer"}
    triples = _list_of({"passage": number, **fields})
    aliases = _list_of({"passage": number, "name": text, "alias": text})
    properties = {"triples": triples, "aliases": aliases}
    if not review:
        return schema_of("triples", SCHEMA_VERSION, _object(properties))
    maybe = {"type": "string", "enum": [*relations["enum"], ""]} if "enum" in relations else text
    judged = {"number": number, "stated": {"type": "string", "enum": ["yes", "no"]}, "relation": maybe}
    judged |= {"subject_type": types, "object_type": types}
    return schema_of("reviewed_triples", SCHEMA_VERSION, _object({"records": _list_of(judged), **properties}))


def describe_examples(examples: Sequence[Example]) -> str:
    """Worked examples as the prompt shows them; "" for none."""
    if not examples:
        return ""
    shown = []
    for example in examples:
        records = [
            {"passage": 1, **{name: record.get(name, "") for name in RECORD_FIELDS}}
            for record in example.records
        ]
        shown.append(
            fence(example.text, kind="example")
            + "\n"
            + json.dumps({"triples": records, "aliases": []}, ensure_ascii=False)
        )
    return "\nExamples:\n" + "\n\n".join(shown)


def load_examples(path: Path) -> tuple[Example, ...]:
    """Examples from a YAML file: a list of ``{text, triples: [{subject, relation, object, quote, ...}]}``.

    Raises:
        ConfigError: If the file cannot be read, has another form, or quotes what its text does not hold.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f'cannot read the examples "{path}": {error}') from error
    if not isinstance(data, list):
        raise ConfigError(f'"{path}" must be a list of entries with "text" and "triples"')
    return tuple(_example(entry, f'"{path}", entry {number}') for number, entry in enumerate(data, 1))


def examples_from(
    checked: Sequence[CheckedTriple], chunks: Sequence[Chunk], *, count: int = 3
) -> tuple[Example, ...]:
    """Examples from what the user's own knowledge base holds: accepted triples with their passages.

    Chunks are taken greedily by how many relations they show that no earlier one did; ties go by id.
    """
    by_chunk: dict[str, list[CheckedTriple]] = {}
    for item in checked:
        if item.accepted:
            by_chunk.setdefault(item.triple.evidence.chunk_id, []).append(item)
    texts = {chunk.id: chunk.text for chunk in chunks}
    chosen: list[Example] = []
    shown: set[str] = set()
    candidates = sorted(set(by_chunk) & set(texts))
    while candidates and len(chosen) < count:
        best = max(candidates, key=lambda chunk: len({item.relation for item in by_chunk[chunk]} - shown))
        gain = {item.relation for item in by_chunk[best]} - shown
        if not gain:
            break
        candidates.remove(best)
        shown |= gain
        records = tuple(_record(item) for item in sorted(by_chunk[best], key=lambda item: item.id))
        chosen.append(Example(texts[best], records))
    return tuple(chosen)


def _record(item: CheckedTriple) -> dict[str, str]:
    head, tail = item.head, item.tail
    record = {"subject": head.name, "subject_type": item.subject_type or "", "relation": item.relation}
    record |= {
        "object": tail.name,
        "object_type": item.object_type or "",
        "quote": item.triple.evidence.quote,
    }
    if head.text != head.name:
        record["subject_words"] = head.text
    if tail.text != tail.name:
        record["object_words"] = tail.text
    return record


def _example(entry: object, where: str) -> Example:
    if (
        not isinstance(entry, dict)
        or not isinstance(entry.get("text"), str)
        or not isinstance(entry.get("triples"), list)
    ):
        raise ConfigError(f'{where}: expected "text" and a list "triples"')
    text = clean(entry["text"])
    records = []
    for record in entry["triples"]:
        if not isinstance(record, dict) or not {"subject", "relation", "object", "quote"} <= set(record):
            raise ConfigError(f"{where}: each triple needs subject, relation, object and quote")
        unknown = set(record) - set(RECORD_FIELDS)
        if unknown:
            raise ConfigError(
                f'{where}: unknown key "{min(map(str, unknown))}"; known: {", ".join(RECORD_FIELDS)}'
            )
        plain = {str(key): clean(str(value)) for key, value in record.items()}
        if plain["quote"] not in text:
            raise ConfigError(f'{where}: the text does not hold the quote "{plain["quote"]}"')
        records.append(plain)
    return Example(text, tuple(records))


def _relation_line(entry: RelationType | DatatypeProperty) -> str:
    domain = " or ".join(entry.domain) or "anything"
    if isinstance(entry, DatatypeProperty):
        target = _VALUE_WORDS.get(entry.value.kind) or f"one of {', '.join(entry.value.values)}"
        if entry.value.unit:
            target += f" in {entry.value.unit}"
    else:
        target = " or ".join(entry.range) or "anything"
    text = f". {_line(entry.description)}" if entry.description else ""
    return f"- {entry.key} ({_line(entry.label)}): {domain} -> {target}{text}"


def _line(text: str) -> str:
    return clean_line(text, max_length=400)


def _list_of(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": _object(properties)}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
