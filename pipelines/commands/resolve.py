"""``graphrag resolve``: the user's word on which names are one thing."""

from typing import TYPE_CHECKING, Any

import click

from pipelines.commands.options import json_option, kg_argument

if TYPE_CHECKING:
    from graphrag.engine import GraphRAG


@click.command("resolve")
@kg_argument
@click.argument("what", type=click.Choice(["list", "merge", "split", "forget"]), default="list")
@click.argument("names", nargs=-1, metavar="[NAME OTHER]")
@click.option(
    "--type", "first_type", default="", metavar="TYPE", help="Of NAME, where several things have it."
)
@click.option("--other-type", default="", metavar="TYPE", help="Of OTHER, where several things have it.")
@json_option
def resolve_command(
    kg: str, what: str, names: tuple[str, ...], first_type: str, other_type: str, as_json: bool
) -> int:
    """Say that two names are one thing, or are not: list, merge A B, split A B, forget A B.

    A decision stands over what the texts suggest, and survives updates and rebuilds.
    """
    if len(names) != (0 if what == "list" else 2):
        raise click.UsageError(f'name the two, as in: graphrag resolve {kg} merge "…" "…"')
    from graphrag.engine import GraphRAG
    from pipelines.knowledge import place_of
    from pipelines.terminal import TerminalProgress, print_json

    with GraphRAG.open(place_of(kg), write=what != "list") as base:
        if what != "list":
            _decide(base, what, (names[0], names[1]), (first_type, other_type))
            base.refresh(progress=TerminalProgress())
        decisions = [decision._asdict() for decision in base.decisions()]
        entities = sorted({entity.name for name in names for entity in base.entities(name)})
    if as_json:
        print_json({"decisions": decisions, **({"entities": entities} if names else {})})
        return 0
    if what == "list":
        for row in decisions:
            click.echo(f"{row['kind']:<6} {_shown(row, 'first')}  |  {_shown(row, 'second')}")
        if not decisions:
            click.echo("nothing is decided; resolution goes by the texts alone")
    else:
        click.echo(f"the names now mean: {'; '.join(entities)}")
        click.echo(f'see why with: graphrag inspect {kg} entity "{names[0]}" --why', err=True)
    return 0


def _decide(base: "GraphRAG", what: str, names: tuple[str, str], types: tuple[str, str]) -> None:
    change = {"merge": base.merge, "split": base.split, "forget": base.forget_decision}[what]
    change(*names, first_type=types[0], second_type=types[1])


def _shown(row: dict[str, Any], end: str) -> str:
    kind = row[f"{end}_type"]
    return f"{row[end]} ({kind})" if kind else str(row[end])
