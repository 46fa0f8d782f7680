"""A knowledge base seen through filters: what an answer may read."""

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import replace
from typing import Any

from graphrag.datamodel import Relation, Span


class FilteredView:
    """A `KnowledgeView` of some passages: relations are those they state, mentions those in them.

    Everything else is as in the view underneath, since its ids come from what passed.

    Args:
        chunks: Ids of the passages; all if None.
        relation_types: Types of the relations; all if empty.
    """

    def __init__(self, view: Any, chunks: Set[str] | None, relation_types: Set[str]) -> None:
        self._view = view
        self._chunks = chunks
        self._types = relation_types

    def __getattr__(self, name: str) -> Any:
        return getattr(self._view, name)

    def mentions(self) -> Iterator[tuple[str, str, Span]]:
        """(chunk id, entity id, span), sorted."""
        return (item for item in self._view.mentions() if self._passes(item[0]))

    def relations(self) -> Iterator[Relation]:
        """All relations, by id."""
        return iter(self._within(self._view.relations()))

    def relations_of(self, entity_id: str) -> list[Relation]:
        """The relations that an entity is an end of."""
        return self._within(self._view.relations_of(entity_id))

    def relations_by_id(self, ids: Sequence[str]) -> list[Relation]:
        """In the order asked for; those that do not pass are left out."""
        return self._within(self._view.relations_by_id(ids))

    def relations_within(self, ids: Sequence[str], chunk_ids: Sequence[str]) -> list[Relation]:
        """As far as the chunks that pass state them."""
        passing = [chunk for chunk in chunk_ids if self._passes(chunk)]
        return self._within(self._view.relations_within(ids, passing))

    def _passes(self, chunk_id: str) -> bool:
        return self._chunks is None or chunk_id in self._chunks

    def _within(self, relations: Iterable[Relation]) -> list[Relation]:
        found = []
        for relation in relations:
            if self._types and relation.type not in self._types:
                continue
            evidence = tuple(item for item in relation.evidence if self._passes(item.chunk_id))
            if evidence:
                found.append(replace(relation, evidence=evidence))
        return found
