"""``graphrag ask`` and ``graphrag search``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.commands.options import (
    filter_options,
    filters_of,
    kg_argument,
    query_options,
    settings_options,
)

if TYPE_CHECKING:
    from graphrag.config import Config
    from graphrag.engine import GraphRAG


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
    from pipelines.model import open_answerer
    from pipelines.shapes import answer_json
    from pipelines.terminal import print_json
    from pipelines.words import answer_text

    with _opened(kg, config_path, overrides, asks=answerer != "quote") as (base, config):
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
    from pipelines.shapes import context_json
    from pipelines.terminal import print_json
    from pipelines.words import context_text

    with _opened(kg, config_path, overrides, asks=False) as (base, _):
        context = base.search(question, mode=mode, k=k, trace=trace, filters=filters_of(filters))
        if as_json:
            print_json(context_json(base, context, trace=trace))
        else:
            click.echo(context_text(base, context, trace=trace))
    return 0


@contextmanager
def _opened(
    kg: str, config_path: Path | None, overrides: tuple[str, ...], *, asks: bool
) -> Iterator[tuple[GraphRAG, Config]]:
    """The base, set to search as the settings say, with the settings.

    Args:
        asks: Whether a model will be asked.
    """
    from graphrag.engine import GraphRAG
    from pipelines.knowledge import place_of
    from pipelines.model import lend_embedding_key, query_config, use_search_settings

    with GraphRAG.open(place_of(kg)) as base:
        lend_embedding_key(base, trusted=False)
        config = query_config(base, config_path, overrides, asks=asks)
        use_search_settings(base, config)
        yield base, config
