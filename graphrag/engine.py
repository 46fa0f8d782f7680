"""GraphRAG: build, open, change, search and ask a knowledge base.

The object that users hold. It joins the parts and owns no algorithm of its own.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from graphrag.config import Config, stored_config
from graphrag.datamodel import Answer, CheckedTriple, Context, Document, Entity, Failure
from graphrag.errors import ConfigError, NotFoundError, StoreError
from graphrag.ids import canonical_json
from graphrag.ingest import Ingest, IngestReport
from graphrag.progress import Silent
from graphrag.resolution import Decision

if TYPE_CHECKING:
    import networkx as nx

    from graphrag.filters import Filters
    from graphrag.generation.extractive import ExtractiveGenerator
    from graphrag.index.snapshot import SearchIndex
    from graphrag.interfaces import Embedder, Executor, Extractor, Progress, Retriever
    from graphrag.store.ledger import Ledger
    from graphrag.store.neo4j import Neo4jServer
    from ontology import Ontology

_INDEX = "index"

Sources = str | Path | Sequence[str | Path]


class GraphRAG:
    """A knowledge base: its store, its indexes and the ways to ask it.

    Make one with `build` or `open`; use it as a context manager or call `close`. Searching and asking
    are safe from several threads; changing is for one writer at a time.
    """

    def __init__(
        self,
        ledger: Ledger,
        config: Config,
        *,
        embedder: Embedder | None = None,
        extractor: Extractor | None = None,
    ) -> None:
        """Use `build` or `open` instead, unless you hold a ledger of your own."""
        self.view = ledger
        self.config = config
        self.report = IngestReport()
        self._embedder = embedder
        self._extractor = extractor
        self._api_key = ""
        self._index: SearchIndex | None = None
        self._retrievers: dict[str, Retriever] = {}
        self._generator: ExtractiveGenerator | None = None
        self._lock = threading.RLock()

    @classmethod
    def build(
        cls,
        sources: Sources,
        out: str | Path | Neo4jServer,
        *,
        ontology: Ontology | str | Path | None = None,
        config: Config | None = None,
        prune: bool = False,
        extractor: Extractor | None = None,
        embedder: Embedder | None = None,
        executor: Executor | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Make or update the knowledge base in `out` from files and folders.

        Unchanged documents are skipped, edited ones replaced; the result equals a build from scratch.

        Args:
            sources: Files or folders (.txt .md .html .pdf .docx .csv .jsonl).
            ontology: A schema or its file; the settings' or the shipped general one if absent.
            config: Settings; those stored with the knowledge base, or the defaults, if absent.
            prune: Remove documents that are no longer in `sources`.
            extractor: Reads the chunks in place of the one the settings name.
            executor: Where documents are read; here if absent.

        Returns:
            The open knowledge base; `report` on it tells what was done.

        Raises:
            DataError: If a source does not exist or holds no document.
            StoreLockedError: If another process is writing.
        """
        from graphrag.documents import read_documents

        paths = [Path(item) for item in ([sources] if isinstance(sources, str | Path) else sources)]
        base = cls.create(out, ontology=ontology, config=config, extractor=extractor, embedder=embedder)
        try:
            base.ingest(read_documents(paths), prune=prune, executor=executor, progress=progress)
            base.refresh(progress=progress)
        except BaseException:
            base.close()
            raise
        return base

    @classmethod
    def create(
        cls,
        out: str | Path | Neo4jServer,
        *,
        ontology: Ontology | str | Path | None = None,
        config: Config | None = None,
        extractor: Extractor | None = None,
        embedder: Embedder | None = None,
    ) -> Self:
        """Open the knowledge base in `out` for writing, or make an empty one there.

        Settings and ontology given here replace the stored ones; triples are checked again where the
        ontology differs, and documents read again where the extraction differs, on the next `ingest`.
        """
        from graphrag.store.ledger import Ledger

        if _is_neo4j(out):
            return cls._create_in_neo4j(out, ontology, config, extractor, embedder)
        folder = Path(cast("str | Path", out))
        if Ledger.exists(folder):
            base = cls.open(folder, write=True, config=config, extractor=extractor, embedder=embedder)
            base._take(config)
            if ontology is not None or (config is not None and config.ontology.path is not None):
                base.replay(ontology if ontology is not None else config.ontology.path if config else None)
            return base
        settings = config or Config()
        schema = _schema(ontology, settings)
        ledger = Ledger.create(
            folder,
            settings=settings.model_dump(mode="json"),
            ontology=_yaml(schema),
            extractor=Ingest.fingerprint_of(settings, extractor),
        )
        return cls(ledger, settings, extractor=extractor, embedder=embedder)

    @classmethod
    def from_networkx(
        cls,
        graph: nx.Graph[Any],
        out: str | Path,
        *,
        name: str = "name",
        type: str = "type",
        relation: str = "type",
        config: Config | None = None,
    ) -> Self:
        """Make a knowledge base in `out` from a graph of your own, to search and ask.

        Every edge becomes a sentence of a document, so that its facts have evidence like all others.
        The base is in open mode: your types and relations stand as they are.

        Args:
            graph: Directed or not; not modified.
            name: Node attribute with its name; the node itself where it is missing.
            type: Node attribute with its type.
            relation: Edge attribute with the relation.

        Raises:
            DataError: If two nodes read the same as text.
            StoreError: If `out` holds a knowledge base already.
        """
        from itertools import islice

        from graphrag.store.ledger import Ledger
        from graphrag.store.networkx import ingested_from

        if Ledger.exists(Path(out)):
            raise StoreError(f'"{out}" holds a knowledge base already; choose another folder')
        opened = (config or Config()).model_dump(mode="json")
        opened["ontology"] = {"path": None, "open": True}
        base = cls.create(out, config=stored_config(opened, origin="settings"))
        try:
            documents = iter(ingested_from(graph, name=name, type=type, relation=relation))
            while batch := list(islice(documents, base.config.build.batch_documents)):
                base.view.apply(batch)
            base.refresh()
        except BaseException:
            base.close()
            raise
        return base

    @classmethod
    def open(
        cls,
        location: str | Path | Neo4jServer,
        *,
        write: bool = False,
        config: Config | None = None,
        extractor: Extractor | None = None,
        embedder: Embedder | None = None,
    ) -> Self:
        """Open an existing knowledge base, for reading unless `write`.

        Args:
            location: Its folder; or a `Neo4jServer` or its address. Writing to Neo4j goes through a working
                copy and arrives there with `refresh`, or when a ``with`` block ends well.

        Raises:
            NotFoundError: If there is none at `location`.
            StoreDamagedError: If what is there cannot be trusted.
        """
        from graphrag.store.ledger import Ledger

        if _is_neo4j(location):
            ledger = _neo4j_store(location, write=write)
            settings = config or stored_config(
                json.loads(ledger.meta["settings"]), origin=f"{location} (stored)"
            )
            return cls(ledger, settings, extractor=extractor, embedder=embedder)
        folder = Path(cast("str | Path", location))
        if not Ledger.exists(folder):
            raise NotFoundError(
                f'"{folder}" is not a knowledge base; make one with: graphrag build SOURCE --out {folder}'
            )
        ledger = Ledger.open(folder, write=write)
        settings = config or stored_config(json.loads(ledger.meta["settings"]), origin=f"{folder} (stored)")
        return cls(ledger, settings, extractor=extractor, embedder=embedder)

    def close(self) -> None:
        """Give up the store, its lock and the memory-mapped indexes."""
        self._forget()
        self.view.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._publish(Silent())
        finally:
            self.close()

    # Change

    def add(self, documents: Document | Iterable[Document]) -> IngestReport:
        """Add documents, or replace those with known keys, in transactions; exact.

        See `graphrag.documents.make_document` for documents from strings.
        """
        return self.ingest([documents] if isinstance(documents, Document) else documents)

    def remove(self, names: str | Sequence[str]) -> list[str]:
        """Remove documents named by key, id, title or source; the result equals never adding them.

        Returns:
            The removed keys, sorted.

        Raises:
            NotFoundError: If a name fits no document, or a title fits several; nothing is removed.
        """
        wanted = [names] if isinstance(names, str) else list(names)
        keys = sorted({self._document_named(name).key for name in wanted})
        self.view.apply((), keys)
        self._forget()
        return keys

    def merge(self, first: str, second: str, *, first_type: str = "", second_type: str = "") -> None:
        """Decide that two names are one thing, whatever the texts suggest; a later word replaces it.

        The decision survives updates and rebuilds.

        Args:
            first, second: Names as people write them; a qualifier ("Ring (1998 film)") or a type picks one of
                several things of a name.

        Raises:
            DataError: If both name the same.
            NotFoundError: If nothing is called so.
        """
        self._decide(Decision("merge", first, second, first_type, second_type))

    def split(self, first: str, second: str, *, first_type: str = "", second_type: str = "") -> None:
        """Decide that two names are two things; as `merge`."""
        self._decide(Decision("split", first, second, first_type, second_type))

    def forget_decision(
        self, first: str, second: str, *, first_type: str = "", second_type: str = ""
    ) -> None:
        """Take back what was decided about two names, so that the texts count again.

        Raises:
            NotFoundError: If nothing was decided about these names and types.
        """
        self.view.undecide(Decision("merge", first, second, first_type, second_type))
        self._forget()

    def decisions(self) -> list[Decision]:
        """What was decided by `merge` and `split`, sorted by name."""
        return self.view.decisions()

    def _decide(self, decision: Decision) -> None:
        self.view.decide([decision])
        self._forget()

    def ingest(
        self,
        documents: Iterable[Document | Failure],
        *,
        total: int | None = None,
        prune: bool = False,
        executor: Executor | None = None,
        progress: Progress | None = None,
        report: IngestReport | None = None,
    ) -> IngestReport:
        """Add a stream of documents (and `Failure`s of reading), a transaction per batch.

        Args:
            total: How many there are, if known; for progress alone.
            prune: Remove documents whose keys are not in the stream.
            report: Filled as the run goes on, so that a caller has it even when the run fails.
        """
        self.report = report if report is not None else IngestReport()
        ingest = Ingest(self.view, self.config, self.ontology, extractor=self._extractor, executor=executor)
        try:
            ingest.run(documents, self.report, total=total, prune=prune, progress=progress or Silent())
        finally:
            self._forget()
        return self.report

    def replay(self, ontology: Ontology | str | Path | None = None) -> Mapping[str, int]:
        """Check all triples again, without extraction, against `ontology` (or the stored one).

        The result equals a build from scratch with that ontology.

        Returns:
            Counts before and after: accepted, rejected, admitted, dropped.
        """
        from graphrag.checking import Checker

        schema = _schema(ontology, self.config) if ontology is not None else self.ontology
        before = self.view.counts()
        check = Checker(schema, self.config).check
        self.view.recheck(_yaml(schema), check, fingerprint=Checker.fingerprint_of(self.config))
        self.__dict__.pop("ontology", None)
        self._forget()
        after = self.view.counts()
        return {
            "accepted_before": before["triples_accepted"],
            "accepted": after["triples_accepted"],
            "rejected_before": before["triples_rejected"],
            "rejected": after["triples_rejected"],
        }

    def refresh(self, *, progress: Progress | None = None) -> None:
        """Bring communities, reports and indexes up to the store's commit. Searches do so by need."""
        progress = progress or Silent()
        with self._lock:
            if self.view.writable:
                self._refresh_communities(progress)
                self._publish(progress)
            self._open_index(progress)

    # Ask

    def search(
        self,
        question: str,
        *,
        mode: str | None = None,
        k: int | None = None,
        trace: bool = False,
        filters: Filters | None = None,
    ) -> Context:
        """Ranked evidence for a question.

        Args:
            mode: "hybrid", "local", "global", "passages", or "auto" to pick by the question's form.
            k: Passages returned.
            trace: Record how the evidence was found.
            filters: What the search may look at; not for mode "global".

        Raises:
            ConfigError: If the mode is unknown, or filters are given that it cannot obey.
        """
        return self.search_many([question], mode=mode, k=k, trace=trace, filters=filters)[0]

    def search_many(
        self,
        questions: Sequence[str],
        *,
        mode: str | None = None,
        k: int | None = None,
        trace: bool = False,
        filters: Filters | None = None,
    ) -> list[Context]:
        """As `search` for each, in order; questions of one mode are embedded together."""
        from dataclasses import replace

        from graphrag.retrieval import LocalRetriever

        asked = [_question(question) for question in questions]
        modes = [self._mode(question, mode, filtered=filters is not None) for question in asked]
        size = k or self.config.retrieval.k
        found: dict[int, Context] = {}
        for name in dict.fromkeys(name for name, _ in modes):
            places = [place for place, (other, _) in enumerate(modes) if other == name]
            retriever = self._retriever(name)
            if isinstance(retriever, LocalRetriever):
                texts = [asked[place] for place in places]
                contexts = retriever.retrieve_many(texts, k=size, trace=trace, filters=filters)
            elif filters is None:
                contexts = [retriever.retrieve(asked[place], k=size, trace=trace) for place in places]
            else:
                raise ConfigError(f'mode "{name}" cannot filter; use mode hybrid, local or passages')
            found.update(zip(places, contexts, strict=True))
        return [
            replace(found[place], trace={"mode_reason": why, **found[place].trace})
            for place, (_, why) in enumerate(modes)
        ]

    def ask(
        self,
        question: str,
        *,
        mode: str | None = None,
        k: int | None = None,
        trace: bool = False,
        filters: Filters | None = None,
    ) -> Answer:
        """An answer whose every statement cites the words of a source, or an abstention.

        Args: as `search`. Of documents that the filters leave out, no word is read for the answer.
        """
        context = self.search(question, mode=mode, k=k, trace=trace, filters=filters)
        answerer = self._answerer() if filters is None else self._filtered_answerer(filters)
        return answerer.answer(_question(question), context)

    # Look

    @property
    def graph(self) -> nx.MultiDiGraph[str]:
        """The labeled property graph, made afresh from the store: yours to change and analyse."""
        from graphrag.store.networkx import to_networkx

        return to_networkx(self.view, ontology=self.ontology)

    @cached_property
    def ontology(self) -> Ontology | None:
        """The schema that checks the triples; None in open mode."""
        from ontology import load_ontology

        text = self.view.meta["ontology"]
        return load_ontology(text) if text else None

    @cached_property
    def embedder(self) -> Embedder:
        """What turns texts into vectors, loaded on first use."""
        from graphrag.registry import make_embedder

        return self._embedder or make_embedder(self.config, api_key=self._api_key)

    def use_api_key(self, key: str) -> Self:
        """Give the key for embeddings behind a server; it is kept in memory only."""
        self._api_key = key
        return self

    @property
    def index(self) -> SearchIndex:
        """The search index of the current commit, opened or built on first use."""
        return self._open_index(Silent())

    def document(self, document_id: str) -> Document:
        """The document with this id."""
        return self.view.documents_by_id([document_id])[0]

    def entity(self, name: str) -> Entity:
        """The entity called `name` (or with that id).

        Raises:
            NotFoundError: If there is none (the message gives near names).
        """
        entities = self.entities(name)
        if not entities:
            raise NotFoundError(f'no entity is called "{name}"; look with: graphrag search KG "{name}"')
        return entities[0]

    def entities(self, name: str) -> list[Entity]:
        """All entities called `name`, or the one with that id; most connected first."""
        from graphrag.names import normal_form

        if name.startswith("ent-"):
            return self.view.entities_by_id([name])
        return self.view.entities_by_id(self.view.entities_named(normal_form(name)))

    def quarantine(self) -> Iterator[CheckedTriple]:
        """Triples that were rejected, each with its reason and span."""
        return self.view.quarantine()

    def cypher(self, text: str, **parameters: object) -> list[dict[str, Any]]:
        """Rows of a Cypher query that only reads; for a base that lives in Neo4j.

        Args:
            text: A query, or the name of a template (neighbours, evidence, path, passages, similar).
            parameters: Its values; `rows` and `seconds` bound the answer (1,000 and 10). The template
                similar takes `words`, and needs the vectors of ``graphrag neo4j push --vectors``.

        Raises:
            ConfigError: If the base is not in Neo4j.
            DataError: If the query would do more than read the graph.
        """
        run = getattr(self.view, "cypher", None)
        if run is None:
            raise ConfigError(
                "Cypher is for a knowledge base in Neo4j, opened for reading; move it there with: "
                "graphrag neo4j push"
            )
        if text == "similar" and "words" in parameters:
            (vector,) = self.embedder.embed([str(parameters.pop("words"))])
            parameters = {"limit": 8, **parameters, "vector": vector.tolist()}
        rows: list[dict[str, Any]] = run(text, **parameters)
        return rows

    def stats(self) -> dict[str, Any]:
        """Counts, the commit, and the fingerprint of the canonical export."""
        return {**self.view.counts(), "commit": self.view.commit, "fingerprint": self.view.fingerprint()}

    def export(self) -> Iterator[str]:
        """The canonical export: sorted JSON lines, no timestamps; its SHA-256 is the fingerprint."""
        return self.view.export()

    # Private

    def _document_named(self, name: str) -> Document:
        documents = self.view.find_documents(name)
        if not documents:
            raise NotFoundError(
                f'no document is called "{name}" (by key, id, title or source); '
                "list them with: graphrag inspect KG documents"
            )
        if len(documents) > 1:
            keys = ", ".join(document.key for document in documents[:5])
            raise NotFoundError(f'{len(documents)} documents are called "{name}"; name one by key: {keys}')
        return documents[0]

    def _mode(self, question: str, mode: str | None, *, filtered: bool = False) -> tuple[str, str]:
        from graphrag.generation.question import choose_mode

        mode = mode or self.config.retrieval.mode
        if mode == "auto":
            chosen = choose_mode(question)
            return ("hybrid", "filters need passages") if filtered and chosen[0] == "global" else chosen
        if mode not in ("hybrid", "local", "global", "passages"):
            raise ConfigError(f'mode "{mode}" is not one of auto, hybrid, local, global, passages')
        return mode, "as asked"

    def _retriever(self, mode: str) -> Retriever:
        with self._lock:
            if mode not in self._retrievers:
                self._retrievers[mode] = self._make_retriever(mode)
            return self._retrievers[mode]

    def rebuild(self, *, progress: Progress | None = None) -> list[str]:
        """Derive entities, relations, communities and indexes again from what was read.

        See `graphrag.store.ledger.Ledger.restore` for a base too damaged to be opened.

        Returns:
            Keys of documents that are damaged in what was read itself and are lost, sorted; [] mostly.

        Raises:
            StoreDamagedError: If even the settings cannot be read.
        """
        progress = progress or Silent()
        progress.start("deriving the graph", None)
        lost: list[str] = self.view.rebuild() or []
        progress.finish()
        self._forget()
        shutil.rmtree(self.view.folder / _INDEX, ignore_errors=True)
        self.refresh(progress=progress)
        return lost

    @classmethod
    def _create_in_neo4j(
        cls,
        location: object,
        ontology: Ontology | str | Path | None,
        config: Config | None,
        extractor: Extractor | None,
        embedder: Embedder | None,
    ) -> Self:
        from graphrag.store.neo4j import server_at
        from graphrag.store.neo4j_ledger import Neo4jLedger

        settings = config or Config()
        schema = _schema(ontology, settings)
        ledger = Neo4jLedger.attach(
            server_at(cast("Neo4jServer | str", location)),
            settings=settings.model_dump(mode="json"),
            ontology=_yaml(schema),
            extractor=Ingest.fingerprint_of(settings, extractor),
        )
        kept = config or stored_config(json.loads(ledger.meta["settings"]), origin=f"{location} (stored)")
        base = cls(ledger, kept, extractor=extractor, embedder=embedder)
        base._take(config)
        given = ontology is not None or (config is not None and config.ontology.path is not None)
        if given and ledger.meta["ontology"] != _yaml(schema):
            base.replay(schema)
        return base

    def _take(self, config: Config | None) -> None:
        """Let settings that were given replace the stored ones."""
        if config is None:
            return
        given = config.model_dump(mode="json")
        stored = json.loads(self.view.meta["settings"])
        if given != stored:
            self.view.set_meta("settings", canonical_json(given))
            if given["communities"] != stored.get("communities"):
                self.view.outdate_communities()

    def _publish(self, progress: Progress) -> None:
        """Send to Neo4j what was changed, where that is where the base lives."""
        publish = getattr(self.view, "publish", None)
        if publish is not None:
            publish(progress=progress)

    def _answerer(self) -> ExtractiveGenerator:
        """Kept between questions: it remembers the sentences it has read."""
        from graphrag.generation.extractive import ExtractiveGenerator

        with self._lock:
            if self._generator is None:
                self._generator = ExtractiveGenerator(
                    self.view,
                    ontology=self.ontology,
                    search=lambda inner: self.search(inner, mode="hybrid"),
                    embedder=self.embedder,
                )
            return self._generator

    def _filtered_answerer(self, filters: Filters) -> ExtractiveGenerator:
        """One that reads what passes and nothing else."""
        from graphrag.filtered_view import FilteredView
        from graphrag.filters import compile_filters
        from graphrag.generation.extractive import ExtractiveGenerator

        index = self.index
        mask = compile_filters(index, filters).chunks
        chunks = None if mask is None else frozenset(index.chunk_ids.take(mask.nonzero()[0]))
        return ExtractiveGenerator(
            cast("Ledger", FilteredView(self.view, chunks, frozenset(filters.relation_types))),
            ontology=self.ontology,
            search=lambda inner: self.search(inner, mode="hybrid", filters=filters),
            embedder=self.embedder,
        )

    def _make_retriever(self, mode: str) -> Retriever:
        from graphrag.registry import make_retriever

        return make_retriever(
            mode, self.view, self.index, self.embedder, ontology=self.ontology, config=self.config
        )

    def _open_index(self, progress: Progress) -> SearchIndex:
        from graphrag.index.builder import build_search_index
        from graphrag.index.snapshot import open_search_index

        with self._lock:
            if self._index is None:
                folder = self.view.folder / _INDEX
                try:
                    self._index = open_search_index(folder, self.view.commit)
                    if self._index.embedder != self.embedder.name:
                        raise StoreError("made with another embedder")
                except StoreError:
                    progress.start("indexing", None)
                    self._index = build_search_index(self.view, self.embedder, folder)
                    progress.finish()
            return self._index

    def _refresh_communities(self, progress: Progress) -> None:
        from graphrag.communities import refresh_communities

        if self.view.communities_commit != self.view.commit:
            progress.start("communities and reports", None)
            refresh_communities(self.view, self.config, self.ontology)
            progress.finish()

    def _forget(self) -> None:
        """Drop what was derived from an older commit."""
        with self._lock:
            self._retrievers.clear()
            self._generator = None
            self._index = None


