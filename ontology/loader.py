"""Read and write schema files.

The file is parsed to YAML nodes, not to Python objects: nodes keep their line, tags are never executed,
and counting them as they arrive stops a hostile file before it fills the memory.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NoReturn

import yaml

from ontology.patterns import fault_of
from ontology.schema import (
    IDENTIFIER,
    DatatypeProperty,
    EntityType,
    Ontology,
    OntologyError,
    RelationType,
    ValueKind,
    ValueType,
    ontology_to_plain,
    words_of,
)

MAX_BYTES = 8_000_000
MAX_NODES = 60_000
MAX_TEXT = 10_000
MAX_DEPTH = 64
MAX_ANCESTORS = 1_000_000

TYPE_KEYS = ("label", "parents", "aliases", "description", "disjoint_with")
RELATION_KEYS = (
    "label",
    "domain",
    "range",
    "inverse",
    "symmetric",
    "transitive",
    "functional",
    "inverse_functional",
    "min_cardinality",
    "max_cardinality",
    "aliases",
    "cues",
    "inverse_cues",
    "description",
    "unit",
)
TOP_KEYS = ("name", "version", "description", "types", "relations")
VALUE_KEYS = ("type", "values", "pattern", "unit")
VALUE_KINDS = tuple(kind.value for kind in ValueKind)


def load_ontology(path_or_text: str | Path) -> Ontology:
    """Read a schema from a YAML (or JSON) file, or from text in that format.

    A string with a newline or a brace is taken as text, any other as a path.

    Raises:
        OntologyError: If the file cannot be read or is not a valid schema; the message names the file,
            the line, the key, and the nearest valid name.
    """
    if isinstance(path_or_text, str) and ("\n" in path_or_text or "{" in path_or_text):
        return _parse(path_or_text, source=None)
    path = Path(path_or_text)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise OntologyError(
                f"{path.stat().st_size:,} bytes is over the limit of {MAX_BYTES:,}; split the schema",
                source=str(path),
            )
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or str(error)
        raise OntologyError(f"cannot read the ontology file: {reason}", source=str(path)) from error
    except UnicodeDecodeError as error:
        raise OntologyError("the file is not UTF-8 text; save it as UTF-8", source=str(path)) from error
    return _parse(text, source=str(path))


@cache
def general_ontology() -> Ontology:
    """The general-purpose schema that comes with the package."""
    return shipped_ontology("general")


@cache
def shipped_ontology(name: str) -> Ontology:
    """A schema that comes with the package: `general`, `scholarly` or `finance`.

    Raises:
        OntologyError: If there is none of that name.
    """
    folder = resources.files("ontology") / "data"
    known = sorted(item.name[:-5] for item in folder.iterdir() if item.name.endswith(".yaml"))
    if name not in known:
        raise OntologyError(f"no ontology named {name!r} is shipped; there are {', '.join(known)}")
    return _parse((folder / f"{name}.yaml").read_text("utf-8"), source=f"ontology/data/{name}.yaml")


def dump_ontology(ontology: Ontology, path: str | Path | None = None) -> str:
    """Write a schema as YAML that `load_ontology` reads back to an equal one.

    Args:
        ontology: The schema.
        path: Where to write it as well; None only returns the text.
    """
    text: str = yaml.dump(
        ontology_to_plain(ontology),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=100,
        default_flow_style=None,
    )
    if path is not None:
        Path(path).write_text(text, "utf-8")
    return text


def validate_ontology(ontology: Ontology, fail: Callable[[str, str], NoReturn] | None = None) -> None:
    """Check what ties entries together: names exist, no cycles, no contradictions.

    Args:
        ontology: The schema to check.
        fail: Called with (dotted key, message) at the first fault; must raise. By default it raises
            `OntologyError`.

    Raises:
        OntologyError: At the first fault, in the order of the file.
    """
    report = fail or _raise
    for entity_type in ontology.types.values():
        _validate_type(ontology, entity_type, report)
    _refuse_cycles(ontology, report)
    _refuse_explosion(ontology, report)
    _refuse_contradictions(ontology, report)
    for relation in ontology.all_relations():
        _validate_relation(ontology, relation, report)


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint to end an error message with: the known name closest to `name`, or some of those there are."""
    names = list(known)
    lowered = {item.lower(): item for item in reversed(names)}
    # difflib is quadratic: of thousands of names only those with the same first letter are compared, and
    # of long ones only their case.
    pool = (
        list(lowered)
        if len(lowered) <= 3000
        else [key for key in lowered if key[:1] == name[:1].lower()][:3000]
    )
    if len(name) * len(pool) > 60_000:
        pool = [key for key in pool if key == name.lower()]
    match = difflib.get_close_matches(name.lower(), pool, n=1, cutoff=0.6)
    if match:
        return f'; did you mean "{lowered[match[0]]}"?'
    if not names:
        return ""
    return (
        f"; there {'is' if len(names) == 1 else 'are'} {', '.join(names[:8])}{' …' if len(names) > 8 else ''}"
    )


