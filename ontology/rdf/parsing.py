"""Parse RDF of unknown origin. Nothing outside the given text is ever opened.

RDF formats can point elsewhere (XML entities, JSON-LD contexts). All of these are refused before or while
parsing, and statements and prefixes are counted as they arrive, so a hostile file costs at most a second.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from rdflib import Graph
from rdflib.plugins.stores.memory import Memory

from ontology.rdf.statements import Statements
from ontology.schema import OntologyError

MAX_BYTES = 8_000_000
MAX_TRIPLES = 15_000
MAX_PREFIXES = 1_000
SUFFIXES = {
    **dict.fromkeys((".ttl", ".turtle", ".n3", ".nt"), "turtle"),
    **dict.fromkeys((".owl", ".rdf", ".xml"), "xml"),
    **dict.fromkeys((".jsonld", ".json"), "json-ld"),
}


class Parser:
    """Reads texts into one set of statements."""

    def __init__(self) -> None:
        self.statements = Statements()
        self._graph = Graph(store=_Sink(self.statements))

    def parse(self, text: str, format: str, source: str | None) -> None:
        """Add the statements of a text.

        Raises:
            OntologyError: If it cannot be parsed, refers to something outside or is over the limits.
        """
        if format == "xml" and not text.lstrip().startswith("<"):
            format = "turtle"  # .owl files are often Turtle
        if format == "xml":
            _refuse_doctype(text, source)
            _refuse_prefixes(_XML_PREFIX, text, source)
        elif format == "json-ld":
            _refuse_remote_contexts(text, source)
        elif format != "turtle":
            raise OntologyError(
                f"cannot read RDF as {format!r}; choose turtle, xml or json-ld", source=source
            )
        else:
            _refuse_prefixes(_TURTLE_PREFIX, text, source)
        try:
            # Without a base, a relative IRI would become a file: IRI of the working directory.
            self._graph.parse(data=text, format=format, publicID="https://imported.invalid/")
        except _OverLimitError as error:
            raise OntologyError(f"more than {error}; import a part of it", source=source) from None
        except RecursionError as error:
            raise OntologyError("nested too deeply", source=source) from error
        except OntologyError:
            raise
        except Exception as error:
            problem = " ".join(str(error).split())[:200] or type(error).__name__
            raise OntologyError(
                f"not valid {format}: {problem}", source=source, line=_line_of(error)
            ) from error


class _OverLimitError(Exception):
    pass


class _Sink(Memory):
    """A store that keeps statements in our own form, and stops the parser before a file fills the memory."""

    def __init__(self, statements: Statements) -> None:
        super().__init__()
        self._statements = statements
        self._count = 0

    def add(self, triple: Any, context: Any, quoted: bool = False) -> None:
        self._count += 1
        if self._count > MAX_TRIPLES:
            raise _OverLimitError(f"{MAX_TRIPLES:,} statements")
        self._statements.add(*triple)


def read_text(path: Path) -> str:
    """The text of a file, refused if it is over the limit or not UTF-8."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise OntologyError(
                f"{size:,} bytes is over the limit of {MAX_BYTES:,}; import a part of it", source=str(path)
            )
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or str(error)
        raise OntologyError(f"cannot read the RDF file: {reason}", source=str(path)) from error
    except UnicodeDecodeError as error:
        raise OntologyError("the file is not UTF-8 text; save it as UTF-8", source=str(path)) from error


def format_of(path: Path) -> str:
    """The format a suffix tells."""
    try:
        return SUFFIXES[path.suffix.lower()]
    except KeyError:
        known = ", ".join(SUFFIXES)
        raise OntologyError(
            f"unknown RDF suffix {path.suffix!r}; use one of {known}", source=str(path)
        ) from None


def _line_of(error: Exception) -> int | None:
    getter = getattr(error, "getLineNumber", None)
    line = getter() if callable(getter) else getattr(error, "lines", None)
    return line if isinstance(line, int) else None


def _refuse_doctype(text: str, source: str | None) -> None:
    match = re.search(r"<!\s*(DOCTYPE|ENTITY)", text, re.IGNORECASE)
    if match:
        line = text.count("\n", 0, match.start()) + 1
        raise OntologyError(
            "document types and entities are refused in RDF/XML; save the ontology as Turtle",
            source=source,
            line=line,
        )
    declared = re.match(r"\s*<\?xml[^>]*encoding\s*=\s*[\"']([^\"']+)", text)
    if declared and declared[1].lower() not in ("utf-8", "utf8", "us-ascii", "ascii"):
        raise OntologyError(
            f"encoding {declared[1]} is refused; save the file as UTF-8", source=source, line=1
        )


_XML_PREFIX = re.compile(r"xmlns:?[^\s=]*\s*=\s*[\"'][^\"']*")
_TURTLE_PREFIX = re.compile(r"(?i)@?prefix\s[^>]*>")


def _refuse_prefixes(declaration: re.Pattern[str], text: str, source: str | None) -> None:
    """Each prefix costs the parser more than the last."""
    found: set[str] = set()
    for match in declaration.finditer(text):
        found.add(match[0])
        if len(found) > MAX_PREFIXES:
            raise OntologyError(f"more than {MAX_PREFIXES:,} prefixes; import a part of it", source=source)


def _refuse_remote_contexts(text: str, source: str | None) -> None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        raise OntologyError(f"not valid JSON: {error}", source=source, line=line) from error
    stack: list[Any] = [document]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, dict):
            contexts = item.get("@context", [])
            for context in contexts if isinstance(contexts, list) else [contexts]:
                if isinstance(context, str) or (isinstance(context, dict) and "@import" in context):
                    raise OntologyError(
                        f"the JSON-LD context {str(context)[:100]!r} lies elsewhere and nothing is fetched; "
                        "write the context into the file, or save it as Turtle",
                        source=source,
                    )
            stack.extend(item.values())
