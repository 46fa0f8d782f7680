"""Options and arguments that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from graphrag.config import Config

_Function = TypeVar("_Function", bound=Callable[..., Any])

MODES = ("auto", "hybrid", "local", "global", "passages")


def settings_options(function: _Function) -> _Function:
    """``--config FILE`` and ``--set section.key=value``."""
    function = click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="SECTION.KEY=VALUE",
        help="Override one setting; may be repeated.",
    )(function)
    return click.option(
        "--config",
        "config_path",
        type=click.Path(path_type=Path, dir_okay=False),
        help="A settings file (see `graphrag init`).",
    )(function)


def json_option(function: _Function) -> _Function:
    """``--json``: one JSON document on stdout."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")(function)


def kg_argument(function: _Function) -> _Function:
    """``KG``: a knowledge-base folder or a neo4j:// or bolt:// URL."""
    return click.argument("kg", metavar="KG")(function)


def query_options(function: _Function) -> _Function:
    """``--mode``, ``-k``, ``--trace`` and ``--json``."""
    function = click.option(
        "--mode", type=click.Choice(MODES), default=None, help="How to search; auto picks by the question."
    )(function)
    function = click.option("-k", type=click.IntRange(1, 1000), default=None, help="Passages returned.")(
        function
    )
    function = click.option("--trace", is_flag=True, help="Show how the evidence was found.")(function)
    return json_option(function)


def load_settings(config_path: Path | None, overrides: tuple[str, ...]) -> "Config":
    """Settings from the options above."""
    from graphrag.config import load_config

    return load_config(config_path, overrides)
