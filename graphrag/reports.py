"""What each community is about, said with the sources' own sentences; no model needed.

A report is a pure function of its community's members, the relations that touch them and the way it
is made. So the reports after a change equal those of a rebuild, and a report whose `basis` is
unchanged is kept as it is, whoever wrote it.
"""

from __future__ import annotations

import hashlib
import heapq
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphrag.datamodel import Community, Entity, Evidence, Finding, Relation, Report
from graphrag.index.terms import term_of, tokens
from graphrag.interfaces import GraphRecords
from ontology.kinds import kinds_of_noun

VERSION = "extractive-2"
"""Part of every basis: another way of writing makes other reports."""

_CROSSING = 0.4
"""What a relation that leads out of the community counts for, next to one inside it."""
_CANDIDATES = 240
"""Sentences considered in earnest; the best by central relations, so a huge community costs little."""
_REDUNDANT = 0.6
"""Two sentences that share more of their words than this (Jaccard) say the same."""

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")

Label = Callable[[str], str]


def plain_label(key: str) -> str:
    """Words of a key without a label: ``FOUNDED_BY`` is "founded by", ``PeopleGroup`` "people group"."""
    return _CAMEL.sub(" ", key).replace("_", " ").strip().lower()


@dataclass(frozen=True, slots=True)
class Material:
    """All that a report may be made from.

    Attributes:
        entities: The members, sorted by id.
        relations: Those with an end among the members, sorted by id.
        names: Entity id to name, for members and for what their relations lead to.
        basis: Hash of all of it; equal material has an equal basis.
    """

    community: Community
    entities: tuple[Entity, ...]
    relations: tuple[Relation, ...]
    names: Mapping[str, str]
    basis: str


def make_reports(
    view: GraphRecords,
    communities: Sequence[Community],
    *,
    label: Label = plain_label,
    type_label: Label = plain_label,
    max_findings: int = 12,
    previous: Mapping[str, Report] | None = None,
    wording: str = "",
) -> list[Report]:
    """Report on every community by quoting.

    Costs one pass over entities and relations, and O(r log r) per community of r relations.

    Args:
        view: Where members and relations are read.
        communities: Of any number of levels.
        label: Words for a relation type, as the ontology gives them.
        type_label: Words for an entity type.
        max_findings: Sentences quoted in one report.
        previous: Earlier reports by community id; one whose basis is unchanged is returned as it is.
        wording: Names the labels; other labels make other reports.

    Returns:
        One report per community, in their order.
    """
    kept = previous or {}
    made = []
    settings = f"{VERSION} {max_findings} {wording}"
    for material in gather(view, communities, settings=settings):
        old = kept.get(material.community.id)
        if old is not None and old.basis == material.basis:
            made.append(old)
        else:
            made.append(
                extract_report(material, label=label, type_label=type_label, max_findings=max_findings)
            )
    return made


def gather(view: GraphRecords, communities: Sequence[Community], *, settings: str = "") -> Iterator[Material]:
    """What each community's report may say, in the order of `communities`.

    Args:
        settings: Names how the report will be written; takes part in each `basis`.
    """
    homes: dict[str, list[int]] = defaultdict(list)
    for number, community in enumerate(communities):
        for entity_id in community.entity_ids:
            homes[entity_id].append(number)
    entities = {entity.id: entity for entity in view.entities()}
    digests = {key: _digest(entity.id, entity.name, entity.type) for key, entity in entities.items()}
    relations: list[Relation] = []
    marks: list[bytes] = []
    touching: list[list[int]] = [[] for _ in communities]
    for relation in view.relations():
        row = len(relations)
        places = homes.get(relation.subject_id, ())
        for number in places:
            touching[number].append(row)
        if relation.object_id in homes:
            seen = set(places)
            for number in homes[relation.object_id]:
                if number not in seen:
                    touching[number].append(row)
        relations.append(relation)
        marks.append(_mark(relation, digests))
    for number, community in enumerate(communities):
        rows = touching[number]
        members = tuple(entities[key] for key in community.entity_ids)
        found = tuple(relations[row] for row in rows)
        names = {entity.id: entity.name for entity in members}
        for relation in found:
            names[relation.subject_id] = entities[relation.subject_id].name
            names[relation.object_id] = entities[relation.object_id].name
        total = hashlib.sha256(settings.encode("utf-8"))
        total.update(community.id.encode("utf-8"))
        for key in community.entity_ids:
            total.update(digests[key])
        for row in rows:
            total.update(marks[row])
        yield Material(community, members, found, names, total.hexdigest())


