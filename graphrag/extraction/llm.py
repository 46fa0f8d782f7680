"""Extraction by a language model: asked with the ontology, believed only as far as it quotes.

A unit is what one call is asked about: chunks of one document, as many as fit. Answers that are cut,
and prompts that do not fit the model, split the unit; whatever failed is tried once more at the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from graphrag.datamodel import Alias, Chunk, Extraction, Failure, Mention, Span, Triple
from graphrag.errors import ConfigError, LLMCallError
from graphrag.extraction.describing import (
    SCHEMA_VERSION,
    Example,
    answer_schema,
    describe_examples,
    describe_relations,
    describe_types,
    strictness,
)
from graphrag.extraction.grounding import Answer, Grounder, Piece, brief
from graphrag.extraction.language import detect_language
from graphrag.ids import fingerprint
from graphrag.interfaces import Extractor
from graphrag.llm.asking import ask_json
from graphrag.llm.gate import Gate
from graphrag.llm.messages import Message, Request, Sampling
from graphrag.llm.pricing import Estimate, approximate_tokens
from graphrag.prompts import fence, load_prompt
from ontology import Ontology

VERSION = 1
Mode = Literal["extract", "judge", "complete"]
_SPLITTABLE = frozenset({"length", "too_long"})
_SMALLEST = 80  # characters; a passage this short is not split further
_RECORD_TOKENS = 60  # of one record in an answer, for estimates
_TOKENS_PER_RECORD = 45  # of text that states one relation, for estimates


class Judgement(BaseModel):
    """What the model says of one record that another extractor made."""

    model_config = ConfigDict(extra="forbid")

    number: int
    stated: Literal["yes", "no"]
    relation: str = ""
    subject_type: str = ""
    object_type: str = ""


class Review(Answer):
    """The answer of the modes "judge" and "complete"."""

    records: list[Judgement]


@dataclass
class _Read:
    """What came of one unit: triples in order, and the units that failed, each with its error."""

    triples: list[Triple] = field(default_factory=list)
    aliases: list[Alias] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    lost: list[tuple["_Unit", LLMCallError]] = field(default_factory=list)

    def add(self, other: "_Read") -> None:
        self.triples += other.triples
        self.aliases += other.aliases
        self.mentions += other.mentions
        self.lost += other.lost


_Unit = tuple[Piece, ...]


class LLMExtractor:
    """Asks a model for triples, through the gate.

    Args:
        gate: Holds model, limits, budget and ledger.
        ontology: What to look for; None reads any relation in the text's own words.
        gleanings: How often to ask for what was left out, at most; a round that adds nothing ends it.
        call_tokens: Chunks of a document are asked about together up to this many tokens.
        mode: "extract" lets the model read; "judge" lets it only confirm what `draft` read;
            "complete" lets it confirm and add.
        draft: Another extractor, for the modes above and for `prefilter`.
        prefilter: Ask only about chunks in which `draft` finds two names or a triple.
        examples: Shown in the prompt.
        prompts: Folder with the user's own prompt files.
    """

    def __init__(
        self,
        gate: Gate,
        ontology: Ontology | None,
        *,
        gleanings: int = 1,
        call_tokens: int = 1200,
        sampling: Sampling | None = None,
        mode: Mode = "extract",
        draft: Extractor | None = None,
        prefilter: bool = False,
        examples: Sequence[Example] = (),
        prompts: Path | None = None,
    ) -> None:
        if draft is None and (prefilter or mode != "extract"):
            raise ConfigError(
                f"the llm extractor's {'prefilter' if prefilter else f'mode {mode}'} needs a draft extractor"
            )
        self.gate = gate
        self._ontology = ontology
        self._gleanings = gleanings if mode == "extract" else 0
        self._call_tokens = call_tokens
        self._sampling = sampling or Sampling()
        self._mode: Mode = mode
        self._draft = draft
        self._prefilter = prefilter
        self._prompt = load_prompt("extract" if mode == "extract" else "review", prompts)
        self._glean = load_prompt("glean", prompts)
        self._again = load_prompt("again", prompts)
        self._schema = answer_schema(ontology, review=mode != "extract")
        self._texts = {
            "types": describe_types(ontology),
            "relations": describe_relations(ontology),
            "strictness": strictness(ontology),
            "examples": describe_examples(examples),
            "completion": _COMPLETION if mode == "complete" else _NO_COMPLETION,
        }
        self._name = f"llm:{self._prompt.name}@{self._prompt.version}"

    @property
    def fingerprint(self) -> str:
        client = self.gate.client
        return fingerprint(
            {
                "extractor": ["llm", VERSION, SCHEMA_VERSION, self._mode],
                "model": [client.provider, client.model, client.structured],
                "sampling": repr(self._sampling),
                "prompts": [prompt.fingerprint for prompt in (self._prompt, self._glean, self._again)],
                "texts": self._texts,
                "schema": self._schema.json,
                "gleanings": self._gleanings,
                "call_tokens": self._call_tokens,
                "draft": [self._draft.fingerprint, self._prefilter] if self._draft is not None else None,
            }
        )

    def extract(self, chunks: Sequence[Chunk]) -> list[Extraction | Failure]:
        """One result per chunk, in order.

        Raises:
            LLMFatalError, BudgetError: Nothing more can be asked; what was answered is in the ledger,
                and a later call resumes from it without paying again.
        """
        drafts = self._drafts(chunks)
        asked = [chunk for chunk in chunks if self._is_worth(drafts.get(chunk.id))]
        units = self._units(asked)
        first = list(self.gate.map(lambda unit: self._read(unit, drafts, salvage=False), units))
        whole = _Read()
        for read in first:
            whole.add(read)
        # One more pass over what failed: a fault that lasted may have passed.
        again = [unit for unit, error in whole.lost if error.kind not in ("bad_request", *_SPLITTABLE)]
        hopeless = [
            (unit, error) for unit, error in whole.lost if error.kind in ("bad_request", *_SPLITTABLE)
        ]
        whole.lost = hopeless
        for read in self.gate.map(lambda unit: self._read(unit, drafts, salvage=True), again):
            whole.add(read)
        return self._results(chunks, {chunk.id for chunk in asked}, drafts, whole)

    def estimate(self, chunks: Sequence[Chunk]) -> Estimate:
        """What extracting these would take, from the real prompts; nothing is sent.

        Gleanings are reckoned as asked for every unit, so it errs on the dear side.
        """
        drafts = self._drafts(chunks)
        units = self._units([chunk for chunk in chunks if self._is_worth(drafts.get(chunk.id))])
        total = Estimate(0, 0, 0, 0, 0.0 if self.gate.price is not None else None)
        for unit in units:
            tokens = sum(approximate_tokens(piece.text) for piece in unit)
            answer = min(self._sampling.max_tokens, 20 + tokens // _TOKENS_PER_RECORD * _RECORD_TOKENS)
            request = self._request(unit, drafts)
            total += self.gate.estimate([request], completion_tokens=answer)
            for round_ in range(self._gleanings):
                spoken = Message("assistant", "x " * (answer * (round_ + 1)))
                glean = replace(request, messages=(*request.messages, spoken, *self._glean.fill()))
                total += self.gate.estimate([glean], completion_tokens=answer // 3)
        return total

    def _drafts(self, chunks: Sequence[Chunk]) -> dict[str, Extraction]:
        if self._draft is None:
            return {}
        results = self._draft.extract(chunks)
        return {
            chunk.id: result if isinstance(result, Extraction) else Extraction(chunk.id)
            for chunk, result in zip(chunks, results, strict=True)
        }

    def _is_worth(self, draft: Extraction | None) -> bool:
        if draft is None:
            return True
        if self._mode == "judge" and not draft.triples:
            return False
        return (
            not self._prefilter
            or bool(draft.triples)
            or len({mention.name for mention in draft.mentions}) >= 2
        )

    def _units(self, chunks: Sequence[Chunk]) -> list[_Unit]:
        """Chunks of one document in a row, packed up to the tokens of a call."""
        units: list[_Unit] = []
        pack: list[Piece] = []
        tokens = 0
        for chunk in chunks:
            size = approximate_tokens(chunk.text)
            if pack and (
                pack[-1].chunk.document_id != chunk.document_id or tokens + size > self._call_tokens
            ):
                units.append(tuple(pack))
                pack, tokens = [], 0
            pack.append(Piece(chunk, 0, len(chunk.text)))
            tokens += size
        if pack:
            units.append(tuple(pack))
        return units

    def _request(self, unit: _Unit, drafts: dict[str, Extraction]) -> Request:
        title = unit[0].chunk.title
        values = dict(self._texts)
        values["title"] = f"Title of the document:\n{fence(title, kind='title')}" if title else ""
        values["passages"] = "\n\n".join(
            fence(piece.text, attributes={"number": str(number)}) for number, piece in enumerate(unit, 1)
        )
        values["records"] = fence(_listed(_drafted(unit, drafts)), kind="records")
        return Request("extract", self._prompt.fill(**values), self._sampling, self._schema)

    def _read(self, unit: _Unit, drafts: dict[str, Extraction], *, salvage: bool) -> _Read:
        try:
            if self._mode == "extract":
                return self._ask(unit, drafts, salvage=salvage)
            return self._review(unit, drafts, salvage=salvage)
        except LLMCallError as error:
            halves = _split(unit) if error.kind in _SPLITTABLE else ()
            if not halves:
                return _Read(lost=[(unit, error)])
            read = _Read()
            for half in halves:
                read.add(self._read(half, drafts, salvage=salvage))
            return read

    def _ask(self, unit: _Unit, drafts: dict[str, Extraction], *, salvage: bool) -> _Read:
        request = self._request(unit, drafts)
        read = _Read()
        seen: set[tuple[object, ...]] = set()
        for round_ in range(1 + self._gleanings):
            asked = ask_json(self.gate, request, Answer, salvage=salvage, again=self._again)
            name = self._name + ("+cut" if asked.repair == "cut" else "")
            added = _grounded(asked.value, Grounder(unit, self._ontology, name), read, seen)
            if not added or round_ == self._gleanings:
                break
            request = replace(request, messages=(*asked.messages, *self._glean.fill()))
        return read

    def _review(self, unit: _Unit, drafts: dict[str, Extraction], *, salvage: bool) -> _Read:
        asked = ask_json(self.gate, self._request(unit, drafts), Review, salvage=salvage, again=self._again)
        read = _Read()
        stated = {item.number: item for item in asked.value.records}
        for number, triple in enumerate(_drafted(unit, drafts), 1):
            read.triples.append(self._judged(triple, stated.get(number)))
        for piece in unit:
            draft = drafts[piece.chunk.id]
            read.mentions += [mention for mention in draft.mentions if _inside(mention.span, piece)]
            read.aliases += [alias for alias in draft.aliases if _inside(alias.span, piece)]
        if self._mode == "complete":
            _grounded(asked.value, Grounder(unit, self._ontology, self._name), read, set())
        return read

    def _judged(self, triple: Triple, judgement: Judgement | None) -> Triple:
        """The draft's triple as the model sees it; without evidence where it says "no" or nothing."""
        evidence = replace(triple.evidence, extractor=f"{triple.evidence.extractor}+{self._name}")
        if judgement is None or judgement.stated == "no":
            start = evidence.span.start
            return replace(triple, evidence=replace(evidence, span=Span(start, start), quote="", score=0.0))
        return replace(
            triple,
            predicate=brief(judgement.relation) or triple.predicate,
            subject=replace(triple.subject, type=brief(judgement.subject_type) or triple.subject.type),
            object=replace(triple.object, type=brief(judgement.object_type) or triple.object.type),
            evidence=evidence,
        )

    def _results(
        self, chunks: Sequence[Chunk], asked: set[str], drafts: dict[str, Extraction], read: _Read
    ) -> list[Extraction | Failure]:
        failed: dict[str, Failure] = {}
        for unit, error in read.lost:
            for piece in unit:
                failed[piece.chunk.id] = Failure(
                    "extract", piece.chunk.id, f"LLMCallError:{error.kind}", str(error)
                )
        triples: dict[str, list[Triple]] = {}
        aliases: dict[str, list[Alias]] = {}
        mentions: dict[str, list[Mention]] = {}
        for triple in read.triples:
            triples.setdefault(triple.evidence.chunk_id, []).append(triple)
        for alias in read.aliases:
            aliases.setdefault(alias.chunk_id, []).append(alias)
        for mention in read.mentions:
            mentions.setdefault(mention.chunk_id, []).append(mention)
        results: list[Extraction | Failure] = []
        for chunk in chunks:
            if chunk.id in failed:
                results.append(failed[chunk.id])
            elif chunk.id not in asked:
                results.append(replace(drafts[chunk.id], triples=()))
            else:
                results.append(
                    _extraction(
                        chunk,
                        triples.get(chunk.id, []),
                        aliases.get(chunk.id, []),
                        mentions.get(chunk.id, []),
                    )
                )
        return results


