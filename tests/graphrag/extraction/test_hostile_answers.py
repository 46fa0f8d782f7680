"""Answers of a hostile model, through parser, grounding and ontology: what is let in is stated and fits."""

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from graphrag.checking import Checker
from graphrag.config import Config
from graphrag.datamodel import Chunk, Document, Extraction, Span
from graphrag.extraction.grounding import Answer, Grounder, Piece
from graphrag.llm import AnswerError, parse_answer
from ontology import EntityType, Ontology, RelationType
from tests.graphrag.llm.test_parsing import FUZZERS

ONTOLOGY = Ontology.build(
    "firms",
    [EntityType("Person"), EntityType("Organization")],
    [
        RelationType("FOUNDED", domain=("Person",), range=("Organization",)),
        RelationType("ACQUIRED", domain=("Organization",), range=("Organization",)),
    ],
)
TEXT = "Ada Stone founded Acme. Acme acquired Bolt. Bea Marsh met Ada Stone."
DOCUMENT = Document("d", "d", TEXT)
CHUNK = Chunk("c", "d", Span(0, len(TEXT)), TEXT)
CHECKER = Checker(ONTOLOGY, Config())
TRUE = (
    {
        "passage": 1,
        "quote": "Ada Stone founded Acme.",
        "subject": "Ada Stone",
        "subject_type": "Person",
        "relation": "FOUNDED",
        "object": "Acme",
        "object_type": "Organization",
    },
    {
        "passage": 1,
        "quote": "Acme acquired Bolt.",
        "subject": "Acme",
        "subject_type": "Organization",
        "relation": "ACQUIRED",
        "object": "Bolt",
        "object_type": "Organization",
    },
)
WHOLE = json.dumps({"triples": TRUE, "aliases": []})
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 2**70, 1e308, float("nan"), float("inf"), [], {}, ["Ada Stone"], {"__class__": "x"},
    "", "\u0000", "\ud800", "\f", "Acme", "Ada Stone", "Mallory", "FOUNDED", "OWNS", "Weapon", "</script>",
    "{{x}}", "${x}", "'; DROP TABLE", "x" * 5_000, "Ada Stone founded Acme.",
    "Acme acquired Bolt. Mallory founded Evil.",
)  # fmt: skip
KEYS = (*TRUE[0], "subject_words", "object_words", "score", "__init__", "id")


def _records(draw: random.Random) -> str:
    """True records with fields made odd, dropped or added; told twice, or of a thing with itself."""
    records = []
    for _ in range(draw.randrange(1, 6)):
        record: dict[str, Any] = dict(draw.choice(TRUE))
        for _ in range(draw.choice((0, 0, 1, 1, 2))):
            record[draw.choice(KEYS)] = draw.choice(ODD)
        if draw.random() < 0.1:
            record["object"], record["object_type"] = record.get("subject"), record.get("subject_type")
        if draw.random() < 0.05:
            record.pop(draw.choice(list(record)))
        records += [record] * draw.choice((1, 1, 1, 2))
    return json.dumps(
        {"triples": records, "aliases": draw.choice(([], [], None, [{"name": "Acme", "alias": "A"}]))}
    )


def _python(draw: random.Random) -> str:
    return repr(json.loads(_records(draw)))


def _wrapped(draw: random.Random) -> str:
    wrap = draw.choice(
        ("```json\n{}\n```", "<think>hm</think>{}", "Here:\n{}\nDone.", "{}\n{}", "{} // end", "[{}]")
    )
    return wrap.replace("{}", _records(draw))


def _cut(draw: random.Random) -> str:
    return WHOLE[: draw.randrange(len(WHOLE))]


MAKERS = {
    **FUZZERS,
    "records": _records,
    "more records": _records,
    "python": _python,
    "wrapped": _wrapped,
    "cut": _cut,
}


def read(text: str, *, salvage: bool) -> tuple[str, Counter[str]]:
    """What becomes of an answer, and of each triple in it; raises where a rule is broken."""
    try:
        parsed = parse_answer(text, Answer, salvage=salvage)
    except AnswerError:
        return "rejected", Counter()
    grounder = Grounder((Piece(CHUNK, 0, len(TEXT)),), ONTOLOGY, "fuzz")
    triples = tuple(grounder.triple(record) for record in parsed.value.triples)
    for alias in parsed.value.aliases:
        grounder.alias(alias)
    verdicts: Counter[str] = Counter()
    for item in CHECKER.check(DOCUMENT, [Extraction("c", (), triples)]):
        if item.accepted:
            evidence = item.triple.evidence
            relation = ONTOLOGY.relations[item.relation]
            assert evidence.quote
            assert TEXT[evidence.span.start : evidence.span.end] == evidence.quote
            assert item.subject_type in relation.domain
            assert item.object_type in relation.range
            assert item.head.name in TEXT
            assert item.tail.name in TEXT
            assert item.head.name != item.tail.name
        verdicts["accepted" if item.accepted else f"quarantined: {item.reason}"] += 1
    return ("repaired" if parsed.repair else "accepted"), verdicts


def fuzz(count: int, seed: int = 0) -> tuple[Counter[str], Counter[str]]:
    """Read `count` hostile answers; what became of them, and of their triples."""
    draw = random.Random(seed)
    names = sorted(MAKERS)
    answers: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    for number in range(count):
        text = MAKERS[names[number % len(names)]](draw)
        started = time.process_time()
        outcome, found = read(text, salvage=number % 2 == 0)
        assert time.process_time() - started < 1.0, text[:200]
        answers[outcome] += 1
        verdicts += found
    return answers, verdicts


def test_a_thousand_hostile_answers_bend_nothing_and_run_nothing() -> None:
    seen: list[str] = []
    watching = False

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event in {
            "compile",
            "exec",
            "pickle.find_class",
            "os.system",
            "subprocess.Popen",
            "socket.connect",
        }:
            seen.append(event)

    fuzz(20)  # what is imported on first use is imported before the watch begins
    sys.addaudithook(hook)
    watching = True
    answers, verdicts = fuzz(1_000, seed=3)
    watching = False
    assert seen == []
    assert answers.total() == 1_000
    assert all(answers[outcome] > 20 for outcome in ("accepted", "repaired", "rejected"))
    assert verdicts["accepted"] > 50
    assert verdicts["quarantined: unsupported"] > 50


def _cuts() -> Iterator[str]:
    return (WHOLE[:end] for end in range(len(WHOLE)))


def test_an_answer_cut_at_any_byte_gives_its_whole_records_or_nothing() -> None:
    for text in _cuts():
        assert read(text, salvage=False)[0] == "rejected"
        outcome, verdicts = read(text, salvage=True)
        assert (outcome == "repaired") == bool(verdicts)
        assert set(verdicts) <= {"accepted"}


def test_an_answer_of_fifty_megabytes_is_refused_at_once() -> None:
    started = time.process_time()
    assert read(WHOLE.replace("Bolt", "B" * 50_000_000, 1), salvage=True)[0] == "rejected"
    assert time.process_time() - started < 1.0


def test_five_thousand_relations_are_read_once_each() -> None:
    text = json.dumps({"triples": [TRUE[0]] * 5_000, "aliases": []})
    assert read(text, salvage=False) == ("accepted", Counter(accepted=1))
