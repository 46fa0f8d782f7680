"""The JSON shapes of results, as the command line prints them. Other programs rely on these keys."""

from collections.abc import Sequence
from typing import Any

from graphrag.datamodel import Answer, CheckedTriple, Context, Document, Entity, Evidence, Hit, Path, Relation
from graphrag.engine import GraphRAG


def context_json(base: GraphRAG, context: Context, *, trace: bool = False) -> dict[str, Any]:
    """Search: question, mode, hits, entities, relations, paths, and the trace if asked for."""
    shape: dict[str, Any] = {
        "question": context.query.text,
        "mode": context.mode,
        "hits": hits_json(base, context.hits),
        "entities": [
            {"rank": hit.rank, "score": _round(hit.score), **entity_json(entity)}
            for hit, entity in zip(
                context.entities, base.view.entities_by_id([hit.id for hit in context.entities]), strict=True
            )
        ],
        "relations": [
            relation_json(base, relation)
            for relation in base.view.relations_by_id([hit.id for hit in context.relations])
        ],
        "paths": [path_json(path) for path in context.paths],
    }
    if trace:
        shape["trace"] = dict(context.trace)
    return shape


def answer_json(base: GraphRAG, answer: Answer, *, trace: bool = False) -> dict[str, Any]:
    """Ask: everything of a search, and the answer with its citations."""
    shape = context_json(base, answer.context, trace=trace)
    shape |= {
        "answer": answer.text,
        "short": answer.short,
        "abstained": answer.abstained,
        "score": _round(answer.score),
        "path": path_json(answer.path) if answer.path else None,
        "missing": answer.missing,
        "citations": [
            {
                "marker": citation.marker,
                "document": document_json(base.document(citation.evidence.document_id)),
                "span": [citation.evidence.span.start, citation.evidence.span.end],
                "quote": citation.evidence.quote,
            }
            for citation in answer.citations
        ],
    }
    if answer.context.mode == "global":
        shape |= {"communities": list(answer.communities), "coverage": answer.coverage}
    return shape


def hits_json(base: GraphRAG, hits: Sequence[Hit]) -> list[dict[str, Any]]:
    """Ranked passages with the document each stands in."""
    chunks = base.view.chunks_by_id([hit.id for hit in hits])
    documents = base.view.documents_by_id([chunk.document_id for chunk in chunks])
    return [
        {
            "rank": hit.rank,
            "score": _round(hit.score),
            "document": document_json(document),
            "chunk_id": chunk.id,
            "span": [chunk.span.start, chunk.span.end],
            "text": chunk.text,
        }
        for hit, chunk, document in zip(hits, chunks, documents, strict=True)
    ]


def document_json(document: Document) -> dict[str, Any]:
    """How a document is named in results."""
    return {
        "id": document.id,
        "key": document.key,
        "title": document.title,
        "source": document.source,
    }


def entity_json(entity: Entity) -> dict[str, Any]:
    """An entity's own fields."""
    return {
        "id": entity.id,
        "name": entity.name,
        "type": entity.type,
        "aliases": list(entity.aliases),
        "description": entity.description,
    }


def relation_json(base: GraphRAG, relation: Relation) -> dict[str, Any]:
    """A relation with its ends by name and all its evidence."""
    head, tail = base.view.entities_by_id([relation.subject_id, relation.object_id])
    return {
        "id": relation.id,
        "head": head.name,
        "type": relation.type,
        "tail": tail.name,
        "weight": _round(relation.weight),
        "evidence": [evidence_json(base, item) for item in relation.evidence],
    }


def evidence_json(base: GraphRAG, evidence: Evidence) -> dict[str, Any]:
    """One span that says so."""
    return {
        "document": document_json(base.document(evidence.document_id)),
        "chunk_id": evidence.chunk_id,
        "span": [evidence.span.start, evidence.span.end],
        "quote": evidence.quote,
        "extractor": evidence.extractor,
        "score": _round(evidence.score),
    }


def path_json(path: Path) -> dict[str, Any]:
    """A chain of relations, for people and by id."""
    return {
        "text": path.text,
        "score": _round(path.score),
        "entities": list(path.entity_ids),
        "relations": [step.relation_id for step in path.steps],
    }


def triple_json(checked: CheckedTriple) -> dict[str, Any]:
    """A checked triple in the shape `graphrag extract` prints, direction put right."""
    evidence = checked.triple.evidence
    return {
        "head": checked.head.name,
        "head_type": checked.subject_type,
        "relation": checked.relation,
        "tail": checked.tail.value if checked.literal and checked.tail.value else checked.tail.name,
        "tail_type": checked.object_type,
        "span": [evidence.span.start, evidence.span.end],
        "quote": evidence.quote,
        "predicate": checked.triple.predicate,
        "modality": checked.triple.modality.value,
        "score": _round(checked.score),
        "verdict": checked.decision,
        "repairs": list(checked.repairs),
        "reason": checked.reason,
        "message": checked.message,
    }


def quarantine_json(base: GraphRAG, checked: CheckedTriple) -> dict[str, Any]:
    """A rejected triple with where it stands."""
    return {
        "id": checked.id,
        **triple_json(checked),
        "document": document_json(base.document(checked.triple.evidence.document_id)),
    }


def _round(value: float) -> float:
    return float(f"{value:.9g}")
