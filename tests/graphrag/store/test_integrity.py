"""Every planted damage that alters what the base says is found; what can be read is saved."""

import os
import random
import re
import shutil
from pathlib import Path

import pytest

from graphrag.datamodel import Community, Report
from graphrag.errors import StoreDamagedError, StoreError
from graphrag.store import schema
from graphrag.store.ledger import Decision, Ledger
from tests.graphrag.store.making import Aka, Says, document

POINTS = int(os.environ.get("GRAPHRAG_DAMAGES", "100"))
PEOPLE = [f"Person {letter}{other}" for letter in "ABCDEFGH" for other in "klmnop"]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A closed knowledge base, and its export."""
    folder = tmp_path_factory.mktemp("sound") / "kg"
    chosen = random.Random(7)
    items = [
        document(
            f"doc-{number:03}",
            [
                Says(
                    chosen.choice(PEOPLE),
                    "PERSON",
                    chosen.choice(["MET", "KNOWS"]),
                    chosen.choice(PEOPLE),
                    "PERSON",
                ),
                Aka(
                    f"House of Trade {chosen.choice('KLMN')}", f"HT{chosen.choice('KLMN')}", "acronym", "ORG"
                ),
                Says(chosen.choice(PEOPLE), "PERSON", "SAW", "Rome", "LOC", accepted=chosen.random() < 0.7),
            ],
            title=chosen.choice(PEOPLE),
        )
        for number in range(40)
    ]
    with Ledger.create(folder, settings={}, ontology="", extractor="x") as ledger:
        ledger.apply(items)
        ledger.decide([Decision("merge", "Person Ak", "Person Al")])
        members = tuple(entity.id for entity in ledger.entities())[:5]
        ledger.set_communities([Community("com-1", 0, None, members)], [Report("com-1", "T", "S", ())])
        return folder, list(ledger.export())


def spoil(raw: bytes, seed: int) -> bytes:
    """Flip a bit, overwrite a byte, zero or swap a page, or cut the end off."""
    chance = random.Random(seed)
    spoilt = bytearray(raw)
    size, pages = 4096, len(raw) // 4096
    kind = chance.choice(["bit", "bit", "bit", "byte", "zero", "swap", "cut"])
    place = chance.randrange(len(spoilt))
    if kind == "bit":
        spoilt[place] ^= 1 << chance.randrange(8)
    elif kind == "byte":
        spoilt[place] = chance.randrange(256)
    elif kind == "zero":
        page = chance.randrange(pages) * size
        spoilt[page : page + size] = bytes(size)
    elif kind == "swap":
        one, other = (page * size for page in chance.sample(range(pages), 2))
        spoilt[one : one + size], spoilt[other : other + size] = (
            spoilt[other : other + size],
            spoilt[one : one + size],
        )
    else:
        del spoilt[place:]
    return bytes(spoilt)


def trusted(folder: Path) -> list[str] | None:
    """The export, if neither opening nor verifying finds anything wrong."""
    try:
        with Ledger.open(folder) as ledger:
            return list(ledger.export()) if not ledger.verify() else None
    except StoreError:
        return None


def without_communities(lines: list[str]) -> list[str]:
    return [line for line in lines if '"kind":"community"' not in line and '"kind":"report"' not in line]


def test_every_damage_that_alters_the_export_is_found(sound: tuple[Path, list[str]], tmp_path: Path) -> None:
    folder, export = sound
    raw = (folder / "kg.db").read_bytes()
    missed, found, restored, named = [], 0, 0, 0
    for seed in range(POINTS):
        copy = tmp_path / "kg"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy)
        (copy / "kg.db").write_bytes(spoil(raw, seed))
        seen = trusted(copy)
        if seen is None:
            found += 1
            try:
                lost = Ledger.restore(copy)
            except StoreDamagedError:
                named += 1
                continue
            with Ledger.open(copy) as ledger:
                assert ledger.verify() == []
                equal = without_communities(list(ledger.export())) == without_communities(export)
            assert equal or lost, f"seed {seed}: work was lost without a word"
            restored += equal
            named += not equal
        elif seen != export:
            missed.append(seed)
    assert missed == []
    assert found > POINTS // 4
    assert restored + named == found


def test_a_sound_base_verifies(sound: tuple[Path, list[str]]) -> None:
    with Ledger.open(sound[0]) as ledger:
        assert ledger.verify() == []


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            "UPDATE sources SET text = replace(text, 'Person', 'Parson') WHERE doc = 3",
            "record is not what was",
        ),
        ("DELETE FROM documents WHERE doc = 3", "as a whole is not what was committed"),
        ("UPDATE decisions SET kind = 'split'", "as a whole is not what was committed"),
        ("UPDATE names SET normal = normal || 'x' WHERE name = 5", "table names"),
        ("UPDATE terms SET documents = documents + 1 WHERE term = 5", "table terms"),
        ("UPDATE forms SET count = count + 1 WHERE term = 5", "table forms"),
        ("UPDATE forms SET form = form || 'x' WHERE term = 5", "table forms"),
        ("UPDATE facts SET start = start + 1 WHERE fact = 5", "table facts"),
        ("UPDATE facts SET score = 0.1 WHERE fact = 5", "table facts"),
        ("DELETE FROM edges WHERE hash = (SELECT min(hash) FROM edges)", "table edges"),
        ("UPDATE chunks SET start = start + 1 WHERE chunk = 5", "table chunks"),
        (
            "UPDATE chunks SET mentions = zeroblob(24) WHERE chunk = 5",
            "cannot be read|not what the ledger gives",
        ),
        ("UPDATE entities SET id = id || 'x' WHERE entity = 5", "table terms"),
        ("UPDATE merges SET kind = 'aka'", "table merges"),
        ("UPDATE aliases SET kind = 'aka'", "table aliases"),
        ("UPDATE labels SET text = 'HATES' WHERE text = 'KNOWS'", "table edges"),
        (
            "UPDATE uses SET terms = (SELECT terms FROM uses WHERE doc = 2) WHERE doc = 3",
            "contributed is wrong",
        ),
        ("UPDATE uses SET subject = 1", "contributed is wrong"),
        ("UPDATE names SET linked = 0", "not marked as tied"),
        ("UPDATE communities SET level = 3", "communities or reports"),
        ("DELETE FROM reports", "communities or reports"),
        ("UPDATE meta SET value = '{\"a\":2}' WHERE key = 'settings'", "settings or the ontology"),
        ("DELETE FROM blocks WHERE block = (SELECT min(block) FROM blocks)", "table blocks"),
    ],
)
def test_each_kind_of_row_is_watched(
    sound: tuple[Path, list[str]], tmp_path: Path, statement: str, problem: str
) -> None:
    shutil.copytree(sound[0], tmp_path / "kg")
    db = schema.connect(tmp_path / "kg" / "kg.db", write=True)
    changed = db.execute(statement).rowcount
    db.close()
    assert changed > 0
    with Ledger.open(tmp_path / "kg") as ledger:
        assert any(re.search(problem, line) for line in ledger.verify())


def test_rebuild_mends_whatever_is_derived(sound: tuple[Path, list[str]], tmp_path: Path) -> None:
    shutil.copytree(sound[0], tmp_path / "kg")
    db = schema.connect(tmp_path / "kg" / "kg.db", write=True)
    for table in schema.DERIVED_TABLES:
        if table not in ("communities", "reports"):
            db.execute(f"DELETE FROM {table}")
    db.close()
    with Ledger.open(tmp_path / "kg", write=True) as ledger:
        assert ledger.verify() != []
        assert ledger.rebuild() == []
        assert ledger.verify() == []
        assert list(ledger.export()) == sound[1]


def test_a_document_that_is_lost_is_named_and_the_rest_is_saved(
    sound: tuple[Path, list[str]], tmp_path: Path
) -> None:
    shutil.copytree(sound[0], tmp_path / "kg")
    db = schema.connect(tmp_path / "kg" / "kg.db", write=True)
    (key,) = db.execute("SELECT key FROM documents WHERE doc = 7").fetchone()
    db.execute("UPDATE sources SET raw = zeroblob(10) WHERE doc = 7")
    db.close()
    with Ledger.open(tmp_path / "kg", write=True) as ledger:
        assert ledger.rebuild() == [key]
        assert ledger.verify() == []
        assert len(ledger.known()) == 39
    assert (tmp_path / "kg" / "kg.db.damaged").exists()


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100, b"SQLite format 3\x00" + bytes(84)])
def test_a_foreign_file_is_never_taken_for_an_empty_base(
    sound: tuple[Path, list[str]], tmp_path: Path, content: bytes
) -> None:
    shutil.copytree(sound[0], tmp_path / "kg")
    (tmp_path / "kg" / "kg.db").write_bytes(content)
    for write in (False, True):
        with pytest.raises(StoreDamagedError):
            Ledger.open(tmp_path / "kg", write=write)
    assert (tmp_path / "kg" / "kg.db").read_bytes() == content


def test_a_missing_file_is_damage_and_not_an_empty_base(
    sound: tuple[Path, list[str]], tmp_path: Path
) -> None:
    shutil.copytree(sound[0], tmp_path / "kg")
    (tmp_path / "kg" / "kg.db").unlink()
    assert Ledger.exists(tmp_path / "kg")
    with pytest.raises(StoreDamagedError, match="is gone"):
        Ledger.open(tmp_path / "kg", write=True)


def test_a_log_that_was_cut_is_lost_work_and_is_told(tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "kg", settings={}, ontology="", extractor="x") as ledger:
        ledger.apply([document("a", [Says("Ada", "PERSON", "MET", "Bob", "PERSON")])])
        ledger.apply([document("b", [Says("Cy", "PERSON", "MET", "Di", "PERSON")])])
        shutil.copytree(tmp_path / "kg", tmp_path / "copy")
    log = tmp_path / "copy" / "kg.db-wal"
    os.truncate(log, log.stat().st_size - 4096)
    with pytest.raises(StoreDamagedError, match="work was lost"):
        Ledger.open(tmp_path / "copy")


def test_a_store_of_a_newer_program_is_refused(sound: tuple[Path, list[str]], tmp_path: Path) -> None:
    shutil.copytree(sound[0], tmp_path / "kg")
    db = schema.connect(tmp_path / "kg" / "kg.db", write=True)
    db.execute(f"PRAGMA user_version={schema.SCHEMA_VERSION + 1}")
    db.close()
    for write in (False, True):
        with pytest.raises(StoreError, match="use the newer program"):
            Ledger.open(tmp_path / "kg", write=write)


def test_a_base_of_an_older_derivation_is_derived_anew(sound: tuple[Path, list[str]], tmp_path: Path) -> None:
    shutil.copytree(sound[0], tmp_path / "kg")
    db = schema.connect(tmp_path / "kg" / "kg.db", write=True)
    db.execute("UPDATE meta SET value = '0' WHERE key = 'derivation'")
    db.execute("DELETE FROM edges")
    db.close()
    with Ledger.open(tmp_path / "kg", write=True) as ledger:
        assert ledger.verify() == []
        assert list(ledger.export()) == sound[1]
