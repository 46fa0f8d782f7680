"""Reads the answer to a one-step question off sentences, and says how surely.

A sentence answers as far as it covers what is asked: the names (standing there, or meant by a
pronoun or by the title) and the words of the condition (or others for the same happening). Its
candidates are the things in it of the kind asked for; the one nearest to the matched words, on the
right side of the verb, wins. Nothing is answered that no single sentence states.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from graphrag.datamodel import Entity
from graphrag.generation.passages import Passages, Sentence
from graphrag.generation.asking import Ask, Form
from graphrag.generation.values import dates, numbers, scores
from graphrag.generation.wording import Spot, find, units
from graphrag.index.terms import STOPWORDS, fold, stem, tokens
from ontology import Ontology
from ontology.kinds import TypeAligner, kinds_of_noun

_BE = frozenset(["is", "are", "was", "were", "be", "been", "being"])
_NAME_WEIGHT = 1.6
_BY_SUBJECT = 0.85
_BY_BEFORE = 0.7
_LOOSE_KINDS = {
    Form.PERSON: ("PERSON",),
    Form.PLACE: ("LOC", "FACILITY"),
}
_NAME_RUN = re.compile(
    r"[^\W\d_a-zà-öø-ÿ][\w'’&.\-]*(?: (?:(?:of|the|and|de|van|von|la|le|du|&) )*[^\W_a-zà-öø-ÿ][\w'’&.\-]*)*"
)


@dataclass(frozen=True, slots=True)
class NameAsked:
    """A name in the condition, with the entities it may stand for."""

    text: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of the answer.

    Attributes:
        units: Words of the condition by unit of meaning, names left out.
        agent: Whether the answer does what the verb says; None if the question does not tell.
    """

    form: Form
    noun: str
    lead: str
    names: tuple[NameAsked, ...]
    units: tuple[tuple[str, ...], ...]
    agent: bool | None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible answer in one sentence.

    Attributes:
        coverage: Share of the condition that the sentence states, in [0, 1].
        score: Coverage weighed with how well kind and place fit, in [0, 1].
        key: Equal for two occurrences of one answer.
        lacking: Words of the condition that nothing in the sentence matches.
    """

    text: str
    entity_id: str
    sentence: Sentence
    start: int
    end: int
    coverage: float
    score: float
    key: str
    lacking: tuple[str, ...] = field(default=())
    value: tuple[float, ...] = ()


class Reader:
    """Reads sentences for one-step questions."""

    def __init__(self, passages: Passages, ontology: Ontology | None = None) -> None:
        """`ontology` gives entity types their meaning; without one, kinds of answers are told by form only."""
        self._passages = passages
        self._ontology = ontology
        self._types = TypeAligner(ontology) if ontology is not None else None
        self._kinds: dict[str, tuple[str, ...]] = {}

    def condition(self, ask: Ask, found: Mapping[Ask, tuple[str, str]], names: Sequence[str]) -> Condition:
        """Make the condition of a question whose inner questions were answered.

        Args:
            found: Name and entity id ("" if none) for inner questions.
            names: Names in the question.
        """
        resolved = {inner: name for inner, (name, _) in found.items()}
        text = ask.words(resolved)
        asked: list[NameAsked] = []
        rest = text
        ids = {name: entity_id for name, entity_id in found.values()}
        for name in sorted({*names, *resolved.values()}, key=lambda item: (-len(item), item)):
            pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
            if pattern.search(rest):
                rest = pattern.sub(" ", rest)
                known = (ids[name],) if ids.get(name) else self._passages.ids_of(name)
                asked.append(NameAsked(name, known))
        words = [fold(surface) for _, _, surface in tokens(rest)]
        return Condition(
            ask.form, ask.noun, ask.lead, tuple(asked), tuple(units(words)), _agency(text, asked), ask.count
        )

    def read(self, condition: Condition, pool: Sequence[Sentence], *, limit: int = 6) -> list[Candidate]:
        """Candidates over all sentences, best first, each answer once with its best sentence."""
        weights = _weights(condition, pool)
        best: dict[str, Candidate] = {}
        for sentence in pool:
            covered = self._cover(condition, sentence, weights)
            if covered is None:
                continue
            coverage, spots, lacking = covered
            for candidate in self._candidates(condition, sentence, coverage, spots, lacking):
                old = best.get(candidate.key)
                if old is None or candidate.score > old.score:
                    best[candidate.key] = candidate
        ranked = sorted(
            best.values(), key=lambda item: (-item.score, item.sentence.start, item.start, item.key)
        )
        return ranked[:limit]

    def support(self, condition: Condition, pool: Sequence[Sentence]) -> tuple[float, Sentence] | None:
        """The sentence that covers the whole condition best, for questions answered by yes."""
        weights = _weights(condition, pool)
        best: tuple[float, Sentence] | None = None
        for sentence in pool:
            covered = self._cover(condition, sentence, weights)
            if covered is not None and (best is None or covered[0] > best[0]):
                best = covered[0], sentence
        return best

    def _cover(
        self, condition: Condition, sentence: Sentence, weights: Mapping[tuple[str, ...], float]
    ) -> tuple[float, list[Spot], tuple[str, ...]] | None:
        """Share of the condition that holds, matched places, and what is lacking; None if hopeless."""
        words = [word for _, _, word in sentence.words]
        total = got = 0.0
        lacking: list[str] = []
        for name in condition.names:
            match = self._name_match(name, sentence, words)
            total += _NAME_WEIGHT
            got += _NAME_WEIGHT * match
            if match < 0.5:
                lacking.append(name.text)
        spots: list[Spot] = []
        for unit in condition.units:
            weight = weights[unit]
            total += weight
            spot = find(unit, words)
            if spot is None:
                lacking.append(" ".join(unit))
                continue
            got += weight * spot.score
            spots.append(spot)
        if total == 0.0 or got / total < 0.3:
            return None
        return got / total, spots, tuple(lacking)

    def _name_match(self, name: NameAsked, sentence: Sentence, words: Sequence[str]) -> float:
        ids = set(name.ids)
        if ids and any(item.entity_id in ids for item in sentence.named):
            return 1.0
        parts = [fold(surface) for _, _, surface in tokens(name.text)]
        parts = [part for part in parts if part not in STOPWORDS] or parts
        present = sum(part in words for part in parts) / len(parts) if parts else 0.0
        if present == 1.0:
            return 1.0
        about = sentence.subject in ids or fold(sentence.chunk.title) == fold(name.text)
        if about:
            return _BY_SUBJECT if sentence.leans or sentence.ordinal == 0 else _BY_SUBJECT - 0.1
        if ids & sentence.before:
            return _BY_BEFORE if sentence.leans else _BY_BEFORE - 0.2
        if len(parts) > 1 and parts[-1] in words and len(parts[-1]) > 2:
            return 0.75
        return 0.6 * present

    def _candidates(
        self,
        condition: Condition,
        sentence: Sentence,
        coverage: float,
        spots: Sequence[Spot],
        lacking: tuple[str, ...],
    ) -> list[Candidate]:
        if condition.form is Form.DATE:
            found = _dates(condition, sentence)
        elif condition.form in (Form.NUMBER, Form.MONEY):
            found = _numbers(condition, sentence)
        else:
            found = self._things(condition, sentence)
        made = []
        for start, end, text, entity_id, fit, value in found:
            place = _place_fit(condition, sentence, start, end, spots)
            key = entity_id or (" ".join(map(str, value)) if value else fold(text))
            score = coverage * (0.4 + 0.35 * fit + 0.25 * place) * (1.0 if fit >= 0.3 else 0.5)
            made.append(
                Candidate(text, entity_id, sentence, start, end, coverage, score, key, lacking, value)
            )
        return made

    def _things(
        self, condition: Condition, sentence: Sentence
    ) -> list[tuple[int, int, str, str, float, tuple[float, ...]]]:
        """Things named in the sentence that the condition does not name itself."""
        asked_ids = {entity_id for name in condition.names for entity_id in name.ids}
        asked_words = [set(_plain(name.text)) for name in condition.names]
        found = []
        taken: list[tuple[int, int]] = []
        for item in sentence.named:
            taken.append((item.start, item.end))
            entity = self._passages.entity(item.entity_id)
            if item.entity_id in asked_ids or entity.literal:
                continue
            surface = sentence.text[item.start : item.end]
            if any(set(_plain(surface)) and set(_plain(surface)) <= words for words in asked_words):
                continue
            text = surface if len(surface) > len(entity.name) and surface[:1].isupper() else entity.name
            found.append(
                (
                    item.start,
                    item.end,
                    text,
                    item.entity_id,
                    self._fit(entity, condition, sentence, item.start, item.end),
                    (),
                )
            )
        for match in _NAME_RUN.finditer(sentence.text):
            start, end, text = match.start(), match.end(), match.group().rstrip(".'’-")
            if any(left < end and start < right for left, right in taken) or _is_opening(
                sentence, start, text
            ):
                continue
            if any(set(_plain(text)) <= words for words in asked_words):
                continue
            fit = 0.45 + self._noun_nearby(condition, sentence, start, start + len(text))
            found.append((start, start + len(text), text, "", fit, ()))
        return found

    def _fit(self, entity: Entity, condition: Condition, sentence: Sentence, start: int, end: int) -> float:
        """How well a thing is of the kind asked for, in [0, 1]."""
        nearby = self._noun_nearby(condition, sentence, start, end)
        return min(1.0, self._type_fit(entity, condition) + nearby)

    def _type_fit(self, entity: Entity, condition: Condition) -> float:
        if self._types is None or self._ontology is None or entity.type not in self._ontology.types:
            return 0.5
        noun = condition.noun
        if noun:
            wanted = self._types.read(noun).key
            if wanted is not None and wanted in self._ontology.types:
                if self._ontology.is_a(entity.type, wanted):
                    return 1.0
                if self._ontology.is_a(wanted, entity.type):
                    return 0.75
        kinds = kinds_of_noun(noun) if noun else _LOOSE_KINDS.get(condition.form)
        if not kinds:
            return 0.55
        own = self._kinds.setdefault(entity.type, self._types.kinds(entity.type))
        if not own:
            return 0.5
        if set(own) & set(kinds):
            return 0.85
        return 0.1

    def _noun_nearby(self, condition: Condition, sentence: Sentence, start: int, end: int) -> float:
        """Whether the noun asked for stands next to the candidate: "the river Vistula"."""
        if not condition.noun:
            return 0.0
        wanted = {stem(word) for word in _plain(condition.noun)}
        near = [
            term
            for (left, right, _), term in zip(sentence.words, sentence.stems, strict=True)
            if term and start - 24 <= left and right <= end + 24 and not (start <= left < end)
        ]
        return 0.2 if wanted & set(near) else 0.0


def _agency(text: str, names: Sequence[NameAsked]) -> bool | None:
    """Whether the answer is the doer: the condition starts with its verb."""
    first = text.split(" ")[0].lower() if text else ""
    if not first or any(text.startswith(name.text) for name in names):
        return None if not first else False
    if first in _BE:
        return False
    from graphrag.generation.wording import is_verb_form

    return True if is_verb_form(first) else None


def _weights(condition: Condition, pool: Sequence[Sentence]) -> dict[tuple[str, ...], float]:
    """Rarer words of the condition weigh more: inverse frequency among the sentences at hand."""
    weights = {}
    for unit in condition.units:
        terms = {stem(word) for word in unit}
        holding = sum(bool(terms & set(sentence.stems)) for sentence in pool)
        rarity = math.log((1 + len(pool)) / (1 + holding)) / math.log(2 + len(pool))
        weights[unit] = 0.7 + 0.8 * rarity
    return weights


def _place_fit(
    condition: Condition, sentence: Sentence, start: int, end: int, spots: Sequence[Spot]
) -> float:
    """How near to the matched words, and on which side of the verb, a candidate stands."""
    if not spots:
        return 0.5
    words = sentence.words
    first = next((n for n, (left, _, _) in enumerate(words) if left >= start), len(words) - 1)
    last = next((n for n in range(len(words) - 1, -1, -1) if words[n][1] <= end), first)
    gaps = [max(0, spot.first - last, first - spot.last) for spot in spots]
    near = 1.0 / (1.0 + 0.12 * min(gaps))
    verb = next((spot for spot in spots if spot.verb), None)
    if verb is None or condition.agent is None:
        return near
    return near * _side(condition.agent, verb, first, [word for _, _, word in words])


def _side(agent: bool, verb: Spot, place: int, words: Sequence[str]) -> float:
    """1 on the side of the verb where the doer (or the done-to) stands, less on the other."""
    by = next((n for n in range(verb.last + 1, min(len(words), verb.last + 10)) if words[n] == "by"), None)
    passive = by is not None and (
        by - verb.last < 3 or any(word in _BE for word in words[max(0, verb.first - 4) : verb.first])
    )
    if passive and by is not None:
        doer = place > by
    else:
        doer = place < verb.first
    return 1.0 if doer == agent else 0.45


def _dates(
    condition: Condition, sentence: Sentence
) -> list[tuple[int, int, str, str, float, tuple[float, ...]]]:
    noun = set(_plain(condition.noun))
    plural = "years" in noun or condition.lead in {"between"}
    found = []
    for value in dates(sentence.text):
        text, start, end = value.text, value.start, value.end
        if _is_asked(condition, text):
            continue
        fit = 1.0
        if plural:
            fit = 1.0 if value.kind == "period" else 0.5
        elif "year" in noun and value.kind == "date":
            text = str(int(value.key[0]))
        elif value.kind == "period":
            fit = 0.7
        elif not noun and len(value.key) == 1:
            fit = 0.85
        if "century" in noun or "decade" in noun:
            fit = 0.4
        found.append((start, end, text, "", fit, value.key))
    return found


def _numbers(
    condition: Condition, sentence: Sentence
) -> list[tuple[int, int, str, str, float, tuple[float, ...]]]:
    found = []
    noun = set(_plain(condition.noun))
    if noun & {"score", "result", "margin"}:
        found = [(value.start, value.end, value.text, "", 1.0, ()) for value in scores(sentence.text)]
        if found:
            return found
    wanted = {stem(word) for word in noun}
    for value in numbers(sentence.text):
        if _is_asked(condition, value.text):
            continue
        fit = 0.6
        if condition.form is Form.MONEY:
            fit = 1.0 if value.kind == "money" else 0.0
        elif wanted:
            after = [
                term
                for (left, _, _), term in zip(sentence.words, sentence.stems, strict=True)
                if value.end <= left <= value.end + 30 and term
            ]
            fit = 1.0 if wanted & set(after[:3]) else 0.25
        if fit:
            found.append((value.start, value.end, value.text, "", fit, value.key))
    return found


def _is_asked(condition: Condition, text: str) -> bool:
    """Whether the value stands in the condition itself."""
    return (fold(text),) in condition.units or any(text in name.text for name in condition.names)


def _is_opening(sentence: Sentence, start: int, text: str) -> bool:
    """Whether a capital only opens the sentence."""
    opens = not sentence.text[:start].strip("\"'“‘( ")
    words = text.split(" ")
    return (fold(words[0]) in STOPWORDS and len(words) == 1) or (opens and len(words) == 1)


def _plain(text: str) -> list[str]:
    return [word for word in (fold(surface) for _, _, surface in tokens(text)) if word not in STOPWORDS]