def extract_report(
    material: Material, *, label: Label = plain_label, type_label: Label = plain_label, max_findings: int = 12
) -> Report:
    """Write one report out of its material: central entities, and sentences that cover their relations."""
    centrality = _centrality(material)
    members = sorted(
        material.entities,
        key=lambda entity: (-centrality.get(entity.id, 0.0), entity.name.casefold(), entity.id),
    )
    findings = _findings(material, centrality, max_findings)
    by_id = {relation.id: relation for relation in material.relations}
    said = [_verbalise(by_id[finding.relation_ids[0]], material.names, label) for finding in findings[:4]]
    return Report(
        community_id=material.community.id,
        title=", ".join(entity.name for entity in sorted(members, key=_describes)[:3]),
        summary=_summary(members, said, type_label),
        findings=findings,
        basis=material.basis,
    )


def _describes(entity: Entity) -> bool:
    """Whether a name only describes others ("engineer", "American"): no name to call a community by."""
    kinds = kinds_of_noun(plain_label(entity.type)) or ()
    return entity.name == entity.name.lower() or "NORP" in kinds


@dataclass(slots=True)
class _Sentence:
    """One stretch of a source and the relations it states."""

    evidence: Evidence
    relations: list[Relation]
    value: float = 0.0


def _centrality(material: Material) -> dict[str, float]:
    """Weighted degree; a relation out of the community counts less."""
    members = {entity.id for entity in material.entities}
    degree: dict[str, float] = defaultdict(float)
    for relation in material.relations:
        inside = relation.subject_id in members and relation.object_id in members
        weight = relation.weight if inside else relation.weight * _CROSSING
        for end in (relation.subject_id, relation.object_id):
            if end in members:
                degree[end] += weight
    return degree


def _findings(material: Material, centrality: Mapping[str, float], limit: int) -> tuple[Finding, ...]:
    sentences = _sentences(material, centrality)
    candidates = heapq.nsmallest(
        _CANDIDATES, sentences, key=lambda item: (-item.value, *_place(item.evidence))
    )
    chosen = _cover(candidates, centrality, limit)
    top = max((gain for _, gain in chosen), default=1.0) or 1.0
    findings = [
        Finding(
            text=_told(sentence, material.names),
            rank=round(gain / top, 6),
            relation_ids=tuple(relation.id for relation in sentence.relations),
            evidence=(sentence.evidence,),
        )
        for sentence, gain in chosen
    ]
    return tuple(findings)


def _sentences(material: Material, centrality: Mapping[str, float]) -> list[_Sentence]:
    """Evidence grouped by place: overlapping quotes are one sentence, the longest of them."""
    inside = {entity.id for entity in material.entities}
    by_document: dict[str, list[tuple[Evidence, Relation]]] = defaultdict(list)
    for relation in material.relations:
        for evidence in relation.evidence:
            by_document[evidence.document_id].append((evidence, relation))
    groups: list[_Sentence] = []
    for document in sorted(by_document):
        current: _Sentence | None = None
        pairs = sorted(
            by_document[document], key=lambda pair: (pair[0].span.start, -pair[0].span.end, pair[1].id)
        )
        for evidence, relation in pairs:
            # A quote that lies within the one before is part of the same sentence.
            if current is None or evidence.span.end > current.evidence.span.end:
                current = _Sentence(evidence, [])
                groups.append(current)
            if relation not in current.relations:
                current.relations.append(relation)
    for group in groups:
        weights = {relation.id: _relation_value(relation, inside, centrality) for relation in group.relations}
        group.relations.sort(key=lambda relation: (-weights[relation.id], relation.id))
        group.value = sum(weights.values())
    return groups


