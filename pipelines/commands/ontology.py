"""``graphrag ontology``: show, check, import, suggest, derive, learn."""

from pathlib import Path
from typing import Any

import click

from pipelines.commands.options import json_option


@click.command("ontology")
@click.argument(
    "what",
    type=click.Choice(["show", "check", "import", "suggest", "derive", "learn"]),
    default="show",
)
@click.argument("target", required=False, metavar="[FILE|KG]")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="For import and learn: the file to write.")
@click.option(
    "--examples",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="For learn: JSON lines of sentences with triples.",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="Suggestions or derived edges shown.",
)
@json_option
def ontology_command(
    what: str, target: str | None, out: Path | None, examples: Path | None, limit: int, as_json: bool
) -> int:
    """Show, check or import a schema, suggest additions to it, derive what follows, or learn from examples.

    show: the shipped one, a file's or a knowledge base's. check: a schema file, or a base's graph
    against its schema. import: OWL, RDFS or SHACL into YAML. suggest: from a base's quarantine.
    derive: edges that follow from a base's graph, which stays as it is. learn: a model of how
    --examples state a schema file's relations, for the setting extraction.learned.
    """
    from pipelines import schema

    if what != "show" and target is None:
        kind = "base" if what in ("suggest", "derive") else "file"
        raise click.UsageError(f"name the {kind}: graphrag ontology {what} PATH")
    data: dict[str, Any]
    match what:
        case "show":
            data = schema.show(target)
        case "check":
            data = schema.check(target or "")
        case "import":
            data = schema.import_rdf(Path(target or ""), out)
        case "learn":
            if examples is None or out is None:
                raise click.UsageError(
                    "name both files: graphrag ontology learn SCHEMA --examples FILE -o MODEL"
                )
            data = schema.learn(target or "", examples, out)
        case "derive":
            data = schema.derived(target or "", limit=limit)
        case _:
            data = schema.suggest(target or "", limit=limit)
    if as_json:
        from pipelines.terminal import print_json

        print_json({key: value for key, value in data.items() if key != "text"})
    else:
        click.echo(data["text"])
    return int(data.get("exit_code", 0))
