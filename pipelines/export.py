"""The graph in other forms: canonical JSONL, GraphML, CSV, Parquet, Turtle, JSON-LD, Cypher, Neo4j CSV, HTML.

Exports are written beside their target and renamed into place, so a reader never sees half of one.
Texts are data in every form: escaped by that form's own rules, and never part of its syntax.
"""

import csv
import hashlib
import io
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from graphrag.datamodel import Entity, Relation
from graphrag.engine import GraphRAG
from graphrag.errors import ConfigError, MissingDependencyError
from graphrag.ids import canonical_json
from pipelines.cypher import cypher_script
from pipelines.neo4j_csv import neo4j_csv_files


def export(base: GraphRAG, form: str, out: Path) -> str:
    """Write the graph of `base` to `out` in the named form.

    Args:
        out: A file; a folder for csv and parquet; ``-`` for stdout where the form is one file.

    Returns:
        A line for people: what was written, and for jsonl its SHA-256.

    Raises:
        ConfigError: If the form cannot be written to such a target.
        MissingDependencyError: If the form needs an extra.
    """
    if form in _FOLDERS:
        if str(out) == "-":
            raise ConfigError(f"{form} is several files; give a folder with -o")
        files = _write_folder(out, _FOLDERS[form](base))
        return f"wrote {', '.join(files)} to {out}"
    digest = hashlib.sha256()
    count = 0
    with _target(out) as stream:
        for line in _FILES[form](base):
            raw = line.encode("utf-8")
            digest.update(raw)
            count += 1
            stream.write(raw)
    return f"wrote {out}: {count:,} lines, sha256 {digest.hexdigest()}"


def jsonl_lines(base: GraphRAG) -> Iterator[str]:
    """The canonical export."""
    return (f"{line}\n" for line in base.export())


def graphml_lines(base: GraphRAG) -> Iterator[str]:
    """GraphML with one node per entity and one edge per relation; evidence as JSON text."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    for name in ("name", "type", "aliases", "description"):
        yield f'<key id="{name}" for="node" attr.name="{name}" attr.type="string"/>\n'
    yield '<key id="literal" for="node" attr.name="literal" attr.type="boolean"/>\n'
    yield '<key id="relation" for="edge" attr.name="type" attr.type="string"/>\n'
    yield '<key id="weight" for="edge" attr.name="weight" attr.type="double"/>\n'
    yield '<key id="evidence" for="edge" attr.name="evidence" attr.type="string"/>\n'
    yield '<graph edgedefault="directed">\n'
    for entity in base.view.entities():
        yield (
            f"<node id={quoteattr(entity.id)}>"
            + _datum("name", entity.name)
            + _datum("type", entity.type)
            + _datum("aliases", canonical_json(list(entity.aliases)))
            + _datum("description", entity.description)
            + _datum("literal", "true" if entity.literal else "false")
            + "</node>\n"
        )
    for relation in base.view.relations():
        yield (
            f"<edge id={quoteattr(relation.id)} source={quoteattr(relation.subject_id)} "
            f"target={quoteattr(relation.object_id)}>"
            + _datum("relation", relation.type)
            + _datum("weight", f"{relation.weight:.9g}")
            + _datum("evidence", canonical_json(_evidence(relation)))
            + "</edge>\n"
        )
    yield "</graph>\n</graphml>\n"


def csv_files(base: GraphRAG) -> Iterator[tuple[str, Iterator[bytes]]]:
    """entities.csv, relations.csv and evidence.csv.

    A cell that a spreadsheet would take for a formula is prefixed with an apostrophe; an apostrophe
    at the start of a cell is doubled, so that the original can be had back.
    """
    for name, (columns, rows) in _tables(base).items():
        yield f"{name}.csv", _csv(columns, rows)


def parquet_files(base: GraphRAG) -> Iterator[tuple[str, Iterator[bytes]]]:
    """The same tables as Parquet; needs the `parquet` extra."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingDependencyError("pyarrow", "parquet") from error
    for name, (columns, rows) in _tables(base).items():
        table = pyarrow.Table.from_pylist([dict(zip(columns, row, strict=True)) for row in rows])
        buffer = io.BytesIO()
        pyarrow.parquet.write_table(table, buffer)
        yield f"{name}.parquet", iter((buffer.getvalue(),))


