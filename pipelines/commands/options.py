"""Options and arguments that several commands share."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from graphrag.config import Config
    from graphrag.filters import Filters

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


def filter_options(function: _Function) -> _Function:
    """What a search may look at; see `filters_of`."""
    for name, metavar, text in reversed(
        (
            ("where", "FIELD=VALUE", "Only documents with this metadata; a field given twice may be either."),
            ("document", "NAME", "Only this document, by key or id."),
            ("type", "TYPE", "Only entities of this ontology type."),
            ("relation", "RELATION", "Only relations of this ontology type."),
        )
    ):
        function = click.option(f"--{name}", name, multiple=True, metavar=metavar, help=text)(function)
    for name, text in (("until", "Last date of the documents."), ("since", "First date: 2024, 2024-05-31.")):
        function = click.option(f"--{name}", name, default="", metavar="DATE", help=text)(function)
    return click.option(
        "--date-field",
        default="date",
        show_default=True,
        help="Metadata field of --since and --until.",
    )(function)


def filters_of(options: Mapping[str, Any]) -> "Filters | None":
    """The filters that the options above ask for; None without any.

    Raises:
        ConfigError: If `--where` has no "=".
    """
    import yaml

    from graphrag.errors import ConfigError
    from graphrag.filters import Filters

    metadata: dict[str, list[object]] = {}
    for condition in options["where"]:
        name, separator, text = condition.partition("=")
        if not separator or not name:
            raise ConfigError(f'"--where {condition}" is not of the form FIELD=VALUE, as in kind=memo')
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError:
            value = text
        # "2024" may stand in the metadata as text or as a number.
        metadata.setdefault(name, []).extend([text] if value == text else [text, value])
    filters = Filters(
        metadata=metadata,
        since=options["since"],
        until=options["until"],
        date_field=options["date_field"],
        documents=tuple(options["document"]),
        entity_types=tuple(options["type"]),
        relation_types=tuple(options["relation"]),
    )
    return None if filters == Filters(date_field=options["date_field"]) else filters


def load_settings(config_path: Path | None, overrides: tuple[str, ...]) -> "Config":
    """Settings from the options above."""
    from graphrag.config import load_config

    return load_config(config_path, overrides)
