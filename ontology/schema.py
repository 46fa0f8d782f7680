"""The records of a schema, and the look-ups everything else is built on.

A schema speaks in names: an entity type and a relation are known by their key (an identifier, safe as a
Neo4j label or relationship type), and carry the words people use for them as label, aliases and cues.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeVar

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


class OntologyError(Exception):
    """A schema that cannot be used; the message says where it is wrong and what to write instead.

    Attributes:
        source: File the schema came from, or None for text and Python objects.
        line: Line in `source`, from 1, or None when no line is known.
        key: Dotted path of the entry, such as `relations.FOUNDED.domain`, or None.
    """

    def __init__(
        self, message: str, *, source: str | None = None, line: int | None = None, key: str | None = None
    ) -> None:
        place = ":".join(str(part) for part in (source, line) if part is not None)
        super().__init__(": ".join(part for part in (place, key, message) if part))
        self.message = message
        self.source = source
        self.line = line
        self.key = key


class ValueKind(StrEnum):
    """What the values of a datatype property are made of."""

    STRING = "string"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    BOOLEAN = "boolean"
    ENUMERATION = "enumeration"
    PATTERN = "pattern"


@dataclass(frozen=True, slots=True)
class ValueType:
    """The values a datatype property takes.

    Attributes:
        kind: Which family of values; a date may be of any precision, from century to day.
        values: The allowed values of an enumeration, as written.
        pattern: Regular expression the whole value must match, for kind `pattern`.
        unit: Unit the number is in (`USD`, `km`); informative, and kept on export.
    """

    kind: ValueKind
    values: tuple[str, ...] = ()
    pattern: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class EntityType:
    """A class of things.

    Attributes:
        key: Identifier, unique in the ontology.
        label: What people call it; derived from the key when not given.
        parents: Keys of the types it is a kind of.
        aliases: Other names, matched when aligning.
        description: One sentence for readers and for prompts.
        disjoint_with: Keys of types that no entity of this type can also have.
    """

    key: str
    label: str = ""
    parents: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    description: str = ""
    disjoint_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RelationType:
    """A relation between entities.

    Attributes:
        key: Identifier, unique among relations and properties.
        label: What people call it; derived from the key when not given.
        domain: Types its head may have (a union); empty means any.
        range: Types its tail may have (a union); empty means anything, values included.
        inverse: Key of the same relation read backwards; need not be declared itself.
        symmetric: Whether (a, r, b) says (b, r, a) as well.
        transitive: Whether (a, r, b) and (b, r, c) say (a, r, c).
        functional: Whether a head has at most one tail.
        inverse_functional: Whether a tail has at most one head.
        min_cardinality: Fewest tails each entity of the domain should have.
        max_cardinality: Most tails a head may have.
        aliases: Other names of the relation, read in its own direction.
        cues: Phrases that state it in text, read from head to tail.
        inverse_cues: Phrases that state it from tail to head.
        description: One sentence for readers and for prompts.
    """

    key: str
    label: str = ""
    domain: tuple[str, ...] = ()
    range: tuple[str, ...] = ()
    inverse: str | None = None
    symmetric: bool = False
    transitive: bool = False
    functional: bool = False
    inverse_functional: bool = False
    min_cardinality: int | None = None
    max_cardinality: int | None = None
    aliases: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()
    inverse_cues: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class DatatypeProperty:
    """A relation from an entity to a value: a date, a number, a string.

    Fields have the meaning they have on `RelationType`; `value` takes the place of the range.
    """

    key: str
    value: ValueType
    label: str = ""
    domain: tuple[str, ...] = ()
    functional: bool = False
    min_cardinality: int | None = None
    max_cardinality: int | None = None
    aliases: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True)
class Ontology:
    """A checked schema. Build one with `load_ontology` or `Ontology.build`; it never changes afterwards.

    Attributes:
        name: What the schema is called.
        types: Entity types by key, in the order of the file.
        relations: Relations between entities by key, in the order of the file.
        properties: Datatype properties by key, in the order of the file.
        version: The author's own version; takes part in the fingerprint.
        description: What it is for.
    """

    name: str
    types: Mapping[str, EntityType] = field(default_factory=dict)
    relations: Mapping[str, RelationType] = field(default_factory=dict)
    properties: Mapping[str, DatatypeProperty] = field(default_factory=dict)
    version: str = ""
    description: str = ""

    def __post_init__(self) -> None:
        for name in ("types", "relations", "properties"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @staticmethod
    def build(
        name: str,
        types: Iterable[EntityType] = (),
        relations: Iterable[RelationType | DatatypeProperty] = (),
        *,
        version: str = "",
        description: str = "",
    ) -> Ontology:
        """Make an ontology from records, with labels filled in and everything validated.

        Raises:
            OntologyError: As for a file, without file and line.
        """
        from ontology.loader import validate_ontology

        type_list, relation_list = list(types), list(relations)
        for kind, items in (("types", type_list), ("relations", relation_list)):
            seen: set[str] = set()
            for item in items:
                if item.key in seen:
                    raise OntologyError("declared twice; keep one", key=f"{kind}.{item.key}")
                seen.add(item.key)
        ontology = Ontology(
            name=name,
            types={t.key: _labelled(t) for t in type_list},
            relations={r.key: _labelled(r) for r in relation_list if isinstance(r, RelationType)},
            properties={r.key: _labelled(r) for r in relation_list if isinstance(r, DatatypeProperty)},
            version=version,
            description=description,
        )
        validate_ontology(ontology)
        return ontology

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Ontology) and self.fingerprint == other.fingerprint

    def __reduce__(self) -> tuple[Any, ...]:
        # Mapping proxies do not pickle; worker processes rebuild them from plain dicts.
        fields = (dict(self.types), dict(self.relations), dict(self.properties))
        return Ontology, (self.name, *fields, self.version, self.description)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the content, version included. Equal fingerprints mean equal behaviour.

        Layout, comments and order do not count, except the order of a domain, a range or an enumeration.
        """
        plain = _canonical(ontology_to_plain(self))
        canonical = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()

    def all_relations(self) -> list[RelationType | DatatypeProperty]:
        """Relations, then datatype properties, in the order of the file."""
        return [*self.relations.values(), *self.properties.values()]

    def relation(self, key: str) -> RelationType | DatatypeProperty | None:
        """The relation or datatype property with this key, or None."""
        return self.relations.get(key) or self.properties.get(key)

    @cached_property
    def _ancestors(self) -> dict[str, frozenset[str]]:
        closure: dict[str, frozenset[str]] = {}
        for start in self.types:
            stack = [start]
            while stack:
                key = stack[-1]
                waiting = [p for p in self.types[key].parents if p not in closure and p in self.types]
                if key in closure:
                    stack.pop()
                elif waiting:
                    stack.extend(waiting)
                else:
                    above = (closure.get(p, frozenset()) for p in self.types[key].parents)
                    closure[key] = frozenset({key}).union(*above)
                    stack.pop()
        return closure

    @cached_property
    def _descendants(self) -> dict[str, frozenset[str]]:
        below: dict[str, set[str]] = {key: set() for key in self.types}
        for key, above in self._ancestors.items():
            for ancestor in above:
                below[ancestor].add(key)
        return {key: frozenset(found) for key, found in below.items()}

    def ancestors(self, key: str) -> frozenset[str]:
        """The type itself and everything it is a kind of; empty for an unknown key."""
        return self._ancestors.get(key, frozenset())

    def descendants(self, key: str) -> frozenset[str]:
        """The type itself and every kind of it; empty for an unknown key."""
        return self._descendants.get(key, frozenset())

    def is_a(self, key: str, ancestor: str) -> bool:
        """Whether `key` is `ancestor` or a kind of it."""
        return ancestor in self._ancestors.get(key, ())

    @cached_property
    def _disjoint_pairs(self) -> frozenset[tuple[str, str]]:
        declared = {(t.key, other) for t in self.types.values() for other in t.disjoint_with}
        return frozenset(declared | {(b, a) for a, b in declared})

    def are_disjoint(self, first: str, second: str) -> bool:
        """Whether nothing can be of both types, by declaration on them or on any of their ancestors."""
        if not self._disjoint_pairs:
            return False
        return any(
            (a, b) in self._disjoint_pairs for a in self.ancestors(first) for b in self.ancestors(second)
        )

    def inverse_of(self, key: str) -> str | None:
        """Key of the relation that reads `key` backwards, declared on either side; itself when symmetric."""
        return self._inverses.get(key)

    @cached_property
    def _inverses(self) -> dict[str, str]:
        pairs: dict[str, str] = {}
        for relation in self.relations.values():
            if relation.symmetric:
                pairs[relation.key] = relation.key
            if relation.inverse is not None:
                pairs[relation.key] = relation.inverse
                pairs.setdefault(relation.inverse, relation.key)
        return pairs


