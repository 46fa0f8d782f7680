"""What goes to a model and what comes back, as records."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from graphrag.ids import fingerprint

LENGTH = "length"
REFUSAL = "content_filter"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation; `role` is "system", "user" or "assistant"."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the model picks its words. None leaves the server's default.

    Attributes:
        top_k: Not part of OpenAI's own interface; vLLM, llama.cpp and LM Studio take it.
        max_tokens: Longest answer; a cut answer is reported, never half used in silence.
    """

    temperature: float | None = 0.0
    top_p: float | None = None
    top_k: int | None = None
    max_tokens: int = 2048
    seed: int | None = 0
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutputSchema:
    """The JSON schema an answer must follow, sent to servers that can enforce it.

    Attributes:
        version: Part of the ledger's key: a changed meaning of the same schema asks again.
        json: The schema as JSON text; servers that enforce it make the model write in its order.
    """

    name: str
    version: str
    json: str


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a chat model.

    Attributes:
        task: What it is for ("extract", "answer"); accounting only, no part of the key.
        sample: Number of the independent sample of the same prompt, from 0.
    """

    task: str
    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    schema: OutputSchema | None = None
    sample: int = 0

    def key(self, *, provider: str, model: str, structured: str = "auto") -> str:
        """SHA-256 over everything that may change the answer, and nothing else."""
        return fingerprint(
            {
                "provider": provider,
                "model": model,
                "structured": structured if self.schema else "",
                "sampling": _plain(self.sampling),
                "schema": [self.schema.name, self.schema.version, self.schema.json] if self.schema else None,
                "messages": [
                    [_storable(message.role), _storable(message.content)] for message in self.messages
                ],
                "sample": self.sample,
            }
        )


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, as it came.

    Attributes:
        finish: "stop", "length" (cut at `max_tokens`), "content_filter" (refused) or what the
            server says.
        served_by: The model's exact name as the server reports it.
        cached: Whether it came from the ledger, unpaid.
        key: Where the ledger keeps it; "" without a ledger.
        attempts: Calls it took.
    """

    text: str
    finish: str = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0
    served_by: str = ""
    cached: bool = False
    key: str = ""
    attempts: int = 1


def _plain(sampling: Sampling) -> Mapping[str, object]:
    return {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "max_tokens": sampling.max_tokens,
        "seed": sampling.seed,
        "stop": list(sampling.stop),
    }


def _storable(text: str) -> str:
    # A lone surrogate cannot be hashed as UTF-8; its escaped form can, and differs from U+FFFD.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def schema_of(name: str, version: str, schema: Mapping[str, object]) -> OutputSchema:
    """Pack a JSON schema given as plain data; the order of its properties is the order of writing."""
    text = json.dumps(schema, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return OutputSchema(name=name, version=version, json=text)
