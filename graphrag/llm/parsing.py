"""Reading a model's answer strictly: it is data from outside, and wrong more often than not.

The rule: `json.loads` that refuses NaN, infinities and doubled keys, within limits of size and depth;
then the text door; then a pydantic model that forbids unknown fields. At most one repair, recorded:

* "unwrapped": a code fence, a reasoning block or prose around the JSON is stripped. Nothing is lost;
* "cut": a broken tail is cut back to the last complete record. Something may be lost, so this is
  only done where the caller asks for it, after asking the model again.

Nothing is guessed, and nothing is ever evaluated as code.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from graphrag.errors import DataError
from graphrag.text import clean_value

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 24

_Model = TypeVar("_Model", bound=BaseModel)

_REASONING = re.compile(r"\A\s*<(think|thinking|reasoning)>.*?</\1>", re.DOTALL)
_FENCE = re.compile(r"```[A-Za-z0-9_-]{0,20}[ \t]*\n(.*?)\n?[ \t]*```", re.DOTALL)
# A string (closed or not), or a structural mark. Possessive, so hostile input costs linear time.
_TOKENS = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


class AnswerError(Exception):
    """An answer that cannot be used. The message is fit to be shown to the model.

    Attributes:
        code: "too_large", "too_deep", "not_json" or "wrong_shape".
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Parsed(Generic[_Model]):
    """A parsed answer.

    Attributes:
        repair: "unwrapped", "cut" or None.
    """

    value: _Model
    repair: str | None


def parse_answer(text: str, model: type[_Model], *, salvage: bool = False) -> Parsed[_Model]:
    """Read an answer that must be one JSON object of the given shape. O(len(text)).

    Args:
        text: The answer as it came.
        model: Shape; it should forbid unknown fields.
        salvage: Allow cutting a broken tail back to the last complete record of a list.

    Raises:
        AnswerError: If it is anything else.
    """
    if len(text) > MAX_CHARACTERS:
        raise AnswerError(
            "too_large", f"the answer has {len(text)} characters; at most {MAX_CHARACTERS} are read"
        )
    body = text.strip().removeprefix("\ufeff").strip()
    try:
        return Parsed(_validated(_loads(body), model), None)
    except AnswerError as error:
        problem = error
    unwrapped = _unwrap(body)
    if unwrapped is not None and unwrapped != body:
        try:
            return Parsed(_validated(_loads(unwrapped), model), "unwrapped")
        except AnswerError as error:
            problem = error
    if not salvage or problem.code != "not_json":
        raise problem
    # A fence that never closes is the rule in cut answers: leave its opening line out.
    start = body.find("{")
    if start < 0:
        raise AnswerError("not_json", "the answer holds no JSON object")
    return Parsed(_validated(_loads(_cut(body[start:])), model), "cut")


def _loads(text: str) -> object:
    _check_depth(text)
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_unique)
    except AnswerError:
        raise
    except json.JSONDecodeError as error:
        raise AnswerError(
            "not_json", f"not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from None
    except (ValueError, RecursionError) as error:  # a number of thousands of digits
        raise AnswerError("not_json", f"not valid JSON: {type(error).__name__}") from None


def _validated(data: object, model: type[_Model]) -> _Model:
    if not isinstance(data, dict):
        raise AnswerError("wrong_shape", f"expected one JSON object, not a {type(data).__name__}")
    try:
        return model.model_validate(clean_value(data))
    except DataError as error:
        raise AnswerError("too_deep", str(error)) from None
    except ValidationError as error:
        raise AnswerError("wrong_shape", _explain(error)) from None


def _explain(error: ValidationError) -> str:
    problems = [
        f"{'.'.join(str(part) for part in item['loc'])[:120] or 'the answer'}: {item['msg'][:200]}"
        for item in error.errors(include_url=False, include_input=False, include_context=False)[:5]
    ]
    more = error.error_count() - len(problems)
    return "; ".join(problems) + (f"; and {more} more" if more > 0 else "")


def _no_constant(name: str) -> NoReturn:
    raise AnswerError("not_json", f"{name} is not a JSON number")


def _unique(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        doubled = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise AnswerError("not_json", f'the key "{doubled[:60]}" stands twice in one object')
    return found


def _check_depth(text: str) -> None:
    depth = 0
    for match in _TOKENS.finditer(text):
        mark = match[0]
        if mark in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise AnswerError("too_deep", f"the answer is nested deeper than {MAX_DEPTH} levels")
        elif mark in "]}":
            depth -= 1


def _unwrap(text: str) -> str | None:
    """The JSON inside a reasoning block's remainder, one code fence, or prose; None if there is none."""
    without = _REASONING.sub("", text, count=1).strip()
    fences = _FENCE.findall(without)
    if len(fences) == 1:
        return str(fences[0]).strip()
    if fences:
        return None
    start, end = without.find("{"), without.rfind("}")
    if start < 0 or end < start:
        return None
    return without[start : end + 1]


def _cut(text: str) -> str:
    """Cut back to the last complete object inside a list, and close what is open around it."""
    stack: list[str] = []
    keep, closing = -1, ""
    for match in _TOKENS.finditer(text):
        mark = match[0]
        if mark in ("{", "["):
            stack.append("}" if mark == "{" else "]")
        elif mark in ("}", "]"):
            if not stack or stack.pop() != mark:
                break
            if not stack:
                raise AnswerError("not_json", "not valid JSON, and not cut off either")
            if mark == "}" and stack[-1] == "]":
                keep, closing = match.end(), "".join(reversed(stack))
    if keep < 0:
        raise AnswerError("not_json", "the answer breaks off before its first complete record")
    return text[:keep] + closing
