"""From the words of a text to the terms of a schema, with a score.

The order is fixed: the key itself, label and aliases, cue words, the same words in another form (lemma), the
same happening in other words (frames), and last, when a function for it was given and words found nothing,
embeddings. Each step scores lower than the one before it, so an earlier one wins wherever its types fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ontology.kinds import TypeAligner, coarse_label, kinds_of_noun
from ontology.lexicon import COMPATIBILITY, FRAMES, NAMED_FRAMES, VALUE_FRAMES, VALUE_LABELS
from ontology.morphology import words
from ontology.phrases import (
    OPPOSITE,
    Reading,
    names_frame,
    normal_form,
    noun_words,
    readings,
    unranked_readings,
)
from ontology.schema import DatatypeProperty, Ontology, RelationType, ValueKind, words_of

MIN_SCORE = 0.45
# Fitted on developer data: lower, and wrong matches grow faster than right ones (docs/ontology.md).
EMBEDDING_THRESHOLD = 0.65

_DOERS = frozenset({"PERSON", "ORG"})
_UNLIKELY = 0.6  # of a tail of another kind than the relation's label names, where no range is declared

Embed = Callable[[list[str]], "np.ndarray[Any, Any]"]


class How(StrEnum):
    """The step that matched a phrase to a relation."""

    KEY = "key"
    ALIAS = "alias"
    CUE = "cue"
    LEMMA = "lemma"
    FRAME = "frame"
    EMBEDDING = "embedding"


class Match(NamedTuple):
    """A relation a phrase may state; `inverted` when the phrase runs from tail to head."""

    key: str
    inverted: bool
    score: float
    how: How


class Aligner:
    """Aligns surface relations and types to one ontology.

    Args:
        ontology: The schema.
        embed: Optional function from n texts to (n, dim) unit rows, tried when words alone find nothing.
        threshold: Least cosine an embedding match needs.
    """

    def __init__(
        self, ontology: Ontology, embed: Embed | None = None, *, threshold: float = EMBEDDING_THRESHOLD
    ) -> None:
        self.ontology = ontology
        self.types = TypeAligner(ontology)
        self._embed = embed
        self._threshold = threshold
        self._exact = _exact_table(ontology)
        self._lemmas = _lemma_table(ontology)
        self._told = _told(_frame_table(ontology, self.types))
        self._texts, self._text_keys = _embedding_texts(ontology)
        self._named = {r.key: frozenset(kinds_of_noun(r.label) or ()) for r in ontology.all_relations()}
        self._expected = {r.key: _expected_labels(r) for r in ontology.all_relations()}
        self._vectors: np.ndarray[Any, Any] | None = None
        self._memo: dict[str, tuple[Match, ...]] = {}

    def type_of(self, label_or_noun: str) -> tuple[str, float] | None:
        """The type a coarse label ("PERSON") or a noun ("Dutch film director") means, with a score."""
        reading = self.types.read(label_or_noun)
        return None if reading.key is None else (reading.key, reading.score)

    def relation_of(
        self, phrase: str, *, head_type: str | None = None, tail_type: str | None = None
    ) -> list[Match]:
        """Relations a phrase may state, best first.

        Args:
            phrase: Surface phrase ("was founded by"), label, alias or key.
            head_type: Label of the phrase's subject; with either type given, matches whose domain and range
                cannot hold them are left out and the others weighed by fit.
            tail_type: Label of the phrase's object.

        Returns:
            Matches by falling score; ties by key, straight before inverted.
        """
        matches = self.match(phrase)
        if head_type is None and tail_type is None:
            return list(matches)
        weighed = ((m, self.type_score(m, head_type, tail_type)) for m in matches)
        kept = [m._replace(score=round(m.score * weight, 4)) for m, weight in weighed if weight > 0]
        return sorted(kept, key=self.rank)

    def match(self, phrase: str) -> tuple[Match, ...]:
        """Relations a phrase may state by its words alone, best first; memoised."""
        found = self._memo.get(phrase)
        if found is None:
            if len(self._memo) >= 1 << 17:
                self._memo.clear()
            found = self._memo[phrase] = tuple(sorted(self._match(phrase), key=self.rank))
        return found

    def rank(self, match: Match) -> tuple[float, str, bool]:
        """Sort key: best score first, then by key, then straight before inverted."""
        return (-match.score, match.key, match.inverted)

    def type_score(self, match: Match, head_type: str | None, tail_type: str | None) -> float:
        """How well two labels fit a match's domain and range, 0 when they cannot."""
        relation = self.ontology.relation(match.key)
        assert relation is not None
        head, tail = (tail_type, head_type) if match.inverted else (head_type, tail_type)
        head_fit = self.types.fit(head, relation.domain)
        if head_fit is None:
            return 0.0
        weight = head_fit.score * self.value_score(relation, tail)
        if isinstance(relation, DatatypeProperty) or weight == 0.0:
            return weight
        tail_fit = self.types.fit(tail, relation.range)
        return 0.0 if tail_fit is None else weight * tail_fit.score

    def value_score(self, relation: RelationType | DatatypeProperty, label: str | None) -> float:
        """How well the tail's label promises the value the relation wants, 0 when it rules one out.

        A relation between entities that declares a range wants no value; its score is 1.
        """
        if isinstance(relation, RelationType) and relation.range:
            return 1.0
        expected = self._expected[relation.key]
        coarse = coarse_label(label)
        if coarse in expected:
            return 1.0
        if not expected:
            if coarse in VALUE_LABELS or coarse == "NORP":
                return 0.25 if coarse in VALUE_LABELS else 0.35
            return 0.9 * self._label_fit(relation, label)
        if isinstance(relation, DatatypeProperty) and relation.value.kind is not ValueKind.STRING:
            # A mislabelled text may still parse as the value; the value itself decides then.
            return 0.4 if coarse in ("PERSON", "LOC", "ORG") else 0.7
        return 0.7 if coarse is None else 0.0

    def _label_fit(self, relation: RelationType | DatatypeProperty, label: str | None) -> float:
        """How well a tail's label goes with the kind that the relation's own label names ("record label")."""
        wanted = self._named[relation.key]
        kind = self.types.read(label).kind if label else None
        if not wanted or kind is None:
            return 1.0
        if wanted & _DOERS and kind in _DOERS:  # a band is a performer, a studio a producer
            return 1.0 if kind in wanted else 0.85
        row = COMPATIBILITY.get(kind, {})
        return max(_UNLIKELY, *(row.get(k, 0.0) for k in wanted))

    def _match(self, phrase: str) -> list[Match]:
        if self.ontology.relation(phrase) is not None:
            return [Match(phrase, False, 1.0, How.KEY)]
        plain = " ".join(words(phrase))
        best = {(match.key, match.inverted): match for match in self._exact.get(plain, ())}
        for match in (*self._lemmas.get(normal_form(phrase), ()), *self._frame_matches(phrase)):
            slot = (match.key, match.inverted)
            if slot not in best or best[slot].score < match.score:
                best[slot] = match
        if best:
            return list(best.values())
        return self._embedding_matches(plain)

    def _frame_matches(self, phrase: str) -> Iterable[Match]:
        how = How.FRAME
        told = self._told
        for frame, own_role, certainty in unranked_readings(phrase):
            for key, role, score, weight in told.get(frame, ()):
                total = certainty * score * weight
                if total >= MIN_SCORE:
                    if role == own_role:
                        yield Match(key, False, round(total, 4), how)
                    elif role == OPPOSITE.get(own_role):
                        yield Match(key, True, round(total, 4), how)

    def _embedding_matches(self, plain: str) -> list[Match]:
        if self._embed is None or not plain or not self._texts:
            return []
        if self._vectors is None:
            self._vectors = np.asarray(self._embed(self._texts), dtype=np.float32)
        query = np.asarray(self._embed([plain]), dtype=np.float32)[0]
        cosines = self._vectors @ query  # (texts, dim) @ (dim,) -> (texts,)
        best: dict[str, float] = {}
        for position in np.flatnonzero(cosines >= self._threshold):
            key = self._text_keys[int(position)]
            best[key] = max(best.get(key, 0.0), float(cosines[position]))
        return [Match(key, False, round(min(score, 0.9), 4), How.EMBEDDING) for key, score in best.items()]