def words_of(identifier: str) -> str:
    """The words in an identifier: `BORN_IN` -> `born in`, `FilmAward` -> `film award`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", identifier.replace("_", " "))
    return " ".join(spaced.split()).lower()


def ontology_to_plain(ontology: Ontology) -> dict[str, Any]:
    """The ontology as plain dicts and lists in the layout of the file, defaults left out."""
    plain: dict[str, Any] = {"name": ontology.name}
    if ontology.version:
        plain["version"] = ontology.version
    if ontology.description:
        plain["description"] = ontology.description
    plain["types"] = {key: _type_to_plain(t) for key, t in ontology.types.items()}
    plain["relations"] = {r.key: _relation_to_plain(r) for r in ontology.all_relations()}
    return plain


def _type_to_plain(entity_type: EntityType) -> dict[str, Any]:
    return _without_defaults(
        {
            "label": entity_type.label,
            "parents": list(entity_type.parents),
            "aliases": list(entity_type.aliases),
            "description": entity_type.description,
            "disjoint_with": list(entity_type.disjoint_with),
        }
    )


def _relation_to_plain(relation: RelationType | DatatypeProperty) -> dict[str, Any]:
    plain: dict[str, Any] = {"label": relation.label, "domain": list(relation.domain)}
    if isinstance(relation, DatatypeProperty):
        plain["range"] = _value_to_plain(relation.value)
    else:
        plain["range"] = list(relation.range)
        plain["inverse"] = relation.inverse
        plain["symmetric"] = relation.symmetric
        plain["transitive"] = relation.transitive
        plain["inverse_functional"] = relation.inverse_functional
        plain["inverse_cues"] = list(relation.inverse_cues)
    plain["functional"] = relation.functional
    plain["min_cardinality"] = relation.min_cardinality
    plain["max_cardinality"] = relation.max_cardinality
    plain["aliases"] = list(relation.aliases)
    plain["cues"] = list(relation.cues)
    plain["description"] = relation.description
    return _without_defaults(plain)


def _value_to_plain(value: ValueType) -> str | dict[str, Any]:
    plain = _without_defaults(
        {
            "type": value.kind.value,
            "values": list(value.values),
            "pattern": value.pattern,
            "unit": value.unit,
        }
    )
    return value.kind.value if list(plain) == ["type"] else plain


_UNORDERED = ("parents", "aliases", "disjoint_with", "cues", "inverse_cues")


def _canonical(plain: dict[str, Any]) -> dict[str, Any]:
    for section in ("types", "relations"):
        for entry in plain[section].values():
            for name in _UNORDERED:
                if name in entry:
                    entry[name] = sorted(entry[name])
    return plain


def _without_defaults(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if value not in (None, "", [], False)}


_Item = TypeVar("_Item", EntityType, RelationType, DatatypeProperty)


def _labelled(item: _Item) -> _Item:
    return item if item.label else replace(item, label=words_of(item.key))