def _raise(key: str, message: str) -> NoReturn:
    raise OntologyError(message, key=key)


def _validate_type(ontology: Ontology, entity_type: EntityType, fail: Callable[[str, str], NoReturn]) -> None:
    place = f"types.{entity_type.key}"
    _validate_identifier(entity_type.key, place, fail)
    if entity_type.key in VALUE_KINDS:
        fail(place, f'"{entity_type.key}" is the name of a value type; call the type something else')
    for name in ("parents", "disjoint_with"):
        for other in getattr(entity_type, name):
            if other not in ontology.types:
                fail(f"{place}.{name}", f'unknown type "{_shown(other)}"{nearest(other, ontology.types)}')
    if entity_type.key in entity_type.disjoint_with:
        fail(f"{place}.disjoint_with", "a type cannot be disjoint with itself")


def _validate_relation(
    ontology: Ontology, relation: RelationType | DatatypeProperty, fail: Callable[[str, str], NoReturn]
) -> None:
    place = f"relations.{relation.key}"
    _validate_identifier(relation.key, place, fail)
    if isinstance(relation, RelationType):
        used = [("domain", relation.domain), ("range", relation.range)]
        if relation.key in ontology.properties:
            fail(place, "is declared both as a relation and as a datatype property; keep one")
    else:
        used = [("domain", relation.domain)]
        _validate_value(relation.value, f"{place}.range", fail)
    for name, types in used:
        for key in types:
            if key not in ontology.types:
                fail(f"{place}.{name}", f'unknown type "{_shown(key)}"{nearest(key, ontology.types)}')
    low, high = relation.min_cardinality, relation.max_cardinality
    for name, bound in (("min_cardinality", low), ("max_cardinality", high)):
        if bound is not None and bound < 0:
            fail(f"{place}.{name}", f"must be 0 or more, not {bound}")
    if low is not None and high is not None and low > high:
        fail(f"{place}.min_cardinality", f"is {low}, above max_cardinality {high}")
    if isinstance(relation, RelationType):
        _validate_inverse(ontology, relation, fail)


def _validate_inverse(
    ontology: Ontology, relation: RelationType, fail: Callable[[str, str], NoReturn]
) -> None:
    place = f"relations.{relation.key}.inverse"
    if relation.inverse is None:
        return
    _validate_identifier(relation.inverse, place, fail)
    if relation.inverse in ontology.properties:
        fail(place, f'"{relation.inverse}" holds values, so it cannot be read backwards')
    if relation.inverse == relation.key:
        fail(place, "a relation that is its own inverse is written as symmetric: true")
    if relation.symmetric:
        fail(place, "a symmetric relation is its own inverse; leave the inverse out")
    back = ontology.relations.get(relation.inverse)
    if back is not None and back.inverse not in (None, relation.key):
        fail(place, f'"{back.key}" names another inverse, "{back.inverse}"')


def _validate_value(value: ValueType, place: str, fail: Callable[[str, str], NoReturn]) -> None:
    if value.kind is ValueKind.ENUMERATION and not value.values:
        fail(place, "an enumeration needs its values: {type: enumeration, values: [a, b]}")
    if value.kind is not ValueKind.ENUMERATION and value.values:
        fail(place, f"values belong to an enumeration, not to {value.kind.value}")
    if value.kind is ValueKind.PATTERN and not value.pattern:
        fail(place, "a pattern needs its regular expression: {type: pattern, pattern: '[A-Z]{3}'}")
    if value.kind is not ValueKind.PATTERN and value.pattern:
        fail(place, f"pattern belongs to type pattern, not to {value.kind.value}")
    if value.pattern:
        _validate_pattern(value.pattern, place, fail)


def _validate_pattern(pattern: str, place: str, fail: Callable[[str, str], NoReturn]) -> None:
    fault = fault_of(pattern)
    if fault is not None:
        fail(place, fault)


def _validate_identifier(key: str, place: str, fail: Callable[[str, str], NoReturn]) -> None:
    if not IDENTIFIER.fullmatch(key):
        section = place.split(".")[0]
        fail(
            f"{section}.{_shown(key)}" if place.count(".") == 1 else place,
            "not an identifier; use letters, digits and _ (63 at most, no digit first) and a label",
        )


