"""Answers by quoting: no model, and nothing said that a cited sentence does not say.

A question is taken apart (`graphrag.generation.question`), its inner questions are answered first and
their answers put in their places, and each step is read off sentences (`graphrag.generation.reader`).
A few alternatives are kept at every step, so that a wrong turn in the first hop can be made good by
the second. The answer comes with its path and one cited sentence per step; where a step finds no
sentence that covers what is asked, the answer is that the sources do not say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from graphrag.datamodel import Answer, Citation, Context, Evidence, Path, Relation, Step
from graphrag.errors import NotFoundError
from graphrag.generation.passages import Passages, Sentence
from graphrag.generation.asking import Ask, Comparison, Form, Question
from graphrag.generation.question import read_question
from graphrag.generation.reader import Candidate, Condition, Reader
from graphrag.interfaces import KnowledgeView
from ontology import Ontology

Search = Callable[[str], Context]

MIN_COVERAGE = 0.66
"""Least share of a step's condition that one sentence must state; chosen on the demo questions (docs/global.md)."""

_BEAM = 4
_CONTEXT_CHUNKS = 12
_STEP_CHUNKS = 8
_UNRESOLVED = 0.7


@dataclass(frozen=True, slots=True)
class _Hop:
    """One answered step."""

    ask: Ask
    condition: Condition
    candidate: Candidate


@dataclass(frozen=True, slots=True)
class _Solution:
    text: str
    entity_id: str
    score: float
    hops: tuple[_Hop, ...]

    @property
    def coverage(self) -> float:
        """Of the weakest step."""
        return min(hop.candidate.coverage for hop in self.hops)


