"""What ``graphrag ontology`` does: show, check, import, suggest; and the graph as RDF."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from graphrag.checking import candidate_of
from graphrag.datamodel import Entity, Evidence
from graphrag.engine import GraphRAG
from graphrag.errors import ConfigError
from ontology import Checker, Ontology, ReasonCode, dump_ontology, general_ontology, load_ontology
from ontology.constraints import Conflict
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


def learn(target: str, examples: Path, out: Path) -> dict[str, Any]:
    """A model of a schema's relations from sentences with triples, for `extraction.learned`."""
    from graphrag.config import Config
    from graphrag.learning import read_examples
    from graphrag.reading import learn_model
    from graphrag.registry import make_extractor

    schema = load_ontology(Path(target))
    found = read_examples(examples, schema)
    model = learn_model(schema, found, make_extractor(Config(), schema))
    model.save(out)
    text = (
        f"wrote {out}: {len(model.relations)} relations from {len(found):,} sentences\n"
        f"use it with: graphrag build ... --set extraction.learned={out}"
    )
    return {"sentences": len(found), "relations": list(model.relations), "out": str(out), "text": text}


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


def graph_rdf(base: GraphRAG, form: str) -> str:
    """The graph as RDF ("turtle" or "json-ld"), typed by the schema's own terms.

    Raises:
        ConfigError: If the base was built in open mode: without a schema there are no terms.
    """
    from ontology.rdf import GraphEdge, GraphEntity, GraphEvidence, graph_to_rdf

    schema = base.ontology
    if schema is None:
        raise ConfigError(
            f"{form} needs a schema, and this base was built in open mode; use jsonl or graphml"
        )
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
    return graph_to_rdf(schema, entities, edges, format=form)


def derived(target: str, *, limit: int) -> dict[str, Any]:
    """What follows from a base's graph by inverse, symmetric and transitive relations; nothing is stored."""
    from ontology import derive

    with GraphRAG.open(place_of(target)) as base:
        schema = base.ontology
        if schema is None:
            raise ConfigError(f'"{target}" was built in open mode: no relation has rules')
        entities = {entity.id: entity for entity in base.view.entities()}
        found = derive(schema, (edge for edge, _ in _edges(base, entities)))
    shapes: list[dict[str, Any]] = [
        {
            **_named_edge(entities, (item.head, item.relation, item.tail)),
            "provenance": "derived",
            "rule": item.rule.value,
            "premises": [_named_edge(entities, premise) for premise in item.premises],
        }
        for item in found[:limit]
    ]
    lines = [f"{len(found):,} edges follow; none is stored, and none counts as read"]
    for shape in shapes:
        premises = " and ".join(_edge_text(premise) for premise in shape["premises"])
        lines.append(f"{_edge_text(shape)}\n    {shape['rule']}, from {premises}")
    return {"count": len(found), "derived": shapes, "text": "\n".join(lines)}


def _named_edge(entities: Mapping[str, Entity], edge: tuple[str, str, str]) -> dict[str, str]:
    head, relation, tail = edge
    return {"head": _name(entities, head), "relation": relation, "tail": _name(entities, tail)}


def _edge_text(edge: Mapping[str, Any]) -> str:
    return f"({edge['head']}, {edge['relation']}, {edge['tail']})"


def _name(entities: Mapping[str, Entity], id: str) -> str:
    return entities[id].name if id in entities else id


def _edges(
    base: GraphRAG, entities: Mapping[str, Entity]
) -> Iterator[tuple[tuple[str, str, str], tuple[Evidence, ...]]]:
    for item in base.view.relations():
        yield (item.subject_id, item.type, _end(entities[item.object_id])), tuple(item.evidence)


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
    evidence = dict(_edges(base, entities))
    found = find_conflicts(
        schema,
        ((item.id, _types(item, schema)) for item in entities.values() if not item.literal),
        evidence,
    )
    shapes = [_conflict_shape(base, conflict, entities, evidence) for conflict in found]
    counts = Counter((shape["code"], shape["relation"] or "") for shape in shapes)
    lines = ["no conflicts"]
    if found:
        lines = [f"{len(found):,} conflicts; all sides stay in the graph with their evidence", ""]
        lines += [f"{n:>7,}  {code} {relation}".rstrip() for (code, relation), n in counts.most_common()]
    for shape in shapes:
        lines += _conflict_lines(shape)
    return {"ok": not found, "conflicts": shapes, "text": "\n".join(lines)}


def _conflict_shape(
    base: GraphRAG,
    conflict: Conflict,
    entities: Mapping[str, Entity],
    evidence: Mapping[tuple[str, str, str], tuple[Evidence, ...]],
) -> dict[str, Any]:
    """A conflict in names, each side of it with where it was read."""
    sides = []
    for other in conflict.others:
        edge = (conflict.entity, conflict.relation or "", other)
        if conflict.code is ReasonCode.INVERSE_FUNCTIONAL_CONFLICT:
            edge = (other, conflict.relation or "", conflict.entity)
        sides.append(
            {
                "name": _name(entities, other),
                "type": entities[other].type if other in entities else None,
                "evidence": [
                    {
                        "document": base.document(item.document_id).key,
                        "span": [item.span.start, item.span.end],
                        "quote": item.quote,
                    }
                    for item in evidence.get(edge, ())
                ],
            }
        )
    message = conflict.message
    for id in (conflict.entity, *conflict.others):
        message = message.replace(id, _name(entities, id)) if id in entities else message
    return {
        "code": conflict.code.value,
        "entity": _name(entities, conflict.entity),
        "type": entities[conflict.entity].type if conflict.entity in entities else None,
        "relation": conflict.relation,
        "others": [side["name"] for side in sides],
        "message": message,
        "sides": sides,
    }


def _conflict_lines(shape: Mapping[str, Any]) -> list[str]:
    def shown(name: str, kind: str | None) -> str:
        return f"{name} ({kind})" if kind else name

    others = " | ".join(shown(side["name"], side["type"]) for side in shape["sides"])
    head = shown(shape["entity"], shape["type"])
    lines = ["", " ".join(filter(None, (f"{shape['code']}:", head, shape["relation"], others)))]
    for quote, where in dict.fromkeys(
        (item["quote"], f"{item['document']} {item['span'][0]}–{item['span'][1]}")
        for side in shape["sides"]
        for item in side["evidence"][:1]
    ):
        lines.append(f"    “{quote}”  {where}")
    return lines


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
