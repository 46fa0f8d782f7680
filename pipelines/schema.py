"""What ``graphrag ontology`` does: show, check, import, suggest; and the graph as RDF."""

from pathlib import Path
from typing import Any

from graphrag.engine import GraphRAG
from graphrag.errors import ConfigError
from ontology import Ontology, dump_ontology, general_ontology, load_ontology


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
    if not (Path(target) / "kg.db").exists():
        schema = load_ontology(Path(target))
        count = len(schema.relations) + len(schema.properties)
        return {
            "name": schema.name,
            "ok": True,
            "text": f"ok: {schema.name}, {len(schema.types)} types, {count} relations",
        }
    raise ConfigError(
        "checking the merged graph of a base is not available in this version; check a schema file"
    )


def import_rdf(path: Path, out: Path | None) -> dict[str, Any]:
    """OWL, RDFS or SHACL into our YAML."""
    from ontology.rdf import import_rdf as read

    schema = read(path)
    text = dump_ontology(schema, out) if out is not None else dump_ontology(schema)
    return {
        "name": schema.name,
        "types": len(schema.types),
        "text": f"wrote {out}" if out else text.rstrip("\n"),
    }


def suggest(target: str, *, limit: int) -> dict[str, Any]:
    """Additions to the schema that would admit what the quarantine holds, most useful first."""
    raise ConfigError("ontology suggest is not available in this version")


def graph_turtle(base: GraphRAG) -> str:
    """The graph as Turtle, typed by the schema's own terms."""
    raise ConfigError("turtle export is not available in this version")


def _schema_of(target: str | None) -> Ontology:
    if target is None:
        return general_ontology()
    if (Path(target) / "kg.db").exists():
        with GraphRAG.open(target) as base:
            schema = base.ontology
        if schema is None:
            raise ConfigError(f'"{target}" was built in open mode: it has no schema')
        return schema
    return load_ontology(Path(target))
