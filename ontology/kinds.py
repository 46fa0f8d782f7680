"""Types by name: what an extractor's label or a noun of the text means in the ontology at hand.

Extractors know coarse labels (PERSON, ORG, WORK) and nouns ("Dutch film director"); ontologies have types
of every grain (human, film, city). Both are compared by *kind*: each type of the ontology gets the kinds its
name, aliases and ancestors suggest, and a label fits a type as far as `lexicon.COMPATIBILITY` says.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from ontology.lexicon import (
    COMMON_HEADS,
    COMPATIBILITY,
    KIND_TYPE_NAMES,
    LABEL_SYNONYMS,
    NAME_HEADS,
    NAME_KINDS,
    NO_ROLES,
    NOUN_KINDS,
    SCHEMA_KINDS,
    STRETCH,
    VALUE_LABELS,
)
from ontology.morphology import PREPOSITIONS, noun_key, singular, words
from ontology.schema import EntityType, Ontology, words_of

# Below this compatibility a label and a type contradict each other.
MIN_COMPATIBILITY = STRETCH
KINDS = frozenset((*NAME_KINDS, *SCHEMA_KINDS))
_ANYTHING = frozenset(
    {"thing", "entity", "object", "resource", "owl thing", "item", "anything", "concept node"}
)
_PERSON_ENDINGS = (
    "ologist",
    "ician",
    "wright",
    "smith",
    "monger",
    "maker",
    "keeper",
    "player",
    "writer",
    "ographer",
)


class TypeChange(StrEnum):
    """What had to be done to a candidate's type to make it one the relation allows."""

    INFERRED = "type_inferred"
    NARROWED = "type_narrowed"
    REPLACED = "type_replaced"


@dataclass(frozen=True, slots=True)
class TypeReading:
    """What a label or noun means here.

    Attributes:
        key: The ontology's own type, or None when it has none by that name.
        kind: The coarse kind, or None when nothing is known.
        exact: Whether the label names an ontology type itself, rather than a coarse class of things.
        score: How sure the reading is, in (0, 1].
    """

    key: str | None
    kind: str | None
    exact: bool
    score: float


@dataclass(frozen=True, slots=True)
class TypeFit:
    """The type a candidate's end gets under a relation, how well it fits, and what was changed.

    `is_stretch` marks a label that contradicts the type, so that only a very plain statement overrules it.
    """

    key: str | None
    score: float
    change: TypeChange | None = None
    is_stretch: bool = False


