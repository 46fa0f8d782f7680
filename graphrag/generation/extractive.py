"""Answers by quoting: no model, and nothing said that a cited sentence does not say.

A question is taken apart (`graphrag.generation.question`), its inner questions are answered first and
their answers put in their places (`graphrag.generation.solving`), and each step is read off sentences
(`graphrag.generation.reader`). The answer comes with its path and one cited sentence per step; where a
step finds no sentence that covers what is asked, the answer is that the sources do not say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from graphrag.datamodel import Answer, Citation, Context, Evidence, Path, Relation, Step
from graphrag.errors import NotFoundError
from graphrag.generation.asking import Ask, Comparison, Form, Question
from graphrag.generation.defining import definition, has_reason, is_about
from graphrag.generation.passages import Passages, Sentence
from graphrag.generation.question import read_question
from graphrag.generation.reader import Reader
from graphrag.generation.solving import Hop, Search, Solution, Solver, linked_names
from graphrag.generation.wording import WordVectors
from graphrag.interfaces import Embedder, KnowledgeView
from ontology import Ontology

MIN_COVERAGE = 0.78
"""Least share of a step's condition that one sentence must state for a short answer."""
MIN_SCORE = 0.46
"""Least score of a short answer; both are fitted by benchmarks/abstention.py, see docs/global.md."""
_TOLD = 0.66
"""The same share for an account, where several sentences are given to be read."""
MIN_CONFIRMED = 0.8
"""The same for a plain yes."""

_ARTICLE = re.compile(r"^(?:the|an?) ", re.IGNORECASE)
_DENIALS = frozenset({"not", "never", "neither", "nor", "without", "no"})
_ACCOUNT_SENTENCES = 4
_REASON = 0.1
"""How much better a sentence that gives a reason answers a question for one."""
_PER_THEME = 1.6
_SURE_KIND = 0.7
"""Least fit of two things that are said to be the same, or not, of a kind."""


