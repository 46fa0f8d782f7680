"""Conditions that a search obeys in every step: which documents, which types, which dates.

A filter is compiled once per index into plain arrays and remembered, so that a repeated filter costs
nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from graphrag.errors import ConfigError
from graphrag.index.arrays import Ragged
from graphrag.index.snapshot import SearchIndex

_NO_VALUES: Mapping[str, object] = {}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search may look at. Empty fields allow everything.

    Attributes:
        metadata: Field -> the value a document's metadata must have; a list allows any of its values.
        since, until: First and last date of `date_field`, as ISO 8601; both ends count, and a value
            such as "2020" or "2020-05" stands for its first day (`since`) or last day (`until`).
        date_field: Metadata field that `since` and `until` look at.
        documents: Ids or keys of documents; only these are searched.
        entity_types: Keys of ontology types; other entities are neither linked nor walked through.
        relation_types: Keys of ontology relations; others are not walked.
    """

    metadata: Mapping[str, object] = field(default_factory=dict)
    since: str = ""
    until: str = ""
    date_field: str = "date"
    documents: tuple[str, ...] = ()
    entity_types: tuple[str, ...] = ()
    relation_types: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Equal for equal filters."""
        return json.dumps(
            [
                dict(self.metadata),
                self.since,
                self.until,
                self.date_field,
                sorted(self.documents),
                sorted(self.entity_types),
                sorted(self.relation_types),
            ],
            sort_keys=True,
            default=str,
        )


@dataclass(frozen=True, slots=True)
class CompiledFilters:
    """Filters as masks over one index's rows; None allows everything.

    Attributes:
        chunks: (chunks,) passages of documents that pass.
        entities: (entities,) entities of a type that passes, named in a passage that does.
        relations: (relation types,) types that pass.
        facts: (relations,) relations that a passage that passes states.
    """

    chunks: NDArray[np.bool_] | None = None
    entities: NDArray[np.bool_] | None = None
    relations: NDArray[np.bool_] | None = None
    facts: NDArray[np.bool_] | None = None


def compile_filters(index: SearchIndex, filters: Filters | None) -> CompiledFilters:
    """Turn filters into masks. O(documents + mentions + relations) where documents are filtered.

    Raises:
        ConfigError: If a type is not in the knowledge base, or a date is not ISO 8601.
    """
    if filters is None:
        return CompiledFilters()
    chunks = _chunk_mask(index, filters)
    return CompiledFilters(
        chunks=chunks,
        entities=_entity_mask(index, filters, chunks),
        relations=_relation_mask(index, filters),
        facts=_stated(index.relation_sentences, index, chunks) if chunks is not None else None,
    )


def _chunk_mask(index: SearchIndex, filters: Filters) -> NDArray[np.bool_] | None:
    if not (filters.metadata or filters.since or filters.until or filters.documents):
        return None
    since, until = _date(filters.since, "since"), _date(filters.until, "until")
    wanted = set(filters.documents)
    passes = np.zeros(index.counts["documents"], dtype=np.bool_)
    for row in range(len(passes)):
        facts = json.loads(index.metadata[row])
        passes[row] = (
            (not wanted or facts["key"] in wanted or index.document_ids[row] in wanted)
            and all(_matches(facts["metadata"].get(name), value) for name, value in filters.metadata.items())
            and _within(facts["metadata"].get(filters.date_field), since, until)
        )
    mask: NDArray[np.bool_] = passes[index.chunk_document]
    return mask


def _entity_mask(
    index: SearchIndex, filters: Filters, chunks: NDArray[np.bool_] | None
) -> NDArray[np.bool_] | None:
    mask: NDArray[np.bool_] | None = None
    if filters.entity_types:
        mask = _known(filters.entity_types, index.entity_types, "entity type")[index.entity_type]
    if chunks is not None:
        named = _stated(index.entity_sentences, index, chunks)
        subjects = index.entity_subjects
        owner = np.arange(len(subjects)).repeat(np.diff(subjects.start))
        named[owner[chunks[subjects.values]]] = True
        mask = named if mask is None else mask & named
    return mask


def _stated(places: Ragged, index: SearchIndex, chunks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which rows have a sentence in one of the chunks."""
    found = np.zeros(len(places), dtype=np.bool_)
    owner = np.arange(len(places)).repeat(np.diff(places.start))
    found[owner[chunks[index.sentence_chunk[places.values]]]] = True
    return found


def _relation_mask(index: SearchIndex, filters: Filters) -> NDArray[np.bool_] | None:
    if not filters.relation_types:
        return None
    return _known(filters.relation_types, index.relation_types, "relation type")


def _known(wanted: tuple[str, ...], present: tuple[str, ...], what: str) -> NDArray[np.bool_]:
    for name in wanted:
        if name not in present:
            raise ConfigError(
                f'no {what} "{name}" in this knowledge base; '
                f"it has: {', '.join(filter(None, present)) or 'none'}"
            )
    return np.array([name in wanted for name in present], dtype=np.bool_)


def _matches(value: object, wanted: object) -> bool:
    if isinstance(value, list):
        return any(_matches(item, wanted) for item in value)
    if isinstance(wanted, list | tuple | set | frozenset):
        return any(_matches(value, item) for item in wanted)
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    return value == wanted


def _date(text: str, name: str) -> str:
    parts = text.split("T")[0].split("-") if text else []
    if text and not (
        1 <= len(parts) <= 3
        and len(parts[0]) == 4
        and all(part.isdigit() and len(part) in (2, 4) for part in parts)
    ):
        raise ConfigError(f'{name} = "{text}" is not a date such as 2024, 2024-05 or 2024-05-31')
    return "-".join(parts)


def _within(value: object, since: str, until: str) -> bool:
    if not since and not until:
        return True
    if isinstance(value, int) and not isinstance(value, bool):
        value = f"{value:04d}"
    if not isinstance(value, str) or not value[:4].isdigit():
        return False
    day = value.split("T")[0]
    # ISO dates compare as text; a shorter one is compared at its own precision.
    return (not since or day >= since[: len(day)]) and (not until or day[: len(until)] <= until)
