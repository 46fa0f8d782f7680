"""From a stream of documents to committed batches: skip what is fresh, read, apply, account.

Every document and chunk ends in exactly one count of the report; nothing is dropped in silence.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from graphrag.config import Config, ExtractionConfig
from graphrag.datamodel import USER_GRAPH, Document, Failure
from graphrag.errors import PipelineError
from graphrag.ids import fingerprint

if TYPE_CHECKING:
    from graphrag.interfaces import Executor, Extractor, Progress
    from graphrag.store.ledger import IngestedDocument, Ledger
    from ontology import Ontology

# A transaction's bounds: of memory, and of reading that a killed build has to do again.
_MOST_DOCUMENTS = 8192
_MOST_SECONDS = 10.0

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass
class IngestReport:
    """What one run did. Documents seen = added + replaced + unchanged + failed.

    Attributes:
        failures: Documents and chunks that could not be read, each with its reason.
        rejected: Triples in the quarantine, by reason.
        changed_settings: Whether stored documents were read again because extraction differs.
    """

    added: int = 0
    replaced: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: int = 0
    chunks_ok: int = 0
    chunks_empty: int = 0
    chunks_failed: int = 0
    triples: int = 0
    accepted: int = 0
    repaired: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    changed_settings: bool = False

    @property
    def seen(self) -> int:
        return self.added + self.replaced + self.unchanged + self.failed

    @property
    def chunks(self) -> int:
        return self.chunks_ok + self.chunks_empty + self.chunks_failed


def documents_per_commit(stored: int, least: int) -> int:
    """How many documents a transaction takes in: more as the base grows.

    A transaction writes every page that it touches, and names, facts and edges lie all over the file. With
    transactions of one size the cost of a document would grow with the base until each row has a page
    to itself; with transactions that grow in step it stays level.

    Args:
        stored: Documents in the base.
        least: Documents of the smallest transaction.
    """
    return max(least, min(stored // 32, _MOST_DOCUMENTS))


class Ingest:
    """One run of documents into a store."""

    def __init__(
        self,
        ledger: Ledger,
        config: Config,
        ontology: Ontology | None,
        *,
        extractor: Extractor | None = None,
        executor: Executor | None = None,
    ) -> None:
        """Prepare a run; `executor` reads batches, here if absent."""
        from graphrag.checking import Checker
        from graphrag.reading import ReadingTask, reader_for
        from ontology import dump_ontology

        self._ledger = ledger
        self._config = config
        self._ontology = ontology
        self._extractor = extractor
        self._executor: Executor = executor or _Here()
        self._task: Callable[[Sequence[Document]], list[IngestedDocument]]
        if extractor is not None:
            # An extractor made by the caller (a model behind a gate) stays in this process.
            self._task = reader_for(config, ontology, extractor).read
        else:
            schema = dump_ontology(ontology) if ontology is not None else None
            self._task = ReadingTask(config.model_dump_json(), schema, Checker.fingerprint_of(config))

    @staticmethod
    def fingerprint_of(config: Config, extractor: Extractor | None) -> str:
        """Changes when what is read out of an unchanged document may change."""
        reader = extractor.fingerprint if extractor else _own_reader(config.extraction.model_dump_json())
        return fingerprint([config.chunking.model_dump(mode="json"), reader])

    def run(
        self,
        documents: Iterable[Document | Failure],
        report: IngestReport,
        *,
        total: int | None,
        prune: bool,
        progress: Progress,
    ) -> None:
        """Read what is new or edited and commit it, a transaction per batch.

        Args:
            report: Counts and failures are added to it as the run goes on.
            total: How many documents the stream holds, if known; for progress alone.
            prune: Remove documents whose keys are not in the stream.

        Raises:
            PipelineError: If more than the configured share of the chunks failed.
        """
        current = self.fingerprint_of(self._config, self._extractor)
        held = dict(self._ledger.known())
        self._check_again(stored=bool(held))
        stale = self._ledger.meta["extractor"] != current
        report.changed_settings = stale and bool(held)
        fresh: dict[str, str] = {} if stale else self._ledger.fresh()
        seen: set[str] = set()
        progress.start("reading documents", total)
        try:
            self._ingest(self._select(documents, fresh, seen, report, progress), held, report, progress)
            if stale:
                # Documents that are not in the stream were read with other settings: read them again,
                # or the base would not equal a build from scratch.
                others = sorted(set(held) - seen) if not prune else []
                texts = (d for d in self._ledger.documents_by_key(others) if d.source != USER_GRAPH)
                self._ingest(texts, held, report, progress)
                self._ledger.set_meta("extractor", current)
        finally:
            progress.finish()
        gone = sorted(set(held) - seen) if prune else []
        if gone:
            self._ledger.apply((), gone)
            report.removed = len(gone)

    def _check_again(self, *, stored: bool) -> None:
        """Give what was read before the verdicts that it would get today; no text is read for it."""
        from graphrag.checking import Checker

        current = Checker.fingerprint_of(self._config)
        if self._ledger.meta.get("verdicts") == current:
            return
        if stored:
            check = Checker(self._ontology, self._config).check
            self._ledger.recheck(self._ledger.meta["ontology"], check, fingerprint=current)
        else:
            self._ledger.set_meta("verdicts", current)

    def _select(
        self,
        documents: Iterable[Document | Failure],
        fresh: dict[str, str],
        seen: set[str],
        report: IngestReport,
        progress: Progress,
    ) -> Iterator[Document]:
        """The documents that must be read; the rest is counted here."""
        for item in documents:
            if isinstance(item, Failure):
                report.failed += 1
                report.failures.append(item)
                # A file that cannot be read today is not one that was taken away.
                seen.add(item.item_id)
                progress.advance()
            elif item.key in seen:
                report.failed += 1
                report.failures.append(
                    Failure("documents", item.key, "DuplicateKey", f'two documents have the key "{item.key}"')
                )
                progress.advance()
            else:
                seen.add(item.key)
                if fresh.get(item.key) == item.id:
                    report.unchanged += 1
                    progress.advance()
                else:
                    yield item

    def _ingest(
        self, documents: Iterable[Document], held: dict[str, str], report: IngestReport, progress: Progress
    ) -> None:
        least = self._config.build.batch_documents
        waiting: list[IngestedDocument] = []
        applied = time.monotonic()

        def commit() -> None:
            nonlocal applied
            batch = waiting.copy()
            waiting.clear()
            self._ledger.apply(batch)
            applied = time.monotonic()
            self._account(batch, held, report)
            progress.advance(len(batch))

        try:
            for batch in self._executor.map(self._task, _batches(documents, least)):
                waiting += batch
                wanted = documents_per_commit(len(held) + report.added, least)
                if len(waiting) >= wanted or time.monotonic() - applied > _MOST_SECONDS:
                    commit()
        finally:
            # What was read is kept, whatever stopped the reading.
            if waiting:
                commit()

    def _account(self, batch: Sequence[IngestedDocument], held: dict[str, str], report: IngestReport) -> None:
        for item in batch:
            if item.document.key in held:
                report.replaced += 1
            else:
                report.added += 1
            for result in item.results:
                if isinstance(result, Failure):
                    report.chunks_failed += 1
                    report.failures.append(result)
                elif result.triples or result.mentions:
                    report.chunks_ok += 1
                else:
                    report.chunks_empty += 1
            for triple in item.triples:
                report.triples += 1
                if triple.decision == "accept":
                    report.accepted += 1
                elif triple.decision == "repair":
                    report.repaired += 1
                else:
                    report.rejected[triple.reason or "unknown"] += 1
        allowed = self._config.build.max_failed_share * report.chunks
        # A handful of failures says nothing about the whole; judge once a sample has been seen.
        if report.chunks_failed > max(10.0, allowed):
            last = next(failure for failure in reversed(report.failures) if failure.stage != "documents")
            raise PipelineError(
                f"{report.chunks_failed} of {report.chunks} chunks failed, more than build.max_failed_share "
                f"allows; the last: {last.message}. What was committed is kept; mend the cause and run the "
                "same command again"
            )


@lru_cache(maxsize=8)
def _own_reader(settings: str) -> str:
    """Fingerprint of the extractor that settings name; kept, for to tell it loads a language pipeline."""
    from graphrag.registry import make_extractor

    config = Config(extraction=ExtractionConfig.model_validate_json(settings))
    return make_extractor(config, None).fingerprint


class _Here:
    def map(self, function: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
        return map(function, items)


def _batches(documents: Iterable[Document], size: int) -> Iterator[list[Document]]:
    batch: list[Document] = []
    for document in documents:
        batch.append(document)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
