"""The canonical export: what a knowledge base says, and nothing of how it came to say it.

JSON lines sorted by kind and id; two stores hold the same knowledge if and only if the bytes are equal.
"""

from collections.abc import Iterator
from typing import Any, Protocol

from graphrag.datamodel import CheckedTriple, Failure
from graphrag.ids import canonical_json
from graphrag.interfaces import KnowledgeView
from graphrag.resolution import Decision
from graphrag.store.codec import evidence_plain, report_plain


class Exportable(KnowledgeView, Protocol):
    """What the canonical export reads: a view, and what was decided, rejected and not read."""

    @property
    def communities_commit(self) -> int: ...

    def decisions(self) -> list[Decision]: ...

    def failures(self) -> Iterator[Failure]: ...

    def quarantine(self) -> Iterator[CheckedTriple]: ...

    def reported(self) -> set[str]: ...


def export_lines(view: Exportable) -> Iterator[str]:
    """Lines by kind, in the order of the alphabet: chunk, community, decision, document, and so on."""
    for kind, rows in _sections(view):
        for row in rows:
            yield canonical_json(_rounded({"kind": kind, **row}))


def _sections(view: Exportable) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
    current = view.communities_commit == view.commit
    yield (
        "chunk",
        (
            {
                "id": c.id,
                "document_id": c.document_id,
                "ordinal": c.ordinal,
                "span": [c.span.start, c.span.end],
            }
            for c in view.chunks()
        ),
    )
    # Those of an older commit are not part of what the base says now.
    communities = list(view.communities()) if current else []
    yield (
        "community",
        (
            {"id": c.id, "level": c.level, "parent_id": c.parent_id, "entity_ids": list(c.entity_ids)}
            for c in communities
        ),
    )
    yield "decision", (d._asdict() | {"decision": d.kind} for d in view.decisions())
    yield "document", (
        {
            "id": d.id, "key": d.key, "title": d.title, "source": d.source, "text": d.text,
            "metadata": dict(d.metadata),
        }
        for d in view.documents()
    )  # fmt: skip
    yield "entity", (
        {
            "id": e.id, "name": e.name, "type": e.type, "aliases": list(e.aliases),
            "description": e.description,
            "literal": e.literal,
        }
        for e in view.entities()
    )  # fmt: skip
    yield "failure", (_failure(f) for f in view.failures())
    yield (
        "mention",
        (
            {"chunk_id": chunk, "entity_id": entity, "span": [span.start, span.end]}
            for chunk, entity, span in view.mentions()
        ),
    )
    yield "quarantine", (_rejected(c) for c in view.quarantine())
    yield "relation", (
        {
            "id": r.id, "subject_id": r.subject_id, "type": r.type, "object_id": r.object_id,
            "weight": r.weight,
            "evidence": [evidence_plain(e) for e in r.evidence],
        }
        for r in view.relations()
    )  # fmt: skip
    ids = sorted(c.id for c in communities)
    yield "report", (report_plain(r) for r in _reports(view, ids))


def _reports(view: Exportable, ids: list[str]) -> Iterator[Any]:
    held = view.reported() & set(ids)
    yield from view.reports_by_id(sorted(held))


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "stage": failure.stage,
        "item_id": failure.item_id,
        "error": failure.error,
        "message": failure.message,
    }


def _rejected(checked: CheckedTriple) -> dict[str, Any]:
    t = checked.triple
    return {
        "id": checked.id,
        "reason": checked.reason,
        "message": checked.message,
        "relation": checked.relation,
        "predicate": t.predicate,
        "modality": t.modality.value,
        "subject": t.subject.name,
        "subject_span": [t.subject.span.start, t.subject.span.end],
        "subject_type": checked.subject_type,
        "object": t.object.name,
        "object_span": [t.object.span.start, t.object.span.end],
        "object_type": checked.object_type,
        "score": checked.score,
        "evidence": evidence_plain(t.evidence),
    }


def _rounded(value: Any) -> Any:
    """Floats at nine significant digits, so that the last bits of a sum cannot make a difference."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return value
