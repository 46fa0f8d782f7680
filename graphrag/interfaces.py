"""The seams: what each exchangeable part promises.

Structural protocols, no base class to inherit. Each docstring is the contract; the suites in
`graphrag.testing` check it on every implementation.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from graphrag.datamodel import (
    Chunk,
    Community,
    Context,
    Document,
    Entity,
    Extraction,
    Failure,
    Generation,
    Relation,
    Report,
    Span,
)

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
Floats = NDArray[np.float32]


class Chunker(Protocol):
    """Splits a document."""

    def split(self, document: Document) -> list[Chunk]:
        """Cut on sentence boundaries, in order; chunks quote the document exactly and cover it.

        Every character that is not blank lies in some chunk. A document of blanks gives no chunks.
        """
        ...


class Extractor(Protocol):
    """Reads mentions and triples out of chunks."""

    @property
    def fingerprint(self) -> str:
        """Changes when, and only when, results may change (model, rules, prompt, settings)."""
        ...

    def extract(self, chunks: Sequence[Chunk]) -> list[Extraction | Failure]:
        """One result per chunk, in order. Never raises for what a text holds.

        Chunks of one document stand together and in order, so that pronouns and partial names can
        be resolved inside the document. A chunk's result depends on its own document only, never
        on the others in the call.
        """
        ...


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into vectors."""

    @property
    def name(self) -> str:
        """Names model and version; an index built with another name is not used."""
        ...

    @property
    def dim(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Floats:
        """(n, dim) float32 with unit rows, in order; an empty text gives a zero row."""
        ...


class VectorIndex(Protocol):
    """Nearest neighbours by cosine, of unit vectors with string ids."""

    def __len__(self) -> int: ...

    def add(self, ids: Sequence[str], vectors: Floats) -> None:
        """Insert, or replace where the id is known. Grows as needed."""
        ...

    def remove(self, ids: Iterable[str]) -> None:
        """Delete; unknown ids are ignored."""
        ...

    def search(self, queries: Floats, k: int) -> tuple[list[list[str]], list[list[float]]]:
        """Ids and cosine similarities per query, best first, ties by id; fewer than k if it holds fewer."""
        ...

    def save(self, path: Path) -> None: ...

    def load(self, path: Path) -> None: ...


class LexicalIndex(Protocol):
    """Keyword search over texts with string ids."""

    def __len__(self) -> int: ...

    def add(self, ids: Sequence[str], texts: Sequence[str]) -> None:
        """Insert, or replace where the id is known."""
        ...

    def remove(self, ids: Iterable[str]) -> None:
        """Delete; unknown ids are ignored."""
        ...

    def search(self, queries: Sequence[str], k: int) -> tuple[list[list[str]], list[list[float]]]:
        """Ids and scores per query, best first, ties by id; only texts that share a word with it."""
        ...

    def save(self, path: Path) -> None: ...

    def load(self, path: Path) -> None: ...


class GraphStore(Protocol):
    """Holds the labeled property graph with the way back to its sources.

    All writes are idempotent: the same call twice leaves the same graph, because ids come from
    content and every value is set, never incremented.
    """

    def write(
        self,
        *,
        documents: Iterable[Document] = (),
        chunks: Iterable[Chunk] = (),
        entities: Iterable[Entity] = (),
        relations: Iterable[Relation] = (),
        communities: Iterable[Community] = (),
        reports: Iterable[Report] = (),
    ) -> None:
        """Insert or replace by id. A relation whose ends are unknown raises StoreError."""
        ...

    def delete(self, ids: Iterable[str]) -> None:
        """Delete records of any kind by id, with the edges that hang on them."""
        ...

    def documents(self) -> Iterator[Document]:
        """All, sorted by id; so are the other streams."""
        ...

    def chunks(self) -> Iterator[Chunk]: ...

    def entities(self) -> Iterator[Entity]: ...

    def relations(self) -> Iterator[Relation]: ...


class Retriever(Protocol):
    """Finds what in the knowledge base bears on a question."""

    def retrieve(self, question: str, *, k: int = 8, trace: bool = False) -> Context:
        """At most k passages with the graph around them, best first. Asking for k is a prefix of k + 1."""
        ...


class Generator(Protocol):
    """Writes text from a prompt."""

    def generate(self, prompt: str, *, max_tokens: int, seed: int = 0) -> Generation: ...


class Executor(Protocol):
    """Runs a function over items: here, in threads, in processes or on a cluster."""

    def map(self, function: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
        """Results in the order of the items, as soon as each is ready."""
        ...


class Progress(Protocol):
    """Hears how far long work has come. The silent default is `graphrag.progress.Silent`."""

    def start(self, stage: str, total: int | None) -> None: ...

    def advance(self, count: int = 1) -> None: ...

    def finish(self) -> None: ...


class GraphRecords(Protocol):
    """The part of a `KnowledgeView` that reports are made from."""

    def entities(self) -> Iterator[Entity]:
        """All entities, sorted by id."""
        ...

    def relations(self) -> Iterator[Relation]:
        """All relations, sorted by id."""
        ...


@runtime_checkable
class LightGraph(Protocol):
    """Records that can tell their graph without names and evidence, in a fraction of the time."""

    def things(self) -> list[str]:
        """Ids of all entities that are no values, sorted."""
        ...

    def ties(self) -> Iterator[tuple[str, str, float]]:
        """Ids of two things and the weight of the relations from the first to the second, added up."""
        ...


class KnowledgeView(Protocol):
    """A consistent reading view of one commit of a knowledge base.

    What indexes are built from and what search reads. Streams are sorted by id (pairs by both
    parts) and hold the same content however the documents arrived. Look-ups by id return records
    in the order asked for and raise NotFoundError for an unknown id.
    """

    @property
    def commit(self) -> int:
        """Number of the commit, from 1; grows with each change of content."""
        ...

    def documents(self) -> Iterator[Document]: ...

    def chunks(self) -> Iterator[Chunk]: ...

    def entities(self) -> Iterator[Entity]: ...

    def relations(self) -> Iterator[Relation]: ...

    def names(self) -> Iterator[tuple[str, str]]:
        """(normal form, entity id) of every name and alias, sorted; one form may name several."""
        ...

    def mentions(self) -> Iterator[tuple[str, str, Span]]:
        """(chunk id, entity id, span) of every mention, sorted; the span counts in the document."""
        ...

    def subjects(self) -> Iterator[tuple[str, str]]:
        """(document id, id of the entity that its title names), sorted."""
        ...

    def documents_by_id(self, ids: Sequence[str]) -> list[Document]: ...

    def chunks_by_id(self, ids: Sequence[str]) -> list[Chunk]: ...

    def entities_by_id(self, ids: Sequence[str]) -> list[Entity]: ...

    def relations_by_id(self, ids: Sequence[str]) -> list[Relation]: ...

    def relations_within(self, ids: Sequence[str], chunk_ids: Sequence[str]) -> list[Relation]:
        """Those of the relations that these chunks state, in the order asked for, as far as they do.

        Evidence and weight are of these chunks alone. What it costs does not grow with the evidence that
        a relation has elsewhere. Unknown ids are left out.
        """
        ...

    def entities_named(self, normal: str) -> list[str]:
        """Ids of the entities with this normal form among their names, sorted; [] if none."""
        ...

    def communities(self) -> Iterator[Community]: ...

    def reports_by_id(self, community_ids: Sequence[str]) -> list[Report]: ...


class Changed(NamedTuple):
    """What may differ since a commit; each is to be read again, and is gone if it cannot be found.

    Attributes:
        documents, entities: Ids.
        moved: Ids of entities that lost a name to another one: where they were mentioned, others may be.
        relations: The first 63 bits of the hash in each id.
    """

    documents: set[str]
    entities: set[str]
    moved: set[str]
    relations: set[int]


@runtime_checkable
class ChangingView(KnowledgeView, Protocol):
    """A view that can tell what has changed, so that an index need not read everything again.

    Look-ups leave out what is not there and are sorted as the streams are.
    """

    @property
    def state(self) -> str:
        """Fingerprint of the content and of what it was derived with."""
        ...

    def changed_since(self, commit: int, state: str) -> Changed | None:
        """What may differ from the commit that had this state; None if that is not known."""
        ...

    def documents_among(self, ids: Collection[str]) -> list[Document]: ...

    def chunks_among(self, document_ids: Collection[str]) -> list[Chunk]:
        """The chunks of these documents."""
        ...

    def mentions_among(self, chunk_ids: Collection[str]) -> list[tuple[str, str, Span]]: ...

    def entities_among(self, ids: Collection[str]) -> list[Entity]: ...

    def names_among(self, entity_ids: Collection[str]) -> list[tuple[str, str]]:
        """(normal form, entity id) of the names of these entities."""
        ...

    def relations_among(self, hashes: Collection[int]) -> list[Relation]:
        """Relations by the first 63 bits of the hash in their ids."""
        ...