class ExtractiveGenerator:
    """Answers questions from a context by quoting its passages."""

    def __init__(
        self,
        view: KnowledgeView,
        *,
        ontology: Ontology | None = None,
        search: Search | None = None,
        min_coverage: float = MIN_COVERAGE,
    ) -> None:
        """Prepare to answer from `view`.

        Args:
            view: Where the passages are.
            ontology: Gives entity types their meaning.
            search: Finds passages for an inner question; without it only the context is read.
            min_coverage: Below it an answer is withheld.
        """
        self._view = view
        self._passages = Passages(view)
        self._reader = Reader(self._passages, ontology)
        self._search = search
        self._min_coverage = min_coverage

    def answer(self, question: str, context: Context) -> Answer:
        """Answer, or say what the sources lack.

        Every sentence of the answer's text is a quotation with its ``[n]``, but for the short answer
        and the path, which the quotations support.
        """
        if context.mode == "global":
            return _global_answer(context)
        names = [
            anchor.words
            for anchor in context.query.anchors
            if anchor.words[:1].isupper() or " " in anchor.words
        ]
        asked = read_question(question, names)
        solver = _Solver(self._passages, self._reader, self._search, context, asked)
        if asked.comparison is not None:
            return self._compare(asked, asked.comparison, solver, context)
        if asked.form is Form.YES_NO:
            return self._confirm(asked, solver, context)
        if asked.form is Form.ACCOUNT:
            return self._account(asked, solver, context)
        return self._answer(asked, solver, context)

    def _answer(self, asked: Question, solver: _Solver, context: Context) -> Answer:
        solutions = solver.solve(asked.asks[0])
        best = next((item for item in solutions if item.coverage >= self._min_coverage), None)
        if best is None:
            return _abstain(context, _missing(asked, solutions, self._passages))
        shorts = solver.together(best, asked.asks[0].count, _plural(asked.asks[0]))
        hops = list(best.hops)
        for further in asked.asks[1:]:
            extra = next(iter(solver.beside(further, best)), None)
            if extra is None:
                continue
            shorts.append(extra.candidate.text)
            if extra.candidate.sentence not in [hop.candidate.sentence for hop in hops]:
                hops.append(extra)
        return self._compose(context, ", ".join(shorts), [hop.candidate.sentence for hop in hops], best)

    def _compare(self, asked: Question, comparison: Comparison, solver: _Solver, context: Context) -> Answer:
        sides = [solver.side(comparison, side) for side in comparison.sides]
        left, right = sides
        if left is None or right is None:
            lost = comparison.sides[0] if left is None else comparison.sides[1]
            return _abstain(
                context, f"The sources do not say: {_named(lost)}, {comparison.same or comparison.attribute}."
            )
        weakest = min(side.coverage for side in (left, right))
        if weakest < self._min_coverage:
            return _abstain(context, _missing(asked, [left, right], self._passages))
        if comparison.same:
            short = "yes" if _equal(left, right, comparison.form) else "no"
        else:
            order = _earlier(left, right)
            if order == 0:
                return _abstain(context, "The sources do not tell which comes first.")
            winner = 0 if (order < 0) == comparison.first else 1
            short = (
                _named(comparison.sides[winner])
                if isinstance(comparison.sides[winner], str)
                else sides_text(sides[winner])
            )
        sentences = [hop.candidate.sentence for side in (left, right) for hop in side.hops]
        said = f"{_path_of(left)}; {_path_of(right)}"
        return self._compose(context, short, sentences, None, said=said, score=min(left.score, right.score))

    def _confirm(self, asked: Question, solver: _Solver, context: Context) -> Answer:
        found = solver.confirm(asked.asks[0])
        if found is None or found[0] < max(self._min_coverage, 0.8):
            return _abstain(context, "No sentence of the sources says so, or denies it.")
        coverage, sentence, hops = found
        words = {word for _, _, word in sentence.words}
        short = "no" if words & {"not", "never", "neither", "nor", "without"} else "yes"
        return self._compose(
            context, short, [*(hop.candidate.sentence for hop in hops), sentence], None, score=coverage
        )

    def _account(self, asked: Question, solver: _Solver, context: Context) -> Answer:
        ranked = solver.sentences(asked.asks[0] if asked.asks else Ask(Form.ACCOUNT, "", (asked.text,)))
        kept = [sentence for coverage, sentence in ranked if coverage >= self._min_coverage][:4]
        if not kept:
            return _abstain(context, f"No passage tells of what is asked: {asked.text}")
        return self._compose(context, "", kept, None, score=ranked[0][0])

    def _compose(
        self,
        context: Context,
        short: str,
        sentences: Sequence[Sentence],
        solution: _Solution | None,
        *,
        said: str = "",
        score: float = 0.0,
    ) -> Answer:
        """Short answer, path, quotations."""
        unique = list(dict.fromkeys(sentences))
        citations = tuple(Citation(number, item.evidence()) for number, item in enumerate(unique, start=1))
        quotes = [f"{_told(item)} [{number}]" for number, item in enumerate(unique, start=1)]
        path = self._path(solution, context) if solution is not None else None
        way = said or (path.text if path is not None else _path_of(solution) if solution is not None else "")
        parts = [part for part in (short, f"Path: {way}" if way else "", "\n".join(quotes)) if part]
        return Answer(
            text="\n\n".join(parts),
            citations=citations,
            context=context,
            short=short,
            path=path,
            score=round(solution.score if solution is not None else score, 6),
        )

    def _path(self, solution: _Solution, context: Context) -> Path | None:
        """The chain as relations of the graph; None where a step has no relation there."""
        relations = self._relations(context)
        steps: list[Step] = []
        entities: list[str] = []
        labels: list[str] = []
        for hop in solution.hops:
            found = _relation_of(hop, relations, entities[-1] if entities else "")
            if found is None:
                return None
            relation, forward = found
            source = relation.subject_id if forward else relation.object_id
            if not entities:
                entities.append(source)
            elif entities[-1] != source:
                return None
            entities.append(relation.object_id if forward else relation.subject_id)
            steps.append(Step(relation.id, forward))
            labels.append(f" -{relation.type}-> " if forward else f" <-{relation.type}- ")
        names = [self._passages.entity(entity_id).name for entity_id in entities]
        text = names[0] + "".join(label + name for label, name in zip(labels, names[1:], strict=True))
        return Path(tuple(entities), tuple(steps), round(solution.score, 6), text)

    def _relations(self, context: Context) -> list[Relation]:
        try:
            return self._view.relations_by_id([hit.id for hit in context.relations])
        except NotFoundError:
            return []


