"""Every record that travels between modules.

Frozen and slotted. Optional means "may truly be absent", never "filled in later": a later stage
makes a new record. Spans are half-open and count Unicode code points of the *document's* text, so
``document.text[span.start:span.end]`` is always what a record says it quotes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

# Extractor and source of what was not read, but stands in a graph that the user gave.
USER_GRAPH = "networkx"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open range [start, end) of code points in a document's text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    """A source text, never edited after it came through the door (`graphrag.text`).

    Attributes:
        id: Names this version: made from key, title, text and metadata.
        key: Names the document across versions: the `id` of a JSONL line, or the path within
            its source folder. Adding a document with a known key replaces the older version.
        source: Where it was read from, for people.
        metadata: Plain JSON values; used by filters.
    """

    id: str
    key: str
    text: str
    title: str = ""
    source: str = ""
    metadata: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage: ``text == document.text[span.start:span.end]``, always.

    Attributes:
        title: The document's title, since what a passage says often hangs on it.
        ordinal: Position among the document's chunks, from 0.
    """

    id: str
    document_id: str
    span: Span
    text: str
    title: str = ""
    ordinal: int = 0


class Link(StrEnum):
    """How a mention was tied to the name it stands for, inside its document."""

    SELF = "self"  # the text is the name
    TITLE = "title"  # the subject of the document
    PRONOUN = "pronoun"
    DESCRIPTION = "description"  # "the company"
    PARTIAL = "partial"  # "Cook" for "Tim Cook"
    ACRONYM = "acronym"  # "IBM" for "International Business Machines"


@dataclass(frozen=True, slots=True)
class Mention:
    """An occurrence in a text of something that has, or stands for, a name.

    Attributes:
        text: The words at `span`.
        name: The name these words stand for in this document; `text` itself where `link` is SELF.
        type: An entity type as the extractor knows it (PERSON, ORG, LOC, WORK, PRODUCT, EVENT,
            NORP, DATE, NUMBER, MONEY, PERCENT, QUANTITY, MISC, or a type noun it read such as
            "film director"); None if unknown.
        value: For dates, numbers and amounts the normal form ("1955-02-24", "3.5 USD"); else None.
        score: Confidence in [0, 1].
        type_stated: Whether the text states the type ("X is a Dutch film"), rather than the tagger.
    """

    chunk_id: str
    span: Span
    text: str
    name: str
    type: str | None = None
    score: float = 1.0
    link: Link = Link.SELF
    value: str | None = None
    type_stated: bool = False


class Modality(StrEnum):
    """How the text puts a statement. Only ASSERTED ones can become facts."""

    ASSERTED = "asserted"
    NEGATED = "negated"
    HYPOTHETICAL = "hypothetical"  # could, if, plans to, is expected to
    REPORTED = "reported"  # said that, according to, is rumoured to
    QUESTION = "question"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The unit of provenance: `quote` equals the document's text at `span`.

    Attributes:
        extractor: Name of what read it, with the rule or prompt that made it ("spacy:svo").
        score: Confidence in [0, 1].
    """

    document_id: str
    chunk_id: str
    span: Span
    quote: str
    extractor: str
    score: float


@dataclass(frozen=True, slots=True)
class Triple:
    """What one passage states: mention, surface words, mention.

    Attributes:
        predicate: The words of the relation as they stand, preposition included ("was founded by").
        evidence: The clause or sentence that states it, inside one chunk.
    """

    subject: Mention
    predicate: str
    object: Mention
    evidence: Evidence
    modality: Modality = Modality.ASSERTED


@dataclass(frozen=True, slots=True)
class Alias:
    """Two names that the text itself says are one ("International Business Machines (IBM)").

    Attributes:
        name: The fuller name.
        alias: The other one.
        kind: "acronym", "aka", "native" (name in another script), "former", "legal".
    """

    name: str
    alias: str
    kind: str
    chunk_id: str
    span: Span


@dataclass(frozen=True, slots=True)
class Extraction:
    """What an `Extractor` returns for one chunk. Empty is a result, a `Failure` is not.

    Attributes:
        language: ISO 639-1 code of what the extractor took the text for; "und" if unknown.
    """

    chunk_id: str
    mentions: tuple[Mention, ...] = ()
    triples: tuple[Triple, ...] = ()
    aliases: tuple[Alias, ...] = ()
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Failure:
    """One item's error, as data: counted and reported, never swallowed."""

    stage: str
    item_id: str
    error: str
    message: str


@dataclass(frozen=True, slots=True)
class CheckedTriple:
    """A triple with the ontology's verdict.

    Attributes:
        id: Made from the chunk, both mentions' spans and the predicate.
        decision: "accept", "repair" or "reject".
        relation: Key of the ontology's relation; the surface predicate where rejected.
        subject_type, object_type: Keys of ontology types after the check; None if unknown.
        literal: Whether the object is a value (date, number) and not a thing with a name.
        inverted: Whether head and tail were swapped to fit the relation's direction; subject and
            object types above are already in the final direction, `triple` stays as it was read.
        repairs: What was changed, each "kind: detail".
        reason: Code from the ontology's closed list; None unless rejected.
        score: Extraction confidence times alignment score, in [0, 1].
    """

    id: str
    triple: Triple
    decision: str
    relation: str
    subject_type: str | None = None
    object_type: str | None = None
    literal: bool = False
    inverted: bool = False
    repairs: tuple[str, ...] = ()
    reason: str | None = None
    message: str = ""
    score: float = 1.0

    @property
    def accepted(self) -> bool:
        return self.decision != "reject"

    @property
    def aligned_loosely(self) -> bool:
        """Whether the relation was found by kindred words, and not by its own in some form."""
        return any(
            repair.startswith("relation_renamed") and repair.endswith(("(frame)", "(embedding)"))
            for repair in self.repairs
        )

    @property
    def head(self) -> Mention:
        """The mention that becomes the relation's subject, direction put right."""
        return self.triple.object if self.inverted else self.triple.subject

    @property
    def tail(self) -> Mention:
        """The mention that becomes the relation's object, direction put right."""
        return self.triple.subject if self.inverted else self.triple.object


