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
from dataclasses import dataclass, replace

from graphrag.datamodel import Relation
from graphrag.generation.asking import Ask, Form
from graphrag.generation.candidates import Candidate, Finder, NameAsked, plain_words
from graphrag.generation.passages import Passages, Sentence
from graphrag.generation.question_words import DETERMINERS, PREPOSITIONS, is_participle
from graphrag.generation.wording import Spot, WordVectors, find, frames_asked, is_verb_form, units
from graphrag.index.terms import STOPWORDS, fold, stem, tokens
from ontology import Ontology
from ontology.lexicon import NOUN_KINDS

_BE = frozenset({"is", "are", "was", "were", "be", "been", "being"})
_NAME_WEIGHT = 1.6
_KIND_NAME_WEIGHT = 0.8
_BY_SUBJECT = 0.85
_BY_BEFORE = 0.7
_HOPELESS = 0.3
_TITLE_PENALTY = 0.35
_NO_NAME = 0.05
_BY_TITLE = 0.75
_BY_PART = 0.85
_CONVENTION = 0.9
_BY_EARLIER = 0.5
_LOOSE_WEIGHT = 0.4
# "Finnish city": such a word tells of a kind; a sentence need not repeat it.
_PEOPLE = re.compile(r"(?:ish|ian|ean|ese|can|utch|ench|wiss|reek|tani|aqi|aeli|ezi|erman)$")
_UNTOLD = 0.9
_ASIDE = 0.3
_LEAST_FIT = 0.3
_STALE = frozenset({"then", "former", "formerly", "previously", "ex"})
_BYGONE = 0.9
_STALE_PLACE = frozenset({"now", "today", "later"})
_BY_TOPIC = 0.7
_OF_EVENTS = (Form.DATE, Form.PLACE, Form.NUMBER)
_PLACING = frozenset({"in", "at", "near", "of", "from", "to"})
_FAR = 4
_OWNING = ("'s", "’s")
_ONLY_A_PLACE = 0.4
_POSSESSIVES = frozenset({"his", "her", "its", "their"})
_OTHERS = 0.4
_LED = 0.35
_NOT_LED = 0.6
# Prepositions that tell the part an answer plays; "in" and "on" stand before too many things.
_TELLING = frozenset({"after", "with", "for", "against", "by", "under", "from", "to"})


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of the answer.

    Attributes:
        names: Names in the condition, and in the words for the kind asked for.
        units: Words of the condition by unit of meaning, names left out.
        title: Words that make up one office ("chief", "financial", "officer"); all must match.
        agent: Whether the answer does what the verb says; None if the question does not tell.
    """

    form: Form
    noun: str
    lead: str
    names: tuple[NameAsked, ...]
    units: tuple[tuple[str, ...], ...]
    agent: bool | None
    count: int | None = None
    title: frozenset[str] = frozenset()


class Reader:
    """Reads sentences for one-step questions."""

    def __init__(
        self, passages: Passages, ontology: Ontology | None = None, vectors: WordVectors | None = None
    ) -> None:
        """Prepare to read.

        Args:
            passages: Where sentences come from.
            ontology: Gives entity types their meaning; without one they do not count.
            vectors: Tells like words apart from unlike ones where the lexicon knows neither.
        """
        self._passages = passages
        self._finder = Finder(passages, ontology)
        self._vectors = vectors

    def condition(self, ask: Ask, found: Mapping[Ask, tuple[str, str]], names: Sequence[str]) -> Condition:
        """Make the condition of a question whose inner questions were answered.

        Args:
            ask: The question.
            found: Name and entity id ("" if none) for inner questions.
            names: Names in the question.
        """
        resolved = {inner: name for inner, (name, _) in found.items()}
        ids = dict(found.values())
        text = ask.words(resolved)
        known = {*names, *resolved.values()}
        asked, rest = self._take_names(text, known, ids, _NAME_WEIGHT)
        unasked = " ".join(inner.words() for inner in ask.inner if inner not in found)
        asked = [
            replace(name, weight=_LOOSE_WEIGHT * name.weight, loose=True) if name.text in unasked else name
            for name in asked
        ]
        in_noun, noun = self._take_names(ask.noun, known, ids, _KIND_NAME_WEIGHT)
        in_noun = [name for name in in_noun if not _PEOPLE.search(name.text)]
        words = [fold(surface) for _, _, surface in tokens(rest)]
        found_units = units(words)
        return Condition(
            form=ask.form,
            noun=" ".join(noun.split()),
            lead=ask.lead or _last_preposition(text),
            names=(*asked, *in_noun),
            units=tuple(dict.fromkeys(found_units)),
            agent=_agency(text, asked),
            count=ask.count,
            title=_title_words(rest),
        )

    def _take_names(
        self, text: str, names: set[str], ids: Mapping[str, str], weight: float
    ) -> tuple[list[NameAsked], str]:
        """Names that stand in a text, longest first, and the text without them."""
        asked: list[NameAsked] = []
        for name in sorted(names, key=lambda item: (-len(item), item)):
            pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
            if name and pattern.search(text):
                text = pattern.sub(" ", text)
                known = (ids[name],) if ids.get(name) else self._passages.ids_of(name)
                asked.append(NameAsked(name, known, weight))
        return asked, text

    def read(self, condition: Condition, pool: Sequence[Sentence], *, limit: int = 6) -> list[Candidate]:
        """Candidates over all sentences, best first, each answer once with its best sentence."""
        weights = _weights(condition, pool)
        linked = self._linked(condition)
        self._learn(condition, pool)
        best: dict[str, Candidate] = {}
        for sentence in pool:
            covered = self._cover(condition, sentence, weights)
            if covered is None:
                continue
            coverage, spots, lacking = covered
            for found in self._finder.find(
                condition.form, condition.noun, condition.lead, condition.names, condition.units, sentence
            ):
                place, side = _place_fit(condition, sentence, found.start, found.end, spots)
                if found.entity_id and (found.entity_id, sentence.chunk.id) in linked:
                    place = min(1.0, 1.3 * place)
                score = coverage * (0.35 + 0.35 * found.fit + 0.3 * place) * (0.75 + 0.25 * side)
                score *= 1.0 if found.fit >= _LEAST_FIT else 0.5
                candidate = Candidate(found, sentence, coverage, score, lacking)
                old = best.get(found.key)
                if old is None or candidate.score > old.score:
                    best[found.key] = candidate
        ranked = sorted(
            best.values(),
            key=lambda item: (-item.score, item.sentence.start, item.found.start, item.found.key),
        )
        return ranked[:limit]

    def support(self, condition: Condition, pool: Sequence[Sentence]) -> tuple[float, Sentence] | None:
        """The sentence that covers the whole condition best, for questions answered by yes."""
        return max(self.supports(condition, pool), key=lambda item: item[0], default=None)

    def supports(self, condition: Condition, pool: Sequence[Sentence]) -> list[tuple[float, Sentence]]:
        """The share of the condition that each sentence states, without those that state hardly any."""
        weights = _weights(condition, pool)
        self._learn(condition, pool)
        covered = ((self._cover(condition, sentence, weights), sentence) for sentence in pool)
        return [(found[0], sentence) for found, sentence in covered if found is not None]

    def relations_of(self, condition: Condition) -> list[Relation]:
        """Relations of the graph that touch a name of the condition."""
        found = []
        for name in condition.names:
            for entity_id in name.ids[:4]:
                found += self._passages.relations_of(entity_id)
        return found

    def _linked(self, condition: Condition) -> set[tuple[str, str]]:
        """(entity, chunk): the graph ties the entity to a name of the condition by words of the chunk."""
        return {
            (end, item.chunk_id)
            for relation in self.relations_of(condition)
            for item in relation.evidence
            for end in (relation.subject_id, relation.object_id)
        }

    def _learn(self, condition: Condition, pool: Sequence[Sentence]) -> None:
        if self._vectors is not None and condition.units:
            words = {word for sentence in pool for _, _, word in sentence.words}
            words |= {word for unit in condition.units for word in unit}
            self._vectors.learn(words)

    def _cover(
        self, condition: Condition, sentence: Sentence, weights: Mapping[tuple[str, ...], float]
    ) -> tuple[float, list[Spot], tuple[str, ...]] | None:
        """Share of the condition that holds, matched places, and what is lacking; None if hopeless."""
        words = [word for _, _, word in sentence.words]
        lacking: list[str] = []
        named = sum(name.weight for name in condition.names)
        share = 1.0  # of the names: one that is missing altogether counts against the sentence as a whole
        for name in condition.names:
            match = self._name_match(name, sentence, words)
            share *= max(match, _NO_NAME) ** (name.weight / named)
            if match < 0.5:
                lacking.append(name.text)
        if share < _HOPELESS:
            return None
        total = got = 0.0
        spots: list[Spot] = []
        broken = False
        for unit in condition.units:
            weight = weights[unit]
            total += weight
            # Who is somebody's wife or mayor is said in so many words, or not at all.
            vectors = None if _is_role(unit) else self._vectors
            spot = _implied(unit, sentence) or find(unit, words, vectors)
            if spot is None and _is_topic(unit, sentence):
                got += weight * _BY_TOPIC
                continue
            if spot is None:
                lacking.append(" ".join(unit))
                broken = broken or bool(condition.title.intersection(unit))
                continue
            got += weight * spot.score
            spots.append(spot)
        if condition.agent is False and condition.form in _OF_EVENTS:
            share *= self._part_in_event(condition, sentence, spots)
        if any(_is_role(unit) for unit in condition.units):
            share *= self._bearer(condition, sentence, spots)
        said = got / total if total else 1.0
        coverage = math.sqrt(share * said) * (_TITLE_PENALTY if broken else 1.0)
        if any(_STALE.intersection(words[max(0, spot.first - 3) : spot.first]) for spot in spots):
            coverage *= _BYGONE  # "then the chief executive of": true, but of another time
        return (coverage, spots, tuple(lacking)) if coverage >= _HOPELESS else None

    def _part_in_event(self, condition: Condition, sentence: Sentence, spots: Sequence[Spot]) -> float:
        """Less where the thing asked about only tells the place of what happened to another.

        "It was founded in 1987 and has its seat in Hsinchu" does not tell when Hsinchu was founded.
        """
        ids = {entity_id for name in condition.names[:1] for entity_id in name.ids}
        mine = [item for item in sentence.named if item.entity_id in ids]
        verb = next((spot for spot in spots if spot.verb), None)
        if not mine or verb is None or not sentence.named or sentence.named[0].entity_id in ids:
            return 1.0
        starts = [start for start, _, _ in sentence.words]
        for item in mine:
            place = next((n for n, start in enumerate(starts) if start >= item.start), 0)
            led = place - verb.last >= _FAR and sentence.words[place - 1][2] in _PLACING
            if not led and sentence.text[item.end : item.end + 2] not in _OWNING:
                return 1.0
        return _ONLY_A_PLACE

    def _bearer(self, condition: Condition, sentence: Sentence, spots: Sequence[Spot]) -> float:
        """Less where a role is somebody else's: "his wife", and he is not the one asked about."""
        ids = {entity_id for name in condition.names for entity_id in name.ids}
        roles = {stem(unit[0]) for unit in condition.units if _is_role(unit)}
        for spot in spots:
            start, end, word = sentence.words[spot.first - 1] if spot.first else (0, 0, "")
            if word not in _POSSESSIVES or sentence.stems[spot.first] not in roles:
                continue  # of "his wife" he is the husband
            owners = {item.entity_id for item in sentence.named if item.start == start and item.end == end}
            if owners and not owners & ids:
                return _OTHERS
        return 1.0

    def _name_match(self, name: NameAsked, sentence: Sentence, words: Sequence[str]) -> float:
        ids = set(name.ids)
        if ids and any(item.entity_id in ids for item in sentence.named):
            return 1.0
        parts = name.parts
        present = sum(part in words for part in parts) / len(parts) if parts else 0.0
        if present == 1.0:
            return _BY_PART if ids and _inside_another(parts, sentence) else 1.0
        if sentence.subject in ids or name.means(sentence.chunk.title):
            return _BY_SUBJECT if sentence.leans or sentence.ordinal == 0 else _BY_SUBJECT - 0.1
        if parts and set(parts) <= set(plain_words(sentence.chunk.title)):
            return _BY_TITLE
        if name.loose and ids & sentence.earlier:
            return _BY_EARLIER
        if ids & sentence.before:
            return _BY_BEFORE if sentence.leans else _BY_BEFORE - 0.2
        if len(parts) > 1 and parts[-1] in words and len(parts[-1]) > 2:
            return 0.75
        return 0.5 * present


