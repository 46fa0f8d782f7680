"""A batch build: read, commit, report; skips what is fresh and resumes where it stopped."""

import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphrag.config import Config
from graphrag.datamodel import Failure
from graphrag.documents import Listing, list_files, read_documents
from graphrag.engine import GraphRAG
from graphrag.errors import DataError, GraphRAGError, NotFoundError, PartialBuildError
from graphrag.ids import canonical_json
from graphrag.ingest import IngestReport
from graphrag.interfaces import Progress
from graphrag.registry import make_ontology
from pipelines.executors import executor_for
from pipelines.knowledge import folder_of, place_of
from pipelines.model import estimate, lend_embedding_key, open_extractor, write_reports

if TYPE_CHECKING:
    from graphrag.extraction.llm import LLMExtractor


@dataclass(frozen=True)
class BuildOptions:
    """What one run is told besides its settings; fields as the flags of ``graphrag build``."""

    prune: bool = False
    estimate: bool = False
    max_cost: float | None = None
    dry_run: bool = False


@dataclass(frozen=True)
class BuildReport:
    """What a run did, for people and programs.

    Attributes:
        stats: Counts of the whole knowledge base after the run; empty for a dry run.
        seconds: Wall-clock time; reported, and no part of any result.
        model: Calls, tokens and money of a model; empty where none was asked.
    """

    kg: str
    ingest: IngestReport
    stats: dict[str, Any]
    seconds: float
    error: str = ""
    plan: str = ""
    model: dict[str, Any] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0, or 3 where a document or chunk could not be read."""
        return PartialBuildError.exit_code if self.ingest.failures else 0

    def as_json(self) -> dict[str, Any]:
        """Plain data, as ``--json`` and ``report.json`` hold it."""
        ingest = self.ingest
        return {
            "kg": self.kg,
            "documents": {
                "seen": ingest.seen,
                "added": ingest.added,
                "replaced": ingest.replaced,
                "unchanged": ingest.unchanged,
                "removed": ingest.removed,
                "failed": ingest.failed,
            },
            "chunks": {
                "seen": ingest.chunks,
                "ok": ingest.chunks_ok,
                "empty": ingest.chunks_empty,
                "failed": ingest.chunks_failed,
            },
            "triples": {
                "proposed": ingest.triples,
                "accepted": ingest.accepted,
                "repaired": ingest.repaired,
                "rejected": dict(sorted(ingest.rejected.items())),
            },
            "failures": [asdict(failure) for failure in ingest.failures],
            "stats": self.stats,
            "seconds": round(self.seconds, 3),
            "error": self.error,
            "plan": self.plan,
            "model": self.model,
        }

    def as_text(self) -> str:
        """The same for a terminal."""
        ingest = self.ingest
        if self.plan:
            return self.plan
        lines = [
            f"documents  {ingest.seen:,} seen: {ingest.added:,} added, {ingest.replaced:,} replaced, "
            f"{ingest.unchanged:,} unchanged, {ingest.failed:,} failed; {ingest.removed:,} removed",
        ]
        if ingest.changed_settings:
            lines.append("           settings of extraction changed: stored documents were read again")
        if ingest.chunks:
            rejected = sum(ingest.rejected.values())
            lines += [
                f"chunks     {ingest.chunks:,}: {ingest.chunks_ok:,} ok, {ingest.chunks_empty:,} empty, "
                f"{ingest.chunks_failed:,} failed",
                f"triples    {ingest.triples:,} proposed: {ingest.accepted:,} accepted, "
                f"{ingest.repaired:,} repaired and accepted, {rejected:,} quarantined",
            ]
        lines.append(
            f"graph      {self.stats['entities']:,} entities, {self.stats['relations']:,} relations, "
            f"{self.stats['communities']:,} communities"
        )
        if self.model:
            used, cost = self.model, self.model["cost"]
            price = "no price known" if cost is None else f"{cost:.4f} US dollars"
            lines.append(
                f"model      {used['calls']:,} calls, {used['cached']:,} answers from the ledger, "
                f"{used['prompt_tokens']:,} + {used['completion_tokens']:,} tokens, {price}"
            )
        lines.append(f"done in {self.seconds:.1f} s: {self.kg}")
        for failure in ingest.failures[:20]:
            lines.append(f"failed: {failure.item_id}: {failure.message}")
        if len(ingest.failures) > 20:
            lines.append(f"… and {len(ingest.failures) - 20} more failures, all listed in report.json")
        return "\n".join(lines)


def run_build(
    sources: Sequence[Path], kg: str, config: Config, options: BuildOptions, *, progress: Progress
) -> BuildReport:
    """Make or update `kg` from `sources`, and write ``report.json`` into it whatever happens.

    Raises:
        ConfigError: If options do not fit together.
        DataError: If a source is missing or nothing in the sources is a document.
        GraphRAGError: What else the engine raises; the report is written first.
    """
    started = time.monotonic()
    listing = list_files(sources)
    total = len(listing.files)
    if total == 0:
        others = f" ({len(listing.ignored)} files of other kinds)" if listing.ignored else ""
        raise DataError(
            f"no documents in {', '.join(map(str, sources))}{others}; "
            "give files or folders with .txt .md .html .pdf .docx .csv or .jsonl"
        )
    if options.estimate:
        return _estimate(kg, total, config, sources)
    if options.dry_run:
        return _plan(sources, kg, total)
    with open_extractor(config, make_ontology(config), folder_of(kg), max_cost=options.max_cost) as extractor:
        return _build(sources, kg, config, options, extractor, listing, progress, started)


def _build(
    sources: Sequence[Path],
    kg: str,
    config: Config,
    options: BuildOptions,
    extractor: "LLMExtractor | None",
    listing: Listing,
    progress: Progress,
    started: float,
) -> BuildReport:
    base = GraphRAG.create(place_of(kg), config=config, extractor=extractor)
    lend_embedding_key(base, trusted=True)
    ingest = IngestReport()
    # A model's extractor brings its own threads, and its gate cannot travel to other processes.
    workers = config.build.workers if extractor is None else 1
    try:
        with base, executor_for(workers) as executor:
            base.report = ingest
            base.ingest(
                read_documents(sources),
                total=_document_count(listing),
                prune=options.prune,
                executor=executor,
                progress=progress,
                report=ingest,
            )
            base.refresh(progress=progress)
            if extractor is not None and config.llm.reports:
                ingest.failures += write_reports(base, config, extractor.gate)
            seconds = time.monotonic() - started
            report = BuildReport(kg, ingest, base.stats(), seconds, model=_usage(extractor))
    except GraphRAGError as error:
        seconds = time.monotonic() - started
        _write_report(kg, BuildReport(kg, ingest, {}, seconds, error=str(error), model=_usage(extractor)))
        raise
    _write_report(kg, report)
    if ingest.seen == ingest.failed:
        raise DataError(f"none of the {ingest.failed} documents could be read; see {kg}/report.json")
    return report


def _document_count(listing: Listing) -> int | None:
    """How many documents are ahead, for the progress bar; None where only reading would tell."""
    if any(file.path.suffix in (".gz", ".csv", ".tsv") for file in listing.files):
        return None
    count = 0
    for file in listing.files:
        if file.path.suffix in (".jsonl", ".ndjson"):
            with file.path.open("rb") as stream:
                count += sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b""))
        else:
            count += 1
    return count


def _usage(extractor: "LLMExtractor | None") -> dict[str, Any]:
    return asdict(extractor.gate.usage) if extractor is not None else {}


def _estimate(kg: str, total: int, config: Config, sources: Sequence[Path]) -> BuildReport:
    if config.extraction.name != "llm":
        plan = f"{total:,} documents; the {config.extraction.name} extractor makes no calls and costs nothing"
        return BuildReport(kg, IngestReport(), {}, 0.0, plan=plan)
    plan = estimate(config, make_ontology(config), sources, folder_of(kg))
    return BuildReport(kg, IngestReport(), {}, 0.0, plan=plan)


def _plan(sources: Sequence[Path], kg: str, total: int) -> BuildReport:
    known: dict[str, str] = {}
    try:
        with GraphRAG.open(place_of(kg)) as base:
            known = base.view.fresh()
    except NotFoundError:
        pass
    lines = []
    counts = {"read": 0, "skip": 0, "fail": 0}
    for item in read_documents(sources):
        if isinstance(item, Failure):
            counts["fail"] += 1
            lines.append(f"fail  {item.item_id}: {item.message}")
        elif known.get(item.key) == item.id:
            counts["skip"] += 1
        else:
            counts["read"] += 1
            lines.append(f"read  {item.key}: {'edited' if item.key in known else 'new'}")
    summary = (
        f"{total:,} documents: {counts['read']:,} to read, {counts['skip']:,} unchanged, "
        f"{counts['fail']:,} unreadable"
    )
    return BuildReport(kg, IngestReport(), {}, 0.0, plan="\n".join([summary, *lines]))


def _write_report(kg: str, report: BuildReport) -> None:
    folder = folder_of(kg)
    if not folder.is_dir():
        return
    target = folder / "report.json"
    beside = folder / f".report.{os.getpid()}.tmp"
    beside.write_text(canonical_json(report.as_json()) + "\n", encoding="utf-8")
    beside.replace(target)
