"""Ends that are no names: the genre, voice or rank that a text tells of something, found for a schema.

"A 1994 comedy horror film" tells the film's genre only to a reader who has the question in mind, so these
triples are made where the ontology is known, from the statements already read: a pure function of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphrag.datamodel import Document, Evidence, Extraction, Mention, Modality, Span, Triple
from graphrag.sentences import sentences
from ontology import Aligner, Ontology
from ontology.vocabulary import classes_of, find_classes

_DEFINING = frozenset({"copula", "apposition", "title", "predicative", "relational"})
WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")
# How often what is said in the phrase that defines a thing holds of it, and what is said elsewhere in a
# sentence about it; on the scale of the extractor's rules.
_DEFINED, _NEARBY = 0.6, 0.35
_OF_PEOPLE = frozenset({"rank", "playing_position"})  # words that stand for people too
_LEAST_FIT = 0.5  # of the owner's type


@dataclass(frozen=True, slots=True)
class ClassTriple:
    """A triple whose object is a thing of a class, with the relation it states."""

    relation: str
    triple: Triple


class ClassReader:
    """Finds the things of one ontology's classes; compiled once."""

    def __init__(self, ontology: Ontology, aligner: Aligner) -> None:
        self._aligner = aligner
        self._relations = [
            (relation, classes)
            for relation in ontology.all_relations()
            if (classes := classes_of(relation, ontology)) is not None
        ]
        self.keys = frozenset(relation.key for relation, _ in self._relations)

    def read(
        self, document: Document, results: Sequence[Extraction], labels: Mapping[str, str]
    ) -> Iterator[ClassTriple]:
        """The triples of one document, in text order.

        Args:
            labels: What the document takes each name for.
        """
        if not self._relations:
            return
        for sentence, triples in in_sentences(document, results):
            yield from self._of_sentence(document, sentence, triples, labels)

    def _of_sentence(
        self, document: Document, sentence: Span, triples: list[Triple], labels: Mapping[str, str]
    ) -> Iterator[ClassTriple]:
        tokens = list(WORD.finditer(document.text, sentence.start, sentence.end))
        words = [token[0].lower() for token in tokens]
        for relation, classes in self._relations:
            for first, end in find_classes(words, classes):
                span = Span(tokens[first].start(), tokens[end - 1].end())
                if document.text[span.end : span.end + 1] == ":":
                    continue  # "(Latin: ...)" glosses a name
                if classes.name == "language" and not _is_language(words[end : end + 1]):
                    continue
                found = self._owner(
                    span, triples, relation.domain, labels, of_people=classes.name in _OF_PEOPLE
                )
                if found is None:
                    continue
                subject, score = found
                text = document.text[span.start : span.end]
                target = Mention(subject.chunk_id, span, text, " ".join(text.split()), None, 0.7)
                quote = document.text[sentence.start : sentence.end]
                evidence = Evidence(
                    document.id, subject.chunk_id, sentence, quote, f"class:{classes.name}", round(score, 4)
                )
                yield ClassTriple(relation.key, Triple(subject, relation.label, target, evidence))

    def _owner(
        self,
        span: Span,
        triples: list[Triple],
        domain: tuple[str, ...],
        labels: Mapping[str, str],
        *,
        of_people: bool,
    ) -> tuple[Mention, float] | None:
        """Whom the thing at `span` is told of: whom its phrase defines, else what the sentence is about."""
        for triple in triples:
            rule = triple.evidence.extractor.rpartition(":")[2]
            if rule in _DEFINING and _holds(triple.object.span, span):
                fit = self._fit(triple.subject, domain, labels)
                if fit >= _LEAST_FIT:
                    return triple.subject, _DEFINED * fit
        if of_people:
            return None  # "Ann married an admiral" makes none of her
        topic = min((t.subject for t in triples), key=lambda mention: mention.span)
        fit = self._fit(topic, domain, labels)
        if fit < _LEAST_FIT or _overlaps(topic.span, span) or not has_capital(topic.name):
            return None
        if any(_is_longer_name(end, span) for triple in triples for end in (triple.subject, triple.object)):
            return None
        return topic, _NEARBY * fit

    def _fit(self, mention: Mention, domain: tuple[str, ...], labels: Mapping[str, str]) -> float:
        fit = self._aligner.types.fit(label_of(mention, labels), domain)
        return 0.0 if fit is None else fit.score


def in_sentences(document: Document, results: Sequence[Extraction]) -> Iterator[tuple[Span, list[Triple]]]:
    """The sentences of a document that assert something, with the triples read in each, in text order."""
    triples = sorted(
        (t for result in results for t in result.triples if t.modality is Modality.ASSERTED),
        key=lambda t: (t.evidence.span, t.subject.span, t.object.span),
    )
    first = 0
    for sentence in sentences(document.text) if triples else ():
        while first < len(triples) and triples[first].evidence.span.start < sentence.start:
            first += 1
        inside = []
        for triple in triples[first:]:
            if triple.evidence.span.start >= sentence.end:
                break
            if triple.evidence.span.end <= sentence.end:
                inside.append(triple)
        if inside:
            yield sentence, inside


def label_of(mention: Mention, labels: Mapping[str, str]) -> str | None:
    """What kind of thing a mention is: as its own words state it, else as the document takes its name."""
    return mention.type if mention.type_stated else labels.get(mention.name, mention.type)


# What is in a language. Before another noun its word is an adjective ("a Swedish author") and tells a nation.
_IN_LANGUAGE = frozenset(
    """
    language languages dialect literature poetry poem poems prose text texts translation translations version
    edition libretto original lyrics script title novel phrase word words name and or to in of on for from
    with by as at is was were are has had but while
    """.split()  # noqa: SIM905
)


def _is_language(following: Sequence[str]) -> bool:
    return not following or following[0] in _IN_LANGUAGE


def has_capital(text: str) -> bool:
    """Whether a text can be a name: it has a capital somewhere."""
    return any(map(str.isupper, text))


def _is_longer_name(end: Mention, span: Span) -> bool:
    longer = end.span.end - end.span.start > span.end - span.start
    return longer and _overlaps(end.span, span) and has_capital(end.text[:1])


def _holds(outer: Span, inner: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _overlaps(first: Span, second: Span) -> bool:
    return first.start < second.end and second.start < first.end