class _Solver:
    """Answers the steps of one question."""

    def __init__(
        self, passages: Passages, reader: Reader, search: Search | None, context: Context, question: Question
    ) -> None:
        self._passages = passages
        self._reader = reader
        self._search = search
        self._context = context
        self._names = [
            *question.names,
            *(anchor.words for anchor in context.query.anchors if anchor.words[:1].isupper()),
        ]
        self._question = question
        self._chunks = [hit.id for hit in context.hits[:_CONTEXT_CHUNKS]]

    def solve(self, ask: Ask) -> list[_Solution]:
        """Answers, best first."""
        solutions: dict[str, _Solution] = {}
        for found, score, hops in self._openings(ask):
            condition = self._reader.condition(ask, found, self._names)
            for candidate in self._reader.read(condition, self._pool(ask, found)):
                hop = _Hop(ask, condition, candidate)
                solution = _Solution(
                    candidate.text, candidate.entity_id, score * candidate.score, (*hops, hop)
                )
                old = solutions.get(candidate.key)
                if old is None or solution.score > old.score:
                    solutions[candidate.key] = solution
        return sorted(solutions.values(), key=lambda item: (-item.score, item.text))[: 2 * _BEAM]

    def side(self, comparison: Comparison, side: str | Ask) -> _Solution | None:
        """What is compared, for one side."""
        if comparison.form is Form.THING and not comparison.attribute:
            if isinstance(side, Ask):
                return next(iter(self.solve(side)), None)
            return self._itself(side)
        noun = comparison.same
        ask = Ask(
            comparison.form, noun, (side, comparison.attribute) if comparison.attribute else (side,), None, ""
        )
        return next(iter(self.solve(ask)), None)

    def confirm(self, ask: Ask) -> tuple[float, Sentence, tuple[_Hop, ...]] | None:
        """The sentence that states the whole condition best."""
        best: tuple[float, Sentence, tuple[_Hop, ...]] | None = None
        for found, _, hops in self._openings(ask):
            condition = self._reader.condition(ask, found, self._names)
            support = self._reader.support(condition, self._pool(ask, found))
            if support is not None and (best is None or support[0] > best[0]):
                best = support[0], support[1], hops
        return best

    def sentences(self, ask: Ask) -> list[tuple[float, Sentence]]:
        """Sentences by how much of the question they cover."""
        condition = self._reader.condition(ask, {}, self._names)
        pool = self._pool(ask, {})
        scored = []
        for sentence in pool:
            support = self._reader.support(condition, [sentence])
            if support is not None:
                scored.append(support)
        return sorted(scored, key=lambda item: (-item[0], item[1].chunk.id, item[1].start))

    def beside(self, further: Ask, solution: _Solution) -> list[_Hop]:
        """Answers to a further question about the event that the last step told of."""
        last = solution.hops[-1]
        condition = replace(last.condition, form=further.form, noun=further.noun, lead=further.lead)
        found = self._reader.read(condition, [last.candidate.sentence])
        found = found or self._reader.read(condition, self._pool(further, {}))
        return [_Hop(further, condition, candidate) for candidate in found]

    def together(self, solution: _Solution, count: int | None, plural: bool) -> list[str]:
        """The answer, with those listed beside it where the question asks for several."""
        last = solution.hops[-1]
        if not ((count and count > 1) or plural) or last.candidate.value:
            return [solution.text]
        found = self._reader.read(last.condition, [last.candidate.sentence], limit=12)
        listed = _listed(last.candidate, found)
        if count:
            listed = sorted(listed, key=lambda item: (-item.score, item.start))[:count]
        return [item.text for item in sorted(listed, key=lambda item: item.start)]

    def _itself(self, name: str) -> _Solution | None:
        """A name as its own answer, with the first sentence about it."""
        ids = self._passages.ids_of(name)
        ask = Ask(Form.THING, "", (name,))
        condition = self._reader.condition(ask, {}, [name])
        support = self._reader.support(condition, self._pool(ask, {}))
        if support is None:
            return None
        coverage, sentence = support
        candidate = Candidate(
            name, ids[0] if ids else "", sentence, 0, len(name), coverage, coverage, ids[0] if ids else name
        )
        return _Solution(name, candidate.entity_id, coverage, (_Hop(ask, condition, candidate),))

    def _openings(self, ask: Ask) -> list[tuple[dict[Ask, tuple[str, str]], float, tuple[_Hop, ...]]]:
        """Ways to fill in the inner questions: names found, their score and the steps so far."""
        ways: list[tuple[dict[Ask, tuple[str, str]], float, tuple[_Hop, ...]]] = [({}, 1.0, ())]
        for inner in ask.inner:
            options: list[tuple[tuple[str, str] | None, float, tuple[_Hop, ...]]] = [
                ((item.text, item.entity_id), item.score, item.hops) for item in self.solve(inner)[:_BEAM]
            ]
            if not options or options[0][1] < 0.75:
                options.append((None, _UNRESOLVED * 0.8, ()))
            ways = [
                ({**found, inner: name} if name is not None else found, score * more, (*hops, *steps))
                for found, score, hops in ways
                for name, more, steps in options
            ]
            ways = sorted(ways, key=lambda way: -way[1])[:_BEAM]
        return ways

    def _pool(self, ask: Ask, found: Mapping[Ask, tuple[str, str]]) -> list[Sentence]:
        chunks = list(self._chunks)
        if self._search is not None and (
            found or ask is not self._question.asks[0] if self._question.asks else True
        ):
            names = {inner: name for inner, (name, _) in found.items()}
            context = self._search(ask.asked(names))
            chunks += [hit.id for hit in context.hits[:_STEP_CHUNKS]]
        return self._passages.sentences_of(chunks)


def _listed(best: Candidate, found: Sequence[Candidate]) -> list[Candidate]:
    """Candidates that stand in one enumeration with the best: "A, B and C"."""
    text = best.sentence.text
    ordered = sorted(found, key=lambda item: item.start)
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
    return group


