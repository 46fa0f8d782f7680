"""``graphrag verify`` and ``graphrag rebuild``."""

from pathlib import Path

import click

from pipelines.commands.options import json_option, kg_argument


@click.command("verify")
@kg_argument
@json_option
def verify_command(kg: str, as_json: bool) -> int:
    """Check that the store holds exactly what was committed. Exit code 4 where it does not."""
    from graphrag.engine import GraphRAG
    from graphrag.errors import StoreDamagedError
    from pipelines.knowledge import place_of
    from pipelines.terminal import print_json

    with GraphRAG.open(place_of(kg)) as base:
        problems = base.view.verify()
        commit = base.view.commit
    if as_json:
        print_json({"kg": kg, "commit": commit, "ok": not problems, "problems": problems})
    elif problems:
        for problem in problems:
            click.echo(f"damaged: {problem}", err=True)
        click.echo(f"restore what can be derived with: graphrag rebuild {kg}", err=True)
    else:
        click.echo(f"ok: commit {commit} is whole")
    return StoreDamagedError.exit_code if problems else 0


@click.command("rebuild")
@kg_argument
def rebuild_command(kg: str) -> int:
    """Derive entities, relations, communities and indexes again from the ledger; nothing is read again.

    Documents that are damaged beyond saving are named, and the exit code is 4.
    """
    from graphrag.engine import GraphRAG
    from graphrag.errors import StoreDamagedError
    from graphrag.store.ledger import Ledger
    from pipelines.knowledge import place_of
    from pipelines.terminal import TerminalProgress

    place = place_of(kg)
    lost: list[str] = []
    try:
        base = GraphRAG.open(place, write=True)
    except StoreDamagedError as error:
        if not isinstance(place, str | Path):
            raise
        click.echo(f"{error}", err=True)
        lost = Ledger.restore(place)
        base = GraphRAG.open(place, write=True)
    with base:
        lost += base.rebuild(progress=TerminalProgress())
        click.echo(f"rebuilt: {base.stats()['fingerprint']}")
    for key in lost:
        click.echo(
            f"lost: {key}; add it again from its source with: graphrag build SOURCE --out {kg}", err=True
        )
    return StoreDamagedError.exit_code if lost else 0
