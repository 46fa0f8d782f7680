"""``graphrag build`` and ``graphrag remove``."""

from pathlib import Path
from typing import Any

import click

from pipelines.commands.options import json_option, kg_argument, load_settings, settings_options


@click.command("build")
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="SOURCE...")
@click.option("--out", "kg", required=True, metavar="KG", help="Knowledge-base folder to make or update.")
@settings_options
@click.option("--ontology", type=click.Path(path_type=Path), help="Schema file (YAML, JSON, or RDF).")
@click.option("--extractor", type=click.Choice(["spacy", "llm"]), help="Who reads the triples.")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes for reading (default 1).")
@click.option("--prune", is_flag=True, help="Remove documents that are no longer in SOURCE.")
@click.option("--estimate", is_flag=True, help="Say what the build would cost, and stop.")
@click.option("--max-cost", type=click.FloatRange(min=0.0), metavar="USD", help="Stop at this cost.")
@click.option("--dry-run", is_flag=True, help="List what would be done and why, and stop.")
@json_option
def build_command(
    sources: tuple[Path, ...],
    kg: str,
    config_path: Path | None,
    overrides: tuple[str, ...],
    ontology: Path | None,
    extractor: str | None,
    workers: int | None,
    prune: bool,
    estimate: bool,
    max_cost: float | None,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Build or update a knowledge base from files and folders.

    Unchanged documents are skipped, edited ones replaced; the result equals a build from scratch.
    """
    extra = []
    if extractor:
        extra.append(f"extraction.name={extractor}")
    if workers:
        extra.append(f"build.workers={workers}")
    if ontology:
        extra.append(f"ontology.path={ontology}")
    config = load_settings(config_path, (*overrides, *extra))

    from pipelines.build import BuildOptions, run_build
    from pipelines.terminal import TerminalProgress, print_json

    report = run_build(
        sources,
        kg,
        config,
        BuildOptions(prune=prune, estimate=estimate, max_cost=max_cost, dry_run=dry_run),
        progress=TerminalProgress(),
    )
    if as_json:
        print_json(report.as_json())
    else:
        click.echo(report.as_text())
    return report.exit_code


@click.command("remove")
@kg_argument
@click.argument("documents", nargs=-1, required=True, metavar="DOCUMENT...")
@json_option
def remove_command(kg: str, documents: tuple[str, ...], as_json: bool) -> int:
    """Remove documents by key, title, source or id; the result equals a build without them."""
    from graphrag.engine import GraphRAG
    from pipelines.knowledge import place_of
    from pipelines.terminal import TerminalProgress, print_json

    with GraphRAG.open(place_of(kg), write=True) as base:
        removed = base.remove(list(documents))
        base.refresh(progress=TerminalProgress())
    result: dict[str, Any] = {"removed": removed}
    if as_json:
        print_json(result)
    else:
        click.echo(f"removed {len(removed)} document{'s' if len(removed) != 1 else ''}: {', '.join(removed)}")
    return 0