def _inside_another(parts: Sequence[str], sentence: Sentence) -> bool:
    """Whether the words of a name stand only within a longer name of something else: "Google DeepMind"."""
    for start, end, word in sentence.words:
        if word == parts[0]:
            around = [item for item in sentence.named if item.start <= start and end <= item.end]
            if not any(
                len(plain_words(sentence.text[item.start : item.end])) > len(parts) for item in around
            ):
                return False
    return True


def _is_role(unit: tuple[str, ...]) -> bool:
    """Whether a word is what a person is to somebody or something: wife, mayor, founder."""
    return len(unit) == 1 and NOUN_KINDS.get(unit[0], ())[:1] == ("PERSON",)


def _is_topic(unit: tuple[str, ...], sentence: Sentence) -> bool:
    """Whether a word is the title of the text, so that its sentences speak of it without saying so."""
    return len(unit) == 1 and [stem(word) for word in plain_words(sentence.chunk.title)] == [stem(unit[0])]


def _has_plain_word(text: str) -> bool:
    """Whether a name is joined to a common noun: "M3 family" is about the M3."""
    return any(word.islower() and word not in STOPWORDS for word in text.split())


def _implied(unit: tuple[str, ...], sentence: Sentence) -> Spot | None:
    """The place of a happening that the sentence states by convention, if the unit asks for it."""
    if not sentence.implied:
        return None
    places = [place for frame, place in sentence.implied.items() if frame in frames_asked(unit)]
    return Spot(places[0], places[0], _CONVENTION, False) if places else None


