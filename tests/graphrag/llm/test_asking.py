import json
from collections.abc import Iterator, Sequence

import pytest
from pydantic import BaseModel, ConfigDict

from graphrag.errors import LLMCallError
from graphrag.llm import Gate, Message, Reply, Request
from graphrag.llm.asking import ask_json


class Numbers(BaseModel):
    model_config = ConfigDict(extra="forbid")

    items: list[dict[str, int]]


class Saying:
    """A client that says the given things, one after the other."""

    provider, model, structured = "test", "m", "auto"

    def __init__(self, *texts: str, finish: str = "stop") -> None:
        self.texts = list(texts)
        self.finish = finish
        self.asked: list[tuple[Message, ...]] = []

    def complete(self, request: Request, *, seconds: float) -> Reply:
        self.asked.append(request.messages)
        return Reply(self.texts.pop(0), self.finish, 1, 1)

    def stream(self, request: Request, *, seconds: float) -> Iterator[str | Reply]:
        yield self.complete(request, seconds=seconds)

    def embed(self, texts: Sequence[str], *, seconds: float) -> tuple[list[list[float]], int]:
        return [], 0

    def stop(self, seconds: float) -> None: ...

    def close(self) -> None: ...


REQUEST = Request("t", (Message("user", "numbers, please"),))
GOOD = json.dumps({"items": [{"n": 1}, {"n": 2}]})


def test_a_readable_answer_costs_one_call() -> None:
    client = Saying(GOOD)
    asked = ask_json(Gate(client), REQUEST, Numbers)
    assert len(asked.value.items) == 2
    assert not asked.asked_again
    assert asked.messages[-1] == Message("assistant", GOOD)


def test_an_unreadable_answer_is_asked_about_once_with_the_reason() -> None:
    client = Saying('{"items": [{"n": "x"}]}', GOOD)
    asked = ask_json(Gate(client), REQUEST, Numbers)
    assert asked.asked_again
    shown, complaint = client.asked[1][-2:]
    assert shown.role == "assistant"
    assert "items.0.n" in complaint.content
    # What is asked next goes on from the question and the good answer, not from the slip.
    assert asked.messages == (*REQUEST.messages, Message("assistant", GOOD))


def test_two_unreadable_answers_are_a_failure() -> None:
    client = Saying("no", "still no")
    with pytest.raises(LLMCallError, match="could not be read") as caught:
        ask_json(Gate(client), REQUEST, Numbers)
    assert caught.value.kind == "unreadable"
    assert client.texts == []


def test_a_broken_tail_is_salvaged_only_where_it_is_allowed() -> None:
    broken = '{"items": [{"n": 1}, {"n": 2'
    with pytest.raises(LLMCallError):
        ask_json(Gate(Saying(broken, broken)), REQUEST, Numbers)
    asked = ask_json(Gate(Saying(broken, broken)), REQUEST, Numbers, salvage=True)
    assert asked.repair == "cut"
    assert asked.value.items == [{"n": 1}]


def test_a_cut_answer_is_reported_and_not_half_used() -> None:
    with pytest.raises(LLMCallError, match="cut at 2048 tokens") as caught:
        ask_json(Gate(Saying(GOOD, finish="length")), REQUEST, Numbers)
    assert caught.value.kind == "length"