def _is_neo4j(location: object) -> bool:
    # Spelled out here so that opening a folder does not import what talks to servers.
    return not isinstance(location, Path) and (
        type(location).__name__ == "Neo4jServer"
        or str(location).lower().startswith(("neo4j:", "neo4j+", "bolt:", "bolt+"))
    )


def _neo4j_store(location: object, *, write: bool) -> Ledger:
    from graphrag.store.neo4j import Connection, server_at
    from graphrag.store.neo4j_ledger import Neo4jLedger
    from graphrag.store.neo4j_view import Neo4jView

    server = server_at(cast("Neo4jServer | str", location))
    if write:
        return Neo4jLedger.attach(server)
    connection = Connection(server, wait_seconds=20)
    try:
        # Reads like the ledger, and says so where something is not kept in Neo4j.
        return cast("Ledger", Neo4jView(connection))
    except BaseException:
        connection.close()
        raise


def _schema(ontology: Ontology | str | Path | None, config: Config) -> Ontology | None:
    from graphrag.registry import make_ontology
    from ontology import Ontology as Schema
    from ontology import load_ontology

    if ontology is None:
        return make_ontology(config)
    return ontology if isinstance(ontology, Schema) else load_ontology(Path(ontology))


def _yaml(ontology: Ontology | None) -> str:
    from ontology import dump_ontology

    return dump_ontology(ontology) if ontology is not None else ""


def _question(question: str) -> str:
    from graphrag.text import clean_line

    question = clean_line(question, max_length=4000)
    if not question:
        raise ConfigError("the question is empty; ask something")
    return question
