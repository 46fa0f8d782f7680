import json
import random
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from graphrag.llm import AnswerError, parse_answer


class Record(BaseModel):
    model_config = ConfigDict(extra="forbid")

    subject: str
    relation: str
    object: str
    quote: str = ""


class Records(BaseModel):
    model_config = ConfigDict(extra="forbid")

    triples: list[Record]


def answer(count: int = 2) -> str:
    records = [
        {"subject": f"S{n}", "relation": "R", "object": f"O{n}", "quote": f'he said "{n}"'}
        for n in range(count)
    ]
    return json.dumps({"triples": records})


def test_a_clean_answer_needs_no_repair() -> None:
    parsed = parse_answer(answer(3), Records)
    assert parsed.repair is None
    assert [record.subject for record in parsed.value.triples] == ["S0", "S1", "S2"]


@pytest.mark.parametrize(
    "wrap",
    [
        "```json\n{}\n```",
        "```\n{}\n```",
        "Here is the JSON you asked for:\n\n```json\n{}\n```\nLet me know if you need more.",
        "<think>First {{I}} look at [the] passage.</think>\n{}",
        "Sure! {} I hope that helps.",
        "<think>hm</think>\n```json\n{}\n```",
    ],
)
def test_wrapping_is_stripped_and_recorded(wrap: str) -> None:
    parsed = parse_answer(wrap.replace("{}", answer()).replace("{{", "{").replace("}}", "}"), Records)
    assert parsed.repair == "unwrapped"
    assert len(parsed.value.triples) == 2