class TypeAligner:
    """Maps labels and nouns to the types of one ontology. All look-ups are memoised by name."""

    def __init__(self, ontology: Ontology) -> None:
        self._ontology = ontology
        self._by_name = _names(ontology)
        self._kinds = {key: self._kinds_of(t) for key, t in ontology.types.items()}
        self._heads = {key: _head(t.label) for key, t in ontology.types.items()}
        self._parents = {p for t in ontology.types.values() for p in t.parents}
        self._readings: dict[str, TypeReading] = {}
        self._fits: dict[tuple[str | None, tuple[str, ...]], TypeFit | None] = {}

    def kinds(self, key: str) -> tuple[str, ...]:
        """Coarse kinds a type of the ontology can be; empty when its name says nothing."""
        return self._kinds.get(key, ())

    def read(self, label: str) -> TypeReading:
        """What a label or noun phrase means in this ontology."""
        reading = self._readings.get(label)
        if reading is None:
            reading = self._readings[label] = self._read(label)
        return reading

    def noun_weight(self, noun: str, allowed: tuple[str, ...]) -> float:
        """How well a bare noun ("tenor", "comedy") can itself be a thing of one of these types.

        A noun that says what people do is a role, one for a kind of work may be a genre, and the name of a
        type of this ontology is a type and no thing: 0.
        """
        wanted = {kind for key in allowed for kind in self.kinds(key)}
        own = kinds_of_noun(noun) or ()
        if "ROLE" in wanted:
            head = noun_key(noun).split(" ")[-1]
            return 0.1 if head in NO_ROLES else 1.0 if "PERSON" in own else 0.3
        if noun_key(noun) in self._by_name:
            return 0.0
        if "CONCEPT" in wanted:
            return self._concept_weight(noun, own)
        if "NORP" in wanted:
            return 0.9 if "NORP" in own else 0.2
        if not own or not wanted:
            return 0.9
        return 0.9 if wanted & set(own) else 0.3

    def is_plain_value(self, noun: str) -> bool:
        """Whether a bare noun can be a value as it stands, rather than stand for someone unnamed."""
        return not {"PERSON", "ORG", "WORK"} & set(kinds_of_noun(noun) or ())

    def _concept_weight(self, noun: str, own: tuple[str, ...]) -> float:
        """How well a noun names a genre, a field, a style: "comedy" does, "animated film" hardly."""
        if not own:
            return 0.6
        if "CONCEPT" in own or any("CONCEPT" in NOUN_KINDS.get(word, ()) for word in noun_key(noun).split()):
            return 1.0
        return max(_NOUNS_AS_CONCEPTS.get(kind, 0.3) for kind in own)

    def fit(self, label: str | None, allowed: tuple[str, ...]) -> TypeFit | None:
        """The type an end with this label gets where `allowed` types are declared; None if it cannot.

        Args:
            label: Coarse label, type name or noun; None or MISC when the extractor does not know.
            allowed: Declared types (a union); empty for no restriction.
        """
        key = (label, allowed)
        if key not in self._fits:
            self._fits[key] = self._fit(label, allowed)
        return self._fits[key]

    def _fit(self, label: str | None, allowed: tuple[str, ...]) -> TypeFit | None:
        reading = self.read(label) if label else _UNKNOWN
        if not allowed:
            return TypeFit(reading.key, 1.0)
        if reading.key is None and reading.kind is None:
            return self._infer(allowed)
        if reading.key is not None:
            if any(self._ontology.is_a(reading.key, target) for target in allowed):
                return TypeFit(reading.key, 1.0)
            below = [target for target in allowed if self._ontology.is_a(target, reading.key)]
            if below:
                # The label is a wider class: the relation tells which of its kinds this one is.
                return self._choose(reading, below, TypeChange.NARROWED, 0.95)
            if reading.exact:
                # Two types without any hierarchy ("film award", "award") can only be compared by their names.
                kin = [target for target in allowed if self._is_kin(reading.key, target)]
                return self._choose(reading, kin, TypeChange.REPLACED, 0.8, least=0.55)
        # A noun of the text ("frigate") is better evidence than a recogniser's guess, and is not stretched.
        least = MIN_COMPATIBILITY if coarse_label(label) is not None else 0.3
        return self._choose(reading, list(allowed), TypeChange.REPLACED, 0.9, least=least)

    def _infer(self, allowed: tuple[str, ...]) -> TypeFit | None:
        """A missing type is filled in only when the declared types are one thing at the coarse grain.

        Types a reader would not keep apart either (a product, a concept) count as one: the first stands.
        """
        if len(allowed) == 1:
            return TypeFit(allowed[0], 0.8, TypeChange.INFERRED)
        kinds = [self.kinds(key)[:1] for key in allowed]
        if all(_is_confusable(a, b) for a in kinds for b in kinds):
            return TypeFit(allowed[0], 0.7, TypeChange.INFERRED)
        return None

    def _choose(
        self,
        reading: TypeReading,
        targets: list[str],
        change: TypeChange,
        score: float,
        *,
        least: float = MIN_COMPATIBILITY,
    ) -> TypeFit | None:
        """The target most compatible with the reading's kind, first declared first on ties."""
        best_match = 0.0
        best: TypeFit | None = None
        for target in targets:
            # A recogniser's coarse label is a guess, so only a type named outright is held to disjointness.
            if reading.exact and reading.key is not None and self._ontology.are_disjoint(reading.key, target):
                continue
            match = self._compatibility(reading.kind, target)
            if change is TypeChange.NARROWED:
                match = max(match, 0.5)
            if match >= least and (best is None or match > best_match):
                best_match = match
                narrowed = match == 1.0 and not reading.exact
                step = TypeChange.NARROWED if narrowed else change
                # A coarse label is more often a common kind (a city) than a rare one (a mountain range).
                likely = 1.0 if reading.exact or self._heads[target] in COMMON_HEADS else 0.8
                best = TypeFit(target, match * score * likely, step, is_stretch=match <= STRETCH)
        return best

    def _compatibility(self, kind: str | None, target: str) -> float:
        kinds = self.kinds(target)
        if kind is None:
            return 0.6
        if not kinds:
            # A type whose name we do not know may be any kind of named thing, but not a date or a sum.
            return 0.0 if kind in VALUE_LABELS else 0.6
        row = COMPATIBILITY.get(kind, {})
        best = max(row.get(k, 0.0) for k in kinds)
        is_named = kind not in VALUE_LABELS and any(k not in VALUE_LABELS for k in kinds)
        return max(best, STRETCH) if is_named else best

    def _is_kin(self, key: str, target: str) -> bool:
        """Whether two types outside any hierarchy may be one thing: one is general, or their heads agree."""
        if not (self._is_flat(key) and self._is_flat(target)):
            return False
        first, second = self._heads[key], self._heads[target]
        return first == second or not self.kinds(target) or bool({first, second} & _GENERAL)

    def _is_flat(self, key: str) -> bool:
        return not self._ontology.types[key].parents and key not in self._parents

    def _read(self, label: str) -> TypeReading:
        if label in self._ontology.types:
            kinds = self._kinds[label]
            return TypeReading(label, kinds[0] if kinds else None, True, 1.0)
        coarse = coarse_label(label)
        if coarse is not None:
            return TypeReading(self._type_for_kind(coarse), coarse, False, 0.95)
        if LABEL_SYNONYMS.get(label, label) == "MISC":
            return _UNKNOWN
        return self._read_noun(label)

    def _read_noun(self, phrase: str) -> TypeReading:
        tokens = noun_key(phrase).split()
        cut = next((i for i, w in enumerate(tokens) if w in PREPOSITIONS and i > 0), len(tokens))
        tokens = [*tokens[: cut - 1], singular(tokens[cut - 1])] if tokens else []
        for start in range(len(tokens)):
            name = " ".join(tokens[start:])
            if name in self._by_name:
                key = self._by_name[name]
                return TypeReading(key, (self._kinds[key] or (None,))[0], True, 0.95 if start == 0 else 0.85)
            kind = NOUN_KINDS.get(name, (None,))[0]
            if kind is not None:
                return TypeReading(self._type_for_kind(kind), kind, False, 0.8)
        if tokens and tokens[-1].endswith(_PERSON_ENDINGS):
            return TypeReading(self._type_for_kind("PERSON"), "PERSON", False, 0.6)
        return _UNKNOWN

    def _type_for_kind(self, kind: str) -> str | None:
        for name in KIND_TYPE_NAMES.get(kind, ()):
            if name in self._by_name:
                return self._by_name[name]
        return None

    def _kinds_of(self, entity_type: EntityType) -> tuple[str, ...]:
        """Kinds from the type's own names, else from the nearest ancestor that has some."""
        level = [entity_type]
        seen = {entity_type.key}
        while level:
            for candidate in level:
                for name in (candidate.label, words_of(candidate.key), *candidate.aliases):
                    kinds = kinds_of_noun(name)
                    if kinds is not None:
                        return kinds
            parents = [self._ontology.types[p] for t in level for p in t.parents if p not in seen]
            seen.update(p.key for p in parents)
            level = parents
        return ()


