"""What one document contributes to the graph, and how contributions read when merged.

`contribute` is a pure function of a document's extraction and verdicts. Merging is set union:
entities and relations are grouped views over contributions, their names, types, aliases and
weights derived from the multiset, so the order of documents cannot matter and nothing counts twice.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from graphrag.datamodel import (
    CheckedTriple,
    Chunk,
    Document,
    Evidence,
    Extraction,
    Failure,
    Mention,
    Relation,
)
from graphrag.datamodel import Link as MentionLink
from graphrag.errors import DataError
from graphrag.ids import chunk_id
from graphrag.names import is_generic, normal_form, split_qualifier
from graphrag.resolution import CORROBORATED, STATED, TAGGED, Term, Types, majority_type, specific_type

VALUE_TYPES = frozenset(
    ["DATE", "TIME", "NUMBER", "MONEY", "PERCENT", "QUANTITY", "CARDINAL", "ORDINAL", "DURATION"]
)


@dataclass(frozen=True, slots=True)
class IngestedDocument:
    """A document with all that was read out of it: what `Ledger.apply` takes in.

    Attributes:
        chunks: In order; ``chunk.text == document.text[span]`` and the id is `ids.chunk_id`.
        results: One per chunk, in order.
        triples: The verdicts on all triples of `results`, rejected ones included.
    """

    document: Document
    chunks: tuple[Chunk, ...]
    results: tuple[Extraction | Failure, ...]
    triples: tuple[CheckedTriple, ...]


class Fact(NamedTuple):
    """An accepted triple: `head` and `tail` index `Contribution.terms`, `chunk` counts from 0."""

    chunk: int
    head: int
    relation: str
    tail: int
    start: int
    end: int
    extractor: str
    score: float


@dataclass(slots=True)
class Contribution:
    """What a document adds to the multisets from which the graph is derived.

    Attributes:
        terms: Distinct, sorted.
        forms: For each term the spellings of its name, with their counts.
        mentions: For each chunk (term, start, end), sorted, distinct.
        facts: Sorted, distinct.
        aliases: (fuller term, other term, kind), sorted, distinct.
        subject: Term that the title names; None if the text never uses the name.
    """

    terms: list[Term] = field(default_factory=list)
    forms: list[dict[str, int]] = field(default_factory=list)
    mentions: list[list[tuple[int, int, int]]] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    aliases: list[tuple[int, int, str]] = field(default_factory=list)
    subject: int | None = None


def check_ingested(item: IngestedDocument) -> None:
    """Refuse records that break the invariants everything rests on.

    Raises:
        DataError: If a chunk does not quote its document, results and chunks do not pair up, or an
            accepted triple's evidence lies outside its chunk.
    """
    document = item.document
    if len(item.chunks) != len(item.results):
        raise DataError(
            f'document "{document.key}": {len(item.results)} results for {len(item.chunks)} chunks; '
            "an extractor must return one per chunk, in order"
        )
    for chunk, result in zip(item.chunks, item.results, strict=True):
        start, end = chunk.span.start, chunk.span.end
        if chunk.text != document.text[start:end] or chunk.id != chunk_id(document.id, start, end):
            raise DataError(f'document "{document.key}": chunk {chunk.id} does not quote it at {start}:{end}')
        if isinstance(result, Extraction) and result.chunk_id != chunk.id:
            raise DataError(f'document "{document.key}": a result for {result.chunk_id} stands at {chunk.id}')
    known = {chunk.id for chunk in item.chunks}
    for checked in item.triples:
        triple = checked.triple
        if not checked.accepted:
            continue
        if triple.evidence.chunk_id not in known:
            raise DataError(
                f'document "{document.key}": the evidence of {checked.id} is in none of its chunks'
            )
        if not (triple.subject.name.strip() and triple.object.name.strip()):
            raise DataError(f'document "{document.key}": {checked.id} is accepted, but one end has no name')


def contribute(item: IngestedDocument, types: Types) -> Contribution:
    """Work out what a document says, name by name. One name has one sense in a document.

    O(mentions + triples).
    """
    return _Contributor(item, types).run()


class _Name:
    """What the document says of one normal form."""

    __slots__ = ("fact", "forms", "index", "name", "stated", "tagged")

    def __init__(self, name: str) -> None:
        self.name = name
        self.forms: dict[str, int] = {}
        self.stated: dict[str, int] = {}
        self.fact: dict[str, int] = {}
        self.tagged: dict[str, int] = {}
        self.index = -1


class _Contributor:
    def __init__(self, item: IngestedDocument, types: Types) -> None:
        self._item = item
        self._types = types
        # By normal form and what a qualifier adds to it; and as spelt.
        self._names: dict[tuple[str, str], _Name] = {}
        self._by_text: dict[str, _Name | None] = {}
        self._values: dict[tuple[str, str], _Name] = {}
        self._chunks = {chunk.id: ordinal for ordinal, chunk in enumerate(item.chunks)}
        # Rows of (named thing, start, end) and facts, until terms have their places.
        self._mentions: list[set[tuple[_Name, int, int]]] = [set() for _ in item.chunks]
        self._facts: dict[tuple[int, _Name, str, _Name, int, int, str], float] = {}
        self._aliases: set[tuple[_Name, _Name, str]] = set()
        title, qualifier = split_qualifier(item.document.title)
        self._subject = normal_form(title) if title else ""
        self._qualifier = normal_form(qualifier) if qualifier else "="

    def run(self) -> Contribution:
        values = self._read_facts()
        self._read_mentions(values)
        self._read_aliases()
        result = Contribution()
        self._place_terms(result)
        for row in self._mentions:
            result.mentions.append(sorted({(name.index, start, end) for name, start, end in row}))
        result.facts = sorted(
            Fact(chunk, head.index, relation, tail.index, start, end, extractor, score)
            for (chunk, head, relation, tail, start, end, extractor), score in self._facts.items()
        )
        result.aliases = sorted((full.index, other.index, kind) for full, other, kind in self._aliases)
        subject = self._names.get((self._subject, self._qualifier))
        if subject is not None:
            result.subject = subject.index
        return result

    def _named(self, name: str) -> _Name | None:
        if name in self._by_text:
            return self._by_text[name]
        plain, qualifier = split_qualifier(name) if name.endswith((")", "）")) else (name, "")
        normal, mark = normal_form(plain), normal_form(qualifier)
        if normal == self._subject and mark in ("", self._qualifier):
            # The document's own title is what its bare name means here.
            mark = self._qualifier
        found = self._names.get((normal, mark)) if normal else None
        if found is None and normal:
            found = self._names[normal, mark] = _Name(plain)
        self._by_text[name] = found
        return found

    def _read_facts(self) -> set[tuple[int, int, int]]:
        values = set()
        for checked in self._item.triples:
            if checked.decision == "reject":
                continue
            evidence = checked.triple.evidence
            ordinal = self._chunks[evidence.chunk_id]
            head_mention, tail_mention = checked.head, checked.tail
            head = self._named(head_mention.name)
            if checked.literal:
                tail = self._value(tail_mention, checked.object_type)
                values.add((ordinal, tail_mention.span.start, tail_mention.span.end))
            else:
                tail = self._named(tail_mention.name)
                if tail is not None and checked.object_type:
                    _count(tail.fact, self._borne_out(checked, tail_mention, checked.object_type))
            if head is None or tail is None:
                continue
            if checked.subject_type:
                _count(head.fact, self._borne_out(checked, head_mention, checked.subject_type))
            self._mentions[ordinal].add((head, head_mention.span.start, head_mention.span.end))
            self._mentions[ordinal].add((tail, tail_mention.span.start, tail_mention.span.end))
            key = (ordinal, head, checked.relation, tail, *_span(evidence), evidence.extractor)
            self._facts[key] = max(checked.score, self._facts.get(key, 0.0))
        return values

    def _borne_out(self, checked: CheckedTriple, mention: Mention, kind: str) -> str:
        """What a fact says of the type of an end.

        Only a relation's own words bear out a type narrower than what was read: "is a citizen of" tells
        of a country, while "is from" was taken for it and its range followed.
        """
        kind = self._types.key(kind)
        read = self._types.of(mention.type)
        if checked.aligned_loosely and read and self._types.is_a(kind, read):
            return read
        return kind

    def _value(self, mention: Mention, object_type: str | None) -> _Name | None:
        text = mention.value or mention.text
        kind = mention.type or object_type or "Value"
        normal = text.strip().casefold() if mention.value else normal_form(text)
        if not normal:
            return None
        found = self._values.setdefault((normal, kind), _Name(text))
        _count(found.forms, text)
        return found

    def _read_mentions(self, values: set[tuple[int, int, int]]) -> None:
        of = self._types.of
        for ordinal, result in enumerate(self._item.results):
            if isinstance(result, Failure):
                continue
            row = self._mentions[ordinal]
            for mention in result.mentions:
                start, end = mention.span.start, mention.span.end
                if (
                    mention.value is not None
                    or mention.type in VALUE_TYPES
                    or (ordinal, start, end) in values
                ):
                    # A value is a node only where a fact holds it; `_read_facts` has seen to that.
                    continue
                name = self._named(mention.name)
                if name is None:
                    continue
                row.add((name, start, end))
                if mention.link is MentionLink.SELF:
                    _count(name.forms, name.name if mention.name.endswith(")") else mention.name)
                kind = of(mention.type)
                if kind is not None and mention.link is not MentionLink.PRONOUN:
                    _count(name.stated if mention.type_stated else name.tagged, kind)

    def _place_terms(self, result: Contribution) -> None:
        rows: list[tuple[Term, _Name]] = []
        for (normal, qualifier), name in self._names.items():
            kind, strength = self._type(name)
            kind = self._types.told_by(name.name, kind)
            rows.append((Term(normal, kind, strength, qualifier, False), name))
        for (normal, kind), name in self._values.items():
            rows.append((Term(normal, kind, TAGGED, "", True), name))
        rows.sort(key=lambda row: row[0])
        for index, (term, name) in enumerate(rows):
            name.index = index
            result.terms.append(term)
            result.forms.append(name.forms or {name.name: 1})

    def _type(self, name: _Name) -> tuple[str, int]:
        types = self._types
        if name.stated:
            return specific_type(name.stated, name.stated, types), STATED
        tagged = specific_type(name.tagged, {}, types) if name.tagged else ""
        fact = specific_type(name.fact, name.fact, types) if name.fact else ""
        if not fact:
            return tagged, TAGGED
        if not types.related(fact, tagged):
            return fact, TAGGED
        return (fact if types.is_a(fact, tagged) else tagged), CORROBORATED

    def _read_aliases(self) -> None:
        for result in self._item.results:
            if isinstance(result, Failure):
                continue
            for alias in result.aliases:
                if is_generic(alias.name) or is_generic(alias.alias):
                    continue
                full, other = self._named(alias.name), self._named(alias.alias)
                if full is None or other is None or full is other:
                    continue
                _count(other.forms, alias.alias)
                if not (other.tagged or other.stated or other.fact):
                    # The text says it is the same thing, so it is of the same type.
                    for votes in (full.stated, full.fact, full.tagged):
                        for kind in votes:
                            other.tagged.setdefault(kind, 1)
                self._aliases.add((full, other, alias.kind))


def _count(counts: dict[str, int], key: str) -> None:
    counts[key] = counts.get(key, 0) + 1


def _span(evidence: Evidence) -> tuple[int, int]:
    return evidence.span.start, evidence.span.end


def pick_names(forms: Mapping[str, int]) -> tuple[str, tuple[str, ...]]:
    """The most frequent spelling, ties to the first in order; the others sorted."""
    best = min(forms, key=lambda form: (-forms[form], form))
    return best, tuple(sorted(form for form in forms if form != best))


def entity_type(terms: Sequence[tuple[Term, int]], types: Types) -> str:
    """An entity's type from its terms and their numbers of documents; "Entity" if none is known."""
    return majority_type(terms, types)[0] or "Entity"


def stated_within(relations: Iterable[Relation], chunk_ids: Collection[str]) -> list[Relation]:
    """Those of the relations that these chunks state, in order, as far as they do; see `KnowledgeView`."""
    found = []
    for relation in relations:
        evidence = tuple(item for item in relation.evidence if item.chunk_id in chunk_ids)
        if evidence:
            found.append(replace(relation, evidence=evidence, weight=weigh(evidence)))
    return found


def weigh(evidence: Sequence[Evidence]) -> float:
    """A relation's weight: the number of passages that state it; overlapping chunks count once."""
    return float(len({(item.document_id, item.span) for item in evidence}))
