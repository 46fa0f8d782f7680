"""Results as a person reads them in a terminal."""

import textwrap
from collections.abc import Mapping, Sequence

import click

from graphrag.datamodel import Answer, Context
from graphrag.engine import GraphRAG

_WIDTH = 96


def answer_text(base: GraphRAG, answer: Answer, *, trace: bool = False) -> str:
    """The answer, how the graph leads to it, and its sources with the quoted words."""
    lines = [_wrap(answer.text)]
    if answer.path is not None and answer.path.text not in answer.text:
        lines += ["", f"Path     {answer.path.text}"]
    if answer.citations:
        lines += ["", click.style("Sources", bold=True)]
    said = " ".join(answer.text.split())
    for citation in answer.citations:
        document = base.document(citation.evidence.document_id)
        span = citation.evidence.span
        lines.append(f"  [{citation.marker}] {_name(document.title, document.key)}, {span.start}–{span.end}")
        quote = " ".join(citation.evidence.quote.split())
        if quote not in said:  # what the answer quotes in full need not be read twice
            lines.append(_wrap(f"“{quote}”", indent="      "))
    if not answer.abstained:
        near = [hit.id for hit in answer.context.entities[:3]]
        lines += _links(base, answer.path.entity_ids if answer.path is not None else near)
    how = f"mode {answer.context.mode}"
    why = answer.context.trace.get("mode_reason")
    if why:
        how += f" ({why})"
    if answer.coverage is not None:
        how += f", looked at {answer.coverage:.0%} of the passages"
    lines += ["", click.style(how, dim=True)]
    if trace:
        lines += ["", trace_text(answer.context.trace)]
    return "\n".join(lines)


def context_text(base: GraphRAG, context: Context, *, trace: bool = False) -> str:
    """Ranked passages, the entities around the question and the paths that join them."""
    lines = []
    chunks = base.view.chunks_by_id([hit.id for hit in context.hits])
    for hit, chunk in zip(context.hits, chunks, strict=True):
        document = base.document(chunk.document_id)
        lines.append(
            click.style(f"{hit.rank:>2}. {_name(document.title, document.key)}", bold=True)
            + click.style(f"  {hit.score:.4f}  {chunk.span.start}–{chunk.span.end}", dim=True)
        )
        lines.append(_wrap(textwrap.shorten(chunk.text, 400, placeholder=" …"), indent="    "))
    if not context.hits:
        lines.append("nothing found")
    if context.paths:
        lines += ["", click.style("Paths", bold=True)]
        lines += [f"  {path.text}" for path in context.paths[:5]]
    if context.entities:
        entities = base.view.entities_by_id([hit.id for hit in context.entities[:10]])
        lines += ["", click.style("Entities", bold=True)]
        lines += [f"  {entity.name} ({entity.type})" for entity in entities]
        lines += _links(base, [entity.id for entity in entities])
    if trace:
        lines += ["", trace_text(context.trace)]
    return "\n".join(lines)


def trace_text(trace: Mapping[str, object]) -> str:
    """The steps of a search, indented."""
    lines = [click.style("Trace", bold=True)]
    for name, value in trace.items():
        _render(lines, name, value, depth=1)
    return "\n".join(lines)


def _render(lines: list[str], name: str, value: object, *, depth: int) -> None:
    pad = "  " * depth
    if isinstance(value, Mapping):
        lines.append(f"{pad}{name}")
        for key, item in value.items():
            _render(lines, str(key), item, depth=depth + 1)
    elif isinstance(value, list | tuple):
        lines.append(f"{pad}{name}" + ("" if value else "  none"))
        for item in value:
            if isinstance(item, Mapping):
                lines.append(f"{pad}  " + "  ".join(f"{key}={_number(part)}" for key, part in item.items()))
            else:
                lines.append(f"{pad}  {_number(item)}")
    else:
        lines.append(f"{pad}{name}  {_number(value)}")


def _links(base: GraphRAG, entity_ids: Sequence[str]) -> list[str]:
    """Where to look at entities in Neo4j Browser, for a base that lives in Neo4j."""
    server = getattr(base.view, "server", None)
    if server is None or not entity_ids:
        return []
    from pipelines.neo4j import browser_address, entity_link

    browser = browser_address(server)
    entities = base.view.entities_by_id(list(entity_ids))
    lines = ["", click.style("In Neo4j Browser", bold=True)]
    return lines + [f"  {e.name}  {entity_link(browser, e.id, server=server)}" for e in entities]


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _name(title: str, key: str) -> str:
    return f"{title} ({key})" if title and title != key else key


def _wrap(text: str, *, indent: str = "") -> str:
    paragraphs = []
    for paragraph in text.split("\n"):
        paragraphs.append(
            textwrap.fill(paragraph, _WIDTH, initial_indent=indent, subsequent_indent=indent)
            if paragraph.strip()
            else ""
        )
    return "\n".join(paragraphs)