@lru_cache(maxsize=8)
def default_aligner(ontology: Ontology) -> Aligner:
    """The aligner of an ontology without embeddings, compiled once."""
    return Aligner(ontology)


_VALUE_LABELS_OF: dict[ValueKind, frozenset[str]] = {
    ValueKind.INTEGER: frozenset({"NUMBER", "DATE"}),
    ValueKind.DECIMAL: frozenset({"NUMBER", "MONEY", "PERCENT"}),
    ValueKind.DATE: frozenset({"DATE"}),
}
_AMOUNTS = frozenset({"NUMBER", "MONEY", "PERCENT"})


def _expected_labels(relation: RelationType | DatatypeProperty) -> frozenset[str]:
    """Value labels a tail should have: by the value type or, for a string, by what the label says."""
    if isinstance(relation, DatatypeProperty) and relation.value.kind is not ValueKind.STRING:
        return _VALUE_LABELS_OF.get(relation.value.kind, frozenset())
    if isinstance(relation, RelationType) and relation.range:
        return frozenset()
    known = [reading for reading in readings(relation.label) if not reading.frame.startswith("n:")]
    for reading in known[:1]:
        if reading.role == "XT":
            return frozenset({"DATE"})
        if reading.frame in VALUE_FRAMES:
            return _AMOUNTS
    return frozenset()


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A phrase the schema itself gives for a relation."""

    text: str
    key: str
    inverted: bool
    how: How
    score: float
    is_name: bool = False


def _phrases(ontology: Ontology) -> list[_Phrase]:
    found: list[_Phrase] = []
    for relation in ontology.all_relations():
        key = relation.key
        found.append(_Phrase(relation.label, key, False, How.ALIAS, 1.0, is_name=True))
        found.append(_Phrase(words_of(key), key, False, How.ALIAS, 1.0))
        found += [_Phrase(text, key, False, How.ALIAS, 0.98, is_name=True) for text in relation.aliases]
        found += [_Phrase(text, key, False, How.CUE, 0.95) for text in relation.cues]
        if isinstance(relation, RelationType):
            found += [_Phrase(text, key, True, How.CUE, 0.95) for text in relation.inverse_cues]
            if relation.inverse is not None and relation.inverse not in ontology.relations:
                found.append(_Phrase(words_of(relation.inverse), key, True, How.ALIAS, 0.98, is_name=True))
    return found


def _exact_table(ontology: Ontology) -> dict[str, tuple[Match, ...]]:
    table: dict[str, dict[tuple[str, bool], Match]] = {}
    for phrase in _phrases(ontology):
        name = " ".join(words(phrase.text))
        if name:
            slot = (phrase.key, phrase.inverted)
            table.setdefault(name, {}).setdefault(slot, Match(*slot, phrase.score, phrase.how))
    return {name: tuple(matches.values()) for name, matches in table.items()}


def _lemma_table(ontology: Ontology) -> dict[str, tuple[Match, ...]]:
    table: dict[str, dict[tuple[str, bool], Match]] = {}
    for phrase in _phrases(ontology):
        slot = (phrase.key, phrase.inverted)
        match = Match(*slot, round(phrase.score * 0.95, 4), How.LEMMA)
        for name in {normal_form(phrase.text), " ".join(noun_words(phrase.text))} - {""}:
            table.setdefault(name, {}).setdefault(slot, match)
    return {name: tuple(matches.values()) for name, matches in table.items()}


def _frame_table(ontology: Ontology, types: TypeAligner) -> dict[str, tuple[tuple[str, str, float], ...]]:
    """Frame name to (relation, role, score), for each reading of the schema's phrases its range allows."""
    table: dict[str, dict[tuple[str, str], float]] = {}
    named: dict[str, set[str]] = {}
    phrases = _phrases(ontology)
    for phrase in phrases:
        if phrase.how is How.ALIAS and phrase.is_name:
            named.setdefault(phrase.key, set()).update(reading.frame for reading in readings(phrase.text))
    for phrase in phrases:
        relation = ontology.relation(phrase.key)
        assert relation is not None
        for reading in readings(phrase.text):
            if not phrase.is_name and not _is_own(reading.frame, named[phrase.key]):
                continue
            if reading.frame in NAMED_FRAMES and not names_frame(phrase.text, reading.frame):
                continue
            role = OPPOSITE.get(reading.role, reading.role) if phrase.inverted else reading.role
            score = reading.score * _range_weight(relation, reading, types) * phrase.score
            if score > 0:
                slot = (phrase.key, role)
                scores = table.setdefault(reading.frame, {})
                scores[slot] = max(scores.get(slot, 0.0), score)
    return {name: tuple((k, r, round(s, 4)) for (k, r), s in found.items()) for name, found in table.items()}


