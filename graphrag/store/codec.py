"""Extractions and verdicts as compact bytes, and back without loss.

What repeats is left out: texts that the document holds at their span, names that are their own text,
mentions that a triple shares with the list. A tenth of plain JSON's size, and faster to write.
"""

import json
import zlib
from collections.abc import Sequence
from typing import Any

from graphrag.datamodel import (
    Alias,
    CheckedTriple,
    Chunk,
    Community,
    Document,
    Evidence,
    Extraction,
    Failure,
    Finding,
    Link,
    Mention,
    Modality,
    Report,
    Span,
    Triple,
)
from graphrag.ids import chunk_id

_SMALL = 512
_WINDOW = 12  # bits: 4 kB
_dumps = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def pack(value: Any) -> bytes:
    """Plain data as JSON, compressed where that pays."""
    raw = _dumps(value).encode("utf-8")
    if len(raw) < _SMALL:
        return raw
    # Most of the time for few bytes goes into making a window ready that they do not fill.
    return zlib.compress(raw, 1, _WINDOW if len(raw) >> _WINDOW == 0 else zlib.MAX_WBITS)


def unpack(raw: bytes) -> Any:
    """The inverse of `pack`.

    Raises:
        ValueError: If the bytes are not what `pack` makes.
    """
    try:
        # Compressed bytes begin with 0x48 or 0x78, JSON lists and objects with a bracket.
        return json.loads(raw if raw[:1] in (b"[", b"{") else zlib.decompress(raw))
    except zlib.error as error:
        raise ValueError(f"packed bytes are damaged: {error}") from error


def encode_results(
    document: Document, chunks: Sequence[Chunk], results: Sequence[Extraction | Failure]
) -> bytes:
    """Spans of the chunks and what was read out of each."""
    rows = [_result_row(document.text, result) for result in results]
    return pack([[[c.span.start, c.span.end] for c in chunks], rows])


def decode_results(
    document: Document, raw: bytes
) -> tuple[tuple[Chunk, ...], tuple[Extraction | Failure, ...]]:
    """The inverse of `encode_results`."""
    spans, rows = unpack(raw)
    chunks = tuple(
        Chunk(
            id=chunk_id(document.id, start, end),
            document_id=document.id,
            span=Span(start, end),
            text=document.text[start:end],
            title=document.title,
            ordinal=ordinal,
        )
        for ordinal, (start, end) in enumerate(spans)
    )
    results = tuple(_result(document, chunk, row) for chunk, row in zip(chunks, rows, strict=True))
    return chunks, results


def _result_row(text: str, result: Extraction | Failure) -> list[Any]:
    if isinstance(result, Failure):
        return [result.stage, result.item_id, result.error, result.message]
    places = {id(mention): index for index, mention in enumerate(result.mentions)}
    rows = [_mention_row(text, mention) for mention in result.mentions]
    return [
        rows,
        [_triple_row(text, triple, places) for triple in result.triples],
        [[a.name, a.alias, a.kind, a.span.start, a.span.end] for a in result.aliases],
        result.language,
        result.chunk_id,
    ]


def _mention_row(text: str, m: Mention) -> list[Any]:
    start, end = m.span.start, m.span.end
    row: list[Any] = [start, end, m.type, 0 if m.text == text[start:end] else m.text]
    row.append(0 if m.name == m.text else m.name)
    tail: list[Any] = [m.score, m.link.value, m.value, int(m.type_stated)]
    if tail != [1.0, "self", None, 0]:
        row += tail
    return row


def _mention(text: str, chunk: str, row: list[Any]) -> Mention:
    start, end, kind, words, name = row[:5]
    score, link, value, stated = row[5:] if len(row) > 5 else (1.0, "self", None, 0)
    words = text[start:end] if words == 0 else words
    return Mention(
        chunk,
        Span(start, end),
        words,
        words if name == 0 else name,
        kind,
        score,
        Link(link),
        value,
        bool(stated),
    )


def _triple_row(text: str, t: Triple, places: dict[int, int]) -> list[Any]:
    e = t.evidence
    start, end = e.span.start, e.span.end
    row: list[Any] = []
    for mention in (t.subject, t.object):
        place = places.get(id(mention))
        row.append(_mention_row(text, mention) if place is None else place)
    row += [t.predicate, start, end, 0 if e.quote == text[start:end] else e.quote, e.extractor, e.score]
    if t.modality is not Modality.ASSERTED:
        row.append(t.modality.value)
    return row


def _triple(document: Document, chunk: str, row: list[Any], mentions: Sequence[Mention]) -> Triple:
    subject, other, predicate, start, end, quote, extractor, score = row[:8]
    text = document.text
    ends = [mentions[m] if isinstance(m, int) else _mention(text, chunk, m) for m in (subject, other)]
    words = text[start:end] if quote == 0 else quote
    evidence = Evidence(document.id, chunk, Span(start, end), words, extractor, score)
    modality = Modality(row[8]) if len(row) > 8 else Modality.ASSERTED
    return Triple(ends[0], predicate, ends[1], evidence, modality)