def _title_words(text: str) -> frozenset[str]:
    """Words of an office asked for, "chief financial officer of": one that lacks is another office."""
    found: set[str] = set()
    for match in re.finditer(r"((?:[a-z-]+ )*)([a-z-]+) of\b", text):
        words = [word for word in (*match.group(1).split(), match.group(2)) if word not in STOPWORDS]
        if len(words) > 1 and "PERSON" in NOUN_KINDS.get(words[-1], ()):
            found.update(fold(word) for word in words)
    return frozenset(found)


def _last_preposition(text: str) -> str:
    """The "for" of "Shockley shared the prize for": the answer stands after it."""
    last = text.rsplit(" ", 1)[-1]
    return last if last in PREPOSITIONS else ""


def _agency(text: str, names: Sequence[NameAsked]) -> bool | None:
    """Whether the answer is the doer: the condition starts with its verb."""
    first, second = (*text.lower().split(" ")[:2], "", "")[:2]
    if not first or second == "of":
        return None  # "headquarters of X" is no verb
    if any(text.startswith(name.text) for name in names) or first in _BE:
        return False
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
) -> tuple[float, float]:
    """How near to the matched words, and how far on the right side of the verb, a candidate stands."""
    if not spots:
        return 0.5, 1.0
    words = sentence.words
    first = next((n for n, (left, _, _) in enumerate(words) if left >= start), len(words) - 1)
    last = next((n for n in range(len(words) - 1, -1, -1) if words[n][1] <= end), first)
    gaps = sorted(max(0, spot.first - last, first - spot.last) for spot in spots)
    near = 1.0 / (1.0 + 0.12 * gaps[0])
    if condition.lead:
        lead = condition.lead.split()[-1]
        before = [word for _, _, word in words[max(0, first - 3) : first]]
        if before[-1:] == ["of"] and first > 2 and "LOC" in NOUN_KINDS.get(words[first - 2][2], ()):
            before = [word for _, _, word in words[max(0, first - 5) : first]]  # "in the village of"
        if lead in before and not _STALE_PLACE.intersection(before):
            near = min(1.0, near + _LED)
        elif lead in _TELLING:
            near *= _NOT_LED
    # A word of the candidate's own name is no verb: "Semiconductor Manufacturing Company".
    verb = next((spot for spot in spots if spot.verb and not first <= spot.first <= last), None)
    if verb is None or condition.agent is None:
        return near, 1.0
    side = _side(condition.agent, verb, first, [word for _, _, word in words])
    return near * side, side


def _side(agent: bool, verb: Spot, place: int, words: Sequence[str]) -> float:
    """1 on the side of the verb where the doer (or the done-to) stands, less on the other."""
    by = next((n for n in range(verb.last + 1, min(len(words), verb.last + 10)) if words[n] == "by"), None)
    before = words[max(0, verb.first - 4) : verb.first]
    helped = any(word in _BE for word in before) and is_participle(words[verb.first])
    if by is not None and (by - verb.last < 3 or helped):
        doer = place > by
    elif helped:
        doer = False  # "were introduced": who did it is not said
    else:
        doer = place < verb.first
    if not agent and not helped and by is None:
        return (
            1.0 if not doer else _UNTOLD
        )  # "a fort, completed in 1796" and "he completed the fort" look alike
    led = place - 2 if place > 1 and words[place - 1] in DETERMINERS else place - 1
    if agent and doer and led >= 0 and words[led] in PREPOSITIONS and place < verb.first:
        return _ASIDE  # "ousted from Apple, he bought": what a preposition leads in does nothing
    return 1.0 if doer == agent else 0.45


__all__ = ["Candidate", "Condition", "NameAsked", "Reader", "plain_words"]