def _is_own(frame: str, named: set[str]) -> bool:
    """Whether a cue may stand for a frame: its own word family, or one the relation's names tell of too.

    A cue is one way to say a relation; what else its words can mean is not. "backed" may state SUPPORTS, but
    not make it a relation of investors.
    """
    return frame.startswith(("~", "n:")) or frame in named


def _range_weight(relation: RelationType | DatatypeProperty, reading: Reading, types: TypeAligner) -> float:
    """How far the declared range goes with a reading: a time needs a date, a place somewhere to be."""
    if isinstance(relation, DatatypeProperty):
        kind = relation.value.kind
        if kind is ValueKind.DATE:
            return 1.0 if reading.role == "XT" else 0.0
        return 0.9 if kind is ValueKind.STRING or reading.role not in ("XT", "XP") else 0.0
    if not relation.range:
        return 0.95
    kinds = {kind for key in relation.range for kind in types.kinds(key)}
    if reading.role == "XT":
        return 1.0 if "DATE" in kinds else 0.0
    if reading.role == "XP":
        return 1.0 if not kinds or kinds & {"LOC", "FACILITY", "ASTRO"} else 0.0
    return 0.0 if kinds and kinds <= VALUE_LABELS and reading.frame not in VALUE_FRAMES else 1.0


