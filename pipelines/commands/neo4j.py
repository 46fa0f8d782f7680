"""``graphrag neo4j``: push, pull, verify, query, browse."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from pipelines.commands.options import json_option, load_settings, settings_options

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _server_options(function: _Function) -> _Function:
    function = click.option(
        "--password-file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="File with the password; else NEO4J_PASSWORD from the environment.",
    )(function)
    return click.option("--uri", required=True, metavar="URI", help="bolt://host:7687 or neo4j://host:7687.")(
        function
    )


@click.group("neo4j")
def neo4j_command() -> None:
    """Move a knowledge base to Neo4j and back, compare the two, look at it in Neo4j Browser.

    The user name, password and database come from NEO4J_USERNAME, NEO4J_PASSWORD and NEO4J_DATABASE.
    """


@neo4j_command.command("push")
@click.argument("kg", metavar="KG", type=click.Path(path_type=Path))
@_server_options
@click.option("--full", is_flag=True, help="Compare every property and put right what others changed.")
@click.option("--rejected", is_flag=True, help="Also show what the ontology rejected, as nodes.")
@click.option("--vectors", is_flag=True, help="Also give passages their vectors, and make a vector index.")
@json_option
def push_command(
    kg: Path,
    uri: str,
    password_file: Path | None,
    full: bool,
    rejected: bool,
    vectors: bool,
    as_json: bool,
) -> int:
    """Make Neo4j equal to KG: writes what differs, deletes what is gone; run it again after a crash."""
    from pipelines.knowledge import neo4j_at
    from pipelines.neo4j import as_json as plain
    from pipelines.neo4j import push_to, push_vectors
    from pipelines.terminal import TerminalProgress, print_json

    server = neo4j_at(uri, password_file=password_file)
    report = push_to(kg, server, full=full, rejected=rejected, progress=TerminalProgress())
    given = push_vectors(kg, server, progress=TerminalProgress()) if vectors else 0
    if as_json:
        print_json({**plain(report), "vectors": given})
    elif not report.changes and not given:
        click.echo(f"unchanged: {uri} holds {report.fingerprint}")
    else:
        for verb, kinds in (("wrote", report.written), ("deleted", report.deleted)):
            for kind, count in sorted(kinds.items()):
                click.echo(f"{verb:8}{count:>10,} {kind}")
        if given:
            click.echo(f"{'wrote':8}{given:>10,} vectors")
        click.echo(f"{uri} holds {report.fingerprint}")
    return 0


@neo4j_command.command("pull")
@_server_options
@click.option("--out", "kg", required=True, metavar="KG", type=click.Path(path_type=Path), help="New folder.")
def pull_command(kg: Path, uri: str, password_file: Path | None) -> int:
    """Make the knowledge base in Neo4j again in a folder, exactly."""
    from pipelines.knowledge import neo4j_at
    from pipelines.neo4j import pull_from
    from pipelines.terminal import TerminalProgress

    server = neo4j_at(uri, password_file=password_file)
    click.echo(f"{kg} holds {pull_from(server, kg, progress=TerminalProgress())}")
    return 0


@neo4j_command.command("verify")
@click.argument("kg", metavar="KG", type=click.Path(path_type=Path))
@_server_options
@json_option
def verify_command(kg: Path, uri: str, password_file: Path | None, as_json: bool) -> int:
    """Compare every node, edge, label and property with KG. Exit code 4 where something differs."""
    from graphrag.errors import StoreDamagedError
    from pipelines.knowledge import neo4j_at
    from pipelines.neo4j import verify
    from pipelines.terminal import print_json

    problems = verify(kg, neo4j_at(uri, password_file=password_file))
    if as_json:
        print_json({"kg": str(kg), "uri": uri, "ok": not problems, "problems": problems})
    elif problems:
        for problem in problems:
            click.echo(f"differs: {problem}", err=True)
        click.echo(f"put it right with: graphrag neo4j push {kg} --uri {uri} --full", err=True)
    else:
        click.echo("ok: the same graph")
    return StoreDamagedError.exit_code if problems else 0


@neo4j_command.command("query")
@click.argument("text")
@_server_options
@click.option(
    "--param", "given", multiple=True, metavar="NAME=VALUE", help="A value for $NAME; JSON, or text."
)
@click.option("--rows", type=click.IntRange(1, 1_000_000), default=100, show_default=True)
@click.option("--seconds", type=click.FloatRange(0.1, 3600), default=10.0, show_default=True)
@click.option(
    "--ask", is_flag=True, help="TEXT is a question, and the model of the settings writes the query."
)
@settings_options
@json_option
def query_command(
    text: str,
    uri: str,
    password_file: Path | None,
    given: tuple[str, ...],
    rows: int,
    seconds: float,
    ask: bool,
    config_path: Path | None,
    overrides: tuple[str, ...],
    as_json: bool,
) -> int:
    """Rows of a Cypher query, or of a template by its name; only what reads the graph is run.

    With --ask a model writes the query, where the settings allow it (llm.cypher); it may use the words of
    the ontology only, and the query is shown.
    """
    from pipelines.knowledge import neo4j_at
    from pipelines.neo4j import ask_in_cypher, parameters_of, plain_rows, query_in
    from pipelines.terminal import print_json, print_table

    server = neo4j_at(uri, password_file=password_file)
    query, values, missing = text, parameters_of(given), ""
    if ask:
        config = load_settings(config_path, overrides) if config_path or overrides else None
        found = ask_in_cypher(server, text, config, rows=rows, seconds=seconds)
        query, values, missing = found.query, dict(found.parameters), found.missing
        answer = plain_rows(found.rows)
    else:
        answer = plain_rows(query_in(server, text, values, rows=rows, seconds=seconds))
    if as_json:
        print_json({"query": query, "parameters": values, "missing": missing, "rows": answer})
        return 0
    if ask:
        click.echo(f"{query}\n{values}" if query else f"no query: {missing}", err=True)
    if answer:
        print_table(list(answer[0]), [list(row.values()) for row in answer])
    return 0


@neo4j_command.command("browse")
@_server_options
@click.option("--http", metavar="URL", help="Where Neo4j Browser is served (port 7474 of the host).")
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path),
    help="Write the style sheet, the saved queries and a guide into this folder.",
)
@click.option("--entity", metavar="NAME", help="Link to this entity and what it hangs on.")
def browse_command(
    uri: str, password_file: Path | None, http: str | None, folder: Path | None, entity: str | None
) -> int:
    """Links into Neo4j Browser, and what makes the graph a pleasure to look at there."""
    from pipelines.knowledge import neo4j_at
    from pipelines.neo4j import browse

    for line in browse(neo4j_at(uri, password_file=password_file), http, folder, entity):
        click.echo(line)
    return 0
