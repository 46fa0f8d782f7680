"""From the graph of a knowledge base to its communities and their reports, kept where nothing changed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from graphrag.config import CommunitiesConfig
from graphrag.datamodel import Community, Entity, Relation
from graphrag.graph.communities import (
    Floats,
    Ints,
    communities_at,
    hierarchical_communities,
    membership,
    modularity,
)
from graphrag.ids import fingerprint
from graphrag.interfaces import KnowledgeView, LightGraph

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphrag.config import Config
    from graphrag.store.ledger import Ledger
    from ontology import Ontology

# What being named in one passage counts for beside a relation; only for what no relation reaches.
_TOGETHER = 0.01
# A passage that names more than this is a list, and says little about any two of them.
_MOST_TOGETHER = 40


def find_communities(view: KnowledgeView, settings: CommunitiesConfig) -> list[Community]:
    """Communities of all things with names; every one of them is in some community.

    Edges are relations, by weight. A thing without any joins what it is named together with most
    often, so that nothing mentioned is out of reach of corpus-wide questions. Values (dates,
    amounts) take no part: two people do not belong together for having been born in one year.
    """
    ids, heads, tails, weights = _graph(view)
    return hierarchical_communities(
        ids,
        heads,
        tails,
        weights,
        max_size=settings.max_size,
        resolution=settings.resolution,
        seed=settings.seed,
    )


def community_levels(view: KnowledgeView) -> list[dict[str, float]]:
    """How the entities are divided at each level, the finest first.

    Returns:
        For each level the communities that part the entities there (`communities`), the size of the
        largest, and the modularity of that partition.
    """
    communities = list(view.communities())
    ids, heads, tails, weights = _graph(view)
    found = []
    for level in range(max((item.level for item in communities), default=-1) + 1):
        cut = communities_at(communities, level)
        quality = modularity(len(ids), heads, tails, weights, membership(ids, cut))
        largest = max(len(item.entity_ids) for item in cut)
        found.append(
            {"level": level, "communities": len(cut), "largest": largest, "modularity": round(quality, 4)}
        )
    return found


def _graph(view: KnowledgeView) -> tuple[list[str], Ints, Ints, Floats]:
    """What communities are found in: ids of things, and edges between their places."""
    if isinstance(view, LightGraph):
        ids, ties = view.things(), view.ties()
    else:
        ids = [entity.id for entity in view.entities() if not entity.literal]
        ties = ((item.subject_id, item.object_id, item.weight) for item in view.relations())
    rows = {name: row for row, name in enumerate(ids)}
    heads: list[int] = []
    tails: list[int] = []
    weights: list[float] = []
    for one, other, weight in ties:
        head, tail = rows.get(one), rows.get(other)
        if head is not None and tail is not None and head != tail:
            heads.append(head)
            tails.append(tail)
            weights.append(weight)
    linked = set(heads) | set(tails)
    for row, companion in _companions(view, rows, linked):
        heads.append(row)
        tails.append(companion)
        weights.append(_TOGETHER)
    ends = np.array(heads, dtype=np.int64), np.array(tails, dtype=np.int64)
    return ids, *ends, np.array(weights, dtype=np.float64)


def refresh_communities(ledger: Ledger, config: Config, ontology: Ontology | None) -> tuple[int, int]:
    """Make the communities and reports of the store's commit and keep them in it.

    Reports of communities that no change has touched stay as they are stored and are not read.

    Returns:
        How many reports there are, and how many of them were written anew.
    """
    from graphrag.reports import VERSION, make_reports

    communities = find_communities(ledger, config.communities)
    wording = _wording(ontology)
    made = f"{VERSION} {wording}"
    known = ledger.reported()
    touched = ledger.touched_since(ledger.communities_commit) if ledger.reports_made == made else None
    kept = (
        {item.id for item in communities if item.id in known and touched.isdisjoint(item.entity_ids)}
        if touched is not None
        else set()
    )
    fresh = [item for item in communities if item.id not in kept]
    older = [item.id for item in fresh if item.id in known]
    previous = {report.community_id: report for report in ledger.reports_by_id(older)}
    reports = make_reports(
        _Around(ledger, fresh) if kept else ledger,
        fresh,
        label=_label(ontology),
        type_label=_type_label(ontology),
        previous=previous,
        wording=wording,
    )
    ledger.set_communities(communities, reports, kept=kept, made=made)
    anew = sum(previous.get(report.community_id) is not report for report in reports)
    return len(communities), anew


class _Around:
    """The members of some communities, and the relations that touch them with both their ends."""

    def __init__(self, view: Ledger, communities: Sequence[Community]) -> None:
        members = {name for item in communities for name in item.entity_ids}
        self._relations = view.relations_around(members)
        ends = {end for item in self._relations for end in (item.subject_id, item.object_id)}
        self._entities = view.entities_among(members | ends)

    def entities(self) -> Iterator[Entity]:
        return iter(self._entities)

    def relations(self) -> Iterator[Relation]:
        return iter(self._relations)


def _companions(view: KnowledgeView, rows: dict[str, int], linked: set[int]) -> list[tuple[int, int]]:
    """For each thing without relations, the one it is named together with most often."""
    together: defaultdict[int, Counter[int]] = defaultdict(Counter)
    passage: set[int] = set()
    last = ""
    for chunk, entity, _ in view.mentions():
        if chunk != last:
            _count(together, passage, linked)
            passage, last = set(), chunk
        row = rows.get(entity)
        if row is not None:
            passage.add(row)
    _count(together, passage, linked)
    # Something that has relations is preferred: it leads on into the graph.
    return [
        (row, min(counts, key=lambda other: (other not in linked, -counts[other], other)))
        for row, counts in sorted(together.items())
    ]


def _count(together: defaultdict[int, Counter[int]], passage: set[int], linked: set[int]) -> None:
    if not 1 < len(passage) <= _MOST_TOGETHER:
        return
    for row in passage - linked:
        together[row].update(passage - {row})


def _wording(ontology: Ontology | None) -> str:
    """Fingerprint of the words that an ontology has for relations, properties and types of entities."""
    if ontology is None:
        return ""
    kinds: list[Mapping[str, Any]] = [ontology.relations, ontology.properties, ontology.types]
    return fingerprint([{key: item.label for key, item in kind.items()} for kind in kinds])


def _label(ontology: Ontology | None) -> Callable[[str], str]:
    from graphrag.reports import plain_label

    def label(key: str) -> str:
        relation = ontology.relation(key) if ontology is not None else None
        return relation.label if relation is not None and relation.label else plain_label(key)

    return label


def _type_label(ontology: Ontology | None) -> Callable[[str], str]:
    from graphrag.reports import plain_label

    def label(key: str) -> str:
        found = ontology.types.get(key) if ontology is not None else None
        return found.label if found is not None and found.label else plain_label(key)

    return label
