"""From a model's record to a triple with a span, or to one that says that it has none.

The evidence rule: a fact needs words of its own chunk that state it, and both its ends must stand
there too (or in the document's title). A record that fails is kept with empty evidence, so that the
check rejects it as unsupported and it can be counted and looked at.
"""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from graphrag.datamodel import Alias, Chunk, Evidence, Link, Mention, Span, Triple
from graphrag.extraction.locating import Found, Passage
from graphrag.extraction.values import parse_value
from graphrag.ids import content_id
from graphrag.text import clean_line
from ontology import DatatypeProperty, Ontology, ValueKind

# How far a quote located exactly, or up to its print, or a subject taken from the title, is trusted.
_EXACT, _FOLDED, _BY_TITLE = 0.95, 0.85, 0.8
_PRONOUN_WORDS = """he him his she her hers it its they them their theirs i me my we us our you your
    this these that those who whom"""
_PRONOUNS = frozenset(_PRONOUN_WORDS.split())
_VALUE_LABELS = {
    ValueKind.DATE: "DATE",
    ValueKind.INTEGER: "NUMBER",
    ValueKind.DECIMAL: "NUMBER",
}
_OPEN_LABELS = {
    "person": "PERSON",
    "people": "PERSON",
    "organization": "ORG",
    "organisation": "ORG",
    "company": "ORG",
    "place": "LOC",
    "location": "LOC",
    "geo": "LOC",
    "work": "WORK",
    "product": "PRODUCT",
    "event": "EVENT",
    "group": "NORP",
    "date": "DATE",
    "number": "NUMBER",
    "whole number": "NUMBER",
}


class Record(BaseModel):
    """One relation as the model writes it; all texts, since models write numbers as they like."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    passage: int = 1
    subject: str
    subject_type: str = ""
    subject_words: str = ""
    relation: str
    object: str
    object_type: str = ""
    object_words: str = ""
    quote: str = ""


class AliasRecord(BaseModel):
    """Two names of one thing, as the model writes them."""

    model_config = ConfigDict(extra="forbid")

    passage: int = 1
    name: str
    alias: str


class Answer(BaseModel):
    """An extraction's answer."""

    model_config = ConfigDict(extra="forbid")

    triples: list[Record]
    aliases: list[AliasRecord] = []


@dataclass(frozen=True)
class Piece:
    """A chunk, or a part of one that was too long: `start` and `end` count in the chunk's text."""

    chunk: Chunk
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.chunk.text[self.start : self.end]

    @property
    def offset(self) -> int:
        """Where the piece begins in the document."""
        return self.chunk.span.start + self.start


