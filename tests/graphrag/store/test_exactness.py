"""Whatever happens to a knowledge base, it equals one built from scratch."""

import atexit
import os
import random
import shutil
import tempfile
from functools import cache
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from graphrag.datamodel import CheckedTriple, Document, Extraction, Failure
from graphrag.ids import content_id
from graphrag.store.ledger import Decision, IngestedDocument, Ledger
from tests.graphrag.store.making import Aka, Broken, Says, document

# Few names that can all be mistaken for each other bite harder than many.
NAMES = [
    "Apple", "Apple Inc.", "The Apple", "Ring", "AMA", "American Medical Association",
    "American Marketing Association", "Mark Twain", "삼성 전자", "Jonathan Bergström", "Jonathan Bergsström",
    "Jonathan Bergtröm", "Jonathan Bergsrtöm", "Jona Than", "Jonathan", "J. R. R. Tolkien",
    "John Ronald Reuel Tolkien",
]  # fmt: skip
TYPES = ["PERSON", "ORG", "WORK", "LOC", None]
TITLES = ["", "Ring (1998 film)", "Ring (2002 film)", "Ring", "Apple", "Mark Twain", "The Apple"]

says = st.builds(
    Says,
    head=st.sampled_from(NAMES),
    head_type=st.sampled_from(TYPES),
    relation=st.sampled_from(["FOUNDED", "KNOWS"]),
    tail=st.sampled_from([*NAMES, "1976"]),
    tail_type=st.sampled_from(TYPES),
    stated=st.booleans(),
).map(lambda s: s._replace(literal=True, tail_type="DATE") if s.tail == "1976" else s)
aka = st.builds(
    Aka,
    name=st.sampled_from(NAMES),
    alias=st.sampled_from(NAMES),
    kind=st.sampled_from(["aka", "acronym", "native"]),
    type=st.sampled_from(TYPES),
)
items = st.lists(
    st.one_of(says, aka, says, st.just(Broken("Lost.")), st.just("Rain fell.")), min_size=1, max_size=6
)
keys = st.sampled_from(["a", "b", "c", "d", "e", "f", "g"])
decisions = st.builds(
    Decision,
    kind=st.sampled_from(["merge", "split"]),
    first=st.sampled_from([*NAMES, "Ring (1998 film)"]),
    second=st.sampled_from(NAMES),
    first_type=st.sampled_from(["", "", "PERSON", "ORG"]),
).filter(lambda d: (d.first, d.first_type) != (d.second, d.second_type))
SCHEMAS = {
    "all": "",
    "few": "name: few\ntypes:\n  PERSON: {disjoint_with: [ORG, LOC]}\n  ORG: {}\n  LOC: {}\n"
    "relations:\n  FOUNDED: {symmetric: true}\n",
}


def check(schema: str, results: tuple[Extraction | Failure, ...]) -> tuple[CheckedTriple, ...]:
    """Verdicts that depend on the schema: the second knows no KNOWS, and types by its own names."""
    checked = []
    for result in results:
        if isinstance(result, Failure):
            continue
        for triple in result.triples:
            relation = triple.predicate.upper()
            good = schema == "all" or relation != "KNOWS"
            literal = triple.object.value is not None
            checked.append(
                CheckedTriple(
                    content_id("tri", result.chunk_id, triple.predicate),
                    triple,
                    "accept" if good else "reject",
                    relation,
                    triple.subject.type if good else None,
                    triple.object.type if good and not literal else None,
                    literal,
                    reason=None if good else "unknown_relation",
                )
            )
    return tuple(checked)


@cache
def empty_base(schema: str) -> Path:
    """An empty base with this schema, to copy: making the tables takes longer than filling them."""
    folder = Path(tempfile.mkdtemp(dir=MEMORY))
    atexit.register(shutil.rmtree, folder)
    Ledger.create(folder / "kg", settings={}, ontology=SCHEMAS[schema], extractor="x").close()
    return folder / "kg"


# Thousands of commits: where there is a file system in memory, no disk has to sync them.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


