import random
import sqlite3
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrag.errors import StoreError
from graphrag.llm import Reply, ResponseLedger


def filled(path: Path, count: int = 50) -> None:
    with ResponseLedger(path) as ledger:
        for number in range(count):
            ledger.put(f"key-{number}", Reply(f"text {number} " * 20, prompt_tokens=number), task="t")


def test_what_is_put_comes_back(tmp_path: Path) -> None:
    reply = Reply("an \ud800 odd \x00 text", "length", 3, 4, served_by="m-1")
    with ResponseLedger(tmp_path / "l.db") as ledger:
        ledger.put("k", reply, task="t")
    with ResponseLedger(tmp_path / "l.db") as ledger:
        found = ledger.get("k")
    assert found is not None
    assert (found.text, found.finish, found.prompt_tokens, found.completion_tokens, found.served_by) == (
        reply.text,
        "length",
        3,
        4,
        "m-1",
    )
    assert found.cached


@settings(max_examples=40)
@given(text=st.text(st.characters()))
def test_any_text_survives(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("l") / "l.db"
    with ResponseLedger(path) as ledger:
        ledger.put("k", Reply(text))
        found = ledger.get("k")
    assert found is not None
    assert found.text == text


def test_a_refused_answer_is_kept_but_not_used(tmp_path: Path) -> None:
    with ResponseLedger(tmp_path / "l.db") as ledger:
        ledger.put("k", Reply("nonsense", prompt_tokens=5))
        ledger.refuse(["k"], "unreadable")
        assert ledger.get("k") is None
        ledger.put("k", Reply("sense", prompt_tokens=5))
        assert ledger.spent().prompt_tokens == 10
        assert ledger.reasons() == {"unreadable": 1}


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    with ResponseLedger(tmp_path / "l.db"):
        pass
    assert stat.S_IMODE((tmp_path / "l.db").stat().st_mode) == 0o600


def test_a_changed_row_is_named_and_never_trusted(tmp_path: Path) -> None:
    filled(tmp_path / "l.db")
    with sqlite3.connect(tmp_path / "l.db") as db:
        db.execute("UPDATE answers SET text = ? WHERE key = 'key-7'", (b"forged",))
    with ResponseLedger(tmp_path / "l.db") as ledger:
        assert ledger.get("key-7") is None
        assert ledger.damaged == ["key-7"]
        assert ledger.get("key-8") is not None
        ledger.put("key-7", Reply("again"))
        assert ledger.get("key-7") is not None


def test_verify_names_every_changed_row(tmp_path: Path) -> None:
    filled(tmp_path / "l.db")
    with sqlite3.connect(tmp_path / "l.db") as db:
        db.execute("UPDATE answers SET finish = 'x' WHERE key IN ('key-1', 'key-30')")
    with ResponseLedger(tmp_path / "l.db") as ledger:
        assert ledger.verify() == ["key-1", "key-30"]
        assert ledger.verify() == []


@pytest.mark.parametrize("seed", range(12))
def test_damage_to_the_file_never_crashes_and_never_gives_a_wrong_answer(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "l.db"
    filled(path, 200)
    random_ = random.Random(seed)
    raw = bytearray(path.read_bytes())
    if seed % 4 == 0:
        raw = raw[: random_.randrange(1, len(raw))]
    elif seed % 4 == 1:
        start = random_.randrange(0, len(raw) - 4096)
        raw[start : start + 4096] = bytes(4096)
    else:
        for _ in range(20):
            raw[random_.randrange(len(raw))] ^= 1 << random_.randrange(8)
    path.write_bytes(raw)
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    with ResponseLedger(path) as ledger:
        kept = 0
        for number in range(200):
            found = ledger.get(f"key-{number}")
            if found is not None:
                assert found.text == f"text {number} " * 20
                kept += 1
        ledger.put("new", Reply("works"))
        assert ledger.get("new") is not None
        if kept < 200:
            assert ledger.damaged or kept + len(ledger.reasons()) > 0


def test_a_foreign_file_is_moved_aside(tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    path.write_bytes(b"this is no database at all " * 400)
    with ResponseLedger(path) as ledger:
        assert ledger.damaged
        ledger.put("k", Reply("t"))
    assert (tmp_path / "l.db.damaged-1").read_bytes().startswith(b"this is no database")


def test_a_ledger_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    filled(tmp_path / "l.db", 1)
    with sqlite3.connect(tmp_path / "l.db") as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match=r"version 99.*use the newer program"):
        ResponseLedger(tmp_path / "l.db")


def test_a_path_that_cannot_be_opened_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "l.db").mkdir()
    with pytest.raises(StoreError, match="cannot open the response ledger"):
        ResponseLedger(tmp_path / "l.db")