def _refuse_cycles(ontology: Ontology, fail: Callable[[str, str], NoReturn]) -> None:
    done: dict[str, int] = {}  # how many levels there are above a type, itself included
    for start in ontology.types:
        path: list[str] = []
        on_path: set[str] = set()
        stack: list[tuple[str, Iterator[str]]] = []
        if start not in done:
            stack.append((start, iter(ontology.types[start].parents)))
            path.append(start)
            on_path.add(start)
        while stack:
            key, parents = stack[-1]
            parent = next(parents, None)
            if parent is None:
                stack.pop()
                path.pop()
                on_path.discard(key)
                done[key] = 1 + max((done[up] for up in ontology.types[key].parents), default=0)
                if done[key] > MAX_DEPTH:
                    fail(
                        f"types.{key}.parents",
                        f"more than {MAX_DEPTH} levels of subclasses; flatten the schema",
                    )
            elif parent in on_path:
                loop = [*path[path.index(parent) :], parent]
                shown = " -> ".join(loop if len(loop) <= 8 else [*loop[:4], "…", *loop[-3:]])
                fail(f"types.{parent}.parents", f"a type cannot be a kind of itself: {shown}")
            elif parent not in done:
                path.append(parent)
                on_path.add(parent)
                if len(path) > MAX_DEPTH:
                    fail(
                        f"types.{start}.parents",
                        f"more than {MAX_DEPTH} levels of subclasses; flatten the schema",
                    )
                stack.append((parent, iter(ontology.types[parent].parents)))


def _refuse_explosion(ontology: Ontology, fail: Callable[[str, str], NoReturn]) -> None:
    """Stop a hierarchy whose closure would not fit: every type under thousands of others."""
    total = 0
    for key in ontology.types:
        seen, level = {key}, [key]
        while level:
            level = [p for k in level for p in ontology.types[k].parents if p not in seen]
            level = list(dict.fromkeys(level))
            seen.update(level)
        total += len(seen)
        if total > MAX_ANCESTORS:
            fail(f"types.{key}.parents", f"more than {MAX_ANCESTORS:,} subclass pairs; flatten the schema")


def _refuse_contradictions(ontology: Ontology, fail: Callable[[str, str], NoReturn]) -> None:
    declared = [(t.key, other) for t in ontology.types.values() for other in t.disjoint_with]
    for first, second in declared:
        shared = ontology.descendants(first) & ontology.descendants(second)
        if shared:
            key = min(shared)
            fail(
                f"types.{first}.disjoint_with",
                f'"{key}" is a kind of both "{first}" and "{second}", which are declared disjoint',
            )


def _shown(text: str) -> str:
    clean = "".join(ch if ch.isprintable() else "\ufffd" for ch in text[:80])
    return clean + ("…" if len(text) > 80 else "")


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _parse(text: str, *, source: str | None) -> Ontology:
    try:
        tree = read_tree(text, source=source)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = None if mark is None else mark.line + 1
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise OntologyError(f"not valid YAML: {problem}", source=source, line=line) from error
    return _Reader(source).ontology(tree)


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of the file: a scalar's text, a list of nodes, or a mapping of keys to nodes; with its line."""

    value: str | list[Node] | dict[str, Node] | None
    line: int
    key_line: int = 0


