"""``graphrag verify`` and ``graphrag rebuild``."""

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
    """Derive entities, relations, communities and indexes again from the ledger; nothing is read again."""
    from graphrag.engine import GraphRAG
    from pipelines.knowledge import place_of
    from pipelines.terminal import TerminalProgress

    with GraphRAG.open(place_of(kg), write=True) as base:
        base.rebuild(progress=TerminalProgress())
        click.echo(f"rebuilt: {base.stats()['fingerprint']}")
    return 0