class Exactness(RuleBasedStateMachine):
    """Add, edit, remove, decide, recheck, reopen, rebuild and crash, in any order."""

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY)
        self.schema = "all"
        self.expected: tuple[object, tuple[list[str], list[object], list[object]]] | None = None
        self.held: dict[str, IngestedDocument] = {}
        self.decided: dict[tuple[tuple[str, str], ...], Decision] = {}
        self.ledger = Ledger.create(Path(self.folder.name) / "kg", settings={}, ontology="", extractor="x")

    def _read(self, key: str, what: list[Says | Aka | Broken | str], title: str) -> IngestedDocument:
        made = document(key, what, title=title)
        return IngestedDocument(made.document, made.chunks, made.results, check(self.schema, made.results))

    @rule(
        batch=st.lists(
            st.tuples(keys, items, st.sampled_from(TITLES)), min_size=1, max_size=4, unique_by=lambda b: b[0]
        )
    )
    def add(self, batch: list[tuple[str, list[Says | Aka | Broken | str], str]]) -> None:
        made = [self._read(*row) for row in batch]
        self.ledger.apply(made)
        self.held.update({item.document.key: item for item in made})

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        gone = data.draw(st.lists(st.sampled_from(sorted(self.held)), min_size=1, unique=True))
        self.ledger.apply((), gone)
        for key in gone:
            del self.held[key]

    @rule(decision=decisions)
    def decide(self, decision: Decision) -> None:
        self.ledger.decide([decision], require_names=False)
        ends = sorted([(decision.first, decision.first_type), (decision.second, decision.second_type)])
        self.decided[tuple(ends)] = decision

    @precondition(lambda self: self.decided)
    @rule(data=st.data())
    def undecide(self, data: st.DataObject) -> None:
        ends = data.draw(st.sampled_from(sorted(self.decided)))
        self.ledger.undecide(self.decided.pop(ends))

    @rule(schema=st.sampled_from(sorted(SCHEMAS)))
    def recheck(self, schema: str) -> None:
        def verdicts(
            document: Document, results: tuple[Extraction | Failure, ...]
        ) -> tuple[CheckedTriple, ...]:
            return check(schema, results)

        self.schema = schema
        self.ledger.recheck(SCHEMAS[schema], verdicts)
        self.held = {
            key: IngestedDocument(item.document, item.chunks, item.results, check(schema, item.results))
            for key, item in self.held.items()
        }

    @rule()
    def reopen(self) -> None:
        self.ledger.close()
        self.ledger = Ledger.open(Path(self.folder.name) / "kg", write=True)

    @rule()
    def rebuild(self) -> None:
        self.ledger.rebuild()

    @rule(key=keys, what=items)
    def crash(self, key: str, what: list[Says | Aka | Broken | str]) -> None:
        """The process dies before the commit: a copy of the files at that moment is what is left."""
        made = self._read(key, what, "")
        kept = Path(self.folder.name) / "kg"

        class DeadError(Exception):
            pass

        def die(change: int) -> None:
            raise DeadError

        self.ledger._stamp = die  # type: ignore[method-assign]
        try:
            self.ledger.apply([made])
        except DeadError:
            pass
        finally:
            del self.ledger._stamp
        assert kept.exists()

    @invariant()
    def equals_a_fresh_build(self) -> None:
        if not hasattr(self, "ledger"):
            return
        expected = self._fresh()
        ours = list(self.ledger.export())
        for line in set(ours) ^ set(expected[0]):
            note(line)
        assert (ours, list(self.ledger.names()), list(self.ledger.subjects())) == expected

    def _fresh(self) -> tuple[list[str], list[object], list[object]]:
        """Export, names and subjects of a base built from scratch; kept while the content stays the same."""
        content = (self.schema, dict(self.held), dict(self.decided))
        if self.expected is None or self.expected[0] != content:
            with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
                shutil.copytree(empty_base(self.schema), Path(folder) / "kg")
                with Ledger.open(Path(folder) / "kg", write=True) as fresh:
                    if self.decided:
                        fresh.decide(list(self.decided.values()), require_names=False)
                    fresh.apply([self.held[key] for key in sorted(self.held, reverse=True)])
                    made = list(fresh.export()), list(fresh.names()), list(fresh.subjects())
            self.expected = content, made
        return self.expected[1]

    def teardown(self) -> None:
        if hasattr(self, "ledger"):
            try:
                assert self.ledger.verify() == []
            finally:
                self.ledger.close()
                self.folder.cleanup()


EXAMPLES = int(os.environ.get("GRAPHRAG_EXAMPLES", "300"))
Exactness.TestCase.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
TestExactness = Exactness.TestCase


@pytest.mark.parametrize("seed", range(int(os.environ.get("GRAPHRAG_SEQUENCES", "100"))))
def test_random_sequences_of_changes_equal_a_fresh_build(seed: int) -> None:
    """Few names and many documents: what random search by structure seldom reaches."""
    chance = random.Random(seed)
    names = chance.sample(NAMES, 4)

    def made(key: str) -> IngestedDocument:
        what: list[Says | Aka | Broken | str] = []
        for _ in range(chance.randint(1, 4)):
            one, other = chance.choice(names), chance.choice(names)
            if chance.random() < 0.25:
                what.append(Aka(one, other, chance.choice(["aka", "acronym"]), chance.choice(TYPES)))
            else:
                kinds = chance.choice(TYPES), chance.choice(TYPES)
                what.append(Says(one, kinds[0], "KNOWS", other, kinds[1], stated=chance.random() < 0.3))
        return document(key, what, title=chance.choice(TITLES))

    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        place = Path(folder)
        with (
            Ledger.create(place / "ours", settings={}, ontology="", extractor="x") as ours,
            Ledger.create(place / "fresh", settings={}, ontology="", extractor="x") as fresh,
        ):
            held: dict[str, IngestedDocument] = {}
            for _ in range(chance.randint(2, 12)):
                if held and chance.random() < 0.3:
                    gone = chance.choice(sorted(held))
                    ours.apply((), [gone])
                    del held[gone]
                else:
                    batch = [made(key) for key in chance.sample("abcdefgh", chance.randint(1, 3))]
                    ours.apply(batch)
                    held.update({item.document.key: item for item in batch})
            fresh.apply([held[key] for key in sorted(held)])
            assert list(ours.export()) == list(fresh.export())
            assert list(ours.names()) == list(fresh.names())
