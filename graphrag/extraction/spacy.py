"""Triples without a language model: a spaCy parse, rules over it, and the document's own context."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from spacy.language import Language

from graphrag.datamodel import (
    Alias,
    Chunk,
    Evidence,
    Extraction,
    Failure,
    Link,
    Mention,
    Modality,
    Span,
    Triple,
)
from graphrag.extraction import korean
from graphrag.extraction.asides import read_aside, split_aside
from graphrag.extraction.coreference import Discourse, class_of
from graphrag.extraction.facts import Fact, SentenceReader
from graphrag.extraction.language import detect_language
from graphrag.extraction.layout import Block, BlockKind, read_blocks
from graphrag.extraction.masking import mask, openings
from graphrag.extraction.nominals import Kind, Nominal, NominalReader
from graphrag.extraction.openie import open_facts, render
from graphrag.extraction.repair import repair
from graphrag.extraction.shapes import names_by_shape
from graphrag.extraction.syntax import Parse, read_parse
from graphrag.extraction.values import parse_date
from graphrag.extraction.wordlists import words
from graphrag.ids import fingerprint

__all__ = ["SpacyExtractor", "SurfaceTriple"]

SurfaceTriple = tuple[str, str, str, float]

_RULES = "1c"  # changes with the rules, so that stored extractions are known to be of older ones
_LONGEST_SENTENCE = 250  # tokens; a longer one is a list or data, and is searched for names only
_LONGEST_QUOTE = 600  # characters of a sentence quoted whole as evidence
_WINDOW = 30_000  # characters parsed at once, of one document or of several
_PIPES = ("sentencizer", "senter")
_PERSONAL = frozenset(
    words(
        """
        he him his himself she her hers herself it its itself they them their theirs themselves
        """
    )
)

_RENAMED = re.compile(r"\b(?:known as|nicknamed|abbreviated(?: as| to)?|also called)\Z")
_FORMER = re.compile(r"\b(?:formerly|previously|originally)\b")

log = logging.getLogger(__name__)


class SpacyExtractor:
    """Reads mentions and triples with a spaCy pipeline; an `interfaces.Extractor`.

    One instance serves one process; it keeps no state between calls but caches.
    """

    def __init__(self, pipeline: Language | str = "en_kg_sm") -> None:
        """Take a loaded pipeline, or the name of a shipped or installed one.

        Raises:
            ConfigError: If there is no pipeline of that name.
        """
        if isinstance(pipeline, str):
            from graphrag.models import load_pipeline

            pipeline = load_pipeline(pipeline)
        self._nlp = pipeline
        self._strings: dict[int, str] = {}
        self._fingerprint = ""

    @property
    def fingerprint(self) -> str:
        """Made from the rules' version, the pipeline's name and version, and its weights."""
        if not self._fingerprint:
            from graphrag.models import pipeline_digest

            meta = self._nlp.meta
            self._fingerprint = fingerprint(
                {
                    "extractor": "spacy",
                    "rules": _RULES,
                    "pipeline": f"{meta['lang']}_{meta['name']}",
                    "version": meta["version"],
                    "korean": korean.is_available(),
                    "weights": pipeline_digest(self._nlp),
                }
            )
        return self._fingerprint

    def extract(self, chunks: Sequence[Chunk]) -> list[Extraction | Failure]:
        """See `interfaces.Extractor.extract`."""
        results: list[Extraction | Failure] = []
        window: list[_Cut] = []
        size = 0
        for _, document in groupby(chunks, key=lambda chunk: chunk.document_id):
            discourse: Discourse | None = None
            for chunk in document:
                discourse = discourse or Discourse(chunk.title)
                window.append(_Cut(chunk, discourse))
                size += len(chunk.text)
                if size >= _WINDOW:
                    results.extend(self._read_window(window))
                    window, size = [], 0
        results.extend(self._read_window(window))
        return results

    def open_triples(self, text: str) -> list[SurfaceTriple]:
        """Subject, relation and object in the words of the text, with a score; no schema, no resolution."""
        found: list[SurfaceTriple] = []
        for block in read_blocks(text):
            if block.kind is BlockKind.SKIPPED or detect_language(block.text) != "en":
                continue
            parse = self._parse([(block, "")])[1][0]
            for fact in open_facts(parse):
                slots = (
                    render(parse, fact.subject),
                    render(parse, fact.relation),
                    render(parse, fact.object),
                )
                found.append((*slots, fact.score))
        return found

    def _read_window(self, window: list[_Cut]) -> Iterator[Extraction]:
        parsed = iter(zip(*self._parse([(b, cut.name) for cut in window for b in cut.blocks]), strict=True))
        for cut in window:
            if cut.language != "en":
                yield _read_foreign(cut.chunk, cut.language)
                continue
            reader = _ChunkReader(cut.chunk, cut.discourse)
            for _ in cut.blocks:
                reader.read(*next(parsed))
            yield reader.result()

    def _parse(self, blocks: list[tuple[Block, str]]) -> tuple[list[Block], list[Parse]]:
        """Blocks as they were shown to the parser, with their parses; given with the name of their subject.

        A block whose opening name the parser tore apart is shown to it once more, with a stand-in.
        """
        shown = [mask(block, name) for block, name in blocks]
        parses = self._parse_once(shown)
        again: list[int] = []
        for index, (block, parse) in enumerate(zip(shown, parses, strict=True)):
            torn = [span for span in openings(block.text) if not parse.is_subject(*span)]
            if torn and not block.stand_ins:
                shown[index] = mask(*blocks[index], torn)
                again.append(index)
        for index, parse in zip(again, self._parse_once([shown[index] for index in again]), strict=True):
            parses[index] = parse
        return shown, parses

    def _parse_once(self, blocks: list[Block]) -> list[Parse]:
        docs = self._nlp.pipe([block.text for block in blocks])
        return [
            _unmask(read_parse(doc, self._strings), block) for doc, block in zip(docs, blocks, strict=True)
        ]


class _Cut:
    """A chunk cut into what is to be parsed; nothing is if it is not English."""

    def __init__(self, chunk: Chunk, discourse: Discourse) -> None:
        self.chunk = chunk
        self.discourse = discourse
        self.name = discourse.subject.name if discourse.subject else ""
        self.language = detect_language(chunk.text)
        blocks = read_blocks(chunk.text) if self.language == "en" else []
        self.blocks = [block for block in blocks if block.kind is not BlockKind.SKIPPED]


# Confidence by rule: how often gold confirms its facts on development sentences (Text2KGBench, BenchIE),
# put on a scale where the surest rules, confirmed half the time because gold lists about half of what is
# true, stand at 0.85
# as of the first release.
_SCORES = {
    "brackets-born": 0.9,
    "brackets-died": 0.9,
    "brackets-made": 0.85,
    "brackets-year": 0.6,
    "passive-agent": 0.85,
    "copula-of": 0.8,
    "relational": 0.8,
    "relational-value": 0.75,
    "modifier-date": 0.75,
    "svo": 0.75,
    "sv-obl": 0.7,
    "predicative": 0.7,
    "predicative-of": 0.75,
    "apposition-of": 0.7,
    "passive-obl": 0.65,
    "be-adj": 0.65,
    "possessive-title": 0.7,
    "title-of": 0.7,
    "obj-obl": 0.65,
    "be-in": 0.65,
    "copula": 0.6,
    "apposition": 0.6,
    "title": 0.6,
    "place": 0.6,
    "sv-obl-of": 0.6,
    "passive-agent-of": 0.6,
    "passive-obl-of": 0.5,
    "svo-of": 0.45,
    "svo-obl": 0.5,
    "name-of": 0.5,
    "topic": 0.5,
    "possessive": 0.5,
    "possessive-of": 0.5,
    "modifier-norp": 0.6,
    "modifier-loc": 0.5,
    "modifier-org": 0.5,
    "be-in-of": 0.45,
    "be-adj-of": 0.45,
    "copula-poss": 0.6,
    "apposition-poss": 0.6,
    "predicative-poss": 0.6,
}
_DEFAULT_SCORE = 0.5


def _class_score(noun: Nominal) -> float:
    """Confidence that "X is a NOUN" says more of X than its type: low for "X is a film"."""
    if class_of(noun.name.rsplit(" ", 1)[-1]) in (None, "PERSON"):
        return 0.6
    return 0.35 if noun.plain or set(noun.name.lower().split()[:-1]) <= _GENERIC else 0.5


_GENERIC = frozenset(
    words(
        """
        studio full-length major small large big public private own second third live lead hit single
        """
    )
)


def _place(span: Span) -> tuple[int, int]:
    return span.start, span.end  # plain numbers sort faster than records


def _read_foreign(chunk: Chunk, language: str) -> Extraction:
    """A chunk that is not English: Korean if its extra is there, else names whose shape is sure."""
    if language == "ko" and korean.is_available():
        return korean.read_korean(chunk)
    mentions = []
    for start, end in names_by_shape(chunk.text, language):
        words = chunk.text[start:end]
        span = Span(chunk.span.start + start, chunk.span.start + end)
        mentions.append(Mention(chunk.id, span, words, " ".join(words.split()), None, 0.6))
    return Extraction(chunk.id, tuple(mentions), (), (), language)


class _ChunkReader:
    """Gathers the mentions, triples and aliases of one chunk."""

    def __init__(self, chunk: Chunk, discourse: Discourse) -> None:
        self.chunk = chunk
        self.discourse = discourse
        self.readable = True
        self.mentions: dict[Span, Mention] = {}
        self.triples: dict[tuple[Span, str, Span], Triple] = {}
        self.aliases: dict[tuple[str, str], Alias] = {}

    def result(self) -> Extraction:
        mentions = sorted(self.mentions.values(), key=lambda m: (*_place(m.span), m.name))
        triples = sorted(
            self.triples.values(),
            key=lambda t: (
                *_place(t.evidence.span),
                *_place(t.subject.span),
                *_place(t.object.span),
                t.predicate,
            ),
        )
        aliases = sorted(self.aliases.values(), key=lambda a: (a.span, a.name, a.alias))
        return Extraction(self.chunk.id, tuple(mentions), tuple(triples), tuple(aliases))

    def read(self, block: Block, parse: Parse) -> None:
        nominals = NominalReader(parse)
        self.readable = detect_language(block.text) in ("en", "und")
        for begin, end in parse.sentences:
            self.discourse.next_sentence()
            resolved: dict[int, Mention] = {}
            self._meet(block, parse, nominals, begin, end, resolved)
            if not self.readable or block.kind is BlockKind.HEADING:
                continue
            if end - begin > _LONGEST_SENTENCE:
                log.debug(
                    "chunk %s: a sentence of %d tokens was searched for names only",
                    self.chunk.id,
                    end - begin,
                )
                continue
            reader = SentenceReader(parse, nominals, begin, end)
            for fact in reader.facts():
                self._add(block, parse, fact, begin, end, resolved)

    # ---- mentions

    def _meet(
        self,
        block: Block,
        parse: Parse,
        nominals: NominalReader,
        begin: int,
        end: int,
        resolved: dict[int, Mention],
    ) -> None:
        """Resolve the names, pronouns and descriptions of a sentence, in text order."""
        names = {n.first: n for n in nominals.names(begin, end)}
        dep, tag, lower = parse.dep, parse.tag, parse.lower
        for token in range(begin, end):
            nominal = names.get(token)
            if nominal is not None:
                mention = self._mention(block, parse, nominal)
                resolved[nominal.head] = mention
                if nominal.kind == Kind.NAME:
                    self._aside(block, parse, nominal, mention, begin, end)
            elif tag[token] in ("PRP", "PRP$") and lower[token] in _PERSONAL and self.readable:
                found = self.discourse.pronoun(
                    lower[token], token, is_subject=parse.dep[token].startswith("nsubj")
                )
                if found is not None:
                    resolved[token] = self._linked(
                        block, parse, token, token, found[0].name, found[1], Link.PRONOUN
                    )
            elif tag[token] == "NN" and parse.pos[token] == "NOUN" and self.readable:
                common = nominals.read(token)
                if (
                    common is not None
                    and common.definite
                    and common.plain
                    and parse.child(token, "nmod", "acl:relcl", "acl", "appos") < 0
                ):
                    if parse.child(token, "nmod:poss") < 0 and dep[token] != "compound":
                        found = self.discourse.description(parse.lemma[token], token)
                        if found is not None:
                            resolved[token] = self._linked(
                                block, parse, token, token, found[0].name, found[1], Link.DESCRIPTION
                            )

    def _mention(self, block: Block, parse: Parse, nominal: Nominal) -> Mention:
        """The mention of a name, value or common noun phrase, kept once."""
        start = parse.start[nominal.first]
        end = parse.end(nominal.last)
        span = self._span(block, start, end)
        known = self.mentions.get(span)
        if known is not None:
            return known
        name, link, kind, score = nominal.name, Link.SELF, nominal.type, 0.9
        stated = False
        if nominal.kind == Kind.NAME:
            role = parse.dep[nominal.head]
            if role == "nmod:desc" and kind is None:  # "Mayor" in "Mayor Lee" is nobody's name
                return Mention(self.chunk.id, span, self._quote(span), name, None, 0.6)
            is_subject = role.startswith("nsubj")
            name, link = self.discourse.meet(
                name, kind, nominal.head, is_subject=is_subject, noun=nominal.noun
            )
            if kind is None:
                kind, score = self.discourse.type_of(name), 0.7
            if nominal.noun and kind in (None, "MISC"):
                kind, stated = nominal.noun, True
        elif nominal.kind == Kind.COMMON:
            score = 0.7
        mention = Mention(
            self.chunk.id, span, self._quote(span), name, kind, score, link, nominal.value, stated
        )
        if nominal.kind in (Kind.NAME, Kind.VALUE):
            self.mentions[span] = mention
        return mention

    def _linked(
        self, block: Block, parse: Parse, first: int, last: int, name: str, score: float, link: Link
    ) -> Mention:
        span = self._span(block, parse.start[first], parse.end(last))
        mention = Mention(
            self.chunk.id, span, self._quote(span), name, self.discourse.type_of(name), score, link
        )
        self.mentions.setdefault(span, mention)
        return mention

    # ---- triples

    def _add(
        self, block: Block, parse: Parse, fact: Fact, begin: int, end: int, resolved: dict[int, Mention]
    ) -> None:
        subject = self._argument(block, parse, fact.subject, resolved)
        target = self._argument(block, parse, fact.object, resolved)
        if subject is None or target is None or not fact.predicate:
            return
        if subject.span == target.span or (subject.name == target.name and fact.rule != "copula"):
            return
        if subject.name == target.name or subject.value is not None:
            return
        evidence_span = self._evidence_span(block, parse, fact, begin, end)
        score = round(_SCORES.get(fact.rule, _DEFAULT_SCORE) * min(subject.score, target.score) / 0.9, 4)
        if fact.object.kind == Kind.COMMON and fact.rule in ("copula", "apposition", "title"):
            score = min(score, _class_score(fact.object))
        evidence = Evidence(
            self.chunk.document_id,
            self.chunk.id,
            evidence_span,
            self._quote(evidence_span),
            f"spacy:{fact.rule}",
            min(score, 1.0),
        )
        if fact.rule in ("copula", "apposition", "title") and fact.modality is Modality.ASSERTED:
            subject = self._state_type(subject, fact.object)
        if fact.object.kind == fact.subject.kind == Kind.NAME and _RENAMED.search(fact.predicate):
            self._add_alias(subject, target, evidence.quote, fact.modality)
        key = (subject.span, fact.predicate, target.span)
        known = self.triples.get(key)
        if known is None or known.evidence.score < evidence.score:
            self.triples[key] = Triple(subject, fact.predicate, target, evidence, fact.modality)

    def _add_alias(self, subject: Mention, target: Mention, quote: str, modality: Modality) -> None:
        """Note that the text calls one thing by two names ("Kestrel, formerly known as Hawk Systems")."""
        if modality is not Modality.ASSERTED or subject.name == target.name:
            return
        kind = "former" if _FORMER.search(quote) else "aka"
        alias = Alias(subject.name, target.name, kind, self.chunk.id, target.span)
        self.aliases.setdefault((subject.name, target.name), alias)
        self.discourse.add_alias(subject.name, target.name)

    def _argument(
        self, block: Block, parse: Parse, nominal: Nominal, resolved: dict[int, Mention]
    ) -> Mention | None:
        known = resolved.get(nominal.head)
        if known is not None:
            return self.mentions.get(known.span, known)
        if nominal.kind == Kind.PRONOUN:
            return None
        mention = self._mention(block, parse, nominal)
        resolved[nominal.head] = mention
        return mention

    def _state_type(self, subject: Mention, noun: Nominal) -> Mention:
        """Take "X is a Dutch film director" as the type of X."""
        if noun.kind != Kind.COMMON or (noun.definite and noun.plain) or subject.type_stated:
            return subject
        if subject.text[:1].islower():
            return subject
        self.discourse.describe(subject.name, noun.name)
        stated = Mention(
            subject.chunk_id,
            subject.span,
            subject.text,
            subject.name,
            noun.name,
            subject.score,
            subject.link,
            subject.value,
            True,
        )
        if subject.span in self.mentions:
            self.mentions[subject.span] = stated
        return stated

    def _evidence_span(self, block: Block, parse: Parse, fact: Fact, begin: int, end: int) -> Span:
        # A name may reach over what the parser took for the sentence's end.
        first, last = min(begin, fact.first), max(end - 1, fact.last)
        start, stop = parse.start[first], parse.end(last)
        if stop - start > _LONGEST_QUOTE:
            start, stop = parse.start[fact.first], parse.end(fact.last)
        return self._span(block, start, stop)

    # ---- brackets

    def _aside(
        self, block: Block, parse: Parse, nominal: Nominal, mention: Mention, begin: int, end: int
    ) -> None:
        offset = self.chunk.span.start
        text = self.chunk.text
        inner = split_aside(text, mention.span.end - offset)
        if inner is None:
            return
        for aside in read_aside(text, *inner, mention.name):
            span = Span(aside.start + offset, aside.end + offset)
            words = self._quote(span)
            if aside.kind in ("born", "died", "made", "year"):
                self._add_date(block, parse, mention, aside.kind, aside.words, span, words, begin, end)
                continue
            name = " ".join(words.split())
            self.discourse.add_alias(mention.name, name)
            self.aliases.setdefault(
                (mention.name, name), Alias(mention.name, name, aside.kind, self.chunk.id, span)
            )
            self.mentions[span] = Mention(
                self.chunk.id, span, words, mention.name, mention.type, 0.9, Link.ACRONYM
            )

    def _add_date(
        self,
        block: Block,
        parse: Parse,
        mention: Mention,
        kind: str,
        verb: str,
        span: Span,
        words: str,
        begin: int,
        end: int,
    ) -> None:
        person = mention.type in ("PERSON", None)
        if kind in ("born", "died") and not verb and not person:
            predicate = {"born": "from", "died": "until"}[kind]
        else:
            predicate = {"born": "born", "died": "died", "made": verb, "year": "in"}[kind]
        value = Mention(
            self.chunk.id, span, words, " ".join(words.split()), "DATE", 0.95, Link.SELF, parse_date(words)
        )
        self.mentions[span] = value
        start, stop = mention.span.start, span.end
        evidence_span = Span(start, stop)
        evidence = Evidence(
            self.chunk.document_id,
            self.chunk.id,
            evidence_span,
            self._quote(evidence_span),
            f"spacy:brackets-{kind}",
            _SCORES.get("brackets-" + kind, 0.8),
        )
        self.triples[(mention.span, predicate, span)] = Triple(mention, predicate, value, evidence)

    # ---- offsets

    def _span(self, block: Block, start: int, end: int) -> Span:
        first, last = block.source_span(start, end)
        offset = self.chunk.span.start
        return Span(first + offset, last + offset)

    def _quote(self, span: Span) -> str:
        offset = self.chunk.span.start
        return self.chunk.text[span.start - offset : span.end - offset]


def _unmask(parse: Parse, block: Block) -> Parse:
    """Put the original words back in the place of stand-ins."""
    for token, start in enumerate(parse.start):
        if not block.stand_ins:
            break
        stand_in = block.stand_ins.get(start)
        if stand_in is None:
            continue
        parse.text[token] = stand_in.words
        parse.lower[token] = stand_in.words.lower()
        if stand_in.kind != "word":
            parse.restore_name(token, "WORK" if stand_in.kind == "title" else "")
    repair(parse)
    return parse
