"""Constraints on a whole graph, and what follows from it.

`check` sees one triple at a time. What only a set of triples can violate (one birthplace each, at most two
parents, no person that is also a place) is found here, on the merged graph. Nothing is resolved: a conflict
names all sides, and the caller keeps them with their evidence. What follows from a graph by inverse,
symmetric and transitive relations is derived here too, marked as derived and never mixed with what was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ontology.schema import DatatypeProperty, Ontology, OntologyError, RelationType, ValueKind
from ontology.validation import ReasonCode
from ontology.values import normalise_value

Edge = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Statements that cannot all hold, or one that the schema does not allow.

    Attributes:
        code: Which constraint.
        entity: Id of the entity it is about.
        relation: Key of the relation, None for a conflict of types.
        others: The other ends of the conflicting edges, or the conflicting types, sorted.
        message: The same for a reader.
    """

    code: ReasonCode
    entity: str
    relation: str | None
    others: tuple[str, ...]
    message: str


class Rule(StrEnum):
    """How a derived edge follows."""

    SYMMETRIC = "symmetric"
    INVERSE = "inverse"
    TRANSITIVE = "transitive"


@dataclass(frozen=True, slots=True)
class Derived:
    """An edge that follows from others; `premises` are edges that were read or themselves derived."""

    head: str
    relation: str
    tail: str
    rule: Rule
    premises: tuple[Edge, ...]


def find_conflicts(
    ontology: Ontology, entities: Iterable[tuple[str, Iterable[str]]], edges: Iterable[Edge]
) -> list[Conflict]:
    """All violations of the schema in a graph, sorted by code, relation and entity.

    O(edges + entities), plus the size of what is found.

    Args:
        ontology: The schema.
        entities: Entity id and the keys of its types; unknown types count as none.
        edges: Head id, relation key, tail id (or the value, for a datatype property). Duplicates count once.
    """
    shared: dict[frozenset[str], frozenset[str]] = {}
    types: dict[str, frozenset[str]] = {}
    for entity, keys in entities:
        # Few combinations of types exist, so one object for each keeps the memory and the look-ups small.
        key_set = frozenset(keys)
        types[entity] = shared.setdefault(key_set, key_set)
    pairs: dict[str, list[tuple[str, str]]] = {}
    for head, relation, tail in edges:
        pairs.setdefault(relation, []).append((head, tail))
    inside = _containment(ontology, pairs)
    found = list(_type_conflicts(ontology, types))
    for key in sorted(pairs):
        declared = ontology.relation(key)
        if declared is None:
            found += _unknown(key, _grouped(pairs[key]))
            continue
        found += _edge_conflicts(ontology, declared, types, pairs[key])
        found += _cardinality_conflicts(declared, pairs[key], inside)
    found += _missing(ontology, types, pairs)
    return sorted(found, key=lambda c: (c.code, c.relation or "", c.entity, c.others))


def derive(ontology: Ontology, edges: Iterable[Edge], *, max_edges: int = 1_000_000) -> list[Derived]:
    """Every edge that follows from `edges` and is not among them, sorted; each once.

    Args:
        ontology: The schema.
        edges: Edges as read.
        max_edges: Stop with an error rather than derive more: a transitive closure can be quadratic.

    Raises:
        OntologyError: If more than `max_edges` follow.
    """
    known: set[Edge] = set(edges)
    derived: dict[Edge, Derived] = {}

    def add(edge: Edge, rule: Rule, *premises: Edge) -> None:
        if edge in known or edge[0] == edge[2]:
            return
        if len(derived) >= max_edges:
            raise OntologyError(
                f"more than {max_edges:,} edges follow; derive for fewer relations or entities"
            )
        known.add(edge)
        derived[edge] = Derived(*edge, rule, premises)

    for edge in sorted(known):
        _mirror(ontology, edge, add)
    for key, relation in sorted(ontology.relations.items()):
        if relation.transitive:
            for path in _transitive_pairs(sorted(e for e in known if e[1] == key)):
                add(
                    (path[0], key, path[2]), Rule.TRANSITIVE, (path[0], key, path[1]), (path[1], key, path[2])
                )
    for edge in sorted(derived):
        _mirror(ontology, edge, add)
    return [derived[edge] for edge in sorted(derived)]