def _relation_value(relation: Relation, inside: set[str], centrality: Mapping[str, float]) -> float:
    both = relation.subject_id in inside and relation.object_id in inside
    ends = centrality.get(relation.subject_id, 0.0) + centrality.get(relation.object_id, 0.0)
    return relation.weight * (1.0 if both else _CROSSING) * (1.0 + ends)


def _cover(
    candidates: Sequence[_Sentence], centrality: Mapping[str, float], limit: int
) -> list[tuple[_Sentence, float]]:
    """Greedy weighted coverage of entities and relations, best first.

    What a sentence adds only shrinks as others are taken, so lazy evaluation of the gains is exact
    (Minoux 1978).
    """
    covered: set[str] = set()
    chosen: list[tuple[_Sentence, float]] = []
    words: list[frozenset[str]] = []
    heap = [(-_gain(item, covered, centrality), number) for number, item in enumerate(candidates)]
    heapq.heapify(heap)
    while heap and len(chosen) < limit:
        _, number = heapq.heappop(heap)
        item = candidates[number]
        gain = _gain(item, covered, centrality)
        if gain <= 0.0:
            continue
        if heap and (-gain, number) > heap[0]:
            heapq.heappush(heap, (-gain, number))
            continue
        terms = _terms(item.evidence.quote)
        if any(_jaccard(terms, other) > _REDUNDANT for other in words):
            continue
        chosen.append((item, gain))
        words.append(terms)
        covered.update(_covers(item))
    return chosen


def _gain(item: _Sentence, covered: set[str], centrality: Mapping[str, float]) -> float:
    total = 0.0
    for relation in item.relations:
        if relation.id not in covered:
            total += relation.weight
        for end in (relation.subject_id, relation.object_id):
            if end not in covered:
                total += 0.5 * centrality.get(end, 0.0)
    return round(total, 9)


def _covers(item: _Sentence) -> Iterable[str]:
    for relation in item.relations:
        yield from (relation.id, relation.subject_id, relation.object_id)


def _told(sentence: _Sentence, names: Mapping[str, str]) -> str:
    """The quote; led by its subject's name where it speaks of it by a pronoun or a description."""
    quote = " ".join(sentence.evidence.quote.split())
    subject = names[sentence.relations[0].subject_id]
    other = names[sentence.relations[0].object_id]
    spoken = _terms(quote)
    if _terms(subject) & spoken or _terms(other) & spoken:
        return quote
    return f"{subject}: {quote}"


def _verbalise(relation: Relation, names: Mapping[str, str], label: Label) -> str:
    return f"{names[relation.subject_id]} {label(relation.type)} {names[relation.object_id]}"


def _summary(members: Sequence[Entity], said: Sequence[str], type_label: Label) -> str:
    named = ", ".join(f"{entity.name} ({type_label(entity.type)})" for entity in members[:5])
    rest = f" and {len(members) - 5} more" if len(members) > 5 else ""
    facts = " ".join(f"{fact}." for fact in dict.fromkeys(said))
    return f"About {named}{rest}." + (f" {facts}" if facts else "")


def _place(evidence: Evidence) -> tuple[str, int, int]:
    return evidence.document_id, evidence.span.start, evidence.span.end


def _terms(text: str) -> frozenset[str]:
    return frozenset(term for _, _, surface in tokens(text) if (term := term_of(surface)))


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    union = len(one | other)
    return len(one & other) / union if union else 1.0


def _digest(*fields: str) -> bytes:
    return hashlib.sha256("\x1f".join(fields).encode("utf-8")).digest()


def _mark(relation: Relation, digests: Mapping[str, bytes]) -> bytes:
    """Hash of a relation with both ends' names and its evidence."""
    total = hashlib.sha256(relation.id.encode("utf-8"))
    total.update(digests[relation.subject_id])
    total.update(digests[relation.object_id])
    total.update(f"{relation.weight:.9g}".encode())
    for evidence in relation.evidence:
        total.update(f"{evidence.document_id} {evidence.span.start} {evidence.span.end};".encode())
    return total.digest()