class ExtractiveGenerator:
    """Answers questions from a context by quoting its passages."""

    def __init__(
        self,
        view: KnowledgeView,
        *,
        ontology: Ontology | None = None,
        search: Search | None = None,
        embedder: Embedder | None = None,
        min_coverage: float = MIN_COVERAGE,
        min_score: float = MIN_SCORE,
    ) -> None:
        """Prepare to answer from `view`.

        Args:
            view: Where the passages are.
            ontology: Gives entity types their meaning.
            search: Finds passages for an inner question; without it only the context is read.
            embedder: Tells like words from unlike ones; without it the lexicon alone does.
            min_coverage: Of its weakest step; below it an answer is withheld.
            min_score: The same for the score of the whole, in which kind and place count too.
        """
        self._passages = Passages(view)
        vectors = WordVectors(embedder) if embedder is not None else None
        self._reader = Reader(self._passages, ontology, vectors)
        self._view = view
        self._search = search
        self._least = min_coverage
        self._least_score = min_score

    def answer(self, question: str, context: Context) -> Answer:
        """Answer, or say what the sources lack.

        Every sentence of the answer's text is a quotation with its ``[n]``, but for the short answer
        and the path, which the quotations support.
        """
        if context.mode == "global":
            return _global_answer(context, self._view)
        names = linked_names(context)
        asked = read_question(question, names)
        solver = Solver(self._passages, self._reader, self._search, context, asked, self._least)
        if asked.comparison is not None:
            return self._compare(asked, asked.comparison, solver, context)
        if asked.form is Form.YES_NO:
            return self._confirm(asked, solver, context)
        if asked.form in (Form.DEFINITION, Form.ACCOUNT):
            ask = asked.asks[0] if asked.asks else Ask(Form.ACCOUNT, "", (asked.text,))
            ids = self._passages.ids_of(_ARTICLE.sub("", ask.words()))
            if ids or asked.form is Form.DEFINITION:
                return self._define(asked, ask, ids, solver, context)
            return self._account(asked, ask, solver, context)
        return self._answer(asked, solver, context)

    def _answer(self, asked: Question, solver: Solver, context: Context) -> Answer:
        best = solver.best(asked.asks[0], asked.asks[1:])
        if best is None or best.score < self._least_score:
            return _abstain(context, _missing(asked, solver.solve(asked.asks[0]), self._passages))
        shorts = solver.together(best, asked.asks[0])
        hops = list(best.hops)
        for other in solver.others(best, asked.asks[0], shorts):
            shorts.append(other.text)
            hops.append(other.hops[-1])
        for further in asked.asks[1:]:
            extra = solver.beside(further, best)
            if extra is not None:
                shorts.append(extra.candidate.found.text)
                hops.append(extra)
        path = self._path(best, context)
        way = path.text if path is not None else _way(best)
        return self._compose(context, ", ".join(shorts), hops, way, best.score, path)

    def _compare(self, asked: Question, comparison: Comparison, solver: Solver, context: Context) -> Answer:
        left, right = (solver.side(comparison, side) for side in comparison.sides)
        if left is None or right is None:
            lost = comparison.sides[0] if left is None else comparison.sides[1]
            what = comparison.same or comparison.attribute
            return _abstain(context, f"They do not tell of {_named(lost)}: {what}.")
        if comparison.same and comparison.form is not Form.DATE and min(left.fit, right.fit) < _SURE_KIND:
            return _abstain(context, f"They do not tell the {comparison.same} of both.")
        if comparison.same:
            short = "yes" if _equal(left, right, comparison.form) else "no"
        elif left.value == right.value:
            return _abstain(context, "They do not tell which comes first.")
        else:
            winner = 0 if (left.value < right.value) == comparison.first else 1
            short = comparison.labels[winner] or _first_name((left, right)[winner])
        way = f"{_way(left)}; {_way(right)}"
        return self._compose(context, short, [*left.hops, *right.hops], way, min(left.score, right.score))

    def _confirm(self, asked: Question, solver: Solver, context: Context) -> Answer:
        """Yes where sentences say so of all things asked about; no where one says it is something else."""
        least = max(self._least, MIN_CONFIRMED)
        said: list[bool] = []
        sentences: list[Sentence] = []
        weakest = 1.0
        for ask in asked.asks:
            found = solver.confirm(ask)
            if found is None or (found[0] < least and len(asked.asks) == 1):
                return _abstain(context, "No sentence says so, or denies it.")
            coverage, sentence, hops = found
            sentences += [*(hop.candidate.sentence for hop in hops), sentence]
            denied = bool(_DENIALS & {word for _, _, word in sentence.words})
            said.append(coverage >= least and not denied)
            weakest = min(weakest, coverage)
            if coverage < least and sentence.ordinal > 0:
                return _abstain(context, "No sentence says so of both, or denies it.")
        return self._quote(context, "yes" if all(said) else "no", sentences, "", weakest)

    def _define(
        self, asked: Question, ask: Ask, ids: Sequence[str], solver: Solver, context: Context
    ) -> Answer:
        """What a thing is, in the words of the sentence that says so; then what else is told of it."""
        name = _ARTICLE.sub("", ask.words())
        told = [
            sentence
            for coverage, sentence in solver.sentences(ask)
            if coverage >= min(self._least, _TOLD)
            and _ends(sentence.text)
            and (not ids or is_about(sentence, ids))
        ]
        if not told:
            return _abstain(context, _missing(asked, (), self._passages))
        # Its own document tells it best, in its order.
        told.sort(key=lambda sentence: sentence.subject not in ids)
        defined = [definition(sentence, name, ids) for sentence in told]
        sure, short = max(defined, key=lambda item: item[0])
        opening = told[[item[0] for item in defined].index(sure)]
        rest = [sentence for sentence in told if sentence is not opening]
        return self._quote(context, short, [opening, *rest][:_ACCOUNT_SENTENCES], "", 1.0)

    def _account(self, asked: Question, ask: Ask, solver: Solver, context: Context) -> Answer:
        reasons = asked.text.lower().startswith("why")
        ranked = [
            (coverage + (_REASON if reasons and has_reason(sentence) else 0.0), sentence)
            for coverage, sentence in solver.sentences(ask)
            if coverage >= min(self._least, _TOLD) and _ends(sentence.text)
        ]
        if not ranked:
            return _abstain(context, _missing(asked, (), self._passages))
        ranked.sort(key=lambda item: -round(item[0], 6))
        kept = [sentence for _, sentence in ranked][:_ACCOUNT_SENTENCES]
        return self._quote(context, "", kept, "", min(1.0, ranked[0][0]))

    def _compose(
        self,
        context: Context,
        short: str,
        hops: Sequence[Hop],
        way: str,
        score: float,
        path: Path | None = None,
    ) -> Answer:
        return self._quote(context, short, [hop.candidate.sentence for hop in hops], way, score, path)

    def _quote(
        self,
        context: Context,
        short: str,
        sentences: Sequence[Sentence],
        way: str,
        score: float,
        path: Path | None = None,
    ) -> Answer:
        """Short answer, path, quotations."""
        unique = list(dict.fromkeys(sentences))
        citations = tuple(Citation(number, item.evidence()) for number, item in enumerate(unique, start=1))
        quotes = [f"{_told(item)} [{number}]" for number, item in enumerate(unique, start=1)]
        parts = [part for part in (short, f"Path: {way}" if way else "", "\n".join(quotes)) if part]
        return Answer(
            text="\n\n".join(parts),
            citations=citations,
            context=context,
            short=short,
            path=path,
            score=round(score, 6),
        )

    def _path(self, solution: Solution, context: Context) -> Path | None:
        """The chain as relations of the graph; None where a step has no relation there."""
        steps: list[Step] = []
        entities: list[str] = []
        labels: list[str] = []
        for hop in solution.hops:
            found = _relation_of(hop, self._relations(hop, context), entities[-1] if entities else "")
            if found is None:
                return None
            relation, forward = found
            source, target = relation.subject_id, relation.object_id
            if not forward:
                source, target = target, source
            if entities and entities[-1] != source:
                return None
            entities += [source, target] if not entities else [target]
            steps.append(Step(relation.id, forward))
            labels.append(f" -{relation.type}-> " if forward else f" <-{relation.type}- ")
        names = [self._passages.entity(entity_id).name for entity_id in entities]
        text = names[0] + "".join(label + name for label, name in zip(labels, names[1:], strict=True))
        return Path(tuple(entities), tuple(steps), round(solution.score, 6), text)

    def _relations(self, hop: Hop, context: Context) -> list[Relation]:
        found = self._reader.relations_of(hop.condition)
        ids = [hit.id for hit in context.relations]
        return found + self._view.relations_within(ids, [hop.candidate.sentence.chunk.id])