def equivalents(ontology: Ontology, key: str) -> list[tuple[str, bool]]:
    """Relations to follow when a query asks for `key`: (relation, whether backwards), itself first."""
    relation = ontology.relations.get(key)
    found = [(key, False)]
    if relation is not None and relation.symmetric:
        found.append((key, True))
    inverse = ontology.inverse_of(key)
    if inverse is not None and inverse != key and (inverse in ontology.relations or relation is None):
        found.append((inverse, True))
    return found


def _mirror(ontology: Ontology, edge: Edge, add: Callable[..., None]) -> None:
    head, key, tail = edge
    relation = ontology.relations.get(key)
    if relation is None:
        return
    if relation.symmetric:
        add((tail, key, head), Rule.SYMMETRIC, edge)
    inverse = ontology.inverse_of(key)
    if inverse is not None and inverse != key and inverse in ontology.relations:
        add((tail, inverse, head), Rule.INVERSE, edge)


def _transitive_pairs(edges: list[Edge]) -> Iterator[Edge]:
    """(start, the node before the end, end) for each pair two or more steps apart, breadth first."""
    following: dict[str, list[str]] = {}
    for head, _, tail in edges:
        following.setdefault(head, []).append(tail)
    for start in sorted(following):
        seen = {start, *following[start]}
        level = following[start]
        while level:
            further: list[str] = []
            for node in level:
                for end in following.get(node, ()):
                    if end not in seen:
                        seen.add(end)
                        further.append(end)
                        yield (start, node, end)
            level = further


def _type_conflicts(ontology: Ontology, types: Mapping[str, frozenset[str]]) -> Iterator[Conflict]:
    verdicts: dict[frozenset[str], list[tuple[str, str]]] = {}
    for entity, keys in types.items():
        if len(keys) < 2:
            continue
        if keys not in verdicts:
            ordered = sorted(keys)
            pairs = [(a, b) for i, a in enumerate(ordered) for b in ordered[i + 1 :]]
            verdicts[keys] = [pair for pair in pairs if ontology.are_disjoint(*pair)]
        for first, second in verdicts[keys]:
            message = f"{entity} is both {first} and {second}, which are declared disjoint"
            yield Conflict(ReasonCode.DISJOINT_TYPES, entity, None, (first, second), message)


def _unknown(key: str, tails: Mapping[str, set[str]]) -> Iterator[Conflict]:
    for head, found in tails.items():
        message = f"{key} of {head} is not in the schema"
        yield Conflict(ReasonCode.UNKNOWN_RELATION, head, key, tuple(sorted(found)), message)


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    groups: dict[str, set[str]] = {}
    for key, value in pairs:
        groups.setdefault(key, set()).add(value)
    return groups


def _edge_conflicts(
    ontology: Ontology,
    relation: RelationType | DatatypeProperty,
    types: Mapping[str, frozenset[str]],
    pairs: list[tuple[str, str]],
) -> Iterator[Conflict]:
    key = relation.key
    inside = _Membership(ontology, relation.domain, types)
    for head, tails in _grouped(pair for pair in pairs if not inside(pair[0])).items():
        message = f"{head} is not of a type in the domain of {key}: {' or '.join(relation.domain)}"
        yield Conflict(ReasonCode.DOMAIN_VIOLATION, head, key, tuple(sorted(tails)), message)
    if isinstance(relation, DatatypeProperty):
        value, reason, wanted = relation.value, ReasonCode.BAD_VALUE, relation.value.kind.value
        wrong = [pair for pair in pairs if normalise_value(pair[1], value) is None]
    else:
        for head in {head for head, tail in pairs if head == tail}:
            message = f"{head} stands in {key} to itself"
            yield Conflict(ReasonCode.SELF_RELATION, head, key, (head,), message)
        reason, wanted = ReasonCode.RANGE_VIOLATION, " or ".join(relation.range)
        inside = _Membership(ontology, relation.range, types)
        wrong = [pair for pair in pairs if not inside(pair[1])]
    for head, tails in _grouped(wrong).items():
        shown = sorted(tails)
        message = f"{key} of {head} must be {wanted}, not {', '.join(shown[:5])}"
        yield Conflict(reason, head, key, tuple(shown), message)