_COMPLETION = (
    'Then write down in "triples" and "aliases" the relations and other names that the records left out, '
    'with names as complete as the passage gives them, pronouns and descriptions in the "words" fields, and '
    "the shortest quote that states the relation, copied character for character."
)
_NO_COMPLETION = 'Leave "triples" and "aliases" empty.'


def _grounded(answer: Answer, grounder: Grounder, read: _Read, seen: set[tuple[object, ...]]) -> int:
    """Add an answer's records to `read`; how many were new."""
    added = 0
    for record in answer.triples:
        triple = grounder.triple(record)
        key = (
            triple.evidence.chunk_id,
            triple.subject.name,
            triple.subject.span,
            triple.predicate,
            triple.object.name,
            triple.object.span,
        )
        if key not in seen:
            seen.add(key)
            read.triples.append(triple)
            added += 1
    for record_ in answer.aliases:
        alias = grounder.alias(record_)
        if alias is not None and alias not in read.aliases:
            read.aliases.append(alias)
    return added


def _extraction(
    chunk: Chunk, triples: list[Triple], aliases: list[Alias], mentions: list[Mention]
) -> Extraction:
    found = {(m.span, m.name, m.type): m for m in mentions}
    for triple in triples:
        if triple.evidence.quote:
            for mention in (triple.subject, triple.object):
                found.setdefault((mention.span, mention.name, mention.type), mention)
    ordered = sorted(found.values(), key=lambda m: (m.span, m.name, m.type or ""))
    return Extraction(chunk.id, tuple(ordered), tuple(triples), tuple(aliases), detect_language(chunk.text))


