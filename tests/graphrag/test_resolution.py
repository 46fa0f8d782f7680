import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from graphrag.datamodel import Alias, Chunk, Document, Extraction, Mention, Span
from graphrag.ids import chunk_id, document_id
from graphrag.names import split_qualifier
from graphrag.resolution import STATED, TAGGED, Link, Sense, Term, Types, cluster, entity_id, senses
from graphrag.store.ledger import IngestedDocument, Ledger
from ontology import general_ontology

AUDITED = Path(__file__).parent / "data" / "names.jsonl"


def mention_document(key: str, name: str, kind: str, *, stated: bool, title: str = "") -> IngestedDocument:
    """A document that does nothing but mention one name."""
    text = f"{name} was there."
    doc = Document(document_id(key, title, text, {}), key, text, title)
    chunk = Chunk(chunk_id(doc.id, 0, len(text)), doc.id, Span(0, len(text)), text, title)
    mention = Mention(chunk.id, Span(0, len(name)), name, name, kind, type_stated=stated)
    return IngestedDocument(doc, (chunk,), (Extraction(chunk.id, (mention,)),), ())


def alias_document(key: str, full: str, alias: str, how: str, kind: str) -> IngestedDocument:
    text = f"{full} ({alias}) was there."
    doc = Document(document_id(key, "", text, {}), key, text)
    chunk = Chunk(chunk_id(doc.id, 0, len(text)), doc.id, Span(0, len(text)), text)
    mention = Mention(chunk.id, Span(0, len(full)), full, full, kind)
    stated = Alias(full, alias, how, chunk.id, Span(0, len(text)))
    return IngestedDocument(doc, (chunk,), (Extraction(chunk.id, (mention,), (), (stated,)),), ())


def audited() -> list[dict[str, object]]:
    return [json.loads(line) for line in AUDITED.read_text("utf-8").splitlines()]


def resolve_audited(folder: Path) -> list[tuple[int, str, str]]:
    """(group, name, entity id) of every audited name, each mentioned by a document of its own."""
    added: list[IngestedDocument] = []
    wanted: list[tuple[int, str, str]] = []
    for number, group in enumerate(audited()):
        kind = str(group["type"])
        for name in group["names"]:  # type: ignore[attr-defined]
            key = f"{number}-{name}"
            titled = bool(group.get("title"))
            written = split_qualifier(name)[0] if titled else name
            stated = bool(group.get("stated"))
            added.append(mention_document(key, written, kind, stated=stated, title=name if titled else ""))
            wanted.append((number, name, added[-1].chunks[0].id))
        for full, alias, how in group.get("aliases", ()):  # type: ignore[attr-defined]
            added.append(alias_document(f"{number}-{full}-{alias}", full, alias, how, kind))
    from ontology import dump_ontology

    schema = dump_ontology(general_ontology())
    with Ledger.create(folder / "kg", settings={}, ontology=schema, extractor="x") as ledger:
        ledger.apply(added)
        entity = {chunk: name for chunk, name, _ in ledger.mentions()}
    return [(number, name, entity[chunk]) for number, name, chunk in wanted]


def pairwise_f1(rows: Iterable[tuple[int, str, str]]) -> float:
    """F1 over pairs of names: in one audited group, in one entity."""

    def pairs(counts: Counter[object]) -> int:
        return sum(n * (n - 1) // 2 for n in counts.values())

    rows = list(rows)
    both = pairs(Counter((group, entity) for group, _, entity in rows))
    truth = pairs(Counter(group for group, _, _ in rows))
    found = pairs(Counter(entity for _, _, entity in rows))
    return 2 * both / (truth + found)


def b_cubed_f1(rows: Iterable[tuple[int, str, str]]) -> float:
    """F1 of B-cubed precision and recall (Bagga and Baldwin, 1998)."""
    rows = list(rows)
    groups, entities, both = (
        Counter(group for group, _, _ in rows),
        Counter(entity for _, _, entity in rows),
        Counter((group, entity) for group, _, entity in rows),
    )
    precision = sum(both[g, e] / entities[e] for g, _, e in rows) / len(rows)
    recall = sum(both[g, e] / groups[g] for g, _, e in rows) / len(rows)
    return 2 * precision * recall / (precision + recall)


def test_audited_names_resolve_with_high_f1(tmp_path: Path) -> None:
    rows = resolve_audited(tmp_path)
    assert len({group for group, _, _ in rows}) >= 150
    assert pairwise_f1(rows) >= 0.95
    assert b_cubed_f1(rows) >= 0.95


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        found = resolve_audited(Path(place))
    by_group: dict[int, set[str]] = defaultdict(set)
    by_entity: dict[str, set[int]] = defaultdict(set)
    for g, n, e in found:
        by_group[g].add(e)
        by_entity[e].add(g)
    for g, es in by_group.items():
        if len(es) > 1:
            print("split ", g + 1, [(n, e[-4:]) for h, n, e in found if h == g])
    for e, gs in by_entity.items():
        if len(gs) > 1:
            print("joined", [(g + 1, n) for g, n, f in found if f == e])
    print(
        f"{len(found)} names in {len(by_group)} groups: pairwise F1 {pairwise_f1(found):.4f}, B-cubed F1 {b_cubed_f1(found):.4f}"
    )
