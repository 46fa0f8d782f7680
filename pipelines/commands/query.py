"""``graphrag ask`` and ``graphrag search``."""

import click

from pipelines.commands.options import kg_argument, query_options


@click.command("ask")
@kg_argument
@click.argument("question")
@query_options
def ask_command(kg: str, question: str, mode: str | None, k: int | None, trace: bool, as_json: bool) -> int:
    """Answer a question, with citations that quote the sources."""
    from graphrag.engine import GraphRAG
    from pipelines.shapes import answer_json
    from pipelines.terminal import print_json
    from pipelines.words import answer_text

    with GraphRAG.open(kg) as base:
        answer = base.ask(question, mode=mode, k=k, trace=trace)
        if as_json:
            print_json(answer_json(base, answer, trace=trace))
        else:
            click.echo(answer_text(base, answer, trace=trace))
    return 0


@click.command("search")
@kg_argument
@click.argument("question")
@query_options
def search_command(
    kg: str, question: str, mode: str | None, k: int | None, trace: bool, as_json: bool
) -> int:
    """Ranked evidence for a question, without an answer."""
    from graphrag.engine import GraphRAG
    from pipelines.shapes import context_json
    from pipelines.terminal import print_json
    from pipelines.words import context_text

    with GraphRAG.open(kg) as base:
        context = base.search(question, mode=mode, k=k, trace=trace)
        if as_json:
            print_json(context_json(base, context, trace=trace))
        else:
            click.echo(context_text(base, context, trace=trace))
    return 0
