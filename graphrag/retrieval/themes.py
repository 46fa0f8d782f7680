"""Communities laid over the search index: which passages each one holds, and who is whose parent.

Every passage with an entity in it has one home, the finest community that the most specific share of
its entities belongs to; so the communities of a level part the collection among them, and how much of
it a search looked at can be counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graphrag.datamodel import Community, Report
from graphrag.errors import NotFoundError
from graphrag.index.snapshot import SearchIndex
from graphrag.interfaces import Embedder, Floats, KnowledgeView

Rows = NDArray[np.int64]

_REPORT_CHARACTERS = 1500


@dataclass(frozen=True, slots=True)
class Themes:
    """All communities of a commit, by rows; parents stand before their children.

    Attributes:
        communities: By level, coarsest first, then id.
        reports: One for each, in that order; None where it has none.
        parent: (c,) row of the parent; -1 at the top.
        children: Rows of the children of each.
        home: (chunks,) row of the finest community of each passage; -1 if none of its entities is in one.
        vectors: (c, dim) unit rows of the reports' words.
        sizes: (c,) passages that each holds, those of its parts included.
    """

    communities: tuple[Community, ...]
    reports: tuple[Report | None, ...]
    parent: Rows
    children: tuple[tuple[int, ...], ...]
    home: Rows
    vectors: Floats
    sizes: Rows

    def __len__(self) -> int:
        return len(self.communities)

    def cut(self, level: int) -> Rows:
        """The communities that stand for the whole collection at a level.

        Those of that level; above it those that are not divided further, below it those that no
        community of the level holds. Every entity is in exactly one.
        """
        chosen = []
        for row, community in enumerate(self.communities):
            parent = int(self.parent[row])
            above = parent < 0 or self.communities[parent].level > level
            if (community.level <= level and above) or (community.level > level and not self.children[row]):
                chosen.append(row)
        return np.array(chosen, dtype=np.int64)

    def lift(self, rows: Rows) -> Rows:
        """(chunks,) which of `rows` holds each passage, itself or as an ancestor; -1 if none does."""
        stands = np.full(len(self.communities) + 1, -1, dtype=np.int64)
        stands[rows] = rows
        for row in range(len(self.communities)):  # parents first, so what they stand for is known
            if stands[row] < 0:
                stands[row] = stands[self.parent[row]]
        return stands[self.home]


def lay_themes(view: KnowledgeView, index: SearchIndex, embedder: Embedder) -> Themes:
    """Read communities and reports, give each passage its home, embed the reports."""
    communities = sorted(view.communities(), key=lambda item: (-item.level, item.id))
    rows = {community.id: row for row, community in enumerate(communities)}
    parent = np.array([rows.get(item.parent_id or "", -1) for item in communities], dtype=np.int64)
    children: list[list[int]] = [[] for _ in communities]
    for row, above in enumerate(parent.tolist()):
        if above >= 0:
            children[above].append(row)
    reports = _reports(view, communities)
    home = _homes(index, communities)
    sizes = np.bincount(home[home >= 0], minlength=len(communities)).astype(np.int64)
    for row in range(len(communities) - 1, -1, -1):
        if parent[row] >= 0:
            sizes[parent[row]] += sizes[row]
    texts = [_words(report) if report is not None else "" for report in reports]
    vectors = embedder.embed(texts) if texts else np.zeros((0, embedder.dim), dtype=np.float32)
    return Themes(
        tuple(communities), tuple(reports), parent, tuple(map(tuple, children)), home, vectors, sizes
    )


def _reports(view: KnowledgeView, communities: Sequence[Community]) -> list[Report | None]:
    ids = [community.id for community in communities]
    try:
        return list(view.reports_by_id(ids))
    except NotFoundError:
        return [_report(view, key) for key in ids]


def _report(view: KnowledgeView, community_id: str) -> Report | None:
    try:
        return view.reports_by_id([community_id])[0]
    except NotFoundError:
        return None


def _words(report: Report) -> str:
    findings = " ".join(finding.text for finding in report.findings)
    return f"{report.title}. {findings or report.summary}"[:_REPORT_CHARACTERS]


def _homes(index: SearchIndex, communities: Sequence[Community]) -> Rows:
    """The finest community with the largest share of a passage's entities, rare ones counting more."""
    chunks = index.counts["chunks"]
    ids = index.entity_ids  # those of the view, then subjects that only a title names: these have no id
    finest = np.full(len(ids), -1, dtype=np.int64)
    if len(communities) == 0 or chunks == 0:
        return np.full(chunks, -1, dtype=np.int64)
    row_of = {ids[row]: row for row in range(index.counts["entities"])}
    for number, community in enumerate(communities):  # finer ones come later and overwrite
        for entity_id in community.entity_ids:
            row = row_of.get(entity_id)
            if row is not None:
                finest[row] = number
    incidence = index.sentence_entities
    sentence = np.repeat(np.arange(len(incidence)), np.diff(incidence.start))
    entity = np.asarray(incidence.values, dtype=np.int64)
    known = finest[entity] >= 0
    chunk = np.asarray(index.sentence_chunk)[sentence[known]].astype(np.int64)
    weight = 1.0 / np.log2(2.0 + np.asarray(index.entity_frequency)[entity[known]])
    subject = np.asarray(index.chunk_subject, dtype=np.int64)
    titled = np.flatnonzero(subject >= 0)
    titled = titled[finest[subject[titled]] >= 0]
    chunk = np.concatenate((chunk, titled))
    owner = np.concatenate((finest[entity[known]], finest[subject[titled]]))
    weight = np.concatenate((weight, np.ones(len(titled))))
    return _heaviest(chunk, owner, weight, chunks, len(communities))


def _heaviest(chunk: Rows, community: Rows, weight: NDArray[np.float64], chunks: int, count: int) -> Rows:
    pairs, inverse = np.unique(chunk * count + community, return_inverse=True)
    total = np.round(np.bincount(inverse, weights=weight, minlength=len(pairs)), 9)
    order = np.lexsort((pairs % count, -total, pairs // count))
    owners = (pairs // count)[order]
    first = np.ones(len(owners), dtype=np.bool_)
    first[1:] = owners[1:] != owners[:-1]
    home = np.full(chunks, -1, dtype=np.int64)
    home[owners[first]] = (pairs % count)[order][first]
    return home