def _near_frames() -> dict[str, tuple[tuple[str, float], ...]]:
    near: dict[str, set[str]] = {name: set(frame.near) for name, frame in FRAMES.items()}
    for name, frame in FRAMES.items():
        for other in frame.near:
            near[other].add(name)
    return {name: ((name, 1.0), *((other, 0.7) for other in sorted(found))) for name, found in near.items()}


_NEAR = _near_frames()


def _told(
    table: dict[str, tuple[tuple[str, str, float], ...]],
) -> dict[str, tuple[tuple[str, str, float, float], ...]]:
    """Frame to (relation, role, score, weight): what the frame tells itself, and what those near it do.

    Joined once here: aligning a phrase goes through this for every way of reading it.
    """
    found: dict[str, tuple[tuple[str, str, float, float], ...]] = {}
    for frame in {**_NEAR, **table}:
        near = _NEAR.get(frame) or ((frame, 1.0),)
        entries = tuple((*entry, weight) for name, weight in near for entry in table.get(name, ()))
        if entries:
            found[frame] = entries
    return found


def _embedding_texts(ontology: Ontology) -> tuple[list[str], list[str]]:
    texts: Sequence[_Phrase] = [p for p in _phrases(ontology) if not p.inverted]
    unique = {(" ".join(words(p.text)), p.key): None for p in texts}
    return [text for text, _ in unique], [key for _, key in unique]
