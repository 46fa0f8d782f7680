"""What ``graphrag inspect`` shows: the data of each view, and the same for a terminal."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import click

from graphrag.communities import community_levels
from graphrag.datamodel import CheckedTriple, Chunk
from graphrag.engine import GraphRAG
from graphrag.errors import NotFoundError
from pipelines.shapes import document_json, entity_json, evidence_json, relation_json
from pipelines.terminal import print_pairs, print_table


def stats(base: GraphRAG) -> dict[str, Any]:
    """Counts, communities by level with their modularity, and the fingerprint of the canonical export."""
    return {**base.stats(), "levels": community_levels(base.view)}


def types(base: GraphRAG) -> dict[str, Any]:
    """How many entities of each type and relations of each type."""
    entities = Counter(entity.type for entity in base.view.entities())
    relations = Counter(relation.type for relation in base.view.relations())
    return {
        "entities": [{"type": name, "count": count} for name, count in _ranked(entities)],
        "relations": [{"type": name, "count": count} for name, count in _ranked(relations)],
    }


def documents(base: GraphRAG, *, limit: int) -> dict[str, Any]:
    """The first documents by key."""
    ordered = sorted(base.view.documents(), key=lambda document: document.key)
    return {"total": len(ordered), "documents": [document_json(item) for item in ordered[:limit]]}


def examples(base: GraphRAG, *, count: int) -> dict[str, Any]:
    """Passages with their accepted triples that show the most relations, as a model's prompt takes them."""
    from graphrag.checking import Checker
    from graphrag.extraction.describing import examples_from

    check = Checker(base.ontology, base.config).check
    checked: list[CheckedTriple] = []
    chunks: list[Chunk] = []
    for document, parts, results in base.view.extractions():
        checked += check(document, results)
        chunks += parts
    made = examples_from(checked, chunks, count=count)
    return {"examples": [{"text": item.text, "triples": list(item.records)} for item in made]}


def _print_examples(data: dict[str, Any]) -> None:
    import yaml

    click.echo("# Passages and records for llm.examples; look through them before use.")
    click.echo(yaml.safe_dump(data["examples"], allow_unicode=True, sort_keys=False, width=100), nl=False)


def entity(base: GraphRAG, name: str, *, why: bool, limit: int) -> dict[str, Any]:
    """Entities of that name with their relations, and why their names were taken for one."""
    found = base.entities(name)
    if not found:
        base.entity(name)  # raises with advice
    shapes = []
    for item in found:
        relations = base.view.relations_of(item.id)
        shape = {
            **entity_json(item),
            "relations_total": len(relations),
            "relations": [relation_json(base, relation) for relation in relations[:limit]],
        }
        if why:
            shape["why"] = [merge.as_plain() for merge in base.view.why(item.id)]
        shapes.append(shape)
    return {"entities": shapes}


def relation(base: GraphRAG, name: str, *, limit: int) -> dict[str, Any]:
    """Relations of a type, heaviest first, or the one with that id."""
    if name.startswith("rel-"):
        chosen = base.view.relations_by_id([name])
        total = len(chosen)
    else:
        matching = [item for item in base.view.relations() if item.type == name.upper()]
        total = len(matching)
        chosen = sorted(matching, key=lambda item: (-item.weight, item.id))[:limit]
    if not chosen:
        raise NotFoundError(f'no relation of type "{name}"; see the types with: graphrag inspect KG types')
    return {"total": total, "relations": [relation_json(base, item) for item in chosen]}


def community(base: GraphRAG, name: str) -> dict[str, Any]:
    """A community's report, members and place in the hierarchy."""
    found = [item for item in base.view.communities() if item.id.startswith(name)]
    if len(found) != 1:
        raise NotFoundError(
            f'{len(found)} communities have an id that starts with "{name}"; '
            'ids are in: graphrag ask KG "…" --mode global --json'
        )
    item = found[0]
    report = base.view.reports_by_id([item.id])[0]
    return {
        "id": item.id,
        "level": item.level,
        "parent": item.parent_id,
        "title": report.title,
        "summary": report.summary,
        "findings": [
            {
                "text": finding.text,
                "rank": finding.rank,
                "evidence": [evidence_json(base, evidence) for evidence in finding.evidence],
            }
            for finding in report.findings
        ],
        "members": [entity_json(member) for member in base.view.entities_by_id(list(item.entity_ids))],
    }


