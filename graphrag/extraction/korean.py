"""Korean: names and plain statements, with the optional `ko` extra (kiwipiepy, which carries its model).

Conservative: proper nouns, Latin-script terms and numbers become mentions; a statement is read only from a
clause with a marked subject and either "X는 Y이다" (X is Y) or one transitive verb with a marked object or an
adverbial of place or time. Negated, conditional and quoted clauses are recorded as such.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from graphrag.datamodel import Chunk, Evidence, Extraction, Mention, Modality, Span, Triple
from graphrag.errors import MissingDependencyError

__all__ = ["is_available", "read_korean"]

_NAME_TAGS = frozenset({"NNP", "SL", "SH", "NR", "SN"})
_NOUN_TAGS = frozenset({"NNP", "NNG", "SL", "SH", "SN", "NR", "XSN", "XPN", "NNB"})
_SUBJECT = frozenset({"은", "는", "이", "가", "께서"})
_OBJECT = frozenset({"을", "를"})
_ADVERBIAL = {"에서": "에서", "에": "에", "으로": "으로", "로": "로", "와": "와", "과": "과", "에게": "에게"}
_VERBS = frozenset({"VV", "VA", "XSV", "XSA", "VCP", "VCN", "VX"})
_REPORTING = frozenset({"라고", "다고", "고"})
_LONGEST = 100  # morphemes of a sentence read for statements
_DATE = re.compile(r"(\d{4})년(?:\s*(\d{1,2})월(?:\s*(\d{1,2})일)?)?")


@cache
def is_available() -> bool:
    """Whether the `ko` extra is installed."""
    try:
        import kiwipiepy  # noqa: F401
    except ImportError:
        return False
    return True


@cache
def _analyser() -> Any:
    """The morphological analyser, loaded once a process (half a gigabyte)."""
    try:
        from kiwipiepy import Kiwi
    except ImportError as error:
        raise MissingDependencyError("kiwipiepy", "ko") from error
    return Kiwi(num_workers=1)


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A noun phrase with the particle that follows it; offsets in the chunk's text."""

    start: int
    end: int
    named: bool
    particle: str
    last: int  # index of its last morpheme


def read_korean(chunk: Chunk) -> Extraction:
    """Mentions and plain statements of a Korean or mixed Korean-English chunk.

    Raises:
        MissingDependencyError: If kiwipiepy is not installed.
    """
    mentions: dict[Span, Mention] = {}
    triples: dict[tuple[Span, str, Span], Triple] = {}
    for sentence in _analyser().split_into_sents(chunk.text, return_tokens=True):
        tokens = list(sentence.tokens or [])
        phrases = list(_phrases(chunk.text, tokens))
        for phrase in phrases:
            if phrase.named:
                mention = _mention(chunk, phrase)
                mentions[mention.span] = mention
        if len(tokens) > _LONGEST:
            continue
        evidence_span = Span(chunk.span.start + sentence.start, chunk.span.start + sentence.end)
        for subject, predicate, target, rule, mode in _statements(chunk.text, tokens, phrases):
            head, tail = _mention(chunk, subject), _mention(chunk, target)
            if head.span == tail.span or not predicate:
                continue
            quote = chunk.text[sentence.start : sentence.end]
            evidence = Evidence(chunk.document_id, chunk.id, evidence_span, quote, f"korean:{rule}", 0.5)
            triples[(head.span, predicate, tail.span)] = Triple(head, predicate, tail, evidence, mode)
    return Extraction(
        chunk.id,
        tuple(sorted(mentions.values(), key=lambda m: m.span)),
        tuple(
            sorted(
                triples.values(), key=lambda t: (t.evidence.span, t.subject.span, t.object.span, t.predicate)
            )
        ),
        (),
        "ko",
    )