def _result(document: Document, chunk: Chunk, row: list[Any]) -> Extraction | Failure:
    if len(row) == 4:
        return Failure(*row)
    mention_rows, triple_rows, alias_rows, language, chunk_name = row
    mentions = tuple(_mention(document.text, chunk_name, item) for item in mention_rows)
    return Extraction(
        chunk_name,
        mentions,
        tuple(_triple(document, chunk_name, item, mentions) for item in triple_rows),
        tuple(Alias(a[0], a[1], a[2], chunk_name, Span(a[3], a[4])) for a in alias_rows),
        language,
    )


def encode_verdicts(
    document: Document, results: Sequence[Extraction | Failure], checked: Sequence[CheckedTriple]
) -> bytes:
    """The ontology's word on each triple, pointing at the triples of `results`."""
    places: dict[int, tuple[int, int]] = {}
    equal: dict[Triple, tuple[int, int]] | None = None
    rows = []
    for ordinal, result in enumerate(results):
        if isinstance(result, Extraction):
            for index, triple in enumerate(result.triples):
                places[id(triple)] = (ordinal, index)
    for c in checked:
        place = places.get(id(c.triple))
        if place is None:
            # Records that crossed a process apart from their extraction are equal, not the same.
            if equal is None:
                equal = _by_value(results)
            place = equal.get(c.triple)
        where: list[Any] = (
            list(place) if place else [_triple_row(document.text, c.triple, {}), c.triple.evidence.chunk_id]
        )
        rows.append(
            [
                *where, c.id, c.decision, c.relation, c.subject_type, c.object_type, int(c.literal),
                int(c.inverted),
                c.score, *([list(c.repairs), c.reason,
                c.message] if c.repairs or c.reason or c.message else []),
            ]
        )  # fmt: skip
    return pack(rows)


def _by_value(results: Sequence[Extraction | Failure]) -> dict[Triple, tuple[int, int]]:
    found: dict[Triple, tuple[int, int]] = {}
    for ordinal, result in enumerate(results):
        if isinstance(result, Extraction):
            for index, triple in enumerate(result.triples):
                found.setdefault(triple, (ordinal, index))
    return found


def decode_verdicts(
    document: Document, results: Sequence[Extraction | Failure], raw: bytes
) -> tuple[CheckedTriple, ...]:
    """The inverse of `encode_verdicts`."""
    checked = []
    for row in unpack(raw):
        first, second, name, decision, relation, head, tail, literal, inverted, score = row[:10]
        repairs, reason, message = row[10:] if len(row) > 10 else ((), None, "")
        if isinstance(first, int):
            result = results[first]
            if isinstance(result, Failure):
                raise ValueError("a verdict points at a chunk that failed")
            triple = result.triples[second]
        else:
            triple = _triple(document, second, first, ())
        checked.append(
            CheckedTriple(
                name, triple, decision, relation, head, tail, bool(literal), bool(inverted), tuple(repairs),
                reason, message, score,
            )
        )  # fmt: skip
    return tuple(checked)


def encode_community(community: Community) -> bytes:
    """The members of a community."""
    return pack(list(community.entity_ids))


def encode_report(report: Report) -> bytes:
    """A report with its findings and their evidence."""
    return pack(report_plain(report))


def report_plain(report: Report) -> dict[str, Any]:
    """A report as plain data, for the canonical export."""
    return {
        "basis": report.basis,
        "community_id": report.community_id,
        "findings": [
            {
                "evidence": [evidence_plain(item) for item in finding.evidence],
                "rank": finding.rank,
                "relation_ids": list(finding.relation_ids),
                "text": finding.text,
            }
            for finding in report.findings
        ],
        "summary": report.summary,
        "title": report.title,
    }


def evidence_plain(evidence: Evidence) -> dict[str, Any]:
    """Evidence as plain data, for the canonical export."""
    return {
        "chunk_id": evidence.chunk_id,
        "document_id": evidence.document_id,
        "extractor": evidence.extractor,
        "quote": evidence.quote,
        "score": evidence.score,
        "span": [evidence.span.start, evidence.span.end],
    }


def evidence_of(plain: dict[str, Any]) -> Evidence:
    """The inverse of `evidence_plain`."""
    return Evidence(
        plain["document_id"], plain["chunk_id"], Span(*plain["span"]), plain["quote"], plain["extractor"],
        plain["score"],
    )  # fmt: skip


def decode_report(raw: bytes) -> Report:
    """The inverse of `encode_report`."""
    return report_of(unpack(raw))


def report_of(plain: dict[str, Any]) -> Report:
    """The inverse of `report_plain`."""
    findings = tuple(
        Finding(
            item["text"],
            item["rank"],
            tuple(item["relation_ids"]),
            tuple(evidence_of(evidence) for evidence in item["evidence"]),
        )
        for item in plain["findings"]
    )
    return Report(plain["community_id"], plain["title"], plain["summary"], findings, plain["basis"])