def document(base: GraphRAG, name: str, *, limit: int) -> dict[str, Any]:
    """A document with what was read out of it."""
    found = base.view.find_documents(name)
    if not found:
        raise NotFoundError(f'no document is called "{name}"; list them with: graphrag inspect KG documents')
    item = found[0]
    chunks = base.view.chunks_of(item.id)
    facts = base.view.relations_in(item.id)[:limit]
    return {
        **document_json(item),
        "characters": len(item.text),
        "metadata": dict(item.metadata),
        "chunks": [{"id": chunk.id, "span": [chunk.span.start, chunk.span.end]} for chunk in chunks],
        "relations": [relation_json(base, fact) for fact in facts],
    }


def show(what: str, data: dict[str, Any]) -> None:
    """Print a view for a person."""
    _PRINTERS[what](data)


def _print_stats(data: dict[str, Any]) -> None:
    print_pairs({key: value for key, value in data.items() if not isinstance(value, list | dict)})
    for key, value in data.items():
        if isinstance(value, dict):
            print_pairs(value, title=key)
    if data["levels"]:
        click.echo()
        print_table(list(data["levels"][0]), [tuple(row.values()) for row in data["levels"]])


def _print_types(data: dict[str, Any]) -> None:
    print_table(["entity type", "count"], [(row["type"], row["count"]) for row in data["entities"]])
    click.echo()
    print_table(["relation type", "count"], [(row["type"], row["count"]) for row in data["relations"]])


def _print_documents(data: dict[str, Any]) -> None:
    print_table(["key", "title"], [(row["key"], row["title"]) for row in data["documents"]])
    click.echo(f"{data['total']:,} documents", err=True)


def _print_entity(data: dict[str, Any]) -> None:
    for item in data["entities"]:
        click.echo(f"{click.style(item['name'], bold=True)}  {item['type']}  {item['id']}")
        if item["aliases"]:
            click.echo(f"  also {', '.join(item['aliases'])}")
        if item["description"]:
            click.echo(f"  {item['description']}")
        _print_relations(item["relations"])
        if item["relations_total"] > len(item["relations"]):
            click.echo(f"  … {item['relations_total'] - len(item['relations'])} more", err=True)
        for reason in item.get("why", ()):
            click.echo("  " + "  ".join(f"{key}: {value}" for key, value in reason.items()))


def _print_relations(relations: list[dict[str, Any]]) -> None:
    for item in relations:
        click.echo(f"  {item['head']} –{item['type']}→ {item['tail']}")
        for evidence in item["evidence"][:2]:
            place = f"{evidence['document']['key']} {evidence['span'][0]}–{evidence['span'][1]}"
            click.echo(click.style(f"      “{evidence['quote']}”  {place}", dim=True))


def _print_relation(data: dict[str, Any]) -> None:
    _print_relations(data["relations"])
    click.echo(f"{data['total']:,} relations", err=True)


def _print_community(data: dict[str, Any]) -> None:
    click.echo(f"{click.style(data['title'], bold=True)}  level {data['level']}  {data['id']}")
    click.echo(data["summary"])
    for finding in data["findings"]:
        click.echo(f"  • {finding['text']}")
    click.echo("  members: " + ", ".join(member["name"] for member in data["members"]))


def _print_document(data: dict[str, Any]) -> None:
    click.echo(f"{click.style(data['title'] or data['key'], bold=True)}  {data['key']}  {data['id']}")
    click.echo(f"  {data['characters']:,} characters in {len(data['chunks'])} chunks; from {data['source']}")
    _print_relations(data["relations"])


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


_PRINTERS: dict[str, Callable[[dict[str, Any]], None]] = {
    "stats": _print_stats,
    "types": _print_types,
    "examples": _print_examples,
    "documents": _print_documents,
    "entity": _print_entity,
    "relation": _print_relation,
    "community": _print_community,
    "document": _print_document,
}
