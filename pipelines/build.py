"""A batch build: read, commit, report; skips what is fresh and resumes where it stopped."""

import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from graphrag.config import Config
from graphrag.datamodel import Failure
from graphrag.documents import Listing, list_files, read_documents
from graphrag.engine import GraphRAG
from graphrag.errors import ConfigError, DataError, GraphRAGError, PartialBuildError
from graphrag.ids import canonical_json
from graphrag.ingest import IngestReport
from graphrag.interfaces import Progress
from pipelines.executors import executor_for


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
    """

    kg: str
    ingest: IngestReport
    stats: dict[str, Any]
    seconds: float
    error: str = ""
    plan: str = ""

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
        return _estimate(kg, total, config)
    if options.dry_run:
        return _plan(sources, kg, total)
    base = GraphRAG.create(kg, config=config)
    ingest = IngestReport()
    try:
        with base, executor_for(config.build.workers) as executor:
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
            report = BuildReport(kg, ingest, base.stats(), time.monotonic() - started)
    except GraphRAGError as error:
        _write_report(kg, BuildReport(kg, ingest, {}, time.monotonic() - started, error=str(error)))
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


def _estimate(kg: str, total: int, config: Config) -> BuildReport:
    if config.extraction.name != "llm":
        plan = f"{total:,} documents; the {config.extraction.name} extractor makes no calls and costs nothing"
        return BuildReport(kg, IngestReport(), {}, 0.0, plan=plan)
    raise ConfigError("--estimate for the llm extractor is not available in this version")


def _plan(sources: Sequence[Path], kg: str, total: int) -> BuildReport:
    known: dict[str, str] = {}
    if (Path(kg) / "kg.db").exists():
        with GraphRAG.open(kg) as base:
            known = base.view.fresh()
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
    folder = Path(kg)
    if not folder.is_dir():
        return
    target = folder / "report.json"
    beside = folder / f".report.{os.getpid()}.tmp"
    beside.write_text(canonical_json(report.as_json()) + "\n", encoding="utf-8")
    beside.replace(target)
