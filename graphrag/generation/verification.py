"""Checks what an answer claims against what it cites, whoever wrote it.

Three things are asked of every sentence: that it cites something, that each cited quotation equals the
document at its span, and that the quotations hold its words. Names and numbers must stand in the
quotations (or in the titles of the cited documents); other words may be said in other ways.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from graphrag.datamodel import Answer, Citation, Document
from graphrag.errors import NotFoundError
from graphrag.generation.wording import find
from graphrag.index.terms import STOPWORDS, fold, tokens
from graphrag.interfaces import KnowledgeView
from graphrag.sentences import sentences

MIN_COVERED = 0.6
"""Least share of a sentence's words that its quotations must hold."""

_MARKER = re.compile(r"\[(\d{1,4})\]")
_LABEL = re.compile(r"^\s*(?:[-*•]\s+)?(?:Path:|\*\*[^*]+\*\*:?\s*$|#+ )")


class Verdict(StrEnum):
    """What was found about one sentence."""

    SUPPORTED = "supported"
    UNCITED = "uncited"
    UNKNOWN_MARKER = "unknown marker"
    WRONG_QUOTE = "wrong quote"
    UNCOVERED = "uncovered"


class Policy(StrEnum):
    """What becomes of sentences that are not supported."""

    KEEP = "keep"
    FLAG = "flag"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of an answer.

    Attributes:
        covered: Share of its words that the quotations hold.
        lacking: Words that they do not, names and numbers first.
    """

    text: str
    start: int
    end: int
    markers: tuple[int, ...]
    verdict: Verdict
    covered: float = 0.0
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verification:
    """All that was checked about an answer.

    Attributes:
        claims: Sentences that state something, in order.
        wrong: Markers of citations whose quote is not what the document says at the span.
    """

    claims: tuple[Claim, ...]
    wrong: tuple[int, ...]
    citations: int

    @property
    def precision(self) -> float:
        """Share of citations that are exact and of sentences citing them that they support; 1.0 if none."""
        cited = [claim for claim in self.claims if claim.markers]
        good = sum(claim.verdict is Verdict.SUPPORTED for claim in cited) + self.citations - len(self.wrong)
        total = len(cited) + self.citations
        return good / total if total else 1.0

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.wrong and all(claim.verdict is Verdict.SUPPORTED for claim in self.claims)


def verify(answer: Answer, view: KnowledgeView, *, min_covered: float = MIN_COVERED) -> Verification:
    """Check every citation and every sentence of an answer. The short answer and the path are not claims.

    Cost: one look-up per cited document.
    """
    documents = _documents(answer.citations, view)
    wrong = tuple(citation.marker for citation in answer.citations if not _is_exact(citation, documents))
    by_marker = {citation.marker: citation for citation in answer.citations}
    claims = (
        ()
        if answer.abstained
        else tuple(
            _check(text, start, end, by_marker, wrong, documents, min_covered)
            for start, end, text in claims_of(answer.text, answer.short)
        )
    )
    return Verification(claims, wrong, len(answer.citations))


def enforce(answer: Answer, verification: Verification, policy: Policy) -> Answer:
    """Flag or drop the sentences that were not supported; renumbering nothing.

    An answer of which nothing is left becomes an abstention.
    """
    bad = [claim for claim in verification.claims if claim.verdict is not Verdict.SUPPORTED]
    if policy is Policy.KEEP or not bad:
        return answer
    text = answer.text
    for claim in sorted(bad, key=lambda item: -item.start):
        if policy is Policy.FLAG:
            text = f"{text[: claim.end]} [unsupported: {claim.verdict.value}]{text[claim.end :]}"
        else:
            text = text[: claim.start] + text[claim.end :]
    text = re.sub(r"[ \t]+\n", "\n", re.sub(r"(?m)^\s*[-*•]\s*$\n?", "", text))
    text = re.sub(r"\n{3,}", "\n\n", re.sub(r" {2,}", " ", text)).strip()
    if policy is Policy.FLAG:
        return replace(answer, text=text)
    used = {int(mark) for mark in _MARKER.findall(text)}
    if len(bad) == len(verification.claims):
        missing = "The sources do not support what was written."
        return replace(
            answer, text=missing, citations=(), abstained=True, short="", path=None, missing=missing
        )
    kept = tuple(citation for citation in answer.citations if citation.marker in used)
    return replace(answer, text=text, citations=kept)


def claims_of(text: str, short: str = "") -> list[tuple[int, int, str]]:
    """Start, end and text of each sentence that states something; markers belong to the sentence before.

    Headings, the path and the bare short answer on its own line state nothing by themselves.
    """
    found: list[tuple[int, int, str]] = []
    place = 0
    for line in text.splitlines(keepends=True):
        start, place = place, place + len(line)
        body = line.strip()
        if not body or _LABEL.match(line) or (short and body == short):
            continue
        if body.endswith(":") and not _MARKER.search(body):
            continue
        found += _sentences(line, start)
    return found


def _sentences(line: str, offset: int) -> list[tuple[int, int, str]]:
    """Sentences of one line; one that a quotation mark or a marker leaves open runs on to its marker."""
    if len(_MARKER.findall(line)) == 1 and _MARKER.search(line.rstrip()[-8:]):
        body = line.strip()
        start = offset + line.index(body)
        return [(start, start + len(body), body)]  # one citation for the whole line
    pieces: list[list[int]] = []
    for span in sentences(line):
        only_marks = not _MARKER.sub("", line[span.start : span.end]).strip(" .")
        if pieces and only_marks:
            pieces[-1][1] = span.end
        else:
            pieces.append([span.start, span.end])
    return [(offset + start, offset + end, line[start:end]) for start, end in pieces]


def _check(
    text: str,
    start: int,
    end: int,
    citations: Mapping[int, Citation],
    wrong: Sequence[int],
    documents: Mapping[str, Document],
    min_covered: float,
) -> Claim:
    markers = tuple(dict.fromkeys(int(mark) for mark in _MARKER.findall(text)))
    if not markers:
        return Claim(text, start, end, markers, Verdict.UNCITED)
    if any(marker not in citations for marker in markers):
        return Claim(text, start, end, markers, Verdict.UNKNOWN_MARKER)
    if any(marker in wrong for marker in markers):
        return Claim(text, start, end, markers, Verdict.WRONG_QUOTE)
    cited = [citations[marker] for marker in markers]
    covered, lacking, strict = _covered(text, cited, documents)
    good = covered >= min_covered and not strict
    verdict = Verdict.SUPPORTED if good else Verdict.UNCOVERED
    return Claim(text, start, end, markers, verdict, round(covered, 4), lacking)


def _covered(
    text: str, cited: Sequence[Citation], documents: Mapping[str, Document]
) -> tuple[float, tuple[str, ...], bool]:
    """Share of words held, words lacking, and whether a name or number is among these."""
    sources = [citation.evidence.quote for citation in cited]
    titles = [documents[citation.evidence.document_id].title for citation in cited]
    held = [fold(surface) for source in (*sources, *titles) for _, _, surface in tokens(source)]
    known = set(held)
    plain = _MARKER.sub(" ", text)
    claimed = [(surface, fold(surface), start) for start, _, surface in tokens(plain)]
    claimed = [item for item in claimed if item[1] not in STOPWORDS]
    strict: list[str] = []
    loose: list[str] = []
    first = next((start for start, _, surface in tokens(plain)), 0)
    for surface, word, start in claimed:
        if word in known:
            continue
        if any(character.isdigit() for character in surface) or (surface[0].isupper() and start != first):
            strict.append(surface)
        elif find((word,), held) is None:
            loose.append(surface)
    share = 1.0 - (len(strict) + len(loose)) / len(claimed) if claimed else 1.0
    return share, (*strict, *loose), bool(strict)


def _documents(citations: Iterable[Citation], view: KnowledgeView) -> dict[str, Document]:
    found: dict[str, Document] = {}
    for citation in citations:
        key = citation.evidence.document_id
        if key not in found:
            try:
                found[key] = view.documents_by_id([key])[0]
            except NotFoundError:
                continue
    return found


def _is_exact(citation: Citation, documents: Mapping[str, Document]) -> bool:
    evidence = citation.evidence
    document = documents.get(evidence.document_id)
    if document is None or not evidence.quote:
        return False
    return document.text[evidence.span.start : evidence.span.end] == evidence.quote
