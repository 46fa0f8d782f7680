"""``graphrag extract``: what the extractor and the ontology make of a text."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.commands.options import json_option, load_settings, settings_options

if TYPE_CHECKING:
    from graphrag.config import Config
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

    with _reader(config) as reader:
        if lines:
            for record in _by_line(reader, text, open_mode=open_mode):
                click.echo(json.dumps(record, ensure_ascii=False))
            return 0
        shapes = _shapes(reader, [text], open_mode=open_mode)[0]
    if as_json:
        from pipelines.terminal import print_json

        print_json({"text": text, "triples": shapes})
    else:
        _print(shapes, show_all=show_all)
    return 0


@contextmanager
def _reader(config: "Config") -> Iterator["Reader"]:
    from graphrag.reading import reader_for, reader_from
    from graphrag.registry import make_ontology
    from pipelines.model import open_extractor

    if config.extraction.name != "llm":
        yield reader_from(config)
        return
    ontology = make_ontology(config)
    with open_extractor(config, ontology, None) as extractor:
        assert extractor is not None
        yield reader_for(config, ontology, extractor)


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
        found = _shapes(reader, batch, open_mode=open_mode)
        for offset, (line, shapes) in enumerate(zip(batch, found, strict=True)):
            yield {"line": start + offset + 1, "text": line, "triples": shapes}


def _shapes(reader: "Reader", texts: list[str], *, open_mode: bool) -> list[list[dict[str, Any]]]:
    """The triples of each text; a blank one says nothing, and is no error."""
    from graphrag.datamodel import Failure
    from graphrag.documents import make_document
    from graphrag.errors import PartialBuildError
    from pipelines.shapes import triple_json

    surface = getattr(reader.extractor, "open_triples", None) if open_mode else None
    if surface is not None:
        return [[_surface(text, *found) for found in surface(text)] if text.strip() else [] for text in texts]
    documents = [
        make_document(text, key=f"line-{number}") for number, text in enumerate(texts) if text.strip()
    ]
    ingested = reader.read(documents)
    for item in ingested:
        for result in item.results:
            if isinstance(result, Failure):
                raise PartialBuildError(f"{item.document.key}: {result.message}")
    results = iter(ingested)
    return [
        [triple_json(triple) for triple in next(results).triples] if text.strip() else [] for text in texts
    ]


def _surface(text: str, head: str, relation: str, tail: str, score: float) -> dict[str, Any]:
    """An open triple: the words as they stand, unchecked, with the sentence that holds them."""
    start, end = _sentence_with(text, head, tail)
    return {
        "head": head,
        "head_type": None,
        "relation": relation,
        "tail": tail,
        "tail_type": None,
        "span": [start, end],
        "quote": text[start:end],
        "score": round(score, 6),
        "verdict": "unchecked",
        "reason": None,
    }


def _sentence_with(text: str, head: str, tail: str) -> tuple[int, int]:
    from graphrag.sentences import sentences

    words = {*head.split(), *tail.split()}
    spans = sentences(text)
    best = max(spans, key=lambda span: sum(word in text[span.start : span.end] for word in words))
    return best.start, best.end


def _print(shapes: list[dict[str, Any]], *, show_all: bool) -> None:
    shown = 0
    for shape in shapes:
        rejected = shape["verdict"] == "reject"
        if rejected and not show_all:
            continue
        shown += 1
        mark = f"   [{shape['reason']}]" if rejected else ""
        types = (
            ""
            if shape["verdict"] == "unchecked"
            else f"{shape['head_type'] or '?'} → {shape['tail_type'] or '?'}  "
        )
        click.echo(
            f"({shape['head']}, {shape['relation']}, {shape['tail']})  {types}{shape['score']:.2f}{mark}"
        )
        click.echo(click.style(f"    “{shape['quote']}”", dim=True))
    hidden = len(shapes) - shown
    note = f"; {hidden} rejected (see them with --all)" if hidden else ""
    click.echo(f"{shown} triples{note}", err=True)
