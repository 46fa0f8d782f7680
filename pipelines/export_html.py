"""The graph as one HTML page: to search, filter and walk, with the sentences behind every edge.

The page is a single file that asks nothing of any other place. Its policy allows one script and one
style, each by its hash; all content travels as JSON in data blocks with ``<`` escaped and enters the
page as text. Drawing is 350 lines of our own on a 2D canvas rather than a library on WebGL: nothing
is vendored, it works where WebGL does not, and the script that the hash admits can be read in full.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from graphrag.datamodel import Community, Entity, Relation
from graphrag.errors import NotFoundError, StoreError
from graphrag.interfaces import KnowledgeView
from graphrag.reports import plain_label
from ontology import Ontology
from pipelines.view.layout import place

MAX_SHOWN = 5_000
"""Nodes drawn at first, the most connected; the rest come in by community, by search and by click."""

_MAX_SENTENCES = 5
_PART = 400


def export_html(
    view: KnowledgeView, path: str | Path, *, ontology: Ontology | None = None, max_shown: int = MAX_SHOWN
) -> None:
    """Write the page beside `path` and rename it into place.

    Raises:
        StoreError: If it cannot be written there.
    """
    target = Path(path)
    beside = target.with_name(f".{target.name}.new")
    try:
        beside.write_text(html_page(view, ontology, max_shown=max_shown), encoding="utf-8")
        beside.replace(target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise StoreError(f'cannot write "{target}": {error.strerror}; choose another path with -o') from error


def html_page(view: KnowledgeView, ontology: Ontology | None = None, *, max_shown: int = MAX_SHOWN) -> str:
    """The page as text; the same knowledge base gives the same page.

    Args:
        view: What to show. Values (dates, amounts) are shown as relations only.
        ontology: Gives types and relations their labels.
        max_shown: Nodes drawn at first.
    """
    entities = list(view.entities())
    relations = list(view.relations())
    communities = sorted(view.communities(), key=lambda item: (-item.level, item.id))
    data, parts = _data(view, entities, relations, communities, ontology, max_shown)
    blocks = [_block("nodes", data), *(_block(f"part-{n}", part) for n, part in enumerate(parts))]
    style, script = _asset("page.css"), _asset("page.js")
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    page = _asset("page.html")
    for mark, value in (
        ("@CSP@", policy),
        ("@STYLE@", style),
        ("@SCRIPT@", script),
        ("@DATA@", "\n".join(blocks)),
    ):
        opening, _, ending = page.partition(mark)  # once each, so content that holds a mark stays content
        page = opening + value + ending
    return page


def _data(
    view: KnowledgeView,
    entities: Sequence[Entity],
    relations: Sequence[Relation],
    communities: Sequence[Community],
    ontology: Ontology | None,
    max_shown: int,
) -> tuple[dict[str, Any], list[list[Any]]]:
    """Columns of nodes and edges, and the edges' sentences in parts that the page parses on demand."""
    degree: dict[str, int] = defaultdict(int)
    for relation in relations:
        degree[relation.subject_id] += 1
        degree[relation.object_id] += 1
    # The most connected first: what is drawn at the start is a prefix. Values come last.
    ordered = sorted(entities, key=lambda entity: (entity.literal, -degree[entity.id], entity.id))
    row = {entity.id: number for number, entity in enumerate(ordered)}
    # By label: two keys that read the same are one line of the filter. The commonest get own colours.
    label = {key: _type_label(key, ontology) for key in {entity.type for entity in ordered}}
    often = Counter(label[entity.type] for entity in ordered)
    types = sorted(often, key=lambda name: (-often[name], name))
    type_row = {name: number for number, name in enumerate(types)}
    kinds = sorted({relation.type for relation in relations})
    home = _homes(communities)
    edges = sorted(
        relations, key=lambda relation: (row[relation.subject_id], row[relation.object_id], relation.id)
    )
    ends = [(row[relation.subject_id], row[relation.object_id]) for relation in edges]
    xs, ys = place(len(ordered), ends, [home.get(entity.id, -1) for entity in ordered])
    documents = _Titles(view)
    parts = [
        [_sentences(relation, documents) for relation in edges[start : start + _PART]]
        for start in range(0, len(edges), _PART)
    ]
    number = {community.id: n for n, community in enumerate(communities)}
    things = sum(not entity.literal for entity in ordered)
    data = {
        "name": [entity.name for entity in ordered],
        "type": [type_row[label[entity.type]] for entity in ordered],
        "aliases": {row[entity.id]: list(entity.aliases) for entity in ordered if entity.aliases},
        "x": xs,
        "y": ys,
        "degree": [degree[entity.id] for entity in ordered],
        "community": [home.get(entity.id, -1) for entity in ordered],
        "shown": min(max_shown, things if things else len(ordered)),
        "from": [start for start, _ in ends],
        "to": [end for _, end in ends],
        "kind": [kinds.index(relation.type) for relation in edges],
        "part": [n // _PART for n in range(len(edges))],
        "partStart": [n * _PART for n in range(len(parts))],
        "types": types,
        "kinds": [_relation_label(key, ontology) for key in kinds],
        "communities": _titles(view, communities, row, ordered),
        "sizes": [len(community.entity_ids) for community in communities],
        "parent": [number.get(community.parent_id or "", -1) for community in communities],
        "documents": documents.titles,
    }
    return data, parts


class _Titles:
    """Titles of documents as they are first asked for, each once."""

    def __init__(self, view: KnowledgeView) -> None:
        self._known = {document.id: document.title or document.key for document in view.documents()}
        self._rows: dict[str, int] = {}
        self.titles: list[str] = []

    def row(self, document_id: str) -> int:
        if document_id not in self._rows:
            self._rows[document_id] = len(self.titles)
            self.titles.append(self._known.get(document_id, ""))
        return self._rows[document_id]


def _sentences(relation: Relation, documents: _Titles) -> list[Any]:
    """[[quote, document row], ...] and how many more there are."""
    quotes = list(dict.fromkeys((item.quote, documents.row(item.document_id)) for item in relation.evidence))
    return [[list(quote) for quote in quotes[:_MAX_SENTENCES]], max(0, len(quotes) - _MAX_SENTENCES)]


def _homes(communities: Sequence[Community]) -> dict[str, int]:
    """Row of each entity's finest community."""
    homes: dict[str, int] = {}
    for number, community in enumerate(communities):  # coarse to fine: the finest stays
        for entity_id in community.entity_ids:
            homes[entity_id] = number
    return homes


def _titles(
    view: KnowledgeView, communities: Sequence[Community], row: dict[str, int], ordered: Sequence[Entity]
) -> list[str]:
    """Titles of the reports; of a community without one, its most connected members."""
    ids = [community.id for community in communities]
    try:
        return [report.title for report in view.reports_by_id(ids)]
    except NotFoundError:
        best = [
            sorted(row[key] for key in community.entity_ids if key in row)[:3] for community in communities
        ]
        return [", ".join(ordered[number].name for number in rows) for rows in best]


def _type_label(key: str, ontology: Ontology | None) -> str:
    if ontology is not None and key in ontology.types:
        return ontology.types[key].label
    return plain_label(key)


def _relation_label(key: str, ontology: Ontology | None) -> str:
    if ontology is not None:
        known = ontology.relations.get(key) or ontology.properties.get(key)
        if known is not None:
            return known.label
    return plain_label(key)


def _block(name: str, content: object) -> str:
    """A data block: no character in it can end the block, open a comment or break a line of script."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return f'<script type="application/json" id="{name}">{text}</script>'


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return "sha256-" + base64.b64encode(digest).decode("ascii")


def _asset(name: str) -> str:
    return files("pipelines.view").joinpath(name).read_text(encoding="utf-8")