def _tables(base: GraphRAG) -> dict[str, tuple[Sequence[str], Iterator[tuple[object, ...]]]]:
    return {
        "entities": (("id", "name", "type", "aliases", "description", "literal"), _entity_rows(base)),
        "relations": (("id", "subject_id", "type", "object_id", "weight"), _relation_rows(base)),
        "evidence": (
            ("relation_id", "document_id", "chunk_id", "start", "end", "quote", "extractor", "score"),
            _evidence_rows(base),
        ),
    }


def _entity_rows(base: GraphRAG) -> Iterator[tuple[object, ...]]:
    entity: Entity
    for entity in base.view.entities():
        aliases = canonical_json(list(entity.aliases))
        yield entity.id, entity.name, entity.type, aliases, entity.description, entity.literal


def _relation_rows(base: GraphRAG) -> Iterator[tuple[object, ...]]:
    for item in base.view.relations():
        yield item.id, item.subject_id, item.type, item.object_id, item.weight


def _evidence_rows(base: GraphRAG) -> Iterator[tuple[object, ...]]:
    for relation in base.view.relations():
        for item in relation.evidence:
            span = item.span
            yield (
                relation.id,
                item.document_id,
                item.chunk_id,
                span.start,
                span.end,
                item.quote,
                item.extractor,
                item.score,
            )


def _evidence(relation: Relation) -> list[dict[str, Any]]:
    return [
        {"document": item.document_id, "span": [item.span.start, item.span.end], "quote": item.quote}
        for item in relation.evidence
    ]


def _datum(key: str, text: str) -> str:
    return f'<data key="{key}">{escape(text)}</data>'


def _csv(columns: Sequence[str], rows: Iterable[tuple[object, ...]]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
        if buffer.tell() > 1 << 20:
            yield buffer.getvalue().encode("utf-8")
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode("utf-8")


def _cell(value: object) -> object:
    if isinstance(value, float):
        return f"{value:.9g}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.lstrip(" \u3000").startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value


# What spreadsheets take for a formula or for our own mark, their full-width twins included.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "'", "＝", "＋", "－", "＠")


def _turtle_lines(base: GraphRAG) -> Iterator[str]:
    from pipelines.schema import graph_rdf

    yield graph_rdf(base, "turtle")


def _json_ld_lines(base: GraphRAG) -> Iterator[str]:
    from pipelines.schema import graph_rdf

    yield graph_rdf(base, "json-ld")


def _html_lines(base: GraphRAG) -> Iterator[str]:
    from pipelines.export_html import html_page

    yield html_page(base.view, base.ontology)


_FILES: dict[str, Callable[[GraphRAG], Iterator[str]]] = {
    "jsonl": jsonl_lines,
    "graphml": graphml_lines,
    "turtle": _turtle_lines,
    "json-ld": _json_ld_lines,
    "cypher": cypher_script,
    "html": _html_lines,
}
_FOLDERS: dict[str, Callable[[GraphRAG], Iterator[tuple[str, Iterator[bytes]]]]] = {
    "csv": csv_files,
    "parquet": parquet_files,
    "neo4j-csv": neo4j_csv_files,
}


class _target:  # noqa: N801 - reads as the context manager it is
    """A binary stream that becomes `path` only when all was written; stdout for ``-``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")

    def __enter__(self) -> Any:
        if str(self._path) == "-":
            self._stream: Any = sys.stdout.buffer
        else:
            if not self._path.parent.is_dir():
                raise ConfigError(f'"{self._path.parent}" is not a folder; make it first')
            if self._path.is_dir():
                raise ConfigError(f'"{self._path}" is a folder; name a file in it')
            self._stream = self._beside.open("wb")
        return self._stream

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if str(self._path) == "-":
            self._stream.flush()
            return
        if kind is None:
            self._stream.flush()
            os.fsync(self._stream.fileno())
        self._stream.close()
        if kind is None:
            self._beside.replace(self._path)
        else:
            self._beside.unlink(missing_ok=True)


def _write_folder(folder: Path, files: Iterator[tuple[str, Iterator[bytes]]]) -> list[str]:
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f'"{folder}" is a file; this form is several files and needs a folder')
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for name, parts in files:
        with _target(folder / name) as stream:
            shutil.copyfileobj(_Parts(parts), stream)
        names.append(name)
    return names


class _Parts(io.RawIOBase):
    """Byte strings as a stream to copy from."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts

    def read(self, size: int = -1) -> bytes:
        return next(self._parts, b"")
