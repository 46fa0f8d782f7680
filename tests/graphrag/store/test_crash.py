"""Killed, out of space or locked out: what was acknowledged is there, and nothing is there by half."""

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from graphrag.errors import GraphRAGError, StoreError, StoreLockedError
from graphrag.store.ledger import IngestedDocument, Ledger
from tests.graphrag.store.making import Aka, Says, document

POINTS = int(os.environ.get("GRAPHRAG_KILLS", "20"))
PEOPLE = [f"Person {letter}{other}" for letter in "ABCDEFGH" for other in "klmnop"]


def items(count: int) -> list[IngestedDocument]:
    chosen = random.Random(3)
    return [
        document(
            f"doc-{number:04}",
            [
                *(
                    Says(chosen.choice(PEOPLE), "PERSON", "MET", chosen.choice(PEOPLE), "PERSON")
                    for _ in range(6)
                ),
                Aka(f"Guild of {chosen.choice('KLMN')}akers", f"G{chosen.choice('KLMN')}", "acronym", "ORG"),
            ],
        )
        for number in range(count)
    ]


def in_child(work: Callable[[int], None]) -> tuple[int, int]:
    """Run `work` in a forked child, which may write to the pipe it is given; (process id, reading end)."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 70
        try:
            os.close(reading)
            work(writing)
            code = 0
        except GraphRAGError as error:
            code = error.exit_code
        finally:
            os._exit(code)
    os.close(writing)
    return child, reading


def drain(reading: int) -> bytes:
    raw = b""
    while block := os.read(reading, 65536):
        raw += block
    os.close(reading)
    return raw


def test_every_acknowledged_commit_survives_kill_9(tmp_path: Path) -> None:
    everything = items(120)
    with Ledger.create(tmp_path / "whole", settings={}, ontology="", extractor="") as whole:
        whole.apply(everything)
        expected = whole.fingerprint()
    chosen = random.Random(11)
    folder = tmp_path / "kg"
    Ledger.create(folder, settings={}, ontology="", extractor="").close()
    kills = 0
    for _ in range(POINTS):

        def work(pipe: int) -> None:
            with Ledger.open(folder, write=True) as ledger:
                held = ledger.known()
                left = [item for item in everything if item.document.key not in held]
                if not left:
                    # Begin anew, so that there is always something to be killed in.
                    ledger.apply((), sorted(held)[:100])
                    left = [item for item in everything if item.document.key in sorted(held)[:100]]
                for start in range(0, len(left), 3):
                    ledger.apply(left[start : start + 3])
                    os.write(pipe, f"{ledger.commit}\n".encode())

        child, reading = in_child(work)
        time.sleep(chosen.random() * 0.15)
        os.kill(child, signal.SIGKILL)
        acknowledged = drain(reading).split()
        _, status = os.waitpid(child, 0)
        kills += os.WIFSIGNALED(status)
        with Ledger.open(folder) as ledger:
            assert ledger.commit >= (int(acknowledged[-1]) if acknowledged else 0)
            assert ledger.verify() == []
    assert kills > 0
    with Ledger.open(folder, write=True) as ledger:
        held = ledger.known()
        ledger.apply([item for item in everything if item.document.key not in held])
        assert ledger.fingerprint() == expected


def test_a_full_disk_is_an_error_and_earlier_commits_stay(tmp_path: Path) -> None:
    everything = items(400)
    folder = tmp_path / "kg"
    Ledger.create(folder, settings={}, ontology="", extractor="").close()

    def work(pipe: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))
        with Ledger.open(folder, write=True) as ledger:
            for start in range(0, len(everything), 20):
                ledger.apply(everything[start : start + 20])
                os.write(pipe, b"x")

    child, reading = in_child(work)
    acknowledged = len(drain(reading))
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == StoreError.exit_code
    assert 0 < acknowledged < 20
    with Ledger.open(folder, write=True) as ledger:
        assert len(ledger.known()) == acknowledged * 20
        assert ledger.verify() == []
        ledger.apply([item for item in everything if item.document.key not in ledger.known()])
        ours = ledger.fingerprint()
    with Ledger.create(tmp_path / "whole", settings={}, ontology="", extractor="") as whole:
        whole.apply(everything)
        assert whole.fingerprint() == ours


def test_of_writers_that_start_at_once_exactly_one_works(tmp_path: Path) -> None:
    folder = tmp_path / "kg"
    Ledger.create(folder, settings={}, ontology="", extractor="").close()

    def work(pipe: int) -> None:
        with Ledger.open(folder, write=True) as ledger:
            ledger.apply(items(5))
            time.sleep(1.0)

    children = [in_child(work)[0] for _ in range(4)]
    codes = sorted(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)
    assert codes == [0, *[StoreLockedError.exit_code] * 3]
    with Ledger.open(folder) as ledger:
        assert len(ledger.known()) == 5


def test_a_killed_writer_leaves_no_lock(tmp_path: Path) -> None:
    folder = tmp_path / "kg"
    Ledger.create(folder, settings={}, ontology="", extractor="").close()

    def work(pipe: int) -> None:
        with Ledger.open(folder, write=True):
            os.write(pipe, b"x")
            time.sleep(60)

    child, reading = in_child(work)
    os.read(reading, 1)
    with pytest.raises(StoreLockedError, match=f"process {child} on"):
        Ledger.open(folder, write=True)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reading)
    Ledger.open(folder, write=True, wait_seconds=5).close()


def test_a_forked_child_must_not_use_its_parent_s_store(tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "kg", settings={}, ontology="", extractor="") as ledger:
        child, reading = in_child(lambda pipe: ledger.apply(items(1)))
        os.close(reading)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == StoreError.exit_code
        ledger.apply(items(1))
        assert ledger.verify() == []


def test_readers_see_whole_commits_while_one_writes(tmp_path: Path) -> None:
    folder = tmp_path / "kg"
    with Ledger.create(folder, settings={}, ontology="", extractor="") as ledger:
        ledger.apply(items(3))

        def read(pipe: int) -> None:
            with Ledger.open(folder) as reader:
                last = 0
                for _ in range(60):
                    reader.refresh()
                    known = {entity.id for entity in reader.entities()}
                    assert all({r.subject_id, r.object_id} <= known for r in reader.relations())
                    assert reader.counts()["documents"] >= last
                    last = reader.counts()["documents"]

        readers = [in_child(read) for _ in range(2)]
        for item in items(60)[3:]:
            ledger.apply([item])
        for child, reading in readers:
            os.close(reading)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_the_hash_seed_makes_no_difference(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from tests.graphrag.store.test_crash import items\n"
        "from graphrag.store.ledger import Ledger\n"
        "with Ledger.create(Path(sys.argv[1]), settings={}, ontology='', extractor='') as ledger:\n"
        "    ledger.apply(items(30)); print(ledger.fingerprint())\n"
    )
    root = Path(__file__).parents[3]
    seen = {
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / seed)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "12345")
    }
    assert len(seen) == 1
