"""A model writes a query, and what it may do is decided here: look, in known words, within bounds.

A query is checked word by word before it is sent, and the server's own reading of it a second time; what
is found wrong goes back to the model, a few times at most. Rows are what the graph holds, so nothing the
model says itself reaches the reader but the query.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from graphrag.errors import DataError, GenerationError, StoreError
from graphrag.ids import canonical_json
from graphrag.llm.asking import ask_json
from graphrag.llm.gate import Gate
from graphrag.llm.messages import Message, Request, Sampling
from graphrag.prompts import fence, load_prompt

Check = Callable[[str, Mapping[str, Any]], list[str]]
Run = Callable[[str, Mapping[str, Any]], list[dict[str, Any]]]
_SHOWN = 600  # characters of a problem that the model gets to see


class WrittenQuery(BaseModel):
    """A query as the model writes it."""

    model_config = ConfigDict(extra="forbid")

    query: str
    parameters: dict[str, str | int | float | bool | list[str] | list[int] | list[float]] = {}
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What a query found.

    Attributes:
        query: The one that was run; "" if the model says that the graph cannot answer.
        missing: What it says is missing then.
        refused: Queries before it, each with what was wrong with it.
    """

    question: str
    query: str
    parameters: Mapping[str, Any]
    rows: tuple[dict[str, Any], ...]
    missing: str = ""
    refused: tuple[tuple[str, str], ...] = ()


class QueryWriter:
    """Lets a model ask the graph.

    Args:
        graph: What there is, in words for the prompt.
        check: What is wrong with a query; [] if nothing is.
        run: Carries a query out, in a read session, within limits of time and rows.
        rows: What `run` gives at most; the model is told.
        attempts: Queries the model may write for one question.
        prompts: Folder with the user's own prompt files.
    """

    def __init__(
        self,
        gate: Gate,
        graph: str,
        *,
        check: Check,
        run: Run,
        rows: int = 100,
        attempts: int = 3,
        sampling: Sampling | None = None,
        prompts: Path | None = None,
    ) -> None:
        self._gate = gate
        self._graph = graph
        self._check = check
        self._run = run
        self._rows = rows
        self._attempts = attempts
        self._sampling = sampling or Sampling()
        self._prompt = load_prompt("cypher", prompts)

    def answer(self, question: str) -> Found:
        """What the first query found that was right.

        Raises:
            GenerationError: If none was; the message gives the last query and what was wrong.
            LLMCallError, LLMFatalError, BudgetError: As `graphrag.llm.asking.ask_json`.
        """
        messages = list(
            self._prompt.fill(
                graph=self._graph, rows=str(self._rows), question=fence(question, kind="question")
            )
        )
        refused: list[tuple[str, str]] = []
        for _ in range(self._attempts):
            request = Request("cypher", tuple(messages), self._sampling)
            written = ask_json(self._gate, request, WrittenQuery).value
            text = written.query.strip().removesuffix(";").strip()
            if not text:
                return Found(question, "", {}, (), written.missing, tuple(refused))
            problem = "; ".join(self._check(text, written.parameters))
            if not problem:
                try:
                    rows = self._run(text, written.parameters)
                    return Found(question, text, written.parameters, tuple(rows), "", tuple(refused))
                except (DataError, StoreError) as error:
                    problem = str(error)
            refused.append((text, problem))
            messages.append(Message("assistant", canonical_json(written.model_dump())))
            messages.append(
                Message("user", f"That query was not run: {problem[:_SHOWN]}\nWrite it again, put right.")
            )
        text, problem = refused[-1]
        raise GenerationError(
            f"the model wrote no query that could be run in {self._attempts} attempts; the last was "
            f"{text[:300]!r}: {problem[:300]}"
        )