_NOUNS_AS_CONCEPTS = {"ROLE": 0.7, "WORK": 0.15, "PERSON": 0.15, "ORG": 0.15, "LOC": 0.2}
_UNKNOWN = TypeReading(None, None, False, 0.0)


def coarse_label(label: str | None) -> str | None:
    """A recogniser's label folded to the kinds of `lexicon`; None for anything else."""
    if label is None or not label.isupper():
        return None
    folded = label.strip().replace(" ", "_").replace("-", "_")
    folded = LABEL_SYNONYMS.get(folded, folded)
    return folded if folded in KINDS else None


def _head(label: str) -> str:
    """The head noun of a label: "composed musical work" -> "work"."""
    tokens = noun_key(label).split()
    cut = next((i for i, w in enumerate(tokens) if w in PREPOSITIONS and i > 0), len(tokens))
    return singular(tokens[cut - 1]) if tokens else ""


# Heads of types that stand for a whole kind.
_GENERAL = frozenset(
    name for kind, names in KIND_TYPE_NAMES.items() for name in names[:3] if kind not in ("CHARACTER", "ROLE")
)


@lru_cache(maxsize=1 << 16)
def kind_of_name(name: str) -> str | None:
    """The kind a name gives away by its own words ("Ashby Prize for Poetry"), for names nobody labelled."""
    tokens = words(name)
    cut = next((i for i, w in enumerate(tokens) if w in PREPOSITIONS and i > 0), len(tokens))
    return NAME_HEADS.get(tokens[cut - 1]) if tokens else None


def _is_confusable(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    if first == second:
        return True
    return bool(first and second) and COMPATIBILITY.get(first[0], {}).get(second[0], 0.0) >= 0.5


# The two plainest names of each kind; the first kind that has a name keeps it.
_PLAIN_NAMES = {
    name: kind
    for kind, names in reversed(KIND_TYPE_NAMES.items())
    for name in names[:2]
    if name not in _ANYTHING and name not in ("agent", "actor")
}


@lru_cache(maxsize=1 << 16)
def kinds_of_noun(phrase: str) -> tuple[str, ...] | None:
    """Kinds a noun phrase can name, () if it names anything at all, None when its head is not known."""
    name = noun_key(phrase)
    if name in _PLAIN_NAMES:
        return (_PLAIN_NAMES[name],)
    if name in _ANYTHING:
        return ()
    if name == "agent":
        return ("PERSON", "ORG")
    tokens = name.split()
    cut = next((i for i, w in enumerate(tokens) if w in PREPOSITIONS and i > 0), len(tokens))
    tokens = [*tokens[: cut - 1], singular(tokens[cut - 1])] if tokens else []
    for start in range(len(tokens)):
        found = NOUN_KINDS.get(" ".join(tokens[start:]))
        if found:
            return found
    if tokens and tokens[-1].endswith(_PERSON_ENDINGS):
        return ("PERSON",)
    return None


def _names(ontology: Ontology) -> dict[str, str]:
    """Every name of every type, in normal form.

    A name of two types means the one whose key sorts first, and labels come before aliases. (Nothing may
    depend on the order of the file, which the fingerprint ignores.)
    """
    table: dict[str, str] = {}
    types = [ontology.types[key] for key in sorted(ontology.types)]
    for entity_type in types:
        for name in (entity_type.label, words_of(entity_type.key)):
            table.setdefault(noun_key(name), entity_type.key)
    for entity_type in types:
        for name in entity_type.aliases:
            table.setdefault(noun_key(name), entity_type.key)
    table.pop("", None)
    return table