def _joins(between: str) -> bool:
    """Whether the words between two names only list them (a parenthesis counts as nothing)."""
    import re

    plain = re.sub(r"\([^)]*\)", " ", between).replace(",", " ").replace(")", " ").replace("(", " ")
    return all(
        word in {"and", "or", "&", "the", "with", "as", "well", "his", "her"} for word in plain.split()
    )


def _plural(ask: Ask) -> bool:
    from ontology.morphology import singular

    head = ask.noun.split()[-1] if ask.noun else ""
    return bool(head) and singular(head.lower()) != head.lower()


def _relation_of(hop: _Hop, relations: Sequence[Relation], source: str) -> tuple[Relation, bool] | None:
    """The relation that states a step, and whether it is walked from subject to object."""
    asked = {source} if source else {entity_id for name in hop.condition.names for entity_id in name.ids}
    target = hop.candidate.entity_id
    best: tuple[int, Relation, bool] | None = None
    for relation in relations:
        for start, end, forward in (
            (relation.subject_id, relation.object_id, True),
            (relation.object_id, relation.subject_id, False),
        ):
            if start in asked and end == target:
                rank = int(
                    any(item.chunk_id == hop.candidate.sentence.chunk.id for item in relation.evidence)
                )
                if best is None or rank > best[0]:
                    best = rank, relation, forward
    return (best[1], best[2]) if best is not None else None


def _path_of(solution: _Solution) -> str:
    """The chain in the question's own words: iPhone -invented-> Apple -CEO of-> Tim Cook."""
    parts: list[str] = []
    for hop in solution.hops:
        names = [name.text for name in hop.condition.names]
        words = " ".join(" ".join(unit) for unit in hop.condition.units) or hop.ask.noun
        if not parts or (names and names[0] != parts[-1]):
            if parts:
                parts.append("; ")
            parts.append(", ".join(names) or hop.ask.noun)
        parts.append(f" -{words}-> " if words else " -> ")
        parts.append(hop.candidate.text)
    return "".join(parts)


def sides_text(solution: _Solution | None) -> str:
    """The name a side of a comparison came to."""
    if solution is None:
        return ""
    return solution.hops[0].candidate.text if len(solution.hops) > 1 else solution.text


def _equal(left: _Solution, right: _Solution, form: Form) -> bool:
    if form is Form.DATE:
        return left.hops[-1].candidate.value[:1] == right.hops[-1].candidate.value[:1]
    if left.entity_id and right.entity_id:
        return left.entity_id == right.entity_id
    return left.text.casefold() == right.text.casefold()


def _earlier(left: _Solution, right: _Solution) -> int:
    one, other = left.hops[-1].candidate.value, right.hops[-1].candidate.value
    return (one > other) - (one < other)


def _named(side: str | Ask) -> str:
    return side if isinstance(side, str) else f"the {side.described()}"


def _told(sentence: Sentence) -> str:
    """A quotation on one line, led by the title where it speaks of its subject by a pronoun."""
    text = " ".join(sentence.text.split())
    title = sentence.chunk.title
    if title and sentence.leans and title.casefold() not in text.casefold():
        return f"({title}) {text}"
    return text


def _abstain(context: Context, missing: str) -> Answer:
    return Answer(
        text=f"The sources do not say. {missing}".strip(),
        citations=(),
        context=context,
        abstained=True,
        missing=missing,
    )


def _missing(asked: Question, solutions: Sequence[_Solution], passages: Passages) -> str:
    """What the sources lack, as precisely as the best attempt tells."""
    unknown = [name for name in asked.names if not passages.ids_of(name) and not name[:1].isdigit()]
    if unknown:
        return f'Nothing in them is called "{unknown[0]}".'
    for solution in solutions[:1]:
        weakest = min(solution.hops, key=lambda hop: hop.candidate.coverage)
        lacking = ", ".join(f'"{word}"' for word in weakest.candidate.lacking)
        if lacking:
            names = " and ".join(name.text for name in weakest.condition.names)
            return f"No sentence about {names or 'it'} tells of {lacking}."
    return f"Nothing was found for: {asked.text}"


def _global_answer(context: Context) -> Answer:
    """Points by theme, each a quotation with its citation."""
    if not context.items:
        return _abstain(context, "No part of the collection bears on the question.")
    citations: list[Citation] = []
    numbers: dict[Evidence, int] = {}
    lines: list[str] = []
    for item in context.items:
        marks = []
        for evidence in item.evidence:
            if evidence not in numbers:
                numbers[evidence] = len(numbers) + 1
                citations.append(Citation(numbers[evidence], evidence))
            marks.append(f"[{numbers[evidence]}]")
        lines.append(f"- {item.text} {''.join(marks)}")
    return Answer(
        text="\n".join(lines),
        citations=tuple(citations),
        context=context,
        score=context.items[0].score,
        communities=tuple(dict.fromkeys(item.id for item in context.items)),
        coverage=context.coverage,
    )
