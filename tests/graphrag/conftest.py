"""A small knowledge base in memory, built by hand: a `KnowledgeView` without a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest

from graphrag.datamodel import Chunk, Community, Document, Entity, Evidence, Relation, Report, Span
from graphrag.errors import NotFoundError
from graphrag.ids import chunk_id, content_id, document_id, relation_id
from graphrag.merging import stated_within
from graphrag.names import normal_form

Fact = tuple[str, str, str, str, str]
"""(document key, subject, relation type, object, quote)."""


class MemoryView:
    """Holds its records in dicts; all streams sorted, as the contract asks."""

    def __init__(
        self,
        texts: Mapping[str, tuple[str, str]],
        *,
        types: Mapping[str, str] | None = None,
        aliases: Mapping[str, Sequence[str]] | None = None,
        facts: Sequence[Fact] = (),
        literals: Sequence[str] = (),
        metadata: Mapping[str, Mapping[str, object]] | None = None,
    ) -> None:
        """`texts`: key to (title, text), one chunk per paragraph; `types`: entity name to type."""
        self.commit = 1
        self._documents: dict[str, Document] = {}
        self._chunks: dict[str, Chunk] = {}
        self._entities: dict[str, Entity] = {}
        self._relations: dict[str, Relation] = {}
        self._communities: list[Community] = []
        self._reports: dict[str, Report] = {}
        self._by_key: dict[str, Document] = {}
        for key, (title, text) in sorted(texts.items()):
            self._add_document(key, title, text, (metadata or {}).get(key, {}))
        for name, type_ in sorted((types or {}).items()):
            known = tuple(sorted((aliases or {}).get(name, ())))
            entity = Entity(content_id("ent", name), name, type_, known, literal=name in literals)
            self._entities[entity.id] = entity
        for fact in facts:
            self._add_fact(*fact)

    def entity_id(self, name: str) -> str:
        return content_id("ent", name)

    def set_communities(self, communities: Sequence[Community], reports: Sequence[Report] = ()) -> None:
        self._communities = sorted(communities, key=lambda community: community.id)
        self._reports = {report.community_id: report for report in reports}

    def documents(self) -> Iterator[Document]:
        return iter(sorted(self._documents.values(), key=lambda document: document.id))

    def chunks(self) -> Iterator[Chunk]:
        return iter(sorted(self._chunks.values(), key=lambda chunk: chunk.id))

    def entities(self) -> Iterator[Entity]:
        return iter(sorted(self._entities.values(), key=lambda entity: entity.id))

    def relations(self) -> Iterator[Relation]:
        return iter(sorted(self._relations.values(), key=lambda relation: relation.id))

    def names(self) -> Iterator[tuple[str, str]]:
        return iter(
            sorted(
                (normal_form(name), entity.id)
                for entity in self._entities.values()
                for name in (entity.name, *entity.aliases)
            )
        )

    def mentions(self) -> Iterator[tuple[str, str, Span]]:
        found = []
        for chunk in self._chunks.values():
            for entity in self._entities.values():
                for name in (entity.name, *entity.aliases):
                    place = chunk.text.find(name)
                    if place >= 0:
                        start = chunk.span.start + place
                        found.append((chunk.id, entity.id, Span(start, start + len(name))))
        return iter(sorted(found))

    def subjects(self) -> Iterator[tuple[str, str]]:
        named = dict(self.names())
        pairs = [
            (document.id, named[normal_form(document.title)])
            for document in self._documents.values()
            if normal_form(document.title) in named
        ]
        return iter(sorted(pairs))

    def documents_by_id(self, ids: Sequence[str]) -> list[Document]:
        return [_found(self._documents, key) for key in ids]

    def chunks_by_id(self, ids: Sequence[str]) -> list[Chunk]:
        return [_found(self._chunks, key) for key in ids]

    def entities_by_id(self, ids: Sequence[str]) -> list[Entity]:
        return [_found(self._entities, key) for key in ids]

    def relations_by_id(self, ids: Sequence[str]) -> list[Relation]:
        return [_found(self._relations, key) for key in ids]

    def relations_within(self, ids: Sequence[str], chunk_ids: Sequence[str]) -> list[Relation]:
        return stated_within(self.relations_by_id(ids), chunk_ids)

    def entities_named(self, normal: str) -> list[str]:
        return sorted({entity_id for name, entity_id in self.names() if name == normal})

    def communities(self) -> Iterator[Community]:
        return iter(self._communities)

    def reports_by_id(self, community_ids: Sequence[str]) -> list[Report]:
        return [_found(self._reports, key) for key in community_ids]

    def _add_document(self, key: str, title: str, text: str, metadata: Mapping[str, object]) -> None:
        document = Document(document_id(key, title, text, metadata), key, text, title, key, metadata)
        self._documents[document.id] = document
        self._by_key[key] = document
        place = 0
        for ordinal, paragraph in enumerate(text.split("\n\n")):
            span = Span(place, place + len(paragraph))
            place = span.end + 2
            if paragraph.strip():
                chunk = Chunk(
                    chunk_id(document.id, span.start, span.end), document.id, span, paragraph, title, ordinal
                )
                self._chunks[chunk.id] = chunk

    def _add_fact(self, key: str, subject: str, type_: str, object_: str, quote: str) -> None:
        document = self._by_key[key]
        start = document.text.index(quote)
        chunk = next(
            item
            for item in self._chunks.values()
            if item.document_id == document.id and item.span.start <= start < item.span.end
        )
        evidence = Evidence(document.id, chunk.id, Span(start, start + len(quote)), quote, "hand", 1.0)
        ends = self.entity_id(subject), self.entity_id(object_)
        for end in ends:
            _found(self._entities, end)
        relation = relation_id(ends[0], type_, ends[1])
        old = self._relations.get(relation)
        known = (*(old.evidence if old else ()), evidence)
        self._relations[relation] = Relation(relation, ends[0], type_, ends[1], float(len(known)), known)


def _found(table: Mapping[str, object], key: str) -> object:
    if key not in table:
        raise NotFoundError(f'"{key}" is not here')
    return table[key]


@pytest.fixture
def memory_view() -> Callable[..., MemoryView]:
    """Make a `KnowledgeView` in memory."""
    return MemoryView
