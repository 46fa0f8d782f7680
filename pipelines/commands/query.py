"""``graphrag ask`` and ``graphrag search``."""

from pathlib import Path
from typing import Any

import click

from pipelines.commands.options import (
    filter_options,
    filters_of,
    kg_argument,
    query_options,
    settings_options,
)


@click.command("ask")
@kg_argument
@click.argument("question")
@query_options
@filter_options
@settings_options
@click.option(
    "--answerer",
    type=click.Choice(["quote", "llm", "agent"]),
    default="quote",
    show_default=True,
    help="Quote the sources, or let the model of the settings write, or look things up itself.",
)
@click.option("--stream", is_flag=True, help="With llm: show statements while they come, on stderr.")
def ask_command(
    kg: str,
    question: str,
    mode: str | None,
    k: int | None,
    trace: bool,
    as_json: bool,
    config_path: Path | None,
    overrides: tuple[str, ...],
    answerer: str,
    stream: bool,
    **filters: Any,
) -> int:
    """Answer a question, with citations that quote the sources.

    With --answerer llm or agent, the llm section of the settings (--config or --set) names the model; every
    citation is checked all the same.
    """
    from graphrag.engine import GraphRAG
    from pipelines.knowledge import place_of
    from pipelines.model import lend_embedding_key, open_answerer, query_config, use_search_settings
    from pipelines.shapes import answer_json
    from pipelines.terminal import print_json
    from pipelines.words import answer_text

    with GraphRAG.open(place_of(kg)) as base:
        lend_embedding_key(base, trusted=False)
        config = query_config(base, config_path, overrides, asks=answerer != "quote")
        use_search_settings(base, config)
        hear = (lambda statement: click.echo(statement, err=True)) if stream else None
        with open_answerer(base, config, answerer, hear=hear, filters=filters_of(filters)) as ask:
            answer = ask(question, mode=mode, k=k, trace=trace)
        if as_json:
            print_json(answer_json(base, answer, trace=trace))
        else:
            click.echo(answer_text(base, answer, trace=trace))
    return 0


@click.command("search")
@kg_argument
@click.argument("question")
@query_options
@filter_options
@settings_options
def search_command(
    kg: str,
    question: str,
    mode: str | None,
    k: int | None,
    trace: bool,
    as_json: bool,
    config_path: Path | None,
    overrides: tuple[str, ...],
    **filters: Any,
) -> int:
    """Ranked evidence for a question, without an answer."""
    from graphrag.engine import GraphRAG
    from pipelines.knowledge import place_of
    from pipelines.model import lend_embedding_key, query_config, use_search_settings
    from pipelines.shapes import context_json
    from pipelines.terminal import print_json
    from pipelines.words import context_text

    with GraphRAG.open(place_of(kg)) as base:
        lend_embedding_key(base, trusted=False)
        use_search_settings(base, query_config(base, config_path, overrides, asks=False))
        context = base.search(question, mode=mode, k=k, trace=trace, filters=filters_of(filters))
        if as_json:
            print_json(context_json(base, context, trace=trace))
        else:
            click.echo(context_text(base, context, trace=trace))
    return 0
