"""What ``graphrag ontology`` does: show, check, import, suggest; and the graph as RDF."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from graphrag.checking import candidate_of
from graphrag.datamodel import Entity
from graphrag.engine import GraphRAG
from graphrag.errors import ConfigError
from ontology import Checker, Ontology, ReasonCode, dump_ontology, general_ontology, load_ontology
from ontology.suggestion import Rejected
from pipelines.knowledge import place_of


def show(target: str | None) -> dict[str, Any]:
    """A schema as YAML: the shipped one, a file's, or the one a knowledge base was built with."""
    schema = _schema_of(target)
    return {
        "name": schema.name,
        "fingerprint": schema.fingerprint,
        "types": sorted(schema.types),
        "relations": sorted([*schema.relations, *schema.properties]),
        "text": dump_ontology(schema).rstrip("\n"),
    }


def check(target: str) -> dict[str, Any]:
    """A file: whether it is a valid schema. A knowledge base: conflicts in its merged graph."""
    if _is_base(target):
        with GraphRAG.open(place_of(target)) as base:
            return _conflicts(base)
    schema = load_ontology(Path(target))
    count = len(schema.relations) + len(schema.properties)
    text = f"ok: {schema.name}, {len(schema.types)} types, {count} relations"
    return {"name": schema.name, "ok": True, "text": text}


def import_rdf(path: Path, out: Path | None) -> dict[str, Any]:
    """OWL, RDFS or SHACL into our YAML; what it could not hold is noted."""
    from ontology.rdf import import_rdf as read

    imported = read(path)
    schema = imported.ontology
    text = dump_ontology(schema, out) if out is not None else dump_ontology(schema)
    notes = "".join(f"# note: {note}\n" for note in imported.notes)
    return {
        "name": schema.name,
        "types": len(schema.types),
        "relations": len(schema.relations) + len(schema.properties),
        "notes": list(imported.notes),
        "text": notes + (f"wrote {out}" if out else text.rstrip("\n")),
    }


def suggest(target: str, *, limit: int) -> dict[str, Any]:
    """Additions to the schema that would admit what the quarantine holds, most useful first."""
    from ontology.suggestion import suggest as propose

    if not _is_base(target):
        raise ConfigError(f'"{target}" is not a knowledge base; suggestions come from the quarantine of one')
    with GraphRAG.open(place_of(target)) as base:
        schema = base.ontology
        if schema is None:
            raise ConfigError(f'"{target}" was built in open mode: nothing was rejected')
        uses = Counter(relation.type for relation in base.view.relations())
        found = propose(_rejected(base, schema), schema, limit=limit, uses=uses)
    shapes = [
        {
            "kind": item.kind.value,
            "key": item.key,
            "admits": item.admits,
            "seen": item.seen,
            "message": item.message,
            "examples": list(item.examples),
            "yaml": item.yaml,
        }
        for item in found
    ]
    return {"suggestions": shapes, "text": "\n".join(map(_suggestion_text, shapes)) or "nothing to suggest"}


def _rejected(base: GraphRAG, schema: Ontology) -> Iterator[Rejected]:
    checker = Checker(schema)
    for triple in base.quarantine():
        candidate = candidate_of(triple.triple)
        closest = checker.check(candidate).relation
        quote = triple.triple.evidence.quote
        yield Rejected(candidate, ReasonCode(triple.reason or ReasonCode.UNKNOWN_RELATION), closest, quote)


def _suggestion_text(shape: dict[str, Any]) -> str:
    lines = [f"{shape['kind']} {shape['key']}: {shape['message']} ({shape['admits']:,} triples would pass)"]
    lines += [f"    e.g. {example}" for example in shape["examples"]]
    lines += [f"    {line}" for line in shape["yaml"].rstrip().splitlines()]
    return "\n".join(lines) + "\n"


def graph_turtle(base: GraphRAG) -> str:
    """The graph as Turtle, typed by the schema's own terms.

    Raises:
        ConfigError: If the base was built in open mode: without a schema there are no terms.
    """
    from ontology.rdf import GraphEdge, GraphEntity, GraphEvidence, graph_to_rdf

    schema = base.ontology
    if schema is None:
        raise ConfigError("turtle needs a schema, and this base was built in open mode; use jsonl or graphml")
    values = {entity.id: entity.name for entity in base.view.entities() if entity.literal}
    entities = (
        GraphEntity(entity.id, entity.name, _types(entity, schema), entity.aliases)
        for entity in base.view.entities()
        if not entity.literal
    )
    edges = (
        GraphEdge(
            relation.subject_id,
            relation.type,
            values.get(relation.object_id, relation.object_id),
            tuple(
                GraphEvidence(item.document_id, item.span.start, item.span.end, item.quote)
                for item in relation.evidence
            ),
        )
        for relation in base.view.relations()
        if schema.relation(relation.type) is not None
    )
    return graph_to_rdf(schema, entities, edges)


def _conflicts(base: GraphRAG) -> dict[str, Any]:
    """Set constraints on the merged graph; every side of a conflict keeps its evidence in the store."""
    from ontology import find_conflicts

    schema = base.ontology
    if schema is None:
        return {
            "ok": True,
            "conflicts": [],
            "text": "built in open mode: there is no schema to check against",
        }
    entities = {entity.id: entity for entity in base.view.entities()}
    evidence = {
        (item.subject_id, item.type, _end(entities[item.object_id])): item.evidence
        for item in base.view.relations()
    }
    found = find_conflicts(
        schema,
        ((item.id, _types(item, schema)) for item in entities.values() if not item.literal),
        evidence,
    )
    shapes = []
    lines = [
        f"{len(found)} conflicts; all sides stay in the graph with their evidence"
        if found
        else "no conflicts"
    ]
    for conflict in found:
        name = entities[conflict.entity].name if conflict.entity in entities else conflict.entity
        others = [entities[other].name if other in entities else other for other in conflict.others]
        shapes.append(
            {
                "code": conflict.code.value,
                "entity": name,
                "relation": conflict.relation,
                "others": others,
                "message": conflict.message,
            }
        )
        lines.append(f"{conflict.code.value}: {name} {conflict.relation or ''} {' | '.join(others)}".rstrip())
        for other in conflict.others:
            for item in evidence.get((conflict.entity, conflict.relation or "", other), ())[:1]:
                place = f"{base.document(item.document_id).key} {item.span.start}–{item.span.end}"
                lines.append(f"    “{item.quote}”  {place}")
    return {"ok": not found, "conflicts": shapes, "text": "\n".join(lines)}


def _types(entity: Entity, schema: Ontology) -> tuple[str, ...]:
    return (entity.type,) if entity.type in schema.types else ()


def _end(entity: Entity) -> str:
    return entity.name if entity.literal else entity.id


def _is_base(target: str) -> bool:
    return (Path(target) / "kg.db").exists()


def _schema_of(target: str | None) -> Ontology:
    if target is None:
        return general_ontology()
    if _is_base(target):
        with GraphRAG.open(place_of(target)) as base:
            schema = base.ontology
        if schema is None:
            raise ConfigError(f'"{target}" was built in open mode: it has no schema')
        return schema
    return load_ontology(Path(target))
