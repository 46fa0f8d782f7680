"""Documents added twice, at once, renamed, edited, added again and removed: no trace of what is gone.

Through the whole reading of texts, not only the store. GRAPHRAG_SCRIPTS gives the number of scripts.
"""

import os
import random
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from graphrag import GraphRAG, make_document
from graphrag.config import Config
from graphrag.datamodel import Document
from graphrag.errors import StoreLockedError
from graphrag.interfaces import Extractor
from graphrag.registry import make_extractor
from tests.graphrag.store.test_crash import drain, in_child

SCRIPTS = int(os.environ.get("GRAPHRAG_SCRIPTS", "3"))
PEOPLE = ["Ada Smith", "Maria Jones", "Boris Keller", "Smith"]
FIRMS = ["Acme Robotics", "Acme Robotics Inc.", "Borealis Ltd.", "Borealis"]
PLACES = ["Lyon", "Porto", "Turku"]


@cache
def reader() -> Extractor:
    """The reader that a base has by default, loaded once for all of them."""
    return make_extractor(Config(), None)


def opened(folder: Path) -> GraphRAG:
    """A base, open for writing."""
    return GraphRAG.open(folder, write=True, extractor=reader())


def text_from(chance: random.Random) -> str:
    """Two to four plain sentences over few names, so that documents share what they speak of."""
    sentences = (
        lambda: (
            f"{chance.choice(FIRMS)} was founded by {chance.choice(PEOPLE)} in {chance.randint(1990, 1994)}."
        ),
        lambda: f"{chance.choice(PEOPLE)} was born in {chance.choice(PLACES)}.",
        lambda: f"{chance.choice(FIRMS)} is based in {chance.choice(PLACES)}.",
        lambda: f"{chance.choice(FIRMS)} acquired {chance.choice(FIRMS)}.",
    )
    return " ".join(chance.choice(sentences)() for _ in range(chance.randint(2, 4)))


def patiently(folder: Path, change: Callable[[GraphRAG], object]) -> None:
    """Change a base as soon as no other writer holds it, for a minute at most."""
    deadline = time.monotonic() + 60
    while True:
        try:
            base = opened(folder)
        except StoreLockedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            with base:
                change(base)
            return


def add_in_two_processes(folder: Path, document: Document) -> None:
    """Two writers start together; the lock lets one after the other in."""

    def work(pipe: int) -> None:
        patiently(folder, lambda base: base.add(document))

    started = [in_child(work) for _ in range(2)]
    for child, reading in started:
        drain(reading)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def add_in_two_threads(folder: Path, document: Document) -> None:
    """As `add_in_two_processes`, inside one process."""
    failed: list[BaseException] = []

    def work() -> None:
        try:
            patiently(folder, lambda base: base.add(document))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


class Script:
    """A base, and beside it what it ought to hold."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.folder = folder
        self.chance = chance
        self.held: dict[str, Document] = {}
        GraphRAG.create(folder, extractor=reader()).close()

    def fresh(self, key: str) -> Document:
        """A new document, or one that says again what another one says."""
        if self.held and self.chance.random() < 0.2:
            return make_document(self.held[self.chance.choice(sorted(self.held))].text, key=key)
        return make_document(text_from(self.chance), key=key)

    def keep(self, document: Document) -> None:
        self.held[document.key] = document

    def add_twice(self, key: str) -> None:
        document = self.fresh(key)
        with opened(self.folder) as base:
            base.add(document)
            once, commit = base.view.fingerprint(), base.view.commit
            assert base.add(document).unchanged == 1
            assert (base.view.fingerprint(), base.view.commit) == (once, commit)
        self.keep(document)

    def add_at_once(self, key: str) -> None:
        document = self.fresh(key)
        self.chance.choice([add_in_two_processes, add_in_two_threads])(self.folder, document)
        self.keep(document)

    def rename(self, key: str) -> None:
        old = self.held.pop(key)
        new = make_document(old.text, key=f"{key}-{self.chance.randint(0, 999)}")
        with opened(self.folder) as base:
            base.add(new)
            base.remove(key)
        self.keep(new)

    def edit(self, key: str) -> None:
        """Edit, go back to what it was, and edit again; the middle state is that of before."""
        old, new = self.held[key], make_document(text_from(self.chance), key=key)
        with opened(self.folder) as base:
            before = [line for line in base.export() if '"commit"' not in line]
            base.add(new)
            base.add(old)
            assert [line for line in base.export() if '"commit"' not in line] == before
            base.add(new)
        self.keep(new)

    def remove(self, key: str) -> None:
        with opened(self.folder) as base:
            base.remove(key)
        del self.held[key]

    def check(self) -> None:
        """No fact without words of a document that is there, and no name that none of them uses."""
        with GraphRAG.open(self.folder) as base:
            assert sorted(base.view.known()) == sorted(self.held)
            texts = {document.id: document.text for document in self.held.values()}
            for relation in base.view.relations():
                assert relation.evidence
                for item in relation.evidence:
                    assert texts[item.document_id][item.span.start : item.span.end] == item.quote
            everything = " ".join(texts.values())
            for entity in base.view.entities():
                assert all(name in everything for name in (entity.name, *entity.aliases))
            assert base.view.verify() == []

    def run(self, steps: int) -> set[str]:
        """Take steps at random; the names of those taken."""
        taken = set()
        self.add_twice("a")
        for _ in range(steps):
            step = self.chance.choice(["add_twice", "add_at_once", "rename", "edit", "remove"])
            if step.startswith("add") or not self.held:
                step = step if step.startswith("add") else "add_twice"
                key = self.chance.choice("abcdef")
            else:
                key = self.chance.choice(sorted(self.held))
            getattr(self, step)(key)
            self.check()
            taken.add(step)
        return taken


@pytest.mark.parametrize("seed", range(SCRIPTS))
def test_a_script_of_changes_leaves_what_a_fresh_build_gives(tmp_path: Path, seed: int) -> None:
    script = Script(tmp_path / "kg", random.Random(seed))
    taken = script.run(8)
    assert len(taken) >= 2
    with GraphRAG.create(tmp_path / "fresh", extractor=reader()) as fresh, opened(tmp_path / "kg") as base:
        fresh.add(script.held[key] for key in sorted(script.held, reverse=True))
        fresh.refresh()
        base.refresh()
        assert list(base.export()) == list(fresh.export())
