"""``graphrag export``."""

from pathlib import Path

import click

from pipelines.commands.options import kg_argument

FORMATS = ("jsonl", "graphml", "csv", "parquet", "turtle", "json-ld", "cypher", "neo4j-csv", "html")


@click.command("export")
@kg_argument
@click.option("--format", "form", type=click.Choice(FORMATS), default="jsonl", show_default=True)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="File (a folder for csv, parquet); - for stdout.",
)
def export_command(kg: str, form: str, out: Path) -> int:
    """Write the graph. jsonl is the canonical export: sorted, no timestamps, its SHA-256 is printed."""
    from graphrag.engine import GraphRAG
    from pipelines.export import export
    from pipelines.knowledge import place_of

    with GraphRAG.open(place_of(kg)) as base:
        note = export(base, form, out)
    click.echo(note, err=True)
    return 0