def _phrases(text: str, tokens: list[Any]) -> Iterator[_Phrase]:
    """Runs of nouns, each with the particle after it."""
    index = 0
    while index < len(tokens):
        if tokens[index].tag not in _NOUN_TAGS:
            index += 1
            continue
        first = index
        while index + 1 < len(tokens) and tokens[index + 1].tag in _NOUN_TAGS:
            if tokens[index + 1].start - tokens[index].end > 1:
                break
            index += 1
        particle = ""
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        if following is not None and following.tag.startswith("J") and following.start <= tokens[index].end:
            particle = following.form
        run = tokens[first : index + 1]
        if not (len(run) == 1 and run[0].tag == "NNB"):
            named = any(token.tag in _NAME_TAGS for token in run)
            yield _Phrase(tokens[first].start, tokens[index].end, named, particle, index)
        index += 1


def _statements(
    text: str, tokens: list[Any], phrases: list[_Phrase]
) -> Iterator[tuple[_Phrase, str, _Phrase, str, Modality]]:
    subject = next((p for p in phrases if p.particle in _SUBJECT), None)
    if subject is None:
        return
    copula = next((i for i, t in enumerate(tokens) if t.tag in ("VCP", "VCN") and i > subject.last), None)
    verbs = [i for i, t in enumerate(tokens) if t.tag in ("VV", "XSV") and i > subject.last]
    if len(verbs) > 1 or (verbs and copula is not None):
        return  # more than one clause: whose object is whose cannot be told from particles
    mode = _modality(tokens)
    if copula is not None:
        noun = next((p for p in phrases if p.last == copula - 1), None)
        if noun is not None and noun is not subject:
            yield subject, _words(text, tokens, copula, noun.end), noun, "copula", mode
        return
    if not verbs:
        return
    verb = verbs[0]
    for phrase in phrases:
        if phrase is subject or not subject.last < phrase.last < verb:
            continue
        words = _verb_words(text, tokens, verb)
        if phrase.particle in _OBJECT:
            yield subject, words, phrase, "verb", mode
        elif phrase.particle in _ADVERBIAL and phrase.named:
            yield subject, f"{_ADVERBIAL[phrase.particle]} {words}", phrase, "adverbial", mode


def _modality(tokens: list[Any]) -> Modality:
    forms = {token.form for token in tokens}
    tags = {token.tag for token in tokens}
    if "VCN" in tags or forms & {"않", "못하", "아니", "안", "못"}:
        return Modality.NEGATED
    if any(t.tag in ("EC", "EF") and t.form in ("면", "으면", "다면", "라면") for t in tokens):
        return Modality.HYPOTHETICAL
    if any(t.form == "겠" for t in tokens) or forms & {"예정", "계획", "전망", "수도"}:
        return Modality.HYPOTHETICAL
    if any(t.tag in ("EC", "JKQ") and t.form in _REPORTING and len(t.form) > 1 for t in tokens):
        return Modality.REPORTED
    if tokens and any(t.tag == "SF" and t.form == "?" for t in tokens):
        return Modality.QUESTION
    return Modality.ASSERTED


def _words(text: str, tokens: list[Any], start: int, begin: int) -> str:
    end = _verb_end(tokens, start)
    return text[begin:end].strip()


def _verb_words(text: str, tokens: list[Any], verb: int) -> str:
    """The verb as it is written, with the noun it is made of ("인수했다")."""
    begin = tokens[verb].start
    if tokens[verb].tag == "XSV" and verb > 0 and tokens[verb - 1].end == begin:
        begin = tokens[verb - 1].start
    return text[begin : _verb_end(tokens, verb)].strip()


def _verb_end(tokens: list[Any], verb: int) -> int:
    end: int = tokens[verb].end
    for token in tokens[verb + 1 :]:
        if not token.tag.startswith("E") and token.tag not in ("VX", "XSV"):
            break
        end = max(end, token.end)
    return end


def _mention(chunk: Chunk, phrase: _Phrase) -> Mention:
    words = chunk.text[phrase.start : phrase.end]
    span = Span(chunk.span.start + phrase.start, chunk.span.start + phrase.end)
    date = _DATE.fullmatch(words)
    if date:
        value = "-".join([date[1], *(part.zfill(2) for part in date.groups()[1:] if part)])
        return Mention(chunk.id, span, words, words, "DATE", 0.8, value=value)
    return Mention(chunk.id, span, words, " ".join(words.split()), None, 0.7)
