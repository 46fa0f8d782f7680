"""Answers written by a chat model, and believed only as far as they quote.

Strategies, by the names they have in the literature:

* zero-shot: the question and the sources;
* few-shot: worked examples before them (Brown et al., 2020);
* chain-of-thought: reasoning before the answer (Wei et al., 2022);
* self-consistency: several samples, and the answer most of them give (Wang et al., 2023);
* decomposition: simpler questions first, each with its own search (least-to-most, Zhou et al., 2023).
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from graphrag.datamodel import Answer, Context, ContextItem, Evidence, Generation
from graphrag.errors import LLMCallError
from graphrag.evaluation import normalize_answer
from graphrag.generation.citing import (
    Source,
    Statement,
    Written,
    abstention,
    answer_form,
    answer_schema,
    cite,
    evidence_of,
    show_sources,
    sources_of,
    with_trace,
)
from graphrag.generation.verification import Policy
from graphrag.interfaces import KnowledgeView
from graphrag.llm.asking import ask_json
from graphrag.llm.gate import Gate
from graphrag.llm.messages import Message, Request, Sampling, schema_of
from graphrag.llm.parsing import AnswerError, parse_answer
from graphrag.llm.pricing import approximate_tokens
from graphrag.prompts import fence, load_prompt

Strategy = Literal["zero-shot", "few-shot", "chain-of-thought", "self-consistency", "decomposition"]
STRATEGIES: tuple[Strategy, ...] = (
    "zero-shot",
    "few-shot",
    "chain-of-thought",
    "self-consistency",
    "decomposition",
)
Search = Callable[[str], Context]
_MOST_QUESTIONS = 5
_REFERENCE = re.compile(r"#(\d)")
_THINKING = '6. First write down in "reasoning", step by step, how the sources lead to the answer.\n'


@dataclass(frozen=True, slots=True)
class AnswerExample:
    """A worked example for few-shot answering: sources, question, and the answer as it should be written."""

    sources: tuple[str, ...]
    question: str
    answer: Written


class Questions(BaseModel):
    """A question taken apart."""

    model_config = ConfigDict(extra="forbid")

    questions: list[str]


class ChatGenerator:
    """Plain text from a prompt, for whoever needs no more than that."""

    def __init__(self, gate: Gate, *, sampling: Sampling | None = None) -> None:
        self._gate = gate
        self._sampling = sampling or Sampling()

    def generate(self, prompt: str, *, max_tokens: int, seed: int = 0) -> Generation:
        """What the model writes.

        Raises:
            LLMCallError, LLMFatalError, BudgetError: As `Gate.ask`.
        """
        sampling = replace(self._sampling, max_tokens=max_tokens, seed=seed)
        reply = self._gate.ask(Request("generate", (Message("user", prompt),), sampling))
        return Generation(reply.text, reply.prompt_tokens, reply.completion_tokens, reply.finish)


class ChatAnswerer:
    """Answers questions from a context through the gate; every citation is checked.

    Args:
        view: Where the cited documents are.
        strategy: See the module's opening.
        samples: Votes of self-consistency.
        sample_temperature: How much these differ.
        examples: Shown in few-shot; shipped ones where empty.
        search: Finds a context for an inner question; decomposition needs it, and answers from the
            given context alone without it.
        policy: What becomes of sentences that their citations do not bear out.
        call_tokens: Sources beyond this many tokens are asked in parts first, side by side.
        prompts: Folder with the user's own prompt files.
    """

    def __init__(
        self,
        gate: Gate,
        view: KnowledgeView,
        *,
        strategy: Strategy = "zero-shot",
        sampling: Sampling | None = None,
        samples: int = 5,
        sample_temperature: float = 0.7,
        examples: Sequence[AnswerExample] = (),
        search: Search | None = None,
        policy: Policy = Policy.DROP,
        call_tokens: int = 12_000,
        prompts: Path | None = None,
    ) -> None:
        self._gate = gate
        self._view = view
        self._strategy = strategy
        self._sampling = sampling or Sampling()
        self._samples = samples
        self._sample_temperature = sample_temperature
        self._examples = tuple(examples) or SHIPPED_EXAMPLES
        self._search = search
        self._policy = policy
        self._call_tokens = call_tokens
        self._prompt = load_prompt("answer", prompts)
        self._text_prompt = load_prompt("answer_text", prompts)
        self._decompose = load_prompt("decompose", prompts)

    def answer(self, question: str, context: Context) -> Answer:
        """An answer whose every sentence cites words of a source, or an abstention.

        Raises:
            LLMCallError: If the model gives no readable answer.
            LLMFatalError, BudgetError: As `Gate.ask`.
        """
        if not context.items:  # nothing to read, nothing to pay for
            return abstention(context, "No source bears on the question.")
        match self._strategy:
            case "self-consistency":
                return self._vote(question, context)
            case "decomposition":
                return self._by_parts(question, context)
            case _:
                sources = self._reduced(question, sources_of(context))
                if not sources:
                    return abstention(context, "No part of the sources answers the question.")
                written = self._write(question, sources)
                answer = cite(written, sources, context, self._view, policy=self._policy)
                return with_trace(answer, strategy=self._strategy, reasoning=written.reasoning)

    def stream(self, question: str, context: Context) -> Iterator[str]:
        """The answer as running text with ``[n]`` markers, in pieces as they come.

        Markers are those of the context's items. Nothing is checked yet while it streams; `answer`
        is what checks.
        """
        values = {"question": fence(question, kind="question"), "sources": show_sources(sources_of(context))}
        request = Request("answer", self._text_prompt.fill(**values), self._sampling)
        yield from self._gate.stream(request)

    def statements(self, question: str, context: Context) -> Iterator[str]:
        """The statements of `answer` as they come, each once its quotation is found in the sources.

        `answer`, asked afterwards, takes what was written here from the ledger: without one it is paid
        for again. Sources that are more than one call holds, and strategies of several calls, give none.
        """
        sources = sources_of(context)
        alone = self._strategy not in ("self-consistency", "decomposition")
        if not sources or not alone or len(_parts(sources, self._call_tokens)) > 1:
            return
        text, given = "", 0
        for piece in self._gate.stream(self._request(question, sources)):
            text += piece
            if "}" not in piece:
                continue
            begun = _begun(text)
            for statement in begun[given:]:
                written = Written(statements=[statement], found=True)
                answer = cite(written, sources, context, self._view, policy=self._policy)
                if not answer.abstained:
                    yield answer.text
            given = max(given, len(begun))

    def _cited(self, written: Written, context: Context, score: float = 0.0) -> Answer:
        return cite(written, sources_of(context), context, self._view, policy=self._policy, score=score)

    def _request(self, question: str, sources: Sequence[Source], known: str = "") -> Request:
        reasoning = self._strategy in ("chain-of-thought", "self-consistency")
        values = {
            "question": fence(question, kind="question"),
            "sources": show_sources(sources),
            "known": known,
            "form": answer_form(reasoning=reasoning),
            "thinking": _THINKING if reasoning else "",
            "examples": _shown(self._examples) if self._strategy == "few-shot" else "",
        }
        return Request(
            "answer", self._prompt.fill(**values), self._sampling, answer_schema(reasoning=reasoning)
        )

    def _write(self, question: str, sources: Sequence[Source], known: str = "") -> Written:
        return ask_json(self._gate, self._request(question, sources, known), Written).value

    def _reduced(self, question: str, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        """Sources that fit one call: as they are, or mapped in parallel to statements that quote them.

        The map of a map-reduce: each part of the sources is asked alone, and what it says, with the
        words it quotes, becomes a source of the last call.
        """
        parts = _parts(sources, self._call_tokens)
        if len(parts) <= 1:
            return sources
        asked = self._gate.map(lambda part: self._mapped(question, part), parts)
        said = [pair for pairs in asked for pair in pairs]
        return tuple(Source(number, text, evidence) for number, (text, evidence) in enumerate(said, 1))

    def _mapped(self, question: str, part: tuple[Source, ...]) -> list[tuple[str, tuple[Evidence, ...]]]:
        written = self._write(question, part)
        if not written.found:
            return []
        located = [(item.text, tuple(evidence_of(item, part))) for item in written.statements]
        # The quoted words go along: the last call must quote them in its turn.
        return [
            ("\n".join([text, *(item.quote for item in evidence)]), evidence)
            for text, evidence in located
            if evidence
        ]

    def _vote(self, question: str, context: Context) -> Answer:
        """The answer most samples give; its score is their share. Ties go to the earlier sample."""
        base = self._request(question, sources_of(context))
        sampling = replace(self._sampling, temperature=self._sample_temperature)
        requests = [replace(base, sampling=sampling, sample=number) for number in range(self._samples)]
        written = [item for item in self._gate.map(self._sample, requests) if item is not None]
        if not written:
            raise LLMCallError(
                f"none of {self._samples} samples of an answer could be read", kind="unreadable"
            )
        votes = Counter(_ballot(item) for item in written)
        winner, count = max(votes.items(), key=lambda pair: (pair[1], -_first(written, pair[0])))
        chosen = written[_first(written, winner)]
        answer = self._cited(chosen, context, score=count / self._samples)
        ballots = {ballot or "(not found)": votes[ballot] for ballot in sorted(votes)}
        return with_trace(answer, strategy=self._strategy, votes=ballots, reasoning=chosen.reasoning)

    def _sample(self, request: Request) -> Written | None:
        try:
            return ask_json(self._gate, request, Written).value
        except LLMCallError:
            return None  # one vote less; it stays in the count that the share is of

    def _by_parts(self, question: str, context: Context) -> Answer:
        """Simpler questions in order, each answered from its own search; then the whole."""
        parts = self._take_apart(question)
        contexts, answers, steps = [context], list[str](), []
        for part in parts:
            asked = _REFERENCE.sub(lambda match: _referred(answers, match), part)
            own = self._search(asked) if self._search is not None else context
            written = self._write(asked, sources_of(own)) if own.items else Written(found=False)
            cited = self._cited(written, own)
            answers.append(cited.short if not cited.abstained else "")
            contexts.append(own)
            steps.append({"question": asked, "answer": answers[-1], "found": not cited.abstained})
        merged = _merged(context, contexts)
        known = "".join(
            f"- {step['question']} {step['answer']}\n" for step in steps if step["found"] and step["answer"]
        )
        known = (
            f"Found so far, to be quoted from the sources all the same:\n{fence(known, kind='found')}\n"
            if known
            else ""
        )
        answer = self._cited(self._write(question, sources_of(merged), known), merged)
        return with_trace(answer, strategy=self._strategy, steps=steps)

    def _take_apart(self, question: str) -> list[str]:
        values = {"question": fence(question, kind="question"), "most": str(_MOST_QUESTIONS)}
        request = Request("decompose", self._decompose.fill(**values), self._sampling, _QUESTIONS)
        try:
            parts = ask_json(self._gate, request, Questions).value.questions
        except LLMCallError:
            return []  # then the whole is asked as it stands
        parts = [part.strip() for part in parts if part.strip()][:_MOST_QUESTIONS]
        return parts if len(parts) > 1 else []


_QUESTIONS = schema_of(
    "questions",
    "1",
    {
        "type": "object",
        "properties": {"questions": {"type": "array", "items": {"type": "string"}}},
        "required": ["questions"],
        "additionalProperties": False,
    },
)

# Invented, so that nobody's answer is given away.
SHIPPED_EXAMPLES = (
    AnswerExample(
        ("The Lantern Bridge was designed by Ilse Vorn and opened in 1931.", "Ilse Vorn was born in Tarnby."),
        "Where was the designer of the Lantern Bridge born?",
        Written.model_validate(
            {
                "statements": [
                    {
                        "text": "The Lantern Bridge was designed by Ilse Vorn.",
                        "quotes": [{"source": 1, "quote": "The Lantern Bridge was designed by Ilse Vorn"}],
                    },
                    {
                        "text": "Ilse Vorn was born in Tarnby.",
                        "quotes": [{"source": 2, "quote": "Ilse Vorn was born in Tarnby."}],
                    },
                ],
                "found": True,
                "short": "Tarnby",
            }
        ),
    ),
    AnswerExample(
        ("The Lantern Bridge was designed by Ilse Vorn and opened in 1931.",),
        "What did the Lantern Bridge cost?",
        Written(found=False, missing="No source tells what the bridge cost."),
    ),
)


class _Begun(BaseModel):
    """As much of an answer as is there."""

    statements: list[Statement] = []


def _begun(text: str) -> list[Statement]:
    """The whole statements of an answer that is still being written."""
    try:
        return parse_answer(text, _Begun, salvage=True).value.statements
    except AnswerError:
        return []


def _parts(sources: Sequence[Source], call_tokens: int) -> list[tuple[Source, ...]]:
    """Runs of sources, each within the tokens of a call."""
    parts: list[tuple[Source, ...]] = []
    part: list[Source] = []
    tokens = 0
    for source in sources:
        size = approximate_tokens(source.text)
        if part and tokens + size > call_tokens:
            parts.append(tuple(part))
            part, tokens = [], 0
        part.append(source)
        tokens += size
    return [*parts, tuple(part)] if part else parts


def _shown(examples: Sequence[AnswerExample]) -> str:
    shown = []
    for example in examples:
        sources = [Source(number, text, ()) for number, text in enumerate(example.sources, 1)]
        answer = example.answer.model_dump_json(exclude={"reasoning"})
        shown.append(f"Sources:\n{show_sources(sources)}\nQuestion:\n{example.question}\nAnswer:\n{answer}")
    return "\nExamples:\n\n" + "\n\n".join(shown)


def _ballot(written: Written) -> str:
    return normalize_answer(written.short) if written.found else ""


def _first(written: Sequence[Written], ballot: str) -> int:
    return next(index for index, item in enumerate(written) if _ballot(item) == ballot)


def _referred(answers: Sequence[str], match: re.Match[str]) -> str:
    number = int(match[1]) - 1
    return answers[number] if 0 <= number < len(answers) and answers[number] else match[0]


def _merged(context: Context, contexts: Sequence[Context]) -> Context:
    """Items of several contexts, each once, taken in turns so that none crowds the others out."""
    budget = max(sum(item.tokens for item in each.items) for each in contexts)
    items: list[ContextItem] = []
    seen: set[tuple[str, str]] = set()
    spent = 0
    longest = max(len(each.items) for each in contexts)
    for position in range(longest):
        for each in contexts:
            if position >= len(each.items):
                continue
            item = each.items[position]
            if (item.id, item.text) in seen or spent + item.tokens > budget:
                continue
            seen.add((item.id, item.text))
            spent += item.tokens
            items.append(replace(item, marker=len(items) + 1))
    return replace(context, items=tuple(items), tokens=spent)
