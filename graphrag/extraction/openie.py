"""Open facts: what a sentence says, in its own words, with no schema in mind.

Follows the customs of open information extraction: the preposition belongs to the relation,
arguments are short, a long argument is taken apart into further facts ("served as first Prime
Minister of | Australia"), coordination is distributed, "X is Y" is read from appositions and titles,
"X has Y" from possessives.

References:
    Gashteovski et al., "MinIE: minimizing facts in open information extraction", EMNLP 2017.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from graphrag.datamodel import Modality
from graphrag.extraction.clauses import Argument, Clause, conjuncts, find_clauses, identities
from graphrag.extraction.noun_phrases import core_phrase, full_phrase, short_phrase
from graphrag.extraction.syntax import Parse
from graphrag.extraction.wordlists import words

__all__ = ["OpenFact", "open_facts"]

Piece = int | str
_LONGEST_SUBJECT = 12  # words; longer phrases are cut to their core with "of" complements
_LONGEST_OBJECT = 10
_TIMES = frozenset(
    words(
        """
        year month week day night morning afternoon evening time hour minute second decade century
        summer winter spring autumn yesterday today tomorrow monday tuesday wednesday thursday friday
        saturday sunday season moment quarter
        """
    )
)
# Clauses whose facts are told again through the clause that governs them.
_RETOLD = frozenset({"control", "marked"})


@dataclass(frozen=True, slots=True)
class OpenFact:
    """One statement as three lists of token numbers and inserted words.

    Attributes:
        rule: Name of the rule that read it.
        score: How often such a fact is right, in [0, 1].
    """

    subject: tuple[Piece, ...]
    relation: tuple[Piece, ...]
    object: tuple[Piece, ...]
    rule: str
    score: float
    modality: Modality


def open_facts(parse: Parse) -> list[OpenFact]:
    """All open facts of a parsed text, without repeats, in text order."""
    seen: set[tuple[str, str, str]] = set()
    found: list[OpenFact] = []
    for begin, end in parse.sentences:
        for fact in _Sentence(parse, begin, end).facts():
            key = (
                render(parse, fact.subject).lower(),
                render(parse, fact.relation).lower(),
                render(parse, fact.object).lower(),
            )
            if all(key) and key[0] != key[2] and key not in seen:
                seen.add(key)
                found.append(fact)
    return found


def render(parse: Parse, pieces: tuple[Piece, ...]) -> str:
    """The text of a slot."""
    out: list[str] = []
    run: list[int] = []
    for piece in pieces:
        if isinstance(piece, int):
            run.append(piece)
        else:
            if run:
                out.append(parse.words(run))
                run = []
            out.append(piece)
    if run:
        out.append(parse.words(run))
    return " ".join(out)


# How often a rule's fact matches a gold fact that no better one matches, on development sentences of BenchIE,
# BenchIE-FL and CaRB, drawn towards the mean of all rules where there were few .
_SCORES = {
    "svo": 0.65,
    "obl": 0.6,
    "obl/relative": 0.6,
    "agent": 0.58,
    "cop": 0.55,
    "xcomp": 0.55,
    "ccomp": 0.54,
    "xcomp-noun": 0.54,
    "xcomp-cop": 0.54,
    "xcomp/relative": 0.54,
    "obl/participle": 0.49,
    "svi": 0.49,
    "agent/relative": 0.48,
    "svo/relative": 0.46,
    "time": 0.46,
    "where": 0.46,
    "advcl/participle": 0.45,
    "xcomp/adverbial": 0.45,
    "agent/participle": 0.42,
    "cop-obl": 0.4,
    "cop-adj": 0.38,
    "svo/participle": 0.38,
    "aux": 0.37,
    "svo/adverbial": 0.36,
    "appos-name": 0.36,
    "appos": 0.34,
    "obl/adverbial": 0.33,
    "o-time": 0.33,
    "svo/object-control": 0.33,
    "o-obl": 0.31,
    "o-obl/participle": 0.31,
    "title": 0.3,
    "o-obl/adverbial": 0.3,
    "nmod/object-control": 0.3,
    "obl/object-control": 0.3,
    "aux-passive/relative": 0.29,
    "nmod": 0.28,
    "poss": 0.25,
    "aux-passive": 0.24,
    "nmod/participle": 0.24,
    "advcl": 0.23,
    "nmod/relative": 0.22,
}
_DEFAULT_SCORE = 0.36


def _score(rule: str) -> float:
    return _SCORES.get(rule, _DEFAULT_SCORE)


class _Sentence:
    def __init__(self, parse: Parse, begin: int, end: int) -> None:
        self.parse = parse
        self.begin, self.end = begin, end
        self.clauses = find_clauses(parse, begin, end)
        self.by_predicate = {clause.predicate: clause for clause in self.clauses}
        self.stand_for = identities(parse, self.clauses, begin, end)

    def facts(self) -> Iterator[OpenFact]:
        for clause in self.clauses:
            yield from self._clause_facts(clause)
        for token in range(self.begin, self.end):
            yield from self._nominal_facts(token)

    def _fact(
        self,
        subject: Sequence[Piece],
        relation: Sequence[Piece],
        obj: Sequence[Piece],
        rule: str,
        modality: Modality = Modality.ASSERTED,
    ) -> OpenFact:
        return OpenFact(tuple(subject), tuple(relation), tuple(obj), rule, _score(rule), modality)

    # ---- clauses

    def _clause_facts(self, clause: Clause) -> Iterator[OpenFact]:
        parse = self.parse
        subjects = [s for s in clause.subjects if parse.dep[s] != "expl"]
        if not subjects or clause.origin in _RETOLD:
            return
        for subject in subjects:
            if clause.origin in ("participle", "relative") and clause.predicate not in self.stand_for:
                subject = self.stand_for.get(subject, subject)
            words = self._subject_words(subject, clause)
            if not words:
                continue
            for fact in self._frames(clause, words):
                yield (
                    fact
                    if clause.origin in ("own", "shared")
                    else replace(
                        fact,
                        rule=f"{fact.rule}/{clause.origin}",
                        score=_score(f"{fact.rule}/{clause.origin}"),
                    )
                )

    def _subject_words(self, subject: int, clause: Clause) -> list[Piece]:
        if self.parse.pos[subject] in ("VERB", "AUX"):
            return list(self._clause_text(subject))
        return list(self._whole(subject))

    def _whole(self, head: int) -> list[int]:
        """The phrase with all its complements if it stays short, else with "of" complements only."""
        words = full_phrase(self.parse, head)
        return words if len(words) <= _LONGEST_SUBJECT else short_phrase(self.parse, head)

    def _verb_words(self, clause: Clause) -> list[Piece]:
        words: list[Piece] = list(clause.words)
        if clause.origin == "shared" and clause.attribute < 0:
            words = self._inherit_auxiliaries(clause) + words
        return words

    def _inherit_auxiliaries(self, clause: Clause) -> list[Piece]:
        parse = self.parse
        if any(parse.dep[w] in ("aux", "aux:pass") for w in clause.words):
            return []
        if parse.tag[clause.predicate] not in ("VBN", "VB", "VBG"):
            return []
        governor = parse.head[clause.predicate]
        return [w for w in parse.children[governor] if parse.dep[w] in ("aux", "aux:pass") and w < governor]

    def _frames(self, clause: Clause, subject: list[Piece]) -> Iterator[OpenFact]:
        parse = self.parse
        verb = self._verb_words(clause)
        mode = clause.modality
        if clause.attribute >= 0:
            yield from self._copula(clause, subject, verb)
            return
        objects = [a for a in clause.arguments if a.role == "obj"]
        indirect = [a for a in clause.arguments if a.role == "iobj"]
        others = [a for a in clause.arguments if a.role in ("obl", "agent", "time", "where")]
        chains = [a for a in clause.arguments if a.role in ("xcomp", "ccomp", "advcl")]
        stems: list[list[Piece]] = []
        for item in objects:
            yield from self._object_facts(subject, verb, item.head, "svo", mode)
            stems.append([*verb, *core_phrase(parse, item.head)])
        for item in indirect:
            yield from self._object_facts(subject, verb, item.head, "svi", mode)
        if not stems:
            stems = [verb]
        for stem in stems[:1]:
            for item in others:
                if item.role == "where":
                    yield self._fact(
                        subject, [*stem, "in"], list(short_phrase(parse, item.head)), "where", mode
                    )
                    continue
                if item.role == "time" and not self._is_time(item.head):
                    continue
                relation = [*stem, *item.words]
                rule = item.role if not objects else "o-" + item.role
                yield from self._object_facts(subject, relation, item.head, rule, mode)
            for item in chains:
                yield from self._chain(clause, subject, stem, item)
        if not objects and not others and not chains and len(verb) > 1 and not indirect:
            yield self._fact(subject, verb[:-1], verb[-1:], "aux", mode)
        elif clause.passive and len(verb) > 1 and not objects:
            yield self._fact(subject, verb[:-1], verb[-1:], "aux-passive", mode)

    def _is_time(self, token: int) -> bool:
        return self.parse.entity[token] == "DATE" or self.parse.lemma[token] in _TIMES

    def _object_facts(
        self, subject: list[Piece], relation: list[Piece], head: int, rule: str, mode: Modality
    ) -> Iterator[OpenFact]:
        parse = self.parse
        if parse.pos[head] == "VERB":
            yield self._fact(subject, relation, list(self._clause_text(head)), rule + "-clause", mode)
            return
        words = full_phrase(parse, head)
        yield self._fact(
            subject,
            relation,
            list(words if len(words) <= _LONGEST_OBJECT else short_phrase(parse, head)),
            rule,
            mode,
        )
        yield from self._complements(subject, relation, head, rule, mode, 0)

    def _complements(
        self, subject: list[Piece], relation: list[Piece], head: int, rule: str, mode: Modality, depth: int
    ) -> Iterator[OpenFact]:
        """Facts whose relation runs through a noun: "became a justice of | the High Court"."""
        parse = self.parse
        inside = set(core_phrase(parse, head))
        for kid in parse.children[head]:
            if parse.dep[kid] != "nmod" or kid < head or kid in inside:
                continue
            marks = self._marks(kid)
            if not marks:
                continue
            stem = [*relation, *core_phrase(parse, head)]
            for item in conjuncts(parse, kid):
                yield self._fact(
                    subject,
                    [*stem, *(self._marks(item) or marks)],
                    list(short_phrase(parse, item)),
                    "nmod",
                    mode,
                )
                if depth < 2:
                    yield from self._complements(
                        subject, [*stem, *(self._marks(item) or marks)], item, rule, mode, depth + 1
                    )

    def _marks(self, token: int) -> list[int]:
        parse = self.parse
        words: list[int] = []
        for kid in parse.children[token]:
            if parse.dep[kid] == "case" and kid < token:
                words.append(kid)
                words.extend(k for k in parse.children[kid] if parse.dep[k] == "fixed")
        return words

    def _chain(
        self, clause: Clause, subject: list[Piece], stem: list[Piece], item: Argument
    ) -> Iterator[OpenFact]:
        parse = self.parse
        inner = next((c for c in self.clauses if c.predicate == item.head), None)
        mode = clause.modality
        if item.role == "xcomp":
            if inner is None:
                yield from self._object_facts(subject, stem, item.head, "xcomp-noun", mode)
                return
            marks = [w for w in item.words if parse.lower[w] == "to"]
            joined = [*stem, *marks, *inner.words]
            if inner.attribute >= 0:
                yield from self._object_facts(subject, joined, inner.attribute, "xcomp-cop", mode)
                return
            parts = [a for a in inner.arguments if a.role in ("obj", "obl", "agent", "time")]
            objects = [a for a in inner.arguments if a.role == "obj"]
            base = joined
            for argument in objects:
                yield from self._object_facts(subject, joined, argument.head, "xcomp", mode)
            if objects:
                base = [*joined, *core_phrase(parse, objects[0].head)]
            for argument in parts:
                if argument.role != "obj":
                    yield from self._object_facts(
                        subject, [*base, *argument.words], argument.head, "xcomp", mode
                    )
            for argument in inner.arguments:
                if argument.role == "xcomp":
                    yield from self._chain(inner, subject, base, argument)
        elif item.role == "ccomp":
            text = self._clause_text(item.head)
            that = [w for w in item.words if parse.lower[w] == "that"]
            body = [t for t in text if t not in that]
            yield self._fact(subject, [*stem, *that], list(body), "ccomp", mode)
        else:
            marks = list(item.words)
            text = [t for t in self._clause_text(item.head) if t not in marks]
            if marks:
                yield self._fact(subject, [*stem, *marks], list(text), "advcl", mode)

    def _clause_text(self, head: int) -> list[int]:
        parse = self.parse
        tokens = parse.subtree(head)
        while tokens and parse.pos[tokens[0]] == "PUNCT":
            tokens.pop(0)
        while tokens and parse.pos[tokens[-1]] == "PUNCT":
            tokens.pop()
        return tokens

    def _copula(self, clause: Clause, subject: list[Piece], verb: list[Piece]) -> Iterator[OpenFact]:
        parse = self.parse
        head = clause.attribute
        mode = clause.modality
        marks = self._marks(head)
        if parse.pos[head] in ("NOUN", "PROPN", "PRON", "NUM") or marks:
            yield from self._object_facts(subject, [*verb, *marks], head, "cop", mode)
            stem = [*verb, *marks, *core_phrase(parse, head)]
        else:
            stem = [*verb, *core_phrase(parse, head)]
            yield self._fact(subject, verb, list(core_phrase(parse, head)), "cop-adj", mode)
        for item in clause.arguments:
            if item.role in ("obl", "time"):
                yield from self._object_facts(subject, [*stem, *item.words], item.head, "cop-obl", mode)
            elif item.role in ("xcomp", "ccomp", "advcl"):
                yield from self._chain(clause, subject, stem, item)

    # ---- nominals

    def _nominal_facts(self, token: int) -> Iterator[OpenFact]:
        parse = self.parse
        label, governor = parse.dep[token], parse.head[token]
        if label == "appos" and parse.pos[governor] in ("NOUN", "PROPN"):
            for item in conjuncts(parse, token):
                left, right = list(core_phrase(parse, governor)), list(short_phrase(parse, item))
                if parse.pos[governor] == "NOUN" and parse.pos[item] == "PROPN":
                    yield self._fact(right, ["is"], left, "appos-name")
                    continue
                yield self._fact(left, ["is"], right, "appos")
                yield from self._complements(
                    list(core_phrase(parse, governor)), ["is"], item, "appos", Modality.ASSERTED, 0
                )
        elif label == "nmod:poss" and parse.pos[token] in ("NOUN", "PROPN"):
            owned = [
                t
                for t in core_phrase(parse, governor)
                if t > token and parse.dep[t] != "case" and t not in parse.subtree(token)
            ]
            if owned:
                for item in conjuncts(parse, token):
                    yield self._fact(list(core_phrase(parse, item)), ["has"], list(owned), "poss")
        elif label == "nmod:desc" and parse.pos[governor] == "PROPN":
            name = [t for t in core_phrase(parse, governor) if t > token]
            title = [t for t in core_phrase(parse, token) if parse.entity[t] != "NORP"]
            yield self._fact(list(name), ["is"], list(title), "title")
        elif (
            label == "nmod:unmarked"
            and parse.pos[token] == "PROPN" == parse.pos[governor]
            and token > governor + 1
        ):
            yield self._fact(
                list(core_phrase(parse, governor)), ["is in"], list(core_phrase(parse, token)), "place"
            )
