"""Builds what an extractor and a checker would hand to a store, from a few words."""

from collections.abc import Sequence
from typing import NamedTuple

from graphrag.datamodel import (
    Alias,
    CheckedTriple,
    Chunk,
    Document,
    Evidence,
    Extraction,
    Failure,
    Mention,
    Span,
    Triple,
)
from graphrag.ids import chunk_id, content_id, document_id
from graphrag.store.ledger import IngestedDocument


class Says(NamedTuple):
    """One statement: "Ada Lovelace" PERSON "wrote" WROTE "Notes" WORK."""

    head: str
    head_type: str | None
    relation: str
    tail: str
    tail_type: str | None
    accepted: bool = True
    literal: bool = False
    stated: bool = False


class Aka(NamedTuple):
    """A stated alias."""

    name: str
    alias: str
    kind: str = "aka"
    type: str | None = None


class Broken(NamedTuple):
    """A chunk that could not be read."""

    words: str


def document(key: str, items: Sequence[Says | Aka | Broken | str], *, title: str = "") -> IngestedDocument:
    """A document with one chunk per item; a plain string is text without a statement."""
    sentences = [_sentence(item) for item in items]
    text = " ".join(sentences)
    doc = Document(document_id(key, title, text, {}), key, text, title, f"{key}.txt")
    chunks: list[Chunk] = []
    results: list[Extraction | Failure] = []
    triples: list[CheckedTriple] = []
    start = 0
    for ordinal, (item, sentence) in enumerate(zip(items, sentences, strict=True)):
        end = start + len(sentence)
        chunk = Chunk(chunk_id(doc.id, start, end), doc.id, Span(start, end), sentence, title, ordinal)
        chunks.append(chunk)
        result, checked = _read(doc, chunk, item)
        results.append(result)
        triples += checked
        start = end + 1
    return IngestedDocument(doc, tuple(chunks), tuple(results), tuple(triples))


def _sentence(item: Says | Aka | Broken | str) -> str:
    if isinstance(item, Says):
        return f"{item.head} {item.relation.lower().replace('_', ' ')} {item.tail}."
    if isinstance(item, Aka):
        return f"{item.name} ({item.alias})."
    return item.words if isinstance(item, Broken) else item


def _read(
    doc: Document, chunk: Chunk, item: Says | Aka | Broken | str
) -> tuple[Extraction | Failure, list[CheckedTriple]]:
    if isinstance(item, Broken):
        return Failure("extract", chunk.id, "TimeoutError", "the model did not answer"), []
    if isinstance(item, str):
        return Extraction(chunk.id), []
    if isinstance(item, Aka):
        full = _mention(doc, chunk, item.name, item.type)
        start = chunk.span.start + len(item.name) + 2
        span = Span(start, start + len(item.alias))
        return Extraction(
            chunk.id, (full,), (), (Alias(item.name, item.alias, item.kind, chunk.id, span),)
        ), []
    head = _mention(doc, chunk, item.head, item.head_type, stated=item.stated)
    tail = _mention(doc, chunk, item.tail, item.tail_type, last=True, literal=item.literal)
    evidence = Evidence(doc.id, chunk.id, chunk.span, chunk.text, "test:svo", 0.9)
    triple = Triple(head, item.relation.lower(), tail, evidence)
    name = content_id("tri", chunk.id, str(head.span), str(tail.span), item.relation)
    checked = CheckedTriple(
        name,
        triple,
        "accept" if item.accepted else "reject",
        item.relation,
        head.type if item.accepted else None,
        tail.type if item.accepted and not item.literal else None,
        item.literal,
        reason=None if item.accepted else "unknown_relation",
        score=0.8,
    )
    return Extraction(chunk.id, (head, tail), (triple,)), [checked]


def _mention(
    doc: Document,
    chunk: Chunk,
    name: str,
    kind: str | None,
    *,
    last: bool = False,
    stated: bool = False,
    literal: bool = False,
) -> Mention:
    place = chunk.text.rindex(name) if last else chunk.text.index(name)
    start = chunk.span.start + place
    span = Span(start, start + len(name))
    assert doc.text[span.start : span.end] == name
    return Mention(chunk.id, span, name, name, kind, value=name if literal else None, type_stated=stated)
