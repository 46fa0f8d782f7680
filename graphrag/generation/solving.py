"""Solves a question step by step: inner questions first, a few alternatives kept at every step."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from graphrag.datamodel import Context
from graphrag.generation.asking import Ask, Comparison, Form, Question
from graphrag.generation.candidates import Candidate, Found
from graphrag.generation.passages import Passages, Sentence
from graphrag.generation.question_words import is_name
from graphrag.generation.reader import Condition, Reader, plain_words
from ontology.morphology import singular

Search = Callable[[str], Context]

_BEAM = 4
_CONTEXT_CHUNKS = 12
_STEP_CHUNKS = 8
_LEAST_FIT = 0.3
_NO_FIT = 0.1
"""What a thing of quite another kind than asked for fits; the graph may have its kind wrong, though."""
_WHOLE = 0.78
"""Least coverage at which one sentence may answer a question with its inner questions unasked."""
_WHOLE_PRICE = 0.8
_SECOND_CHOICE = 0.95
_AS_SURE = 0.85
_SAID = 0.95
_OF_KIND = 0.6
"""How a further answer must compare with the best one to stand beside it in a list."""
_LISTING = frozenset({"and", "or", "the", "with", "as", "well", "his", "her", "its", "both"})


@dataclass(frozen=True, slots=True)
class Hop:
    """One answered step."""

    ask: Ask
    condition: Condition
    candidate: Candidate


@dataclass(frozen=True, slots=True)
class Solution:
    """An answer with the steps that lead to it."""

    text: str
    entity_id: str
    score: float
    hops: tuple[Hop, ...]

    @property
    def coverage(self) -> float:
        """Of the weakest step."""
        return min(hop.candidate.coverage for hop in self.hops)

    @property
    def fit(self) -> float:
        """How well the answer is of the kind asked for."""
        return self.hops[-1].candidate.found.fit

    @property
    def least_fit(self) -> float:
        """The same of the step that fits least."""
        return min(hop.candidate.found.fit for hop in self.hops)

    @property
    def value(self) -> tuple[float, ...]:
        """Of a date or number; () else."""
        return self.hops[-1].candidate.found.value


@dataclass(frozen=True, slots=True)
class _Opening:
    """One way to fill in the inner questions."""

    found: Mapping[Ask, tuple[str, str]]
    score: float
    hops: tuple[Hop, ...]
    whole: bool = False
    price: float = 1.0


class Solver:
    """Answers the steps of one question."""

    def __init__(
        self,
        passages: Passages,
        reader: Reader,
        search: Search | None,
        context: Context,
        question: Question,
        least: float,
    ) -> None:
        """Prepare to solve.

        Args:
            passages: Where sentences come from.
            reader: Reads single steps.
            search: Finds passages for a step; without it only those of `context` are read.
            context: What was found for the question as a whole.
            question: The question.
            least: Coverage that a step needs to count as answered.
        """
        self._passages = passages
        self._reader = reader
        self._search = search
        self._names = tuple(dict.fromkeys((*question.names, *linked_names(context))))
        self._least = least
        self._first = question.asks[0] if question.asks else None
        self._chunks = [hit.id for hit in context.hits[:_CONTEXT_CHUNKS]]
        self._solved: dict[Ask, list[Solution]] = {}

    def solve(self, ask: Ask) -> list[Solution]:
        """Answers, best first."""
        if ask in self._solved:
            return self._solved[ask]
        solutions: dict[str, Solution] = {}
        for opening in self._openings(ask):
            condition = self._reader.condition(ask, opening.found, self._names)
            for candidate in self._reader.read(condition, self._pool(ask, opening.found)):
                if opening.whole and candidate.coverage < _WHOLE:
                    continue
                found = candidate.found
                hop = Hop(ask, condition, candidate)
                score = _mean((*(step.candidate.score for step in opening.hops), candidate.score))
                score *= _WHOLE_PRICE if opening.whole else opening.price
                solution = Solution(found.text, found.entity_id, score, (*opening.hops, hop))
                old = solutions.get(found.key)
                if old is None or self._worth(solution) > self._worth(old):
                    solutions[found.key] = solution
        ranked = sorted(
            solutions.values(), key=lambda item: (*(-part for part in self._worth(item)), item.text)
        )
        ranked = ranked[: 2 * _BEAM]
        self._solved[ask] = ranked
        return ranked

    def _worth(self, solution: Solution) -> tuple[float, float, float]:
        """What is answered at every step comes first, then what leads over things of the right kinds."""
        return float(self._is_sound(solution)), float(solution.least_fit > _NO_FIT), solution.score

    def _is_sound(self, solution: Solution) -> bool:
        return solution.coverage >= self._least and solution.fit >= _LEAST_FIT

    def best(self, ask: Ask, further: Sequence[Ask] = ()) -> Solution | None:
        """The best answer of the right kind whose every step is covered; None if there is none.

        Where further things are asked of the same event, an answer whose sentence tells them too is
        preferred.
        """
        good = [item for item in self.solve(ask) if self._is_sound(item)]
        if further and good:
            good = [self._telling(good[0], further[0]) or good[0]]
        return good[0] if good else None

    def _telling(self, solution: Solution, further: Ask) -> Solution | None:
        """The answer by the sentence that tells the further thing best; None if none tells both."""
        last = solution.hops[-1]
        condition = _asking_further(last.condition, further)
        best: Solution | None = None
        for told in self._reader.read(condition, self._pool(further, {})):
            if told.coverage < self._least or told.found.fit < _LEAST_FIT:
                continue
            for candidate in self._reader.read(last.condition, [told.sentence]):
                score = candidate.score * told.score
                if candidate.found.fit >= _LEAST_FIT and (best is None or score > best.score):
                    hop = Hop(last.ask, last.condition, candidate)
                    text, entity_id = candidate.found.text, candidate.found.entity_id
                    best = Solution(text, entity_id, score, (*solution.hops[:-1], hop))
        return replace(best, score=solution.score) if best is not None else None

    def side(self, comparison: Comparison, side: str | Ask) -> Solution | None:
        """What is compared, for one side."""
        if comparison.form is Form.THING and not comparison.attribute:
            return self.best(side) if isinstance(side, Ask) else self._itself(side)
        pieces = (side, comparison.attribute) if comparison.attribute else (side,)
        return self.best(Ask(comparison.form, comparison.same, pieces))

    def confirm(self, ask: Ask) -> tuple[float, Sentence, tuple[Hop, ...]] | None:
        """The sentence that states the whole condition best."""
        best: tuple[float, Sentence, tuple[Hop, ...]] | None = None
        for opening in self._openings(ask):
            condition = self._reader.condition(ask, opening.found, self._names)
            support = self._reader.support(condition, self._pool(ask, opening.found))
            if support is not None and (best is None or support[0] > best[0]):
                best = support[0], support[1], opening.hops
        return best

    def sentences(self, ask: Ask) -> list[tuple[float, Sentence]]:
        """Sentences by how much of the question they cover; of equal ones those found first."""
        condition = self._reader.condition(ask, {}, self._names)
        found = self._reader.supports(condition, self._pool(ask, {}))
        return sorted(found, key=lambda item: -round(item[0], 2))

    def beside(self, further: Ask, solution: Solution) -> Hop | None:
        """The answer to a further question about the event that the last step told of."""
        last = solution.hops[-1]
        condition = _asking_further(last.condition, further)
        pools = ([last.candidate.sentence], self._pool(further, {}))
        for pool in pools:
            for candidate in self._reader.read(condition, pool):
                if candidate.found.fit >= _LEAST_FIT:
                    return Hop(further, condition, candidate)
        return None

    def together(self, solution: Solution, ask: Ask) -> list[str]:
        """The answer, with those listed beside it where the question asks for several."""
        last = solution.hops[-1]
        several = (ask.count or 0) > 1 or _is_plural(ask) or (ask.form is Form.PERSON and not ask.noun)
        if not several or last.candidate.found.value:
            return [solution.text]
        text = last.candidate.sentence.text
        found = self._reader.read(last.condition, [last.candidate.sentence], limit=16)
        good = [item for item in found if item.found.fit >= _LEAST_FIT]
        listed, other = _listed(text, last.candidate.found, [item.found for item in good])
        if ask.count is not None and len(listed) < ask.count:
            # What follows in the sentence, of the right kind first; then names taken for another kind.
            here = last.candidate.found.start
            rest = [
                item.found for item in found if item.found.fit >= _LEAST_FIT or not item.found.text.islower()
            ]
            rest = [item for item in rest if item not in listed and item.key not in other]
            rest.sort(key=lambda item: (item.start < here, item.fit < _LEAST_FIT, abs(item.start - here)))
            listed += rest[: ask.count - len(listed)]
        elif ask.count is not None:
            order = {item.found.key: n for n, item in enumerate(found)}
            listed = sorted(listed, key=lambda item: order.get(item.key, 99))[: ask.count]
        return [other.get(item.key, item.text) for item in sorted(listed, key=lambda item: item.start)]

    def others(self, solution: Solution, ask: Ask, shorts: Sequence[str]) -> list[Solution]:
        """Further answers that other sentences state as surely, where the question asks for all of a kind."""
        if not _is_plural(ask) or ask.count is not None or solution.hops[-1].candidate.found.value:
            return []
        known = [set(plain_words(text)) for text in shorts]
        found: list[Solution] = []
        for other in self.solve(ask):
            words = set(plain_words(other.text))
            enough = other.score >= _AS_SURE * solution.score and other.coverage >= _SAID * solution.coverage
            if not (enough and self._is_sound(other) and other.fit >= _OF_KIND):
                continue
            same_way = other.hops[:-1] == solution.hops[:-1]
            elsewhere = other.hops[-1].candidate.sentence != solution.hops[-1].candidate.sentence
            if same_way and elsewhere and not any(words <= one or one <= words for one in known):
                found.append(other)
                known.append(words)
        return found

    def _itself(self, name: str) -> Solution | None:
        """A name as its own answer, with the first sentence about it."""
        ids = self._passages.ids_of(name)
        ask = Ask(Form.THING, "", (name,))
        condition = self._reader.condition(ask, {}, [name])
        support = self._reader.support(condition, self._pool(ask, {}))
        if support is None:
            return None
        coverage, sentence = support
        entity_id = ids[0] if ids else ""
        found = Found(0, len(sentence.text), name, entity_id, 1.0, entity_id or name)
        hop = Hop(ask, condition, Candidate(found, sentence, coverage, coverage))
        return Solution(name, entity_id, coverage, (hop,))

    def _openings(self, ask: Ask) -> list[_Opening]:
        """Ways to fill in the inner questions, best first; and one that leaves them as plain words."""
        ways = [_Opening({}, 1.0, ())]
        for inner in ask.inner:
            options = self.solve(inner)[:_BEAM]
            ways = [
                _Opening(
                    {**way.found, inner: (item.text, item.entity_id)},
                    way.score * item.score,
                    (*way.hops, *item.hops),
                    price=way.price * _SECOND_CHOICE**rank,
                )
                for way in ways
                for rank, item in enumerate(options)
            ]
            ways = sorted(ways, key=lambda way: -way.score)[:_BEAM]
        if ask.inner:
            ways.append(_Opening({}, 1.0, (), whole=True))
        return ways

    def _pool(self, ask: Ask, found: Mapping[Ask, tuple[str, str]]) -> list[Sentence]:
        chunks = list(self._chunks)
        if self._search is not None and (found or ask is not self._first):
            context = self._search(ask.asked({inner: name for inner, (name, _) in found.items()}))
            chunks += [hit.id for hit in context.hits[:_STEP_CHUNKS]]
        return self._passages.sentences_of(chunks)


def linked_names(context: Context) -> tuple[str, ...]:
    """Words of the question that the search took for names, as they stand there.

    They are written as names are; or the question has no capitals at all, as people type.
    """
    text = context.query.text
    plain = text == text.lower()
    found: dict[str, None] = {}
    for anchor in context.query.anchors:
        words = anchor.words.split()
        if not any(is_name(word) for word in words) and not (plain and anchor.how == "name"):
            continue
        standing = re.search(r"[\W_]{1,2}".join(map(re.escape, words)), text, re.IGNORECASE)
        found[standing.group() if standing is not None else anchor.words] = None
    return tuple(found)


def _asking_further(condition: Condition, further: Ask) -> Condition:
    """What was asked of an event, for a further thing about it: who did it says nothing about when."""
    return replace(condition, form=further.form, noun=further.noun, lead=further.lead, agent=None)


def _is_plural(ask: Ask) -> bool:
    """Whether the noun asked for is a plural: "which companies"."""
    head = ask.noun.split()[-1].lower() if ask.noun else ""
    return bool(head) and singular(head) != head


def _mean(scores: Sequence[float]) -> float:
    """Geometric, so that ways of different length compare and one weak step is felt."""
    return math.prod(scores) ** (1.0 / len(scores))


def _listed(text: str, best: Found, found: Sequence[Found]) -> tuple[list[Found], dict[str, str]]:
    """What stands in one enumeration with the best: "A, B and C"; and names for what has two: "A (B)"."""
    ordered = sorted(found, key=lambda item: (item.start, item.end))
    named: dict[str, str] = {}
    aliases: set[str] = set()
    for first, second in pairwise(ordered):
        between = text[first.end : second.start]
        after = second.start + len(second.text)
        if re.fullmatch(r"[^,;()]*\(", between) and text[after : after + 1] == ")":
            named[first.key] = f"{text[first.start : second.start].rstrip(' (')} ({second.text})"
            aliases.add(second.key)
            named[second.key] = second.text
    ordered = [item for item in ordered if item.key not in aliases]
    if best.key in aliases:
        best = next((a for a in ordered if named.get(a.key, "").endswith(f"({best.text})")), best)
    group = [best]
    for step, items in ((1, ordered), (-1, ordered[::-1])):
        edge = best
        for item in items:
            apart = text[edge.end : item.start] if step > 0 else text[item.end : edge.start]
            if (item.start - edge.start) * step <= 0 or item.key in {one.key for one in group}:
                continue
            if not _joins(apart):
                break
            group.append(item)
            edge = item
    return group, named


def _joins(between: str) -> bool:
    """Whether the words between two names only list them (a parenthesis counts as nothing)."""
    plain = re.sub(r"\([^)]*\)", " ", between)
    return all(word in _LISTING for word in re.sub(r"[,()&]", " ", plain).split())
