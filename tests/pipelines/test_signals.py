"""Ctrl-C and SIGTERM at any moment of a build: it ends soon, in one line, and goes on from there.

Children are forked from a process that has read a text before, so that each costs only its own work;
GRAPHRAG_SIGNALS gives the full number.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest

from graphrag import GraphRAG, make_document
from graphrag.config import load_config
from graphrag.reading import ReadingTask
from graphrag.store.ledger import Ledger
from pipelines.cli import main
from tests.conftest import DEMO, graphrag

SIGNALS = int(os.environ.get("GRAPHRAG_SIGNALS", "2"))


def forked_build(kg: Path) -> tuple[int, int]:
    """A build of the demo corpus, a document to a transaction; (process id, what it says)."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.dup2(writing, 2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = 70
        try:
            sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
            # Handlers are the new process's own, as if the shell had started it.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            main(["build", str(DEMO / "articles"), "--out", str(kg), "--set", "build.batch_documents=1"])
        except SystemExit as ended:
            code = int(ended.code or 0)
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(writing)
    return child, reading


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_at_any_moment_a_build_ends_in_one_line_and_goes_on(
    tmp_path: Path, number: signal.Signals
) -> None:
    from ontology import dump_ontology, general_ontology

    config = load_config()
    task = ReadingTask(config.model_dump_json(), dump_ontology(general_ontology()))
    task([make_document("Ada Smith founded Acme Robotics.", key="warm")])
    chance = random.Random(int(number))
    kg = tmp_path / "kg"
    interrupted = 0
    for _ in range(SIGNALS):
        child, reading = forked_build(kg)
        time.sleep(0.1 + chance.random() * 1.5)
        sent = time.monotonic()
        os.kill(child, number)
        said = b""
        while block := os.read(reading, 65536):
            said += block
        os.close(reading)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code in (0, 128 + number), said.decode()
        if code:
            interrupted += 1
            assert time.monotonic() - sent <= 15
            assert b"Traceback" not in said
            assert b"run the same command again" in said
        if Ledger.exists(kg):
            with GraphRAG.open(kg, write=True) as base:
                held = sorted(base.view.known())
                if code == 0 or len(held) > 30:
                    base.remove(held[:30])
    assert interrupted
    assert graphrag("build", DEMO / "articles", "--out", kg).code == 0
    assert graphrag("build", DEMO / "articles", "--out", tmp_path / "fresh").code == 0
    with Ledger.open(kg) as ours, Ledger.open(tmp_path / "fresh") as fresh:
        assert ours.verify() == []
        assert ours.fingerprint() == fresh.fingerprint()
