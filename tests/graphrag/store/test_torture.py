"""Every write may be the last: killed, refused or out of space at the Nth call of the operating system.

`strace` does it to a forked child that has imported everything. The numbers here are small; the environment
variables GRAPHRAG_CALLS, GRAPHRAG_FAULTS, GRAPHRAG_STARTS and GRAPHRAG_LOCKS give the full ones.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from graphrag.errors import NotFoundError, StoreError, StoreLockedError
from graphrag.store.ledger import IngestedDocument, Ledger
from tests.graphrag.store.making import Says, document
from tests.graphrag.store.test_crash import drain, in_child, items

CALLS = int(os.environ.get("GRAPHRAG_CALLS", "0"))  # every Nth write of a build; 0: every 17th
FAULTS = int(os.environ.get("GRAPHRAG_FAULTS", "4"))
STARTS = int(os.environ.get("GRAPHRAG_STARTS", "5"))
LOCKS = int(os.environ.get("GRAPHRAG_LOCKS", "5"))
WRITES = "write,pwrite64,fsync,fdatasync,rename,ftruncate"
THREE = items(3)


def can_trace() -> bool:
    """Whether a process may be traced here."""
    if shutil.which("strace") is None:
        return False
    done = subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True)
    return done.returncode == 0


traced_only = pytest.mark.skipif(not can_trace(), reason="needs strace and leave to trace")


def build(folder: Path, pipe: int) -> None:
    """Make the base if there is none and commit what is missing, a document at a time."""
    settings = {"settings": {}, "ontology": "", "extractor": ""}
    ledger = (
        Ledger.open(folder, write=True) if Ledger.exists(folder) else Ledger.create(folder, **settings)  # type: ignore[arg-type]
    )
    with ledger:
        for item in THREE:
            if item.document.key not in ledger.known():
                ledger.apply([item])
                os.write(pipe, b"x")


def struck(folder: Path, what: str, number: int, calls: str = WRITES) -> tuple[int, int]:
    """Build with the Nth of `calls` struck by `what`; (exit code, acknowledged commits)."""

    def work(pipe: int) -> None:
        os.kill(os.getpid(), signal.SIGSTOP)
        build(folder, pipe)

    child, reading = in_child(work)
    os.waitpid(child, os.WUNTRACED)
    inject = f"inject={calls}:{what}:when={number}"
    command = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        f"trace={calls}",
        "-e",
        inject,
        "-p",
        str(child),
    ]
    tracer = subprocess.Popen([*command, "-p", str(child)], stderr=subprocess.DEVNULL)
    status = Path(f"/proc/{child}/status")
    while tracer.poll() is None and "TracerPid:\t0" in status.read_text():
        time.sleep(0.002)
    os.kill(child, signal.SIGCONT)
    acknowledged = len(drain(reading))
    _, code = os.waitpid(child, 0)
    tracer.wait()
    return os.waitstatus_to_exitcode(code), acknowledged


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Fingerprint of the undisturbed build."""
    folder = tmp_path_factory.mktemp("whole") / "kg"
    with Ledger.create(folder, settings={}, ontology="", extractor="") as ledger:
        ledger.apply(THREE)
        return ledger.fingerprint()


def check_prefix(folder: Path, acknowledged: int) -> None:
    """What is there is whole commits, no fewer than were acknowledged."""
    try:
        with Ledger.open(folder) as ledger:
            held = len(ledger.known())
            assert ledger.verify() == []
    except NotFoundError:
        held = 0
    assert acknowledged <= held <= acknowledged + 1


def check_resumed(folder: Path, whole: str) -> None:
    """The same work again, with no flag and no help, ends where it would have."""
    reading, writing = os.pipe()
    build(folder, writing)
    os.close(writing)
    os.close(reading)
    with Ledger.open(folder) as ledger:
        assert ledger.fingerprint() == whole
    assert sorted(path.name for path in folder.iterdir() if path.name.endswith(".new")) == []


@traced_only
def test_killed_at_any_write_the_store_holds_whole_commits(tmp_path: Path, whole: str) -> None:
    step = 1 if CALLS else 17
    killed = 0
    for number in range(1, (CALLS or 400) + 1, step):
        folder = tmp_path / f"kg-{number}"
        code, acknowledged = struck(folder, "signal=KILL", number)
        check_prefix(folder, acknowledged)
        check_resumed(folder, whole)
        shutil.rmtree(folder)
        if code == 0:
            break
        assert code == -signal.SIGKILL
        killed += 1
    assert killed >= 5
    print(f"killed at {killed} calls")


