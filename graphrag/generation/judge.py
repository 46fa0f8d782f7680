"""A model as judge of answers, with what is known to bend such judges taken out.

A judge prefers what it reads first. So every comparison is asked twice, with the sides exchanged, and
counts only as far as both verdicts agree (Wang et al., "Large language models are not fair
evaluators", 2023; Zheng et al., "Judging LLM-as-a-judge", 2023).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from graphrag.datamodel import Answer
from graphrag.errors import LLMCallError
from graphrag.generation.verification import claims_of
from graphrag.llm.asking import ask_json
from graphrag.llm.gate import Gate
from graphrag.llm.messages import OutputSchema, Request, Sampling, schema_of
from graphrag.prompts import fence, load_prompt

_POINTS = {"yes": 1.0, "partly": 0.5, "no": 0.0}


class _Same(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str = ""
    same: Literal["yes", "partly", "no"]


class _Better(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str = ""
    better: Literal["A", "B", "neither"]


class _BorneOut(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str = ""
    borne_out: Literal["yes", "no"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the judge makes of one answer.

    Attributes:
        correct: Sameness with the expected answer, mean of both orders, in [0, 1]; None if none is
            expected or the judge could not be read.
        faithful: Share of the answer's sentences that their citations bear out; None if it has none.
        consistent: Whether both orders gave the same verdict.
    """

    correct: float | None
    faithful: float | None
    consistent: bool


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the judge agrees with a measure that needs no model.

    Attributes:
        share: Of questions on which both say right, or both say wrong.
        kappa: Cohen's kappa: the same beyond chance, at most 1.
    """

    questions: int
    share: float
    kappa: float


class Judge:
    """Asks a model to judge answers.

    Args:
        prompts: Folder with the user's own prompt files.
    """

    def __init__(self, gate: Gate, *, sampling: Sampling | None = None, prompts: Path | None = None) -> None:
        self._gate = gate
        self._sampling = sampling or Sampling(max_tokens=400)
        self._same = load_prompt("judge_same", prompts)
        self._better = load_prompt("judge_better", prompts)
        self._faithful = load_prompt("judge_faithful", prompts)

    def judge(self, question: str, answer: Answer, expected: str | None) -> Judgement:
        """Correctness against what was expected, and faithfulness to what is cited."""
        correct, consistent = (None, True) if expected is None else self._correct(question, answer, expected)
        return Judgement(correct, self._faithfulness(answer), consistent)

    def judge_all(self, cases: Sequence[tuple[str, Answer, str | None]]) -> list[Judgement]:
        """Many at once, in order."""
        return list(self._gate.map(lambda case: self.judge(*case), cases))

    def compare(self, question: str, first: str, second: str) -> float:
        """1.0 where `first` is the better answer in both orders, 0.0 where `second` is, else 0.5."""
        forward = self._prefers_first(question, first, second)
        backward = self._prefers_first(question, second, first)
        if forward is None or backward is None:
            return 0.5
        wins = (forward, 1.0 - backward)
        return wins[0] if wins[0] == wins[1] else 0.5

    def _correct(self, question: str, answer: Answer, expected: str) -> tuple[float | None, bool]:
        given = answer.text if not answer.abstained else "The sources do not say."
        verdicts = [
            verdict
            for pair in ((expected, given), (given, expected))
            if (verdict := self._sameness(question, *pair)) is not None
        ]
        if not verdicts:
            return None, False
        return sum(verdicts) / len(verdicts), len(verdicts) == 2 and verdicts[0] == verdicts[1]

    def _sameness(self, question: str, first: str, second: str) -> float | None:
        try:
            values = _fenced(question=question, first=first, second=second)
            request = Request(
                "judge", self._same.fill(**values), self._sampling, _schema("same", ["yes", "partly", "no"])
            )
            return _POINTS[ask_json(self._gate, request, _Same).value.same]
        except LLMCallError:
            return None

    def _prefers_first(self, question: str, first: str, second: str) -> float | None:
        try:
            values = _fenced(question=question, first=first, second=second)
            request = Request(
                "judge", self._better.fill(**values), self._sampling, _schema("better", ["A", "B", "neither"])
            )
            verdict = ask_json(self._gate, request, _Better).value.better
        except LLMCallError:
            return None
        return {"A": 1.0, "B": 0.0, "neither": 0.5}[verdict]

    def _faithfulness(self, answer: Answer) -> float | None:
        if answer.abstained or not answer.citations:
            return None
        claims = [text for _, _, text in claims_of(answer.text, answer.short)]
        verdicts = [verdict for text in claims if (verdict := self._borne_out(text, answer)) is not None]
        return sum(verdicts) / len(verdicts) if verdicts else None

    def _borne_out(self, claim: str, answer: Answer) -> float | None:
        cited = [item for item in answer.citations if f"[{item.marker}]" in claim]
        if not cited:
            return 0.0
        try:
            values = _fenced(statement=claim, quotations="\n".join(item.evidence.quote for item in cited))
            request = Request(
                "judge", self._faithful.fill(**values), self._sampling, _schema("borne_out", ["yes", "no"])
            )
            return _POINTS[ask_json(self._gate, request, _BorneOut).value.borne_out]
        except LLMCallError:
            return None


def agreement(judged: Sequence[float], measured: Sequence[float], *, threshold: float = 0.5) -> Agreement:
    """How far two measures of the same answers agree on which are right.

    Args:
        judged, measured: In the same order, each in [0, 1].
        threshold: From here on an answer counts as right.

    Raises:
        ValueError: If there are not equally many of both.
    """
    pairs = [(one >= threshold, other >= threshold) for one, other in zip(judged, measured, strict=True)]
    if not pairs:
        return Agreement(0, 1.0, 1.0)
    total = len(pairs)
    share = sum(one == other for one, other in pairs) / total
    first, second = sum(one for one, _ in pairs) / total, sum(other for _, other in pairs) / total
    chance = first * second + (1 - first) * (1 - second)
    kappa = 1.0 if chance == 1.0 else (share - chance) / (1 - chance)
    return Agreement(total, share, kappa)


def _fenced(**texts: str) -> dict[str, str]:
    return {name: fence(text, kind=name) for name, text in texts.items()}


def _schema(field: str, verdicts: list[str]) -> OutputSchema:
    properties = {"reason": {"type": "string"}, field: {"type": "string", "enum": verdicts}}
    return schema_of(
        f"judge_{field}",
        "1",
        {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        },
    )