class Grounder:
    """Finds the words behind the records of one answer.

    Args:
        pieces: The passages that were asked about, in order; of one document.
        ontology: Names the types; None in open mode.
        extractor: Name for the evidence.
    """

    def __init__(self, pieces: tuple[Piece, ...], ontology: Ontology | None, extractor: str) -> None:
        self._pieces = pieces
        self._passages = [Passage(piece.text) for piece in pieces]
        self._title = Passage(pieces[0].chunk.title)
        self._everything = Passage("\n".join([pieces[0].chunk.title, *(piece.text for piece in pieces)]))
        self._types = _type_names(ontology)
        self._properties = dict(ontology.properties) if ontology is not None else {}
        self._extractor = extractor

    def triple(self, record: Record) -> Triple:
        """The record as a triple; with an empty quote where the passages do not bear it out."""
        relation = brief(record.relation) or _hidden(record.relation)
        for index in self._order(record.passage):
            found = self._passages[index].find(record.quote)
            if found is None:
                continue
            subject = self._mention(index, found, record.subject, record.subject_words, record.subject_type)
            target = self._mention(
                index, found, record.object, record.object_words, record.object_type, relation
            )
            if subject is not None and target is not None:
                score = min(_EXACT if found.exact else _FOLDED, subject.score, target.score)
                return self._supported(index, found, relation, subject, target, score)
        return self._unsupported(record, relation)

    def alias(self, record: AliasRecord) -> Alias | None:
        """The two names, if both stand in the passage; else None."""
        name, alias = clean_line(record.name), clean_line(record.alias)
        if not name or not alias or name == alias:
            return None
        for index in self._order(record.passage):
            first = self._passages[index].find_name(name)
            second = self._passages[index].find_name(alias)
            if first is None or second is None:
                continue
            piece = self._pieces[index]
            start = min(first.span.start, second.span.start)
            end = max(first.span.end, second.span.end)
            span = Span(start + piece.offset, end + piece.offset)
            return Alias(name=name, alias=alias, kind="aka", chunk_id=piece.chunk.id, span=span)
        return None

    def _order(self, passage: int) -> list[int]:
        # Models miscount passages; evidence counts where it is found. The named one is looked at first.
        named = passage - 1
        if not 0 <= named < len(self._pieces):
            return list(range(len(self._pieces)))
        return [named, *(index for index in range(len(self._pieces)) if index != named)]

    def _mention(
        self, index: int, quote: Found, name: str, words: str, type_name: str, relation: str | None = None
    ) -> Mention | None:
        piece, passage = self._pieces[index], self._passages[index]
        name, words = clean_line(name), clean_line(words)
        if not name:
            return None
        label = self._label(type_name, relation)
        value = parse_value(name) if label in ("DATE", "NUMBER", "MONEY", "PERCENT", "QUANTITY") else None
        if words and words != name:
            found = passage.find_name(words, quote.span.start, quote.span.end)
            if found is not None and self._everything.find_name(name) is not None:
                return self._made(
                    piece,
                    found,
                    name,
                    _link(found_text(piece, found), name),
                    label,
                    value,
                    _name_score(found),
                )
        found = passage.find_name_near(name, quote.span)
        if found is not None:
            text = clean_line(found_text(piece, found))
            if text.lower() in _PRONOUNS:  # the model named nobody; the check sees that this is no name
                return self._made(piece, found, text.lower(), Link.PRONOUN, label, value, 1.0)
            return self._made(piece, found, text, Link.SELF, label, value, _name_score(found))
        if self._title.find_name(name) is not None:
            return self._made(piece, quote, name, Link.TITLE, label, value, _BY_TITLE)
        return None

    def _made(
        self,
        piece: Piece,
        found: Found,
        name: str,
        link: Link,
        label: str | None,
        value: object,
        score: float,
    ) -> Mention:
        span = Span(found.span.start + piece.offset, found.span.end + piece.offset)
        normal = getattr(value, "normal", None)
        kind = getattr(value, "kind", label)
        return Mention(
            chunk_id=piece.chunk.id,
            span=span,
            text=found_text(piece, found),
            name=name,
            type=kind,
            score=score,
            link=link,
            value=normal,
        )

    def _supported(
        self, index: int, quote: Found, relation: str, subject: Mention, target: Mention, score: float
    ) -> Triple:
        piece = self._pieces[index]
        evidence = Evidence(
            document_id=piece.chunk.document_id,
            chunk_id=piece.chunk.id,
            span=Span(quote.span.start + piece.offset, quote.span.end + piece.offset),
            quote=found_text(piece, quote),
            extractor=self._extractor,
            score=score,
        )
        return Triple(subject, relation, target, evidence)

    def _unsupported(self, record: Record, relation: str) -> Triple:
        piece = self._pieces[self._order(record.passage)[0]]
        nowhere = Span(piece.offset, piece.offset)
        evidence = Evidence(piece.chunk.document_id, piece.chunk.id, nowhere, "", self._extractor, 0.0)

        def named(name: str, type_name: str) -> Mention:
            # A name that the document does not hold may be the prompt's, or another document's: it is
            # told apart by a hash, and its words stay in the response ledger.
            line = clean_line(name)
            shown = line if line and self._everything.find_name(line) is not None else _hidden(line)
            return Mention(piece.chunk.id, nowhere, "", shown, self._label(type_name, None), 0.0)

        subject = named(record.subject, record.subject_type)
        target = named(record.object, record.object_type)
        return Triple(subject, relation, target, evidence)

    def _label(self, type_name: str, relation: str | None) -> str | None:
        """The type for the check: an ontology key, a value's label, or the words as they are."""
        wanted = brief(type_name)
        value = self._properties.get(relation or "")
        if isinstance(value, DatatypeProperty):
            return _VALUE_LABELS.get(value.value.kind)
        known = self._types.get(wanted.lower())
        return known or _OPEN_LABELS.get(wanted.lower()) or wanted or None


def _name_score(found: Found) -> float:
    return 1.0 if found.exact else _FOLDED


def found_text(piece: Piece, found: Found) -> str:
    """The characters of the document at a find."""
    return piece.text[found.span.start : found.span.end]


def brief(text: str) -> str:
    """A type or relation as the model names it; "" for what is too long to be one."""
    line = clean_line(text)
    return line if len(line) <= 60 and len(line.split()) <= 6 else ""


def _hidden(text: str) -> str:
    return f"(not in the text: {content_id('x', text)[2:10]})"


def _type_names(ontology: Ontology | None) -> dict[str, str]:
    if ontology is None:
        return {}
    names: dict[str, str] = {}
    for entity_type in ontology.types.values():
        for name in (entity_type.key, entity_type.label, *entity_type.aliases):
            names.setdefault(name.lower(), entity_type.key)
    return names


def _link(words: str, name: str) -> Link:
    lower = words.lower()
    if lower in _PRONOUNS:
        return Link.PRONOUN
    own, whole = lower.split(), name.lower().split()
    if own and set(own) < set(whole):
        return Link.PARTIAL
    if (
        words.isupper()
        and 2 <= len(words) <= 8
        and words == "".join(w[0] for w in name.split() if w[0].isupper())
    ):
        return Link.ACRONYM
    return Link.DESCRIPTION
