"""``graphrag extract``: what the extractor and the ontology make of a text."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.commands.options import json_option, load_settings, settings_options

if TYPE_CHECKING:
    from graphrag.datamodel import CheckedTriple
    from graphrag.reading import Reader

_BATCH_LINES = 256


@click.command("extract")
@click.argument("file", default="-", metavar="[FILE|-]")
@click.option("--lines", is_flag=True, help="Each input line is a text of its own; one JSON object per line.")
@click.option("--ontology", type=click.Path(path_type=Path), help="Schema file; the shipped one if absent.")
@click.option("--open", "open_mode", is_flag=True, help="Surface relations, unchecked.")
@click.option("--all", "show_all", is_flag=True, help="Rejected triples too (always in --json).")
@settings_options
@json_option
def extract_command(
    file: str,
    lines: bool,
    ontology: Path | None,
    open_mode: bool,
    show_all: bool,
    config_path: Path | None,
    overrides: tuple[str, ...],
    as_json: bool,
) -> int:
    """Show the triples of a text without building a knowledge base."""
    if ontology is not None and open_mode:
        raise click.UsageError("--open takes no schema; give --ontology or --open, not both")
    extra = [f"ontology.path={ontology}"] if ontology is not None else []
    if open_mode:
        extra.append("ontology.open=true")
    config = load_settings(config_path, (*overrides, *extra))
    text = _read(file)

    from graphrag.reading import reader_from

    reader = reader_from(config)
    if lines:
        for record in _by_line(reader, text, open_mode=open_mode):
            click.echo(json.dumps(record, ensure_ascii=False))
        return 0
    triples = _triples(reader, [text])[0]
    if as_json:
        from pipelines.terminal import print_json

        print_json({"text": text, "triples": [_shape(triple, open_mode=open_mode) for triple in triples]})
    else:
        _print(triples, show_all=show_all or open_mode)
    return 0


def _read(file: str) -> str:
    from graphrag.errors import DataError
    from graphrag.text import decode

    if file == "-":
        return decode(sys.stdin.buffer.read(), name="standard input")
    try:
        return decode(Path(file).read_bytes(), name=file)
    except OSError as error:
        raise DataError(f'cannot read "{file}": {error.strerror}') from error


def _by_line(reader: "Reader", text: str, *, open_mode: bool) -> Iterator[dict[str, Any]]:
    # Split on newlines alone: str.splitlines would also cut at form feeds and the like.
    texts = text.split("\n")
    if texts and not texts[-1]:
        texts.pop()
    for start in range(0, len(texts), _BATCH_LINES):
        batch = texts[start : start + _BATCH_LINES]
        for offset, (line, triples) in enumerate(zip(batch, _triples(reader, batch), strict=True)):
            yield {
                "line": start + offset + 1,
                "text": line,
                "triples": [_shape(triple, open_mode=open_mode) for triple in triples],
            }


def _triples(reader: "Reader", texts: list[str]) -> "list[tuple[CheckedTriple, ...]]":
    from graphrag.documents import make_document

    # A blank line is a text that says nothing, not an error.
    documents = [
        make_document(text, key=f"line-{number}") for number, text in enumerate(texts) if text.strip()
    ]
    found = iter(reader.read(documents))
    return [next(found).triples if text.strip() else () for text in texts]


def _shape(triple: "CheckedTriple", *, open_mode: bool) -> dict[str, Any]:
    from pipelines.shapes import triple_json

    shape = triple_json(triple)
    if open_mode:
        # Open extraction is read by its words: as they stand, in the order they stand in.
        shape["head"] = triple.triple.subject.text
        shape["relation"] = triple.triple.predicate
        shape["tail"] = triple.triple.object.text
    return shape


def _print(triples: "tuple[CheckedTriple, ...]", *, show_all: bool) -> None:
    shown = 0
    for triple in triples:
        if not (triple.accepted or show_all):
            continue
        shown += 1
        shape = _shape(triple, open_mode=False)
        mark = "" if triple.accepted else f"   [{triple.reason}]"
        click.echo(
            f"({shape['head']}, {shape['relation']}, {shape['tail']})  "
            f"{shape['head_type'] or '?'} → {shape['tail_type'] or '?'}  {triple.score:.2f}{mark}"
        )
        click.echo(click.style(f"    “{shape['quote']}”", dim=True))
    rejected = sum(not triple.accepted for triple in triples)
    note = "" if show_all or not rejected else f"; {rejected} rejected (see them with --all)"
    click.echo(f"{shown} triples{note}", err=True)
