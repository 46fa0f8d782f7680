"""What a run costs: tokens, prices, and the estimate before anything is paid."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import yaml

from graphrag.llm.messages import Message, Request

_MESSAGE_TOKENS = 4  # role and separators of one chat turn


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    prompt: float
    completion: float

    def of(self, prompt_tokens: int, completion_tokens: int) -> float:
        """US dollars of one call."""
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / 1_000_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would take at most once, without retries.

    Attributes:
        cached: Calls already answered in the ledger; they are not in `calls`.
        completion_tokens: What the answers are expected to hold.
        cost: US dollars; None where no price is known.
    """

    calls: int
    cached: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None

    def __add__(self, other: "Estimate") -> "Estimate":
        cost = None if self.cost is None or other.cost is None else self.cost + other.cost
        return Estimate(
            self.calls + other.calls,
            self.cached + other.cached,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            cost,
        )


def price_of(model: str, *, prompt: float | None = None, completion: float | None = None) -> Price | None:
    """Price of a model: the given one, or that of the shipped table; None if unknown.

    The table's longest entry that starts the model's name counts ("gpt-4o-mini-2024-07-18" has
    the price of "gpt-4o-mini"), a provider's prefix ("openai/") left out.
    """
    if prompt is not None or completion is not None:
        return Price(prompt or 0.0, completion or 0.0)
    name = model.rpartition("/")[2].lower()
    known = _table()
    matches = [entry for entry in known if name == entry or name.startswith((f"{entry}-", f"{entry}:"))]
    return known[max(matches, key=len)] if matches else None


@cache
def _table() -> dict[str, Price]:
    data = yaml.safe_load(Path(__file__).with_name("prices.yaml").read_text(encoding="utf-8"))
    return {name: Price(*pair) for name, pair in data["prices"].items()}


# Words, numbers in groups of three, single ideographs and kana, Hangul syllables, runs of marks.
_PIECES = re.compile(
    r"[A-Za-z]+|[0-9]{1,3}|[\u3040-\u30ff\u3400-\u9fff]|[\uac00-\ud7a3]+|[^\W\d_]+|\n+|[^\w\s]+|_"
)


def approximate_tokens(text: str) -> int:
    """About how many GPT tokens a text has, fast. docs/llm.md gives its measured error.

    O(len(text)), fifty times as fast as the exact `graphrag.tokens.count_tokens`; for reservations,
    limits and estimates, where a few per cent do not matter.
    """
    count = 0
    for piece in _PIECES.findall(text):
        if piece.isascii():
            # Common words are one token; long ones and names split about every seven letters.
            count += 1 + (len(piece) - 1) // 7 if piece.isalpha() else 1 + (len(piece) - 1) // 4
        elif "\uac00" <= piece[0] <= "\ud7a3":
            count += (len(piece) * 2 + 2) // 3
        else:
            count += 1 + (len(piece) - 1) // 3
    return count


def message_tokens(messages: Sequence[Message]) -> int:
    """About how many tokens a conversation has."""
    return sum(_tokens_of(message.content) + _MESSAGE_TOKENS for message in messages) + 3


@lru_cache(maxsize=256)
def _tokens_of(content: str) -> int:
    # The system prompt is the same text call after call.
    return approximate_tokens(content)


def request_tokens(requests: Iterable[Request]) -> int:
    """About how many prompt tokens several requests have together."""
    return sum(message_tokens(request.messages) for request in requests)
