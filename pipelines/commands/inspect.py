"""``graphrag inspect``: look inside a knowledge base."""

from typing import TYPE_CHECKING, Any

import click

from pipelines.commands.options import json_option, kg_argument

if TYPE_CHECKING:
    from graphrag.engine import GraphRAG

_WHAT = ("stats", "entity", "relation", "community", "document", "documents", "types", "examples")


@click.command("inspect")
@kg_argument
@click.argument("what", type=click.Choice(_WHAT), default="stats")
@click.argument("name", required=False)
@click.option("--why", is_flag=True, help="For an entity: which names were taken for it, and why.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Rows shown.")
@json_option
def inspect_command(kg: str, what: str, name: str | None, why: bool, limit: int, as_json: bool) -> int:
    """Look inside: stats, entity NAME, relation TYPE, community ID, document ID, documents, types."""
    if what in ("entity", "relation", "community", "document") and not name:
        raise click.UsageError(f'name the {what}, as in: graphrag inspect {kg} {what} "…"')
    from graphrag.engine import GraphRAG
    from pipelines import views
    from pipelines.knowledge import place_of
    from pipelines.terminal import print_json

    with GraphRAG.open(place_of(kg)) as base:
        data = _data(base, what, name or "", why=why, limit=limit)
        if as_json:
            print_json(data)
        else:
            views.show(what, data)
    return 0


def _data(base: "GraphRAG", what: str, name: str, *, why: bool, limit: int) -> dict[str, Any]:
    from pipelines import views

    match what:
        case "stats":
            return views.stats(base)
        case "types":
            return views.types(base)
        case "examples":
            return views.examples(base, count=min(limit, 10))
        case "documents":
            return views.documents(base, limit=limit)
        case "entity":
            return views.entity(base, name, why=why, limit=limit)
        case "relation":
            return views.relation(base, name, limit=limit)
        case "community":
            return views.community(base, name)
        case _:
            return views.document(base, name, limit=limit)
