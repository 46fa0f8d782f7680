"""Facts for a graph: short arguments that can be named, and the surface words between them.

Reads the same clauses as `openie`, but every fact runs between two nominals; what a copula or an
apposition says of a name is carried over to the name ("X is a film directed by Y": X directed by Y).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from graphrag.datamodel import Modality
from graphrag.extraction.clauses import Argument, Clause, conjuncts, find_clauses, identities
from graphrag.extraction.coreference import class_of
from graphrag.extraction.nominals import Kind, Nominal, NominalReader
from graphrag.extraction.syntax import Parse
from graphrag.extraction.wordlists import words

__all__ = ["Fact", "SentenceReader"]

_YEAR = re.compile(r"1[5-9]\d\d|20[0-4]\d")
_LEFT_MODIFIERS = frozenset({"amod", "compound", "nummod", "punct", "flat", "nmod:unmarked", "goeswith"})
# "a 1987 film" says when it came out, in the words people use of such a work.
_ISSUED = dict.fromkeys(
    words(
        """
        film movie album song single video game short documentary ep soundtrack mixtape cartoon horror
        comedy drama thriller western musical sequel remake videogame recording track
        """
    ),
    "released in",
) | dict.fromkeys(
    words(
        """
        novel book novella poem story essay play anthology memoir magazine manga comic treatise
        biography pamphlet textbook monograph collection autobiography
        """
    ),
    "published in",
)


@dataclass(slots=True)
class Fact:
    """Nominal, words, nominal, with the rule that read it and the token range it was read from."""

    subject: Nominal
    predicate: str
    object: Nominal
    rule: str
    modality: Modality
    first: int
    last: int


class SentenceReader:
    """Reads the facts of one sentence."""

    def __init__(self, parse: Parse, nominals: NominalReader, begin: int, end: int) -> None:
        self.parse = parse
        self.nominals = nominals
        self.begin, self.end = begin, end
        self.clauses = find_clauses(parse, begin, end)
        self.stand_for = identities(parse, self.clauses, begin, end)

    def facts(self) -> list[Fact]:
        """All facts of the sentence, in no promised order; may repeat."""
        found: list[Fact] = []
        for clause in self.clauses:
            found.extend(self._of_clause(clause))
        parse = self.parse
        for token in range(self.begin, self.end):
            label = parse.dep[token]
            if label == "appos":
                found.extend(self._of_apposition(token))
            elif label == "nmod:poss":
                found.extend(self._of_possessive(token))
            elif label == "nmod" or label == "nmod:unmarked":
                found.extend(self._of_complement(token, label))
            elif label == "nmod:desc" or label == "compound":
                found.extend(self._of_title(token))
        found.extend(self._of_topic(found))
        return found

    # ---- the sentence's topic

    def _of_topic(self, found: list[Fact]) -> Iterator[Fact]:
        """What a defining sentence says of its subject further on, by the words that govern each name.

        In "X is an album by Y, taken to number one by Z in 1990" all of it bears on X, however the
        parser hung the pieces. Read only where no rule above joined the two.
        """
        topic = self._topic()
        if topic is None:
            return
        joined = {f.object.head for f in found if f.subject.head == topic.head}
        joined |= {f.subject.head for f in found if f.object.head == topic.head}
        for item in self.nominals.names(self.begin, self.end):
            if item.head in joined or item.first <= topic.last or item.head == topic.head:
                continue
            words = self._governing_words(item, topic)
            if words:
                yield self._fact(topic, words, item, "topic", Modality.ASSERTED, None)

    def _topic(self) -> Nominal | None:
        """The name that a sentence "X is a ..." is about."""
        for clause in self.clauses:
            if (
                clause.attribute >= 0
                and self.parse.dep[clause.predicate] == "ROOT"
                and len(clause.subjects) == 1
            ):
                nominal = self._who(clause.subjects[0])
                if (
                    nominal is not None
                    and nominal.kind in (Kind.NAME, Kind.PRONOUN)
                    and clause.modality is Modality.ASSERTED
                ):
                    return nominal
        return None

    def _governing_words(self, item: Nominal, topic: Nominal) -> str:
        parse = self.parse
        token = item.head
        words = parse.words(self._marks(token))
        for _ in range(4):
            up = parse.head[token]
            if up == token:
                return ""
            if self.stand_for.get(up) == topic.head:
                return _join("is", self._core(up), words)
            if parse.pos[up] in ("VERB", "AUX"):
                clause = next((c for c in self.clauses if c.predicate == up), None)
                if clause is None or clause.modality is not Modality.ASSERTED:
                    return ""
                return _join(parse.words(clause.words), words)
            if parse.pos[up] == "NOUN":
                words = _join(parse.words(self._marks(up)), parse.text[up], words)
            token = up
        return ""

    # ---- who is meant

    def _who(self, head: int) -> Nominal | None:
        """The nominal a head stands for, through copulas and appositions."""
        for _ in range(4):
            up = self.stand_for.get(head)
            if up is None or up == head:
                break
            head = up
        return self.nominals.read(head)

    # ---- clauses

    def _of_clause(self, clause: Clause) -> Iterator[Fact]:
        for head in clause.subjects:
            if clause.attribute >= 0:
                subject = self.nominals.read(head)
                if subject is not None:
                    yield from self._of_copula(clause, subject, head)
                continue
            subject = self._who(head)
            if subject is None or subject.kind == Kind.VALUE:
                continue
            yield from self._of_verb(clause, subject)

    def _of_verb(self, clause: Clause, subject: Nominal) -> Iterator[Fact]:
        parse = self.parse
        mode = clause.modality
        verb = self._verb_words(clause)
        objects = [a for a in clause.arguments if a.role in ("obj", "iobj")]
        first_object: Nominal | None = None
        for argument in objects:
            target = self.nominals.read(argument.head)
            if target is None or target.first <= clause.predicate <= target.last:
                continue
            yield self._fact(subject, verb, target, "svo", mode, clause)
            yield from self._through(subject, verb, argument.head, "svo", mode, clause, 0)
            if argument.role == "obj" and first_object is None:
                first_object = target
        for argument in clause.arguments:
            if argument.role == "xcomp":
                yield from self._of_predicative(clause, subject, verb, argument)
            if argument.role not in ("obl", "agent", "time", "where"):
                continue
            target = self.nominals.read(argument.head)
            if target is None or (target.kind == Kind.PRONOUN and argument.role == "time"):
                continue
            words = parse.words(argument.words) if argument.role != "where" else "in"
            if words[:9].lower() == "according":
                continue  # who says so, and no part of what is said
            if argument.role == "time" and target.type != "DATE":
                continue
            if first_object is None:
                rule = (
                    "passive-agent"
                    if argument.role == "agent"
                    else "passive-obl"
                    if clause.passive
                    else "sv-obl"
                )
                yield self._fact(subject, _join(verb, words), target, rule, mode, clause)
                yield from self._through(subject, _join(verb, words), argument.head, rule, mode, clause, 0)
                continue
            yield self._fact(
                subject, _join(verb, self._bare(first_object), words), target, "svo-obl", mode, clause
            )
            if not clause.passive and first_object.kind != Kind.PRONOUN and target.kind == Kind.VALUE:
                participle = parse.text[clause.predicate]
                yield self._fact(first_object, _join(participle, words), target, "obj-obl", mode, clause)

    def _verb_words(self, clause: Clause) -> str:
        parse = self.parse
        words = parse.words(clause.words)
        if clause.origin == "control":
            governor = parse.head[clause.predicate]
            outer = next((c for c in self.clauses if c.predicate == governor), None)
            if outer is not None and outer.subjects == clause.subjects:
                mark = [k for k in parse.children[clause.predicate] if parse.dep[k] == "mark"]
                words = _join(self._verb_words(outer), parse.words(mark), words)
        return words

    def _of_predicative(
        self, clause: Clause, subject: Nominal, verb: str, argument: Argument
    ) -> Iterator[Fact]:
        """In "was named president of Y", "became a senator": a noun as the complement of a verb."""
        parse = self.parse
        if parse.pos[argument.head] not in ("NOUN", "PROPN") or parse.child(argument.head, "cop") >= 0:
            return
        objects = [a for a in clause.arguments if a.role == "obj"]
        if objects:  # "They named her president": it is said of the object
            target = self.nominals.read(objects[0].head)
            if target is None:
                return
            subject = target
        words = _join(verb, parse.words([w for w in argument.words if parse.dep[w] == "case"]))
        for item in conjuncts(parse, argument.head):
            target = self.nominals.read(item)
            if target is not None:
                yield self._fact(subject, words, target, "predicative", clause.modality, clause)
                yield from self._through(subject, words, item, "predicative", clause.modality, clause, 0)

    def _through(
        self,
        subject: Nominal,
        words: str,
        head: int,
        rule: str,
        mode: Modality,
        clause: Clause | None,
        depth: int,
    ) -> Iterator[Fact]:
        """Facts that run on through a common noun: "served as | Prime Minister | of Australia"."""
        parse = self.parse
        middle = self.nominals.read(head)
        if middle is None or (
            middle.kind != Kind.COMMON and not (middle.kind == Kind.NAME and middle.type is None)
        ):
            return
        for kid in parse.children[head]:
            if parse.dep[kid] != "nmod" or kid < head:
                continue
            marks = self._marks(kid)
            if not marks or middle.first <= kid <= middle.last:
                continue
            longer = _join(words, self._core(head), parse.words(marks))
            for item in conjuncts(parse, kid):
                target = self.nominals.read(item)
                if target is not None:
                    yield self._fact(subject, longer, target, rule + "-of", mode, clause, span=(head, item))
                    if depth < 1:
                        yield from self._through(subject, longer, item, rule, mode, clause, depth + 1)
        owner = parse.child(head, "nmod:poss")
        if owner >= 0 and rule in ("copula", "predicative", "apposition"):
            target = self.nominals.read(owner)
            if target is not None:
                yield self._fact(
                    subject,
                    _join(words, self._bare(middle), "of"),
                    target,
                    rule + "-poss",
                    mode,
                    clause,
                    span=(head, owner),
                )

    def _of_copula(self, clause: Clause, subject: Nominal, head: int) -> Iterator[Fact]:
        parse = self.parse
        attribute = clause.attribute
        verb = parse.words(clause.words)
        mode = clause.modality
        marks = self._marks(attribute)
        target = self.nominals.read(attribute)
        if marks:
            if target is not None:
                yield self._fact(subject, _join(verb, parse.words(marks)), target, "be-in", mode, clause)
                yield from self._through(
                    subject, _join(verb, parse.words(marks)), attribute, "be-in", mode, clause, 0
                )
            return
        if parse.pos[attribute] in ("NOUN", "PROPN", "NUM", "SYM") and target is not None:
            yield self._fact(subject, verb, target, "copula", mode, clause)
            yield from self._through(subject, verb, attribute, "copula", mode, clause, 0)
            yield from self._modifiers(subject, attribute, mode)
            yield from self._relational_subject(clause, head, subject, verb, target)
            stem = _join(verb, self._core(attribute))
        else:
            stem = _join(verb, parse.text[attribute])
        for argument in clause.arguments:
            if argument.role in ("obl", "agent"):
                other = self.nominals.read(argument.head)
                if other is not None:
                    yield self._fact(
                        subject, _join(stem, parse.words(argument.words)), other, "be-adj", mode, clause
                    )
                    yield from self._through(
                        subject,
                        _join(stem, parse.words(argument.words)),
                        argument.head,
                        "be-adj",
                        mode,
                        clause,
                        1,
                    )

    def _relational_subject(
        self, clause: Clause, head: int, subject: Nominal, verb: str, target: Nominal
    ) -> Iterator[Fact]:
        """In "The capital of France is Paris", "Its capital is Paris": Paris is the capital of it."""
        parse = self.parse
        if subject.kind != Kind.COMMON or target.kind not in (Kind.NAME, Kind.VALUE):
            return
        for kid in parse.children[head]:
            label = parse.dep[kid]
            if label == "nmod:poss" or (label == "nmod" and self._marks(kid) and kid > head):
                owner = self._who(kid)
                if owner is None:
                    continue
                link = "of" if label == "nmod:poss" else parse.words(self._marks(kid))
                if target.kind == Kind.VALUE:
                    yield self._fact(
                        owner,
                        _join(self._bare(subject), verb),
                        target,
                        "relational-value",
                        clause.modality,
                        clause,
                    )
                else:
                    words = self._bare(subject) if label == "nmod:poss" else self._core(head)
                    yield self._fact(
                        target, _join(verb, words, link), owner, "relational", clause.modality, clause
                    )

    def _modifiers(self, subject: Nominal, head: int, mode: Modality) -> Iterator[Fact]:
        """In "a 1975 American thriller film": its year and its origin."""
        parse = self.parse
        if subject.kind == Kind.VALUE:
            return
        seen = set()
        first = self._first_modifier(head)
        for kid in [
            *range(first, head),
            *(k for k in parse.children[head] if parse.dep[k] == "nmod:unmarked"),
        ]:
            start = parse.entity_start[kid] if parse.entity_start[kid] >= 0 else kid
            if start in seen:
                continue
            seen.add(start)
            kind = parse.entity[kid] or ("DATE" if _YEAR.fullmatch(parse.text[kid]) else "")
            if kind not in ("DATE", "NORP", "LOC", "ORG"):
                continue
            target = self.nominals.read(kid)
            if target is None or (kind == "DATE" and target.value is None):
                continue
            noun = parse.lower[head]
            if kind == "DATE":
                link = _ISSUED.get(noun, f"is {noun} of")
            elif kind == "NORP":
                people = (class_of(noun) or subject.type) in ("PERSON", "ORG", None)
                link = "has nationality" if people else "has origin"
            else:
                link = f"is {noun} from"
            yield self._fact(
                subject,
                link,
                target,
                "modifier-" + kind.lower(),
                mode,
                None,
                span=(kid, head),
            )

    def _first_modifier(self, head: int) -> int:
        """Where the words that modify a noun from the left begin."""
        parse = self.parse
        first = head
        while (
            first - 1 >= self.begin
            and parse.dep[first - 1] in _LEFT_MODIFIERS
            and first - 1 not in self.stand_for
        ):
            first -= 1
        return first

    # ---- noun phrases

    def _of_apposition(self, token: int) -> Iterator[Fact]:
        parse = self.parse
        governor = parse.head[token]
        left, right = self.nominals.read(governor), self.nominals.read(token)
        if (
            left is None
            or right is None
            or Kind.VALUE in (left.kind, right.kind)
            or "NORP" in (left.type, right.type)
        ):
            return
        if left.kind == Kind.COMMON and right.kind == Kind.NAME:
            yield self._fact(right, "is", left, "apposition", Modality.ASSERTED, None)
            yield from self._through(right, "is", governor, "apposition", Modality.ASSERTED, None, 0)
        elif left.kind == Kind.NAME:
            if right.kind == Kind.NAME and right.type == "LOC" == left.type:
                yield self._fact(left, "in", right, "place", Modality.ASSERTED, None)
                return
            for item in conjuncts(parse, token):
                target = self.nominals.read(item)
                if target is not None:
                    yield self._fact(left, "is", target, "apposition", Modality.ASSERTED, None)
                    yield from self._through(left, "is", item, "apposition", Modality.ASSERTED, None, 0)
                    yield from self._modifiers(left, item, Modality.ASSERTED)

    def _of_possessive(self, token: int) -> Iterator[Fact]:
        parse = self.parse
        governor = parse.head[token]
        owner, owned = self._who(token), self.nominals.read(governor)
        if owner is None or owned is None or owner.kind == Kind.VALUE:
            return
        if owned.kind == Kind.NAME:
            noun = owned.noun
            name = owned
        else:
            noun = self._bare(owned)
            apposed = next(
                (
                    k
                    for k in parse.children[governor]
                    if parse.dep[k] in ("appos", "flat") and parse.pos[k] == "PROPN"
                ),
                -1,
            )
            if apposed < 0 and parse.dep[governor] == "nmod:desc":
                apposed = parse.head[governor]
            named = self.nominals.read(apposed) if apposed >= 0 else None
            if named is None:
                yield self._fact(
                    owner, "has", owned, "possessive", Modality.ASSERTED, None, span=(token, governor)
                )
                for kid in parse.children[governor]:
                    if parse.dep[kid] == "nmod" and kid > governor and self._marks(kid):
                        target = self.nominals.read(kid)
                        if target is not None:
                            yield self._fact(
                                owner,
                                _join(noun, parse.words(self._marks(kid))),
                                target,
                                "possessive-of",
                                Modality.ASSERTED,
                                None,
                                span=(token, kid),
                            )
                return
            name = named
        if noun:
            yield self._fact(
                name,
                f"is {noun} of",
                owner,
                "possessive-title",
                Modality.ASSERTED,
                None,
                span=(token, name.last),
            )

    def _of_complement(self, token: int, label: str) -> Iterator[Fact]:
        """In "the University of X in Y", "Paris, France", "the novel Z by W"."""
        parse = self.parse
        governor = parse.head[token]
        if token < governor:
            return
        left, right = self.nominals.read(governor), self.nominals.read(token)
        if left is None or right is None or left.kind != Kind.NAME or left.first <= token <= left.last:
            return
        marks = self._marks(token)
        if not marks:
            if left.type == "LOC" and right.type == "LOC" and right.first > left.last:
                yield self._fact(left, "in", right, "place", Modality.ASSERTED, None)
            return
        words = parse.words(marks)
        for item in conjuncts(parse, token):
            target = self.nominals.read(item)
            if target is not None and target.kind in (Kind.NAME, Kind.VALUE):
                yield self._fact(left, words, target, "name-of", Modality.ASSERTED, None)

    def _of_title(self, token: int) -> Iterator[Fact]:
        """In "film director Ang Lee", "Apple CEO Tim Cook"."""
        parse = self.parse
        governor = parse.head[token]
        name = self.nominals.read(governor)
        if name is None or name.kind != Kind.NAME or token >= name.first or name.last < governor:
            return
        title = self.nominals.read(token)
        if title is None or title.kind == Kind.VALUE or parse.pos[token] not in ("NOUN", "PROPN"):
            return
        if title.kind == Kind.NAME and title.type in ("ORG", "LOC", "NORP", "PERSON", "WORK", "EVENT"):
            if name.noun and title.type in ("ORG", "LOC"):
                yield self._fact(name, f"is {name.noun} of", title, "title-of", Modality.ASSERTED, None)
            return
        if parse.pos[token] == "PROPN" and parse.lower[token].rstrip(".") in (
            "mr",
            "mrs",
            "ms",
            "dr",
            "miss",
        ):
            return
        yield self._fact(name, "is", title, "title", Modality.ASSERTED, None)
        for kid in parse.children[token]:
            if (
                kid < title.first
                and parse.dep[kid] in ("compound", "nmod:poss")
                and parse.entity[kid] in ("ORG", "LOC")
            ):
                owner = self.nominals.read(kid)
                if owner is not None:
                    yield self._fact(
                        name, f"is {self._bare(title)} of", owner, "title-of", Modality.ASSERTED, None
                    )

    # ---- words

    def _core(self, head: int) -> str:
        """A noun with determiner and modifiers, as it stands; a possessor is left out."""
        nominal = self.nominals.read(head)
        parse = self.parse
        if nominal is None:
            return parse.text[head]
        words = parse.words(range(nominal.first, nominal.last + 1))
        for kid in parse.children[head]:
            if parse.dep[kid] == "det" and kid < nominal.first:
                return f"{parse.text[kid]} {words}"
        return words

    def _bare(self, nominal: Nominal) -> str:
        return self.parse.words(range(nominal.first, nominal.last + 1))

    def _marks(self, token: int) -> list[int]:
        parse = self.parse
        words: list[int] = []
        for kid in parse.children[token]:
            if parse.dep[kid] == "case" and kid < token and parse.tag[kid] != "POS":
                words.append(kid)
                words.extend(k for k in parse.children[kid] if parse.dep[k] == "fixed")
        return words

    def _fact(
        self,
        subject: Nominal,
        predicate: str,
        target: Nominal,
        rule: str,
        mode: Modality,
        clause: Clause | None,
        *,
        span: tuple[int, int] | None = None,
    ) -> Fact:
        tokens = [subject.first, subject.last, target.first, target.last]
        if clause is not None:
            tokens.extend(clause.words)
        if span is not None:
            tokens.extend(span)
        return Fact(subject, predicate, target, rule, mode, min(tokens), max(tokens))


def _join(*words: str) -> str:
    return " ".join(word for word in words if word)