class _Membership:
    """Whether an entity has a type out of a union, decided once for each set of types."""

    def __init__(
        self, ontology: Ontology, allowed: tuple[str, ...], types: Mapping[str, frozenset[str]]
    ) -> None:
        members = frozenset().union(*(ontology.descendants(key) for key in allowed))
        kinds = set(types.values()) | {_NO_TYPES}
        self._inside = {keys: not allowed or not members.isdisjoint(keys) for keys in kinds}
        self._types = types

    def __call__(self, entity: str) -> bool:
        return self._inside[self._types.get(entity, _NO_TYPES)]


_NO_TYPES: frozenset[str] = frozenset()


def _containment(
    ontology: Ontology, pairs: Mapping[str, list[tuple[str, str]]]
) -> Mapping[str, frozenset[str]]:
    """What each thing stands in by a transitive relation: where it is located, what it is part of."""
    found: dict[str, set[str]] = {}
    for key, relation in ontology.relations.items():
        if relation.transitive:
            for head, tail in pairs.get(key, ()):
                found.setdefault(head, set()).add(tail)
    return {head: frozenset(tails) for head, tails in found.items()}


def _cardinality_conflicts(
    relation: RelationType | DatatypeProperty,
    pairs: list[tuple[str, str]],
    inside: Mapping[str, frozenset[str]],
) -> Iterator[Conflict]:
    key, most = relation.key, relation.max_cardinality
    if relation.functional or most is not None:
        for head, tails in _grouped(pairs).items():
            if len(tails) < 2 and most != 0:
                continue
            kept = _distinct_values(relation, tails, inside)
            if relation.functional and len(kept) > 1:
                message = f"{head} has {len(kept)} values of {key}, which allows one: {', '.join(kept[:5])}"
                yield Conflict(ReasonCode.FUNCTIONAL_CONFLICT, head, key, kept, message)
            if most is not None and len(kept) > most:
                message = f"{head} has {len(kept)} values of {key}, which allows {most}"
                yield Conflict(ReasonCode.MAX_CARDINALITY, head, key, kept, message)
    if isinstance(relation, RelationType) and relation.inverse_functional:
        for tail, heads in _grouped((tail, head) for head, tail in pairs).items():
            if len(heads) > 1:
                message = f"{len(heads)} entities stand in {key} to {tail}, which allows one"
                yield Conflict(
                    ReasonCode.INVERSE_FUNCTIONAL_CONFLICT, tail, key, tuple(sorted(heads)), message
                )


def _distinct_values(
    relation: RelationType | DatatypeProperty, found: set[str], inside: Mapping[str, frozenset[str]]
) -> tuple[str, ...]:
    """The tails, without those that a more precise one among them confirms.

    1990 beside 1990-01-04; a country beside a city that the graph has in it.
    """
    ordered = sorted(found)
    if isinstance(relation, DatatypeProperty):
        if relation.value.kind is ValueKind.DATE:
            return tuple(v for v in ordered if not any(is_less_precise(v, other) for other in ordered))
        return tuple(ordered)
    if len(ordered) > 1:
        narrower = {tail: _reached(tail, inside) for tail in ordered}
        wider = {
            tail
            for tail in ordered
            if any(tail in narrower[other] and other not in narrower[tail] for other in ordered)
        }
        ordered = [tail for tail in ordered if tail not in wider]
    return tuple(ordered)


def _reached(start: str, inside: Mapping[str, frozenset[str]]) -> set[str]:
    seen: set[str] = set()
    level = {start}
    while level:
        level = {tail for node in level for tail in inside.get(node, ())} - seen
        seen |= level
    return seen - {start}


def is_less_precise(date: str, other: str) -> bool:
    """Whether `other` is a more precise date within `date`, both in EDTF: 1990-01 within 1990 or 199X."""
    plain = date.rstrip("X")
    return (
        date != other and other.startswith(plain) and (plain != date or other[len(plain) :].startswith("-"))
    )


def _missing(
    ontology: Ontology, types: Mapping[str, frozenset[str]], pairs: Mapping[str, list[tuple[str, str]]]
) -> Iterator[Conflict]:
    for relation in ontology.all_relations():
        least = relation.min_cardinality
        if not least or not relation.domain:
            continue
        inside = _Membership(ontology, relation.domain, types)
        present = _grouped(pairs.get(relation.key, ()))
        for entity in types:
            tails = present.get(entity, ())
            if len(tails) < least and inside(entity):
                message = f"{entity} has {len(tails)} values of {relation.key}, which needs {least}"
                others = tuple(sorted(tails))
                yield Conflict(ReasonCode.MIN_CARDINALITY, entity, relation.key, others, message)
