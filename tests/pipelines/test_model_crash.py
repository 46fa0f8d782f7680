"""Builds through a model, killed at random moments: the same graph, and nothing is paid for twice."""

import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from graphrag.config import Config, config_from
from graphrag.engine import GraphRAG
from graphrag.progress import Silent
from graphrag.testing.server import Recorded, ScriptedServer
from pipelines.build import BuildOptions, run_build

POINTS = int(os.environ.get("GRAPHRAG_MODEL_KILLS", "20"))
DOCUMENTS = int(os.environ.get("GRAPHRAG_MODEL_DOCUMENTS", "24"))
CHUNKS = 4  # of each document, asked about in one call
IN_FLIGHT = 8
SETTLED = (
    1.0  # seconds in which an answer that was sent is on disk, on a machine that is busy with other things
)


def text_of(number: int, verb: str) -> str:
    """A document of CHUNKS chunks."""
    filling = " ".join(f"It made kettles of kind {word} in that year." for word in range(4))
    parts = (
        f"Ada Stone{number} {verb} {firm}. {firm} acquired Bolt{number % 7}. {filling}"
        for firm in (f"Acme{number}x{part}" for part in range(CHUNKS))
    )
    return "\n\n".join(parts)


def epoch_of(server: ScriptedServer) -> float:
    """The server's zero on this process's monotonic clock, within milliseconds."""
    before = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("POST", "/v1/embeddings", '{"input": ["what time is it"]}')
    connection.getresponse().read()
    connection.close()
    return before - server.requests()[-1].started


class Builds:
    """A corpus, a later state of it, a server, and builds in processes of their own."""

    def __init__(self, folder: Path, server: ScriptedServer) -> None:
        self.server = server
        self.sources, self.later = folder / "first", folder / "later"
        for place in (self.sources, self.later):
            (place / "docs").mkdir(parents=True)
            for number in range(DOCUMENTS):
                verb = "joined" if place == self.later and number % 5 < 2 else "founded"
                (place / "docs" / f"d{number:03}.txt").write_text(text_of(number, verb), encoding="utf-8")
        self.epoch = epoch_of(server)

    @property
    def config(self) -> Config:
        return config_from(
            {
                "extraction": {"name": "llm"},
                "chunking": {"max_tokens": 70},
                "embedding": {"name": "hashing"},
                "build": {"batch_documents": 5},
                "llm": {
                    "model": "scripted",
                    "base_url": self.server.url,
                    "gleanings": 0,
                    "max_in_flight": IN_FLIGHT,
                },
            }
        )

    def build(self, sources: Path, kg: Path) -> int:
        with contextlib.chdir(sources):  # the path of a document is part of the export
            report = run_build([Path("docs")], str(kg), self.config, BuildOptions(), progress=Silent())
        return report.exit_code

    def start(self, sources: Path, kg: Path) -> int:
        """Begin a build in a forked child, which is as mortal as any process; its id."""
        child = os.fork()
        if child == 0:
            code = 70
            try:
                code = self.build(sources, kg)
            finally:
                os._exit(code)
        return child

    def finish(self, sources: Path, kg: Path) -> float:
        """Build to the end; the seconds it took."""
        started = time.monotonic()
        _, status = os.waitpid(self.start(sources, kg), 0)
        assert os.waitstatus_to_exitcode(status) == 0
        report = json.loads((kg / "report.json").read_text(encoding="utf-8"))
        chunks, triples = report["chunks"], report["triples"]
        assert chunks["seen"] == chunks["ok"] + chunks["empty"] + chunks["failed"]
        assert triples["proposed"] == triples["accepted"] + triples["repaired"] + sum(
            triples["rejected"].values()
        )
        return time.monotonic() - started

    def kill_after(self, sources: Path, kg: Path, seconds: float) -> float | None:
        """Kill a build that has run for so long: when, on the server's clock. None if it was done before."""
        child = self.start(sources, kg)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            done, _ = os.waitpid(child, os.WNOHANG)
            if done:
                return None
            time.sleep(0.002)
        at = time.monotonic() - self.epoch
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return at


@pytest.fixture
def builds(tmp_path: Path) -> Iterator[Builds]:
    with ScriptedServer(tmp_path / "server", delay=0.15) as server:
        yield Builds(tmp_path, server)


def fingerprint(kg: Path) -> str:
    with GraphRAG.open(kg) as base:
        assert base.view.verify() == []
        return base.view.fingerprint()


def lost_ages(requests: list[Recorded], killed_at: float) -> list[float]:
    """For each answer that was paid for again: how long before the kill it had been sent, in seconds."""
    answers: dict[str, list[float]] = defaultdict(list)
    for request in requests:
        if request.finished is not None and not request.fault:
            answers[request.key].append(request.finished)
    return [max(0.0, killed_at - min(times)) for times in answers.values() if len(times) > 1]


def test_killed_builds_resume_to_the_same_graph_and_pay_for_nothing_twice(
    builds: Builds, tmp_path: Path
) -> None:
    whole, updated, fresh = tmp_path / "whole", tmp_path / "updated", tmp_path / "fresh"
    builds.build(builds.sources, tmp_path / "warm")  # here, so that no child has to import anything again
    lasting = builds.finish(builds.sources, whole)
    shutil.copytree(whole, updated)
    changing = builds.finish(builds.later, updated)
    builds.finish(builds.later, fresh)
    expected, later = fingerprint(whole), fingerprint(updated)
    assert later == fingerprint(fresh) != expected
    draw = random.Random(5)
    kills, repeats, slowest, ages = 0, 0, 0.0, list[float]()
    while kills < POINTS:
        kg = tmp_path / "kg"
        exists = kills % 4 == 3  # each fourth point is in an update of an existing knowledge base
        sources, seconds = (builds.later, changing) if exists else (builds.sources, lasting)
        if exists:
            shutil.copytree(whole, kg)
        before = len(builds.server.requests())
        killed_at = builds.kill_after(sources, kg, draw.random() * seconds)
        if killed_at is not None:
            kills += 1
            seen = len(builds.server.requests())
            builds.finish(sources, kg)
            requests = builds.server.requests()[before:]
            assert fingerprint(kg) == (later if exists else expected)
            ages += lost_ages(requests, killed_at)
            assert max(ages, default=0.0) <= SETTLED
            again = len(requests) - len({request.key for request in requests})
            assert again <= IN_FLIGHT
            repeats += again
            resumed = [request.started for request in requests[seen - before :]]
            slowest = max(slowest, min(resumed) - killed_at if resumed else 0.0)
        shutil.rmtree(kg, ignore_errors=True)
    print(
        f"\n{kills} kills in builds of {DOCUMENTS * CHUNKS} chunks, {DOCUMENTS} calls, {IN_FLIGHT} in flight "
        f"({kills // 4} in updates): equal {kills} of {kills}; {repeats} calls in flight asked again; "
        f"{len(ages)} answers lost on the way to the disk, {sum(age > 0.1 for age in ages)} of them sent "
        f"more than 100 ms before the kill, none more than {max(ages, default=0.0) * 1000:.0f} ms; "
        f"longest until the first call of a resume {slowest:.1f} s"
    )
