"""The tables after a change: those of before, patched, equal those that are read anew."""

import os
import random
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphrag.embedding.hashing import HashingEmbedder
from graphrag.index.builder import build_search_index
from graphrag.index.content import Content, gather
from graphrag.index.patching import patch
from graphrag.index.storing import save_content
from graphrag.store.ledger import Decision, IngestedDocument, Ledger
from tests.graphrag.store.making import Aka, Broken, Says, document
from tests.graphrag.store.test_exactness import MEMORY, NAMES, TITLES, TYPES

EMBEDDER = HashingEmbedder(dim=8)


def tables(content: Content) -> dict[str, Any]:
    """Every array of the tables, by its checksum."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        (Path(folder) / "chunk_vectors").mkdir()
        return {
            **save_content(content, Path(folder)),
            "kinds": content.kinds,
            "relation_types": content.relation_types,
        }


def made(chance: random.Random, key: str, names: list[str]) -> IngestedDocument:
    what: list[Says | Aka | Broken | str] = []
    for _ in range(chance.randint(1, 4)):
        one, other = chance.choice(names), chance.choice(names)
        if chance.random() < 0.25:
            what.append(Aka(one, other, chance.choice(["aka", "acronym"]), chance.choice(TYPES)))
        else:
            kinds = chance.choice(TYPES), chance.choice(TYPES)
            verb = chance.choice(["KNOWS", "FOUNDED"])
            what.append(Says(one, kinds[0], verb, other, kinds[1], stated=chance.random() < 0.3))
    return document(key, what, title=chance.choice(TITLES))


def change(ledger: Ledger, chance: random.Random, names: list[str]) -> None:
    """Add, replace, remove or decide something."""
    held = sorted(ledger.known())
    dice = chance.random()
    if held and dice < 0.25:
        ledger.apply((), [chance.choice(held)])
    elif held and dice < 0.4:
        one, other = chance.sample(names, 2)
        decision = Decision(chance.choice(["merge", "split"]), one, other)
        ledger.decide([decision], require_names=False)
    else:
        keys = chance.sample("abcdefgh", chance.randint(1, 3))
        ledger.apply([made(chance, key, names) for key in keys])


SYMMETRIC = (
    "name: few\ntypes:\n  PERSON: {disjoint_with: [ORG, LOC]}\n  ORG: {}\n  LOC: {}\n"
    "relations:\n  FOUNDED: {symmetric: true}\n"
)


@pytest.mark.parametrize("seed", range(int(os.environ.get("GRAPHRAG_SEQUENCES", "60"))))
def test_patched_tables_equal_tables_read_anew(seed: int) -> None:
    chance = random.Random(seed)
    names = chance.sample(NAMES, 4)
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        schema = chance.choice(["", SYMMETRIC])
        with Ledger.create(Path(folder) / "kg", settings={}, ontology=schema, extractor="x") as ledger:
            content = gather(ledger, EMBEDDER)
            for _ in range(6):
                commit, state = ledger.commit, ledger.state
                for _ in range(chance.randint(1, 3)):
                    change(ledger, chance, names)
                changed = ledger.changed_since(commit, state)
                assert changed is not None
                content = patch(ledger, changed, content, EMBEDDER)
                assert tables(content) == tables(gather(ledger, EMBEDDER))


@pytest.fixture
def ledger(tmp_path: Path) -> Any:
    with Ledger.create(tmp_path / "kg", settings={}, ontology="", extractor="x") as ledger:
        ledger.apply([document("a", [Says("Ada", "PERSON", "KNOWS", "Bob", "PERSON")])])
        yield ledger


def test_what_changed_is_not_known_for_another_past(ledger: Ledger) -> None:
    commit = ledger.commit
    ledger.apply([document("b", ["Rain fell."])])
    assert ledger.changed_since(commit, "another") is None
    assert ledger.changed_since(commit + 1, "another") is None
    assert ledger.changed_since(commit + 2, ledger.state) is None


def test_what_changed_is_not_known_across_another_ontology(ledger: Ledger) -> None:
    commit, state = ledger.commit, ledger.state
    ledger.recheck(SYMMETRIC, lambda document, results: ())
    ledger.apply([document("b", ["Rain fell."])])
    assert ledger.changed_since(commit, state) is None


def test_a_damaged_note_of_a_change_is_not_believed(ledger: Ledger) -> None:
    commit, state = ledger.commit, ledger.state
    ledger.apply([document("b", ["Rain fell."])])
    ledger._db.execute("UPDATE changes SET content = ? WHERE number = ?", (b"[[],[],[],[],[]]", commit + 1))
    assert ledger.changed_since(commit, state) is None


def test_of_a_change_only_what_it_touches_is_told(ledger: Ledger) -> None:
    ledger.apply([document("b", [Says("Cy", "PERSON", "KNOWS", "Dee", "PERSON")])])
    commit, state = ledger.commit, ledger.state
    ledger.apply([document("c", [Says("Cy", "PERSON", "KNOWS", "Eve", "PERSON")])])
    changed = ledger.changed_since(commit, state)
    assert changed is not None
    touched = {entity.name for entity in ledger.entities_among(changed.entities)}
    assert touched == {"Cy", "Eve"}
    assert len(changed.documents) == len(changed.relations) == 1


def test_the_index_of_a_base_that_was_made_anew_is_right(ledger: Ledger, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    build_search_index(ledger, EMBEDDER, folder)
    ledger.rebuild()
    index = build_search_index(ledger, EMBEDDER, folder)
    fresh = build_search_index(ledger, EMBEDDER, tmp_path / "fresh")
    for path in fresh.folder.rglob("*.npy"):
        found = np.load(index.folder / path.relative_to(fresh.folder))
        assert (found == np.load(path)).all()