def read_tree(text: str, *, source: str | None = None) -> Node:
    """Parse YAML to nodes with lines, refusing anchors, tags, duplicate keys and files past the limits."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    events = yaml.parse(text, Loader=loader)
    return _TreeBuilder(events, source).document()


class _TreeBuilder:
    def __init__(self, events: Iterator[Any], source: str | None) -> None:
        self._events = events
        self._source = source
        self._count = 0

    def document(self) -> Node:
        self._skip(yaml.StreamStartEvent)
        first = next(self._events)
        if isinstance(first, yaml.StreamEndEvent):
            return Node(None, 1)
        node = self._node(next(self._events), depth=0)
        self._skip(yaml.DocumentEndEvent)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            self._fail("a schema is one YAML document; remove what follows ---", after)
        return node

    def _skip(self, kind: type) -> None:
        event = next(self._events)
        if not isinstance(event, kind):
            self._fail(f"unexpected {type(event).__name__}", event)

    def _node(self, event: Any, depth: int) -> Node:
        self._count += 1
        if self._count > MAX_NODES:
            self._fail(f"more than {MAX_NODES:,} entries; split the schema", event)
        if depth > 12:
            self._fail("nested too deeply for a schema", event)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            self._fail("anchors and aliases (& and *) are not supported; write the value out", event)
        tag = getattr(event, "tag", None)
        if tag is not None and tag != "!":
            self._fail(f"tag {_shown(str(tag))} is not supported; write plain values", event)
        line = event.start_mark.line + 1
        if isinstance(event, yaml.ScalarEvent):
            return Node(self._scalar(event), line)
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(self._sequence(depth), line)
        return Node(self._mapping(depth), line)

    def _scalar(self, event: Any) -> str | None:
        text: str = event.value
        if len(text) > MAX_TEXT:
            self._fail(f"a text of {len(text):,} characters; at most {MAX_TEXT:,} are allowed", event)
        return None if event.implicit[0] and text in ("", "~", "null", "Null", "NULL") else text

    def _sequence(self, depth: int) -> list[Node]:
        items: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return items

    def _mapping(self, depth: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            if not isinstance(key.value, str):
                self._fail("a key must be plain text", event)
            assert isinstance(key.value, str)
            if key.value in entries:
                first = entries[key.value].key_line
                self._fail(f'"{_shown(key.value)}" is already declared in line {first}; keep one', event)
            value = self._node(next(self._events), depth + 1)
            entries[key.value] = Node(value.value, value.line, key.line)
        return entries

    def _fail(self, message: str, event: Any) -> NoReturn:
        raise OntologyError(message, source=self._source, line=event.start_mark.line + 1)


class _Reader:
    """Turns nodes into records; every complaint carries file, line and key."""

    def __init__(self, source: str | None) -> None:
        self._source = source
        self._lines: dict[str, int] = {}

    def ontology(self, tree: Node) -> Ontology:
        if not isinstance(tree.value, dict):
            self._fail("", tree.line, "a schema is a mapping with the keys name, types and relations")
        top = self._mapping(tree, "", TOP_KEYS)
        types = self._section(top, "types")
        relations = self._section(top, "relations")
        read = [self._relation(key, node) for key, node in relations.items()]
        ontology = Ontology(
            name=self._text(top, "", "name") or "ontology",
            types={key: self._type(key, node) for key, node in types.items()},
            relations={r.key: r for r in read if isinstance(r, RelationType)},
            properties={r.key: r for r in read if isinstance(r, DatatypeProperty)},
            version=self._text(top, "", "version"),
            description=self._text(top, "", "description"),
        )
        validate_ontology(ontology, self._fail_at)
        return ontology

    def _section(self, top: dict[str, Node], name: str) -> dict[str, Node]:
        node = top.get(name)
        if node is None or node.value is None:
            return {}
        if not isinstance(node.value, dict):
            self._fail(name, node.line, f"must be a mapping, one key for each of the {name}")
        assert isinstance(node.value, dict)
        for key, entry in node.value.items():
            self._lines[f"{name}.{key}"] = entry.key_line
            _validate_identifier(key, f"{name}.{key}", self._fail_at_line(entry.key_line))
        return node.value

    def _type(self, key: str, node: Node) -> EntityType:
        place = f"types.{key}"
        entry = self._mapping(node, place, TYPE_KEYS)
        return EntityType(
            key=key,
            label=self._text(entry, place, "label") or words_of(key),
            parents=self._texts(entry, place, "parents"),
            aliases=self._texts(entry, place, "aliases"),
            description=self._text(entry, place, "description"),
            disjoint_with=self._texts(entry, place, "disjoint_with"),
        )

    def _relation(self, key: str, node: Node) -> RelationType | DatatypeProperty:
        place = f"relations.{key}"
        entry = self._mapping(node, place, RELATION_KEYS)
        shared: dict[str, Any] = {
            "key": key,
            "label": self._text(entry, place, "label") or words_of(key),
            "domain": self._texts(entry, place, "domain"),
            "functional": self._flag(entry, place, "functional"),
            "min_cardinality": self._count(entry, place, "min_cardinality"),
            "max_cardinality": self._count(entry, place, "max_cardinality"),
            "aliases": self._texts(entry, place, "aliases"),
            "cues": self._texts(entry, place, "cues"),
            "description": self._text(entry, place, "description"),
        }
        value = self._value(entry, place)
        if value is not None:
            for name in ("inverse", "symmetric", "transitive", "inverse_functional", "inverse_cues"):
                if name in entry:
                    where = self._lines[f"{place}.{name}"]
                    self._fail(
                        f"{place}.{name}", where, "has no meaning for a relation whose range is a value"
                    )
            return DatatypeProperty(value=value, **shared)
        if "unit" in entry:
            where = self._lines[f"{place}.unit"]
            self._fail(f"{place}.unit", where, "belongs to a relation whose range is integer or decimal")
        return RelationType(
            range=self._texts(entry, place, "range"),
            inverse=self._text(entry, place, "inverse") or None,
            symmetric=self._flag(entry, place, "symmetric"),
            transitive=self._flag(entry, place, "transitive"),
            inverse_functional=self._flag(entry, place, "inverse_functional"),
            inverse_cues=self._texts(entry, place, "inverse_cues"),
            **shared,
        )

    def _value(self, entry: dict[str, Node], place: str) -> ValueType | None:
        node = entry.get("range")
        if node is None:
            return None
        at = f"{place}.range"
        unit = self._text(entry, place, "unit") or None
        if isinstance(node.value, dict):
            fields = self._mapping(node, at, VALUE_KEYS)
            kind = self._text(fields, at, "type") or "string"
            if kind not in VALUE_KINDS:
                self._fail(
                    f"{at}.type",
                    node.line,
                    f'unknown value type "{_shown(kind)}"{nearest(kind, VALUE_KINDS)}',
                )
            return ValueType(
                kind=ValueKind(kind),
                values=self._texts(fields, at, "values"),
                pattern=self._text(fields, at, "pattern") or None,
                unit=self._text(fields, at, "unit") or unit,
            )
        names = self._texts(entry, place, "range")
        kinds = [name for name in names if name in VALUE_KINDS]
        if kinds and len(names) > 1:
            self._fail(at, node.line, f'"{kinds[0]}" is a value type; it cannot stand in a union with others')
        return ValueType(kind=ValueKind(kinds[0]), unit=unit) if kinds else None

    def _mapping(self, node: Node, place: str, allowed: tuple[str, ...]) -> dict[str, Node]:
        if node.value is None:
            return {}
        if not isinstance(node.value, dict):
            self._fail(place, node.line, f"must be a mapping with keys such as {', '.join(allowed[:4])}")
        assert isinstance(node.value, dict)
        for key, entry in node.value.items():
            full = f"{place}.{key}" if place else key
            self._lines[full] = entry.key_line
            if key not in allowed:
                self._fail(
                    f"{place}.{_shown(key)}" if place else _shown(key),
                    entry.key_line,
                    f"unknown key{nearest(key, allowed)}",
                )
        return node.value

    def _text(self, entry: dict[str, Node], place: str, name: str) -> str:
        node = entry.get(name)
        if node is None or node.value is None:
            return ""
        if not isinstance(node.value, str):
            self._fail(
                f"{place}.{name}" if place else name, node.line, "must be one text, not a list or mapping"
            )
        assert isinstance(node.value, str)
        return node.value.strip()

    def _texts(self, entry: dict[str, Node], place: str, name: str) -> tuple[str, ...]:
        node = entry.get(name)
        if node is None or node.value is None:
            return ()
        items = node.value if isinstance(node.value, list) else [node]
        found: list[str] = []
        for item in items:
            if not isinstance(item.value, str) or not item.value.strip():
                self._fail(f"{place}.{name}", item.line, "must be a list of texts: [first, second]")
            assert isinstance(item.value, str)
            if item.value.strip() not in found:
                found.append(item.value.strip())
        return tuple(found)

    def _flag(self, entry: dict[str, Node], place: str, name: str) -> bool:
        node = entry.get(name)
        if node is None or node.value is None:
            return False
        text = node.value.lower() if isinstance(node.value, str) else ""
        if text not in ("true", "false", "yes", "no"):
            self._fail(f"{place}.{name}", node.line, "must be true or false")
        return text in ("true", "yes")

    def _count(self, entry: dict[str, Node], place: str, name: str) -> int | None:
        node = entry.get(name)
        if node is None or node.value is None:
            return None
        if not isinstance(node.value, str) or not re.fullmatch(r"[0-9]{1,9}", node.value):
            self._fail(f"{place}.{name}", node.line, "must be a whole number, 0 or more")
        assert isinstance(node.value, str)
        return int(node.value)

    def _fail_at(self, place: str, message: str) -> NoReturn:
        parts = place.split(".")
        # The most precise line known: of the field, else of the entry it belongs to.
        while parts and ".".join(parts) not in self._lines:
            parts.pop()
        self._fail(place, self._lines.get(".".join(parts)), message)

    def _fail_at_line(self, line: int) -> Callable[[str, str], NoReturn]:
        return lambda place, message: self._fail(place, line, message)

    def _fail(self, place: str, line: int | None, message: str) -> NoReturn:
        raise OntologyError(message, source=self._source, line=line, key=place or None)
