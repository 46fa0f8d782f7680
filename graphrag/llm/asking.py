"""Asking for JSON: parse strictly, ask once more where the answer cannot be read, never guess."""

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from pydantic import BaseModel

from graphrag.errors import LLMCallError
from graphrag.llm.gate import Gate
from graphrag.llm.messages import LENGTH, Message, Reply, Request
from graphrag.llm.parsing import AnswerError, Parsed, parse_answer
from graphrag.prompts import Prompt, load_prompt

_Model = TypeVar("_Model", bound=BaseModel)
_SHOWN = 4_000  # characters of a bad answer that the model gets to see again


@dataclass(frozen=True, slots=True)
class Asked(Generic[_Model]):
    """A readable answer and the conversation it ends, for asking on.

    Attributes:
        repair: What `parse_answer` had to repair, or None.
        asked_again: Whether the first answer could not be read.
    """

    value: _Model
    messages: tuple[Message, ...]
    repair: str | None = None
    asked_again: bool = False


def ask_json(
    gate: Gate, request: Request, model: type[_Model], *, salvage: bool = False, again: Prompt | None = None
) -> Asked[_Model]:
    """An answer of the given shape, at the cost of one call, or two where the first is unreadable.

    Args:
        salvage: Where the second answer is unreadable too, keep the whole records of a broken one.
        again: Prompt of the second call.

    Raises:
        LLMCallError: As `Gate.ask`; with kind "length" where the answer was cut at `max_tokens`, and
            "unreadable" where two answers could not be read. Unreadable answers are kept in the
            ledger and never used again.
        LLMFatalError, BudgetError: As `Gate.ask`.
    """
    first = _whole(gate, request)
    try:
        parsed = parse_answer(first.text, model)
        return _asked(parsed, request, first)
    except AnswerError as error:
        problem = error
    shown = Message("assistant", first.text[:_SHOWN])
    turn = (again or load_prompt("again")).fill(problem=str(problem))
    second_request = replace(request, messages=(*request.messages, shown, *turn))
    second = _whole(gate, second_request)
    try:
        return _asked(parse_answer(second.text, model), request, second, again=True)
    except AnswerError as error:
        problem = error
    if salvage:
        for reply in (second, first):
            try:
                return _asked(parse_answer(reply.text, model, salvage=True), request, reply, again=True)
            except AnswerError:
                continue
    gate.refuse([first.key, second.key], f"unreadable: {problem.code}")
    raise LLMCallError(
        f'two answers to a "{request.task}" request could not be read; the last: {problem}', kind="unreadable"
    )


def _whole(gate: Gate, request: Request) -> Reply:
    reply = gate.ask(request)
    if reply.finish == LENGTH:
        raise LLMCallError(
            f'the answer to a "{request.task}" request was cut at {request.sampling.max_tokens} tokens',
            kind="length",
        )
    return reply


def _asked(parsed: Parsed[_Model], request: Request, reply: Reply, *, again: bool = False) -> Asked[_Model]:
    messages = (*request.messages, Message("assistant", reply.text))
    return Asked(parsed.value, messages, parsed.repair, again)