REFUSED: dict[str, tuple[str, str]] = {
    "nothing": ("", "not_json"),
    "prose": ("I cannot find any relations.", "not_json"),
    "two objects": (answer() + answer(), "not_json"),
    "NaN": ('{"triples": [], "x": NaN}', "not_json"),
    "infinity": ('{"triples": [{"subject": Infinity}]}', "not_json"),
    "doubled key": ('{"triples": [], "triples": []}', "not_json"),
    "Python literals": ("{'triples': [], 'x': None}", "not_json"),
    "a list": ("[]", "wrong_shape"),
    "a string": ('"x"', "wrong_shape"),
    "unknown field": ('{"triples": [], "extra": 1}', "wrong_shape"),
    "dunder": ('{"__class__": "os.system", "triples": []}', "wrong_shape"),
    "missing field": ('{"triples": [{"subject": "a"}]}', "wrong_shape"),
    "wrong type": ('{"triples": [{"subject": ["a"], "relation": "r", "object": "o"}]}', "wrong_shape"),
    "number for a list": ('{"triples": 3}', "wrong_shape"),
    "deep": ("[" * 10_000 + "]" * 10_000, "too_deep"),
    "deep objects": ('{"a":' * 10_000 + "1" + "}" * 10_000, "too_deep"),
    "huge": ('{"triples": [{"subject": "' + "x" * 50_000_000 + '"}]}', "too_large"),
    "long number": ('{"triples": ' + "9" * 10_000 + "}", "not_json"),
    "trailing comma": ('{"triples": [],}', "not_json"),
    "comment": ('{"triples": [] // none\n}', "not_json"),
    "two fences": (f"```json\n{answer()}\n```\n```json\n{answer()}\n```", "not_json"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_answers_say_why(name: str) -> None:
    text, code = REFUSED[name]
    with pytest.raises(AnswerError) as caught:
        parse_answer(text, Records)
    assert caught.value.code == code
    assert len(str(caught.value)) < 2_000


def test_escapes_pass_the_door_for_text() -> None:
    text = '{"triples": [{"subject": "a\\u0000b\\ud800c", "relation": "\\frac", "object": "e\\u0301"}]}'
    record = parse_answer(text, Records).value.triples[0]
    assert (record.subject, record.relation, record.object) == ("ab\ufffdc", "rac", "é")


def test_a_cut_answer_is_refused_unless_salvage_is_asked_for() -> None:
    whole = answer(5)
    cut = whole[: whole.index("S3")]
    with pytest.raises(AnswerError):
        parse_answer(cut, Records)
    parsed = parse_answer(cut, Records, salvage=True)
    assert parsed.repair == "cut"
    assert [record.subject for record in parsed.value.triples] == ["S0", "S1", "S2"]


def test_an_unclosed_fence_is_salvaged() -> None:
    cut = "```json\n" + answer(3)[:-20]
    assert len(parse_answer(cut, Records, salvage=True).value.triples) == 2


@pytest.mark.parametrize("position", range(0, len(answer(3)), 1))
def test_an_answer_cut_anywhere_gives_a_prefix_of_its_records_or_an_error(position: int) -> None:
    whole = parse_answer(answer(3), Records).value.triples
    try:
        parsed = parse_answer(answer(3)[:position], Records, salvage=True)
    except AnswerError:
        return
    assert parsed.repair == "cut"
    assert parsed.value.triples == whole[: len(parsed.value.triples)]
    assert parsed.value.triples


@given(st.text(max_size=300))
def test_no_text_at_all_raises_anything_else(text: str) -> None:
    try:
        parse_answer(text, Records, salvage=True)
    except AnswerError as error:
        assert error.code in {"too_large", "too_deep", "not_json", "wrong_shape"}


def _leaf(random_: random.Random) -> Any:
    return random_.choice(
        [
            "x",
            "",
            None,
            True,
            0,
            -1,
            2**80,
            1e308,
            "\ud800",
            "\u0000",
            "S1",
            [],
            {},
            "__class__",
            "${x}",
            "'; DROP",
        ]
    )


def _tree(random_: random.Random, depth: int) -> Any:
    kind = random_.random()
    if depth > 6 or kind < 0.3:
        return _leaf(random_)
    if kind < 0.6:
        return [_tree(random_, depth + 1) for _ in range(random_.randrange(4))]
    keys = ["triples", "subject", "relation", "object", "quote", "x", "__init__", ""]
    return {random_.choice(keys): _tree(random_, depth + 1) for _ in range(random_.randrange(5))}


def _mutate(random_: random.Random, text: str) -> str:
    for _ in range(random_.randrange(1, 6)):
        at = random_.randrange(len(text) + 1)
        piece = random_.choice(
            [
                '"',
                "\\",
                "{",
                "}",
                "[",
                "]",
                ",",
                ":",
                "NaN",
                "None",
                "\\u0000",
                "\\ud800",
                "```",
                "\n",
                "'",
                "1e999",
                "/*",
            ]
        )
        text = random_.choice(
            [
                text[:at] + piece + text[at:],
                text[:at] + text[at + 1 :],
                text[:at],
                text[at:],
                text[:at] + text,
            ]
        )
    return text


def _odd(random_: random.Random) -> str:
    """An answer of the right shape with odd content, sometimes wrapped, sometimes cut."""
    words = [
        "Ada",
        "\u0000",
        "\ud800",
        "\f",
        "é",
        "𝔘",
        "</script>",
        "{{x}}",
        '"',
        "\\",
        "\n",
        "__class__",
        "",
        "x" * 500,
    ]
    records = [
        {name: "".join(random_.choices(words, k=random_.randrange(4))) for name in Record.model_fields}
        for _ in range(random_.randrange(6))
    ]
    text = json.dumps({"triples": records}, ensure_ascii=random_.random() < 0.5)
    wraps = ["{}", "{}", "```json\n{}\n```", "Here you are:\n{}", "<think>{{</think>{}"]
    text = random_.choice(wraps).replace("{}", text)
    return text if random_.random() < 0.7 else text[: random_.randrange(len(text) + 1)]


FUZZERS: dict[str, Callable[[random.Random], str]] = {
    "odd": _odd,
    "tree": lambda random_: json.dumps(_tree(random_, 0)),
    "mutated": lambda random_: _mutate(random_, answer(random_.randrange(4))),
    "noise": lambda random_: "".join(random_.choice('{}[]",:\\ntruefalsN0123 "subject"') for _ in range(200)),
    "nested": lambda random_: random_.choice(['{"a":', "[", '{"triples":[']) * random_.randrange(1, 5_000),
    "quotes": lambda random_: (
        '{"triples": [' + '"' * random_.randrange(1, 5_000) + "\\" * random_.randrange(3_000)
    ),
}


def fuzz(count: int, seed: int = 0) -> dict[str, int]:
    """Parse `count` hostile answers; what became of them."""
    outcomes = {"accepted": 0, "repaired": 0, "rejected": 0}
    random_ = random.Random(seed)
    names = sorted(FUZZERS)
    for number in range(count):
        text = FUZZERS[names[number % len(names)]](random_)
        started = time.process_time()
        try:
            parsed = parse_answer(text, Records, salvage=number % 2 == 0)
        except AnswerError:
            outcomes["rejected"] += 1
        else:
            Records.model_validate(parsed.value.model_dump())
            outcomes["repaired" if parsed.repair else "accepted"] += 1
        assert time.process_time() - started < 1.0, text[:200]
    return outcomes


def test_a_thousand_hostile_answers_end_in_one_of_three_ways_and_run_nothing() -> None:
    seen: list[str] = []
    watching = True

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

    parse_answer(answer(), Records)  # imports done before the watch begins
    sys.addaudithook(hook)
    outcomes = fuzz(1_000)
    watching = False
    assert seen == []
    assert sum(outcomes.values()) == 1_000
    assert outcomes["accepted"] > 0
    assert outcomes["repaired"] > 0


def test_five_thousand_relations_are_read_in_time() -> None:
    started = time.process_time()
    assert len(parse_answer(answer(5_000), Records).value.triples) == 5_000
    assert time.process_time() - started < 1.0


@pytest.mark.parametrize(
    "hostile", ['"' * 200_000, "\\" * 200_000, '"\\' * 100_000, "```" * 60_000, "<think>" * 40_000]
)
def test_hostile_text_costs_linear_time(hostile: str) -> None:
    started = time.process_time()
    with pytest.raises(AnswerError):
        parse_answer(hostile, Records, salvage=True)
    assert time.process_time() - started < 1.0