@traced_only
@pytest.mark.parametrize(
    ("error", "calls"), [("ENOSPC", "pwrite64,ftruncate"), ("EIO", "pwrite64"), ("EIO", "fsync,fdatasync")]
)
def test_a_write_that_fails_is_an_error_and_earlier_commits_stay(
    tmp_path: Path, whole: str, error: str, calls: str
) -> None:
    for number in range(1, FAULTS + 1):
        # Far enough apart to reach from the first page to the last commit.
        folder = tmp_path / f"kg-{number}"
        code, acknowledged = struck(folder, f"error={error}", number * (3 if FAULTS > 10 else 30), calls)
        check_prefix(folder, acknowledged)
        check_resumed(folder, whole)
        assert code in (0, StoreError.exit_code)
        # One fsync may be repeated by the checkpoint that follows; "done" is never said of a lost one.
        assert code or acknowledged == 3
        shutil.rmtree(folder)


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[Path]:
    """A file system of its own that is soon full."""
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)], capture_output=True
    )
    if done.returncode:
        pytest.skip("needs leave to mount a file system")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def long_documents(count: int) -> list[IngestedDocument]:
    """Documents of about 100 kB that say little."""
    rain = "Rain fell on the hills for the whole of that long and uneventful night. " * 1400
    return [
        document(f"doc-{number:04}", [Says("Ada Smith", "PERSON", "MET", f"Person {number}", "PERSON"), rain])
        for number in range(count)
    ]


@pytest.mark.parametrize("megabytes", [4, 8, 16, 32])
def test_a_full_file_system_keeps_earlier_commits_and_the_build_goes_on_after_it(
    tmp_path: Path, megabytes: int
) -> None:
    documents = long_documents(12 * megabytes)
    with small_disk(tmp_path / "disk", megabytes) as disk:
        folder = disk / "kg"
        done = 0
        with Ledger.create(folder, settings={}, ontology="", extractor="") as ledger:
            with pytest.raises(StoreError, match="bytes free") as caught:
                for item in documents:
                    ledger.apply([item])
                    done += 1
            assert caught.value.exit_code == 5
            assert str(folder) in str(caught.value)
        with Ledger.open(folder) as ledger:
            assert len(ledger.known()) == done > 0
            assert ledger.verify() == []
        shutil.copytree(folder, tmp_path / "kg")
    with Ledger.open(tmp_path / "kg", write=True) as ledger:
        ledger.apply(documents[done:])
        ours = ledger.fingerprint()
    with Ledger.create(tmp_path / "fresh", settings={}, ontology="", extractor="") as fresh:
        fresh.apply(documents)
        assert fresh.fingerprint() == ours


def test_two_writers_whatever_the_offset_never_both_work(tmp_path: Path) -> None:
    folder = tmp_path / "kg"
    Ledger.create(folder, settings={}, ontology="", extractor="").close()

    def writer(delay: float) -> Callable[[int], None]:
        def work(pipe: int) -> None:
            time.sleep(delay)
            started = time.monotonic()
            try:
                with Ledger.open(folder, write=True) as ledger:
                    os.write(pipe, b"in")
                    ledger.apply(THREE)
                    time.sleep(0.6)
                    os.write(pipe, b"out")
            except StoreLockedError as error:
                os.write(pipe, f"{time.monotonic() - started:.3f} {error}".encode())
                raise

        return work

    for number in range(STARTS):
        first, one = in_child(writer(0.0))
        second, other = in_child(writer(0.5 * number / STARTS))
        said = {first: drain(one).decode(), second: drain(other).decode()}
        codes = {child: os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in (first, second)}
        assert sorted(codes.values()) == [0, StoreLockedError.exit_code]
        (winner,) = [child for child, code in codes.items() if code == 0]
        assert said.pop(winner) == "inout"
        (told,) = said.values()
        assert float(told.split(" ", 1)[0]) <= 2.0
        assert f"process {winner} on" in told
    with Ledger.open(folder) as ledger:
        assert len(ledger.known()) == 3
        assert ledger.verify() == []


def test_a_lock_of_the_dead_is_no_lock(tmp_path: Path) -> None:
    folder = tmp_path / "kg"
    Ledger.create(folder, settings={}, ontology="", extractor="").close()

    def work(pipe: int) -> None:
        with Ledger.open(folder, write=True):
            os.write(pipe, b"x")
            time.sleep(60)

    for _ in range(LOCKS):
        child, reading = in_child(work)
        assert os.read(reading, 1) == b"x"
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reading)
        Ledger.open(folder, write=True).close()