def _ends(text: str) -> bool:
    """Whether it is a whole sentence; a table's row or a caption makes a poor account."""
    return text.rstrip("\"'”’)] ")[-1:] in {".", "!", "?", "…", "。"}


def _relation_of(hop: Hop, relations: Sequence[Relation], source: str) -> tuple[Relation, bool] | None:
    """The relation that states a step, and whether it is walked from subject to object."""
    asked = {source} if source else {entity_id for name in hop.condition.names for entity_id in name.ids}
    target = hop.candidate.found.entity_id
    sentence = hop.candidate.sentence
    best: tuple[int, Relation, bool] | None = None
    for relation in relations:
        ends = relation.subject_id, relation.object_id
        for start, end, forward in ((*ends, True), (*ends[::-1], False)):
            if start not in asked or end != target or start == end:
                continue
            here = (
                item.chunk_id == sentence.chunk.id
                and item.span.start < sentence.start + len(sentence.text)
                and sentence.start < item.span.end
                for item in relation.evidence
            )
            rank = int(any(here))
            if best is None or rank > best[0]:
                best = rank, relation, bool(forward)
    return (best[1], best[2]) if best is not None and best[0] else None


def _way(solution: Solution) -> str:
    """The chain in the question's own words: iPhone -invented-> Apple -CEO-> Tim Cook."""
    parts: list[str] = []
    for hop in solution.hops:
        names = [name.text for name in hop.condition.names]
        words = " ".join(" ".join(unit) for unit in hop.condition.units) or hop.ask.noun
        if not parts or (names and parts[-1] not in names):
            parts += ["; "] if parts else []
            parts.append(", ".join(names) or hop.ask.noun)
        parts.append(f" -{words}-> " if words else " -> ")
        parts.append(hop.candidate.found.text)
    return "".join(parts)


def _first_name(solution: Solution) -> str:
    """The thing a side of a comparison is about: what its inner question came to."""
    return solution.hops[0].candidate.found.text if len(solution.hops) > 1 else solution.text


def _equal(left: Solution, right: Solution, form: Form) -> bool:
    if form is Form.DATE:
        return left.value[:1] == right.value[:1]
    if left.entity_id and right.entity_id:
        return left.entity_id == right.entity_id
    return left.text.casefold() == right.text.casefold()


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
    text = f"The sources do not say. {missing}".strip()
    return Answer(text=text, citations=(), context=context, abstained=True, missing=missing)


def _missing(asked: Question, solutions: Sequence[Solution], passages: Passages) -> str:
    """What the sources lack, as precisely as the best attempt tells."""
    unknown = [name for name in asked.names if not passages.ids_of(name) and not name[:1].isdigit()]
    if unknown:
        return f'Nothing in them is called "{unknown[0]}".'
    for solution in solutions[:1]:
        weakest = min(solution.hops, key=lambda hop: hop.candidate.coverage)
        lacking = ", ".join(f'"{word}"' for word in dict.fromkeys(weakest.candidate.lacking))
        if lacking:
            names = " and ".join(name.text for name in weakest.condition.names)
            return f"No sentence about {names or 'it'} tells of {lacking}."
    return f"Nothing was found for: {asked.text}"


def _global_answer(context: Context, view: KnowledgeView) -> Answer:
    """Points, each a quotation with its citation; under their themes where themes have several."""
    if not context.items:
        return _abstain(context, "No part of the collection bears on the question.")
    communities = tuple(dict.fromkeys(item.id for item in context.items))
    grouped = len(communities) > 1 and len(context.items) >= _PER_THEME * len(communities)
    numbers: dict[Evidence, int] = {}
    lines: list[str] = []
    for community in communities if grouped else ("",):
        items = [item for item in context.items if not grouped or item.id == community]
        if grouped:
            lines.append(f"**{_title(view, community)}**:")
        for item in items:
            marks = [f"[{numbers.setdefault(evidence, len(numbers) + 1)}]" for evidence in item.evidence]
            lines.append(f"- {item.text} {''.join(marks)}")
    return Answer(
        text="\n".join(lines),
        citations=tuple(Citation(number, evidence) for evidence, number in numbers.items()),
        context=context,
        score=context.items[0].score,
        communities=communities,
        coverage=context.coverage,
    )


def _title(view: KnowledgeView, community: str) -> str:
    try:
        return " ".join(view.reports_by_id([community])[0].title.split())
    except NotFoundError:
        return community