@dataclass(frozen=True, slots=True)
class Entity:
    """A node: one thing in the world, after resolution.

    Attributes:
        type: Key of its most specific well-supported ontology type ("Entity" if none is known).
        aliases: Other names it goes by, sorted.
        description: Derived from its evidence; may be empty.
        literal: Whether it is a value (a date, an amount) rather than a thing with a name.
    """

    id: str
    name: str
    type: str
    aliases: tuple[str, ...] = ()
    description: str = ""
    literal: bool = False


@dataclass(frozen=True, slots=True)
class Relation:
    """A typed edge. Its evidence is a set, never empty, sorted by (document, span, quote).

    Attributes:
        weight: Derived from the evidence set, never incremented.
    """

    id: str
    subject_id: str
    type: str
    object_id: str
    weight: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Community:
    """A group of entities. Level 0 is the finest; `parent_id` is None at the top.

    Attributes:
        id: Hash of its members, so it changes only when they do.
        entity_ids: Sorted.
    """

    id: str
    level: int
    parent_id: str | None
    entity_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a report says, with what it rests on.

    Attributes:
        rank: Importance within the report, higher first.
        relation_ids: Relations that support it; never empty.
        evidence: Spans that support it; never empty.
    """

    text: str
    rank: float
    relation_ids: tuple[str, ...]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What a community is about. It never states what its evidence does not.

    Attributes:
        basis: Hash of the members, relations and evidence it was made from, and of how; while it is
            unchanged the report still holds.
    """

    community_id: str
    title: str
    summary: str
    findings: tuple[Finding, ...]
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Anchor:
    """An entity that the question names or means, with the weight it restarts the walk with.

    Attributes:
        words: The words of the question that were matched.
        how: "name", "typo", "embedding", ...
    """

    entity_id: str
    weight: float
    words: str
    how: str


@dataclass(frozen=True, slots=True)
class Query:
    """The question after linking.

    Attributes:
        relation_types: Relation types that words of the question point to.
    """

    id: str
    text: str
    anchors: tuple[Anchor, ...] = ()
    relation_types: tuple[str, ...] = ()

    @property
    def entity_ids(self) -> tuple[str, ...]:
        return tuple(anchor.entity_id for anchor in self.anchors)


class HitKind(StrEnum):
    """What a hit is a hit of."""

    CHUNK = "chunk"
    ENTITY = "entity"
    RELATION = "relation"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Hit:
    """One ranked result; higher score is better, `rank` starts at 1, ties go by `id`."""

    id: str
    kind: HitKind
    score: float
    rank: int


@dataclass(frozen=True, slots=True)
class Citation:
    """The numbered way back to the text: marker 1 is written ``[1]`` in an answer."""

    marker: int
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class ContextItem:
    """One piece of what the generator may read.

    Attributes:
        marker: Number a citation of it carries.
        tokens: Its share of the budget.
    """

    marker: int
    kind: HitKind
    id: str
    text: str
    evidence: tuple[Evidence, ...]
    tokens: int
    score: float


@dataclass(frozen=True, slots=True)
class Context:
    """What fits the token budget, best first, with what the search did to get there.

    Attributes:
        hits: Ranked passages (kind CHUNK), best first.
        entities: Ranked entities near the question, best first.
        relations: Ranked relations near the question, best first.
        paths: Chains of relations that join the question's anchors to an answer, best first.
        coverage: Share of the corpus's passages that a global search looked at, in [0, 1]; else None.
        trace: Steps of the search as plain data; empty unless asked for.
    """

    query: Query
    mode: str
    hits: tuple[Hit, ...] = ()
    items: tuple[ContextItem, ...] = ()
    entities: tuple[Hit, ...] = ()
    relations: tuple[Hit, ...] = ()
    paths: tuple["Path", ...] = ()
    tokens: int = 0
    coverage: float | None = None
    trace: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One relation walked on a path; `forward` tells whether from subject to object."""

    relation_id: str
    forward: bool


@dataclass(frozen=True, slots=True)
class Path:
    """A chain of relations from an anchor to an entity that may answer the question.

    Attributes:
        entity_ids: One more than `steps`.
        text: For people: ``iPhone <-INVENTED- Apple <-CEO_OF- Tim Cook``.
    """

    entity_ids: tuple[str, ...]
    steps: tuple[Step, ...]
    score: float
    text: str


@dataclass(frozen=True, slots=True)
class Generation:
    """What a `Generator` wrote, and what it cost."""

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    finish_reason: str = "stop"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; saying "not found" (`abstained`) is a first-class one.

    Attributes:
        short: The bare answer (a name, date, number, yes or no) where there is one; else "".
        text: For people: the short answer, its path, supporting sentences with ``[n]`` markers.
        path: How the graph leads from the question to the answer; None where it does not.
        communities: Ids of communities a global answer rests on.
        coverage: Share of the corpus's passages a global answer looked at, in [0, 1]; else None.
        missing: What the sources do not say, where abstained; else "".
    """

    text: str
    citations: tuple[Citation, ...]
    context: Context
    abstained: bool = False
    short: str = ""
    path: Path | None = None
    score: float = 0.0
    communities: tuple[str, ...] = ()
    coverage: float | None = None
    missing: str = ""
