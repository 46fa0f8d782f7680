"""The graph as CSV for ``neo4j-admin database import full``: the road for millions of relations.

The files hold exactly the rows that a push would send, digests included, so that the push that follows
an import has nothing to write but the note of which knowledge base this is, and makes the constraints
and indexes. Every text is quoted, whatever it holds; nothing is skipped or mended on the way in.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from graphrag.engine import GraphRAG
from graphrag.errors import ConfigError, DataError
from graphrag.store.ledger import Ledger
from graphrag.store.neo4j_rows import (
    CHUNK,
    COMMUNITY,
    DOCUMENT,
    ENTITY,
    MENTION,
    NODE_KINDS,
    REJECTED,
    RELATION,
    SOURCE,
    EdgeKind,
    NodeKind,
    digest_of,
    edge_rows,
    node_rows,
)
from graphrag.store.neo4j_write import DIGEST

ARGUMENTS = "import.args"
_BETWEEN = "\x1f"  # elements of a list: no text that was read holds control characters
_PART = 1 << 20
_TEXTS = "string[]"
_NUMBERS = "long[]"
_TYPES: Mapping[str, Mapping[str, str]] = {
    DOCUMENT.name: {},
    CHUNK.name: {"ordinal": "long", "start": "long", "end": "long"},
    ENTITY.name: {"aliases": _TEXTS, "literal": "boolean", "names": _TEXTS, "long_names": _TEXTS},
    COMMUNITY.name: {"level": "long", "size": "long", "findings": _TEXTS},
    SOURCE.name: {"raw": "byte[]", "verdicts": "byte[]", "rejected": "long", "failed": "long"},
    RELATION.name: {
        "weight": "double",
        "evidence": _TEXTS,
        "documents": _TEXTS,
        "chunks": _TEXTS,
        "starts": _NUMBERS,
        "ends": _NUMBERS,
        "extractors": _TEXTS,
        "scores": "double[]",
    },
    MENTION.name: {"starts": _NUMBERS, "ends": _NUMBERS},
}
"""Types of the columns that are not plain texts, by kind."""
_MANIFEST = ("id:ID(manifest),:LABEL,imported:boolean\n", '"kg","__KnowledgeBase__",true\n')
"""Says that the base is not complete before a push has looked at it."""


def neo4j_csv_files(base: GraphRAG) -> Iterator[tuple[str, Iterator[bytes]]]:
    """A file per kind of node and edge, and the arguments of the import.

    Raises:
        ConfigError: If the base lives in Neo4j already.
        DataError: If a text of a list holds the separator of lists.
    """
    if not isinstance(base.view, Ledger):
        raise ConfigError(
            "neo4j-csv is made from a folder; bring the base into one with: graphrag neo4j pull"
        )
    seen = _Seen()
    for kind, make in node_rows(base.view, base.ontology).items():
        if kind is not REJECTED:
            yield _file(kind), seen.watched(_file(kind), _node_lines(kind, make))
    for edge_kind, make_edges in edge_rows(base.view).items():
        if edge_kind.start != REJECTED.label:
            yield _file(edge_kind), seen.watched(_file(edge_kind), _edge_lines(edge_kind, make_edges))
    yield "manifest.csv", seen.watched("manifest.csv", _MANIFEST)
    yield ARGUMENTS, seen.arguments()


class _Seen:
    """What the import has to be told of the files: which have fields of several lines, and the longest."""

    def __init__(self) -> None:
        self._several: dict[str, bool] = {}
        self._longest = 0

    def watched(self, name: str, lines: Iterable[str]) -> Iterator[bytes]:
        several, parts, held = False, [], 0
        for line in lines:
            raw = line.encode("utf-8")
            several = several or b"\n" in raw[:-1]
            self._longest = max(self._longest, len(raw))
            parts.append(raw)
            held += len(raw)
            if held > _PART:
                yield b"".join(parts)
                parts, held = [], 0
        self._several[name] = several
        yield b"".join(parts)

    def arguments(self) -> Iterator[bytes]:
        nodes = {"manifest.csv", *map(_file, NODE_KINDS)}
        lines = [
            "--id-type=string",
            "--array-delimiter=U+001F",
            "--bad-tolerance=0",
            "--skip-bad-relationships=false",
            "--strict=true",
            f"--read-buffer-size={max(4 << 20, 2 * self._longest)}",
        ]
        several = [name for name, found in self._several.items() if found]
        if several:
            lines += ["--multiline-fields-format=v2", f"--multiline-fields={','.join(several)}"]
        lines += [f"--{'nodes' if name in nodes else 'relationships'}={name}" for name in self._several]
        yield "".join(f"{line}\n" for line in lines).encode("utf-8")


def _file(kind: NodeKind | EdgeKind) -> str:
    return f"{kind.name}.csv"


def _node_lines(kind: NodeKind, make: Callable[[], Iterable[Any]]) -> Iterator[str]:
    keys = sorted(kind.properties)
    types = _TYPES.get(kind.name, {})
    columns = [f"{key}:{types.get(key, 'string')}" for key in keys]
    yield ",".join([f"id:ID({kind.label})", ":LABEL", *columns, f"{DIGEST}:string"]) + "\n"
    for node in make():
        held = [_field(node.properties.get(key), types.get(key, "string")) for key in keys]
        labels = _field([kind.label, *node.labels], _TEXTS)
        digest = _field(digest_of(node.labels, node.properties), "string")
        yield ",".join([_field(node.id, "string"), labels, *held, digest]) + "\n"


def _edge_lines(kind: EdgeKind, make: Callable[[], Iterable[Any]]) -> Iterator[str]:
    keys = sorted(kind.properties)
    types = _TYPES.get(kind.name, {})
    columns = [f"{key}:{types.get(key, 'string')}" for key in keys]
    own = [] if kind.type else ["id:string"]
    yield (
        ",".join(
            [f":START_ID({kind.start})", f":END_ID({kind.end})", ":TYPE", *own, *columns, f"{DIGEST}:string"]
        )
        + "\n"
    )
    for edge in make():
        held = [_field(edge.properties.get(key), types.get(key, "string")) for key in keys]
        ends = [_field(edge.start, "string"), _field(edge.end, "string"), _field(edge.type, "string")]
        named = [] if kind.type else [_field(edge.key, "string")]
        digest = digest_of((edge.start, edge.type, edge.end), edge.properties)
        yield ",".join([*ends, *named, *held, _field(digest, "string")]) + "\n"


def _field(value: Any, kind: str) -> str:
    """A cell; an absent value is an empty one, an empty text a quoted one."""
    if value is None:
        return ""
    if kind == "byte[]":
        # Bytes are signed there.
        return _quoted(_BETWEEN.join(str(byte - 256 if byte > 127 else byte) for byte in value))
    if kind == _TEXTS:
        for item in value:
            if _BETWEEN in item:
                raise DataError(
                    f"a text holds the control character U+001F, which the import needs: {item[:60]!r}"
                )
        return _quoted(_BETWEEN.join(value))
    if kind.endswith("[]"):
        return _quoted(_BETWEEN.join(map(repr, value)))
    if isinstance(value, bool):
        return "true" if value else "false"
    return _quoted(value) if kind == "string" else repr(value)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