def _drafted(unit: _Unit, drafts: dict[str, Extraction]) -> list[Triple]:
    return [
        triple
        for piece in unit
        for triple in (drafts[piece.chunk.id].triples if piece.chunk.id in drafts else ())
        if _inside(triple.evidence.span, piece)
    ]


def _listed(triples: list[Triple]) -> str:
    lines = []
    for number, triple in enumerate(triples, 1):
        quote = " ".join(triple.evidence.quote.split())
        lines.append(f"{number}. {triple.subject.name} | {triple.predicate} | {triple.object.name} | {quote}")
    return "\n".join(lines)


def _inside(span: Span, piece: Piece) -> bool:
    return piece.offset <= span.start < piece.offset + (piece.end - piece.start) or (
        span.start == piece.offset == piece.chunk.span.start
    )


def _split(unit: _Unit) -> tuple[_Unit, ...]:
    """Two halves of a unit; none where it is too small to split."""
    if len(unit) > 1:
        middle = len(unit) // 2
        return unit[:middle], unit[middle:]
    piece = unit[0]
    text = piece.text
    if len(text) < 2 * _SMALLEST:
        return ()
    cut = _boundary(text)
    first = replace(piece, end=piece.start + cut)
    return (first,), (replace(piece, start=piece.start + cut),)


def _boundary(text: str) -> int:
    """Where to cut a text in two: a line or sentence end near the middle, else a blank, else the middle."""
    middle, reach = len(text) // 2, len(text) // 3
    for mark in ("\n", ". ", "! ", "? ", "\u3002", " "):
        after = text.find(mark, middle, middle + reach)
        before = text.rfind(mark, middle - reach, middle)
        places = [place + len(mark) for place in (after, before) if place >= 0]
        if places:
            return min(places, key=lambda place: abs(place - middle))
    return middle
