"""The command line: a group of commands, and what an error looks like.

Results go to stdout, everything else to stderr. An expected error is one line that says what to do;
``--debug`` shows its traceback. Exit codes: 0 ok, 2 usage or configuration, 3 partial, 4 store
damaged, 5 disk or permission, 6 locked, 7 model refuses, 8 budget reached, 9 Neo4j unreachable,
130/143 interrupted.
"""

import importlib
import logging
import os
import signal
import sys
from types import FrameType
from typing import Any, NoReturn

import click

from graphrag.errors import GraphRAGError, StoreError

# Command name -> module that holds it, so that --help does not import what it will not run.
_COMMANDS = {
    "init": "pipelines.commands.init",
    "build": "pipelines.commands.build",
    "remove": "pipelines.commands.build",
    "extract": "pipelines.commands.extract",
    "ask": "pipelines.commands.query",
    "search": "pipelines.commands.query",
    "eval": "pipelines.commands.evaluate",
    "inspect": "pipelines.commands.inspect",
    "resolve": "pipelines.commands.resolve",
    "pairs": "pipelines.commands.pairs",
    "prompts": "pipelines.commands.prompts",
    "quarantine": "pipelines.commands.quarantine",
    "ontology": "pipelines.commands.ontology",
    "export": "pipelines.commands.export",
    "neo4j": "pipelines.commands.neo4j",
    "verify": "pipelines.commands.integrity",
    "rebuild": "pipelines.commands.integrity",
}
_SUMMARIES = {
    "init": "Write a commented graphrag.yaml and a starter ontology.",
    "build": "Build or update a knowledge base from files and folders.",
    "remove": "Remove documents, exactly.",
    "extract": "Show the triples of a text without building.",
    "ask": "Answer a question, with citations.",
    "search": "Ranked evidence for a question, without an answer.",
    "eval": "Measure retrieval and answers on a set of questions.",
    "inspect": "Look inside: stats, an entity, relations, a community, a document.",
    "resolve": "Say which names are one thing: list, merge, split, forget.",
    "pairs": "Entities that may be one: list, let a model judge, merge.",
    "prompts": "The texts a model is asked with: list, show, copy to edit.",
    "quarantine": "Triples the ontology rejected: list, stats, show, replay.",
    "ontology": "Show, check, import or improve an ontology.",
    "export": "Write the graph as JSONL, GraphML, CSV, Parquet, Turtle, Cypher or HTML.",
    "neo4j": "Push to Neo4j, pull back, verify, and browse the graph there.",
    "verify": "Check that the store holds what was committed.",
    "rebuild": "Derive everything again from the ledger.",
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        attribute = f"{cmd_name}_command"
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}.{attribute} is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # From the table above rather than from the commands, which would import all of them.
        with formatter.section("Commands"):
            formatter.write_dl(list(_SUMMARIES.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show tracebacks and debug logging.")
@click.version_option(package_name="graphrag-ontology", prog_name="graphrag")
def cli(debug: bool) -> None:
    """Knowledge graphs from documents, and answers with proof."""
    logging.basicConfig(level=logging.DEBUG if debug else logging.ERROR, stream=sys.stderr)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with the code that `graphrag.errors` lists."""
    signal.signal(signal.SIGTERM, _terminate)
    # Must come before numpy is imported. The products here are small: more threads than one only wait
    # for each other, and parallelism comes from processes (--workers).
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    arguments = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in arguments
    try:
        result: Any = cli.main(args=arguments, prog_name="graphrag", standalone_mode=False)
    except click.exceptions.Abort:
        _fail("interrupted; run the same command again to go on where it stopped", 130)
    except KeyboardInterrupt:
        _fail("interrupted; run the same command again to go on where it stopped", 130)
    except _TerminatedError:
        _fail("terminated; run the same command again to go on where it stopped", 143)
    except click.ClickException as error:
        error.show(file=sys.stderr)
        sys.exit(error.exit_code)
    except GraphRAGError as error:
        if debug:
            raise
        _fail(str(error), error.exit_code)
    except BrokenPipeError:
        # The reader of our output went away (`| head`): not an error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        if debug:
            raise
        where = f': "{error.filename}"' if error.filename else ""
        _fail(f"{error.strerror or error}{where}", StoreError.exit_code)
    except Exception as error:
        # Imported only now: --help must not pay for the schema's libraries.
        from ontology import OntologyError

        if debug or not isinstance(error, OntologyError):
            raise
        _fail(str(error), 2)
    sys.exit(result if isinstance(result, int) else 0)


class _TerminatedError(BaseException):
    """SIGTERM, as an exception so that transactions roll back and locks are given up."""


def _terminate(signum: int, frame: FrameType | None) -> NoReturn:
    raise _TerminatedError


def _fail(message: str, code: int) -> NoReturn:
    click.echo(f"error: {message}" if code not in (130, 143) else message, err=True)
    sys.exit(code)
