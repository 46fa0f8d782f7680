"""A model that looks things up in the graph step by step, within bounds and in the open.

Each step is one thought and one tool (Yao et al., "ReAct", 2023). What tools find becomes numbered
sources, and the answer at the end is checked like any other: it may only say what it quotes. A model
that invents tools, repeats itself or never finishes is stopped, and the answer says so.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path as FilePath
from typing import Literal

from pydantic import BaseModel, ConfigDict
from rapidfuzz import fuzz, process

from graphrag.datamodel import Answer, Context, Entity, Query, Relation
from graphrag.errors import LLMCallError
from graphrag.generation.citing import (
    Source,
    Written,
    abstention,
    answer_form,
    answer_properties,
    cite,
    show_sources,
    with_trace,
)
from graphrag.generation.verification import Policy
from graphrag.ids import canonical_json, content_id
from graphrag.interfaces import KnowledgeView
from graphrag.llm.asking import ask_json
from graphrag.llm.gate import Gate
from graphrag.llm.messages import Message, OutputSchema, Request, Sampling, schema_of
from graphrag.names import normal_form
from graphrag.prompts import fence, load_prompt
from graphrag.text import clean_line

Search = Callable[[str], Context]
Tool = Literal["search_entity", "neighbours", "path", "lookup", "finish"]
TOOLS: tuple[Tool, ...] = ("search_entity", "neighbours", "path", "lookup", "finish")
_SHOWN_NAMES = 8
_SHOWN_RELATIONS = 25
_SHOWN_PASSAGES = 4
_MOST_HOPS = 4
_MOST_VISITED = 20_000
_MAX_REPEATS = 2
_MIN_LIKENESS = 75.0


class Step(BaseModel):
    """One step as the model writes it."""

    model_config = ConfigDict(extra="forbid")

    thought: str = ""
    tool: str
    first: str = ""
    second: str = ""
    answer: Written | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """What a tool found: words for the model, and sources it may cite."""

    text: str
    sources: tuple[Source, ...] = ()


class GraphTools:
    """The tools, over one commit of a knowledge base. They read, and nothing else.

    Args:
        search: Finds passages for a question; without it `lookup` says that there are none.
    """

    def __init__(self, view: KnowledgeView, search: Search | None = None) -> None:
        self._view = view
        self._search = search
        self._numbers: dict[str, int] = {}

    def use(self, tool: str, first: str, second: str) -> Observation:
        """Run a tool; a wrong name or argument is an observation too, never an error."""
        match tool:
            case "search_entity":
                return self._search_entity(first)
            case "neighbours":
                return self._neighbours(first, second)
            case "path":
                return self._path(first, second)
            case "lookup":
                return self._lookup(first)
            case _:
                return Observation(
                    f'There is no tool "{clean_line(tool, max_length=40)}". Tools: {", ".join(TOOLS)}.'
                )

    def _search_entity(self, name: str) -> Observation:
        entities = self._named(name)
        if not entities:
            return Observation(f'Nothing is called "{clean_line(name, max_length=100)}", or nearly so.')
        lines = [_described(entity) for entity in entities[:_SHOWN_NAMES]]
        return Observation("\n".join(lines))

    def _neighbours(self, name: str, relation: str) -> Observation:
        entities = self._named(name)
        if not entities:
            return Observation(f'Nothing is called "{clean_line(name, max_length=100)}", or nearly so.')
        wanted = normal_form(relation.replace("_", " "))
        found: list[Relation] = []
        for entity in entities[:3]:
            found += self._view.relations_by_id([key for key, _ in self._edges.get(entity.id, ())])
        if wanted:
            found = [item for item in found if wanted in normal_form(item.type.replace("_", " "))] or found
        if not found:
            return Observation(f"{entities[0].name} has no relations.")
        found.sort(key=lambda item: (-item.weight, item.id))
        more = f"\n… and {len(found) - _SHOWN_RELATIONS} more" if len(found) > _SHOWN_RELATIONS else ""
        return self._told(found[:_SHOWN_RELATIONS], more)

    def _path(self, first: str, second: str) -> Observation:
        starts, ends = self._named(first)[:3], self._named(second)[:3]
        if not starts or not ends:
            unknown = first if not starts else second
            return Observation(f'Nothing is called "{clean_line(unknown, max_length=100)}", or nearly so.')
        keys = self._shortest({item.id for item in starts}, {item.id for item in ends})
        if keys is None:
            return Observation(f"No path of up to {_MOST_HOPS} relations joins them.")
        return self._told(self._view.relations_by_id(keys), "")

    def _lookup(self, question: str) -> Observation:
        if self._search is None or not question.strip():
            return Observation("No passage was found.")
        context = self._search(question)
        items = [item for item in context.items if item.evidence][:_SHOWN_PASSAGES]
        if not items:
            return Observation("No passage was found.")
        sources = tuple(Source(self._number(item.id), item.text, item.evidence) for item in items)
        return Observation(show_sources(sources), sources)

    def _told(self, relations: Sequence[Relation], more: str) -> Observation:
        names = {
            entity.id: entity.name
            for entity in self._view.entities_by_id(
                sorted({end for item in relations for end in (item.subject_id, item.object_id)})
            )
        }
        sources = []
        for item in relations:
            words = f"{names[item.subject_id]} {item.type} {names[item.object_id]}"
            quoted = item.evidence[0].quote if item.evidence else ""
            sources.append(Source(self._number(item.id), f"{words}\n{quoted}", item.evidence))
        return Observation(show_sources(sources) + more, tuple(sources))

    def _number(self, key: str) -> int:
        return self._numbers.setdefault(key, len(self._numbers) + 1)

    def _named(self, name: str) -> list[Entity]:
        """Entities of that name, else of the names most like it."""
        wanted = normal_form(name)
        if not wanted:
            return []
        found = self._view.entities_named(wanted)
        if not found:
            near = process.extract(
                wanted, self._names, scorer=fuzz.WRatio, limit=_SHOWN_NAMES, score_cutoff=_MIN_LIKENESS
            )
            # Equal likeness in the order of the names, whatever the library does.
            ranked = sorted(near, key=lambda item: (-item[1], item[0]))
            found = list(dict.fromkeys(key for item in ranked for key in self._view.entities_named(item[0])))
        return self._view.entities_by_id(found[:_SHOWN_NAMES])

    @cached_property
    def _names(self) -> list[str]:
        return sorted({name for name, _ in self._view.names()})

    @cached_property
    def _edges(self) -> dict[str, list[tuple[str, str]]]:
        """Relation id and other end, by entity: one pass over the relations, on first use."""
        edges: dict[str, list[tuple[str, str]]] = {}
        for item in self._view.relations():
            edges.setdefault(item.subject_id, []).append((item.id, item.object_id))
            edges.setdefault(item.object_id, []).append((item.id, item.subject_id))
        return edges

    def _shortest(self, starts: set[str], ends: set[str]) -> list[str] | None:
        """Relation ids of a shortest path, by breadth-first search within bounds; None if there is none."""
        before: dict[str, tuple[str, str] | None] = dict.fromkeys(sorted(starts))
        queue = deque((start, 0) for start in sorted(starts))
        while queue and len(before) < _MOST_VISITED:
            here, depth = queue.popleft()
            if here in ends and depth > 0:
                return _walked(before, here)
            if depth == _MOST_HOPS:
                continue
            for key, other in self._edges.get(here, ()):
                if other not in before:
                    before[other] = (key, here)
                    queue.append((other, depth + 1))
        return None


class Agent:
    """Answers a question in at most `steps` steps over the graph.

    Args:
        search: For the tool `lookup`.
        prompts: Folder with the user's own prompt files.
    """

    def __init__(
        self,
        gate: Gate,
        view: KnowledgeView,
        *,
        search: Search | None = None,
        steps: int = 8,
        sampling: Sampling | None = None,
        policy: Policy = Policy.DROP,
        prompts: FilePath | None = None,
    ) -> None:
        self._gate = gate
        self._view = view
        self._search = search
        self._steps = steps
        self._sampling = sampling or Sampling()
        self._policy = policy
        self._prompt = load_prompt("agent", prompts)

    def answer(self, question: str) -> Answer:
        """An answer with citations and, in its context's trace, every step.

        Raises:
            LLMFatalError, BudgetError: As `Gate.ask`.
        """
        tools = GraphTools(self._view, self._search)
        context = Context(Query(content_id("qry", question), question), "agent")
        values = {"question": fence(question, kind="question"), "most": str(self._steps), "form": _FORM}
        messages = list(self._prompt.fill(**values))
        sources: dict[int, Source] = {}
        trace: list[dict[str, object]] = []
        done: dict[tuple[str, str, str], int] = {}
        stopped = f"The model did not finish within {self._steps} steps."
        for number in range(1, self._steps + 1):
            try:
                step = self._ask(messages)
            except LLMCallError as error:
                stopped = f"The model gave no readable step: {error}"
                break
            shown: dict[str, object] = {"thought": step.thought, "tool": step.tool}
            shown |= {"first": step.first, "second": step.second}
            trace.append(shown)
            if step.tool == "finish":
                written = step.answer or Written(found=False, missing="The model finished without an answer.")
                answer = cite(written, list(sources.values()), context, self._view, policy=self._policy)
                return with_trace(answer, strategy="agent", steps=trace)
            call = (step.tool, normal_form(step.first), normal_form(step.second))
            done[call] = done.get(call, 0) + 1
            if done[call] > _MAX_REPEATS:
                stopped = f"The model repeated the same step {done[call]} times and was stopped."
                break
            seen = (
                tools.use(step.tool, step.first, step.second)
                if done[call] == 1
                else Observation("You did this before; the same was found. Take another step, or finish.")
            )
            for source in seen.sources:
                sources[source.number] = source
            shown["found"] = seen.text[:500]
            left = self._steps - number
            messages.append(Message("assistant", canonical_json(step.model_dump(exclude={"answer"}))))
            messages.append(Message("user", f"{fence(seen.text, kind='found')}\nSteps left: {left}."))
        return with_trace(abstention(context, stopped), strategy="agent", steps=trace)

    def _ask(self, messages: Sequence[Message]) -> Step:
        return ask_json(self._gate, Request("agent", tuple(messages), self._sampling, _SCHEMA), Step).value


_FORM = (
    '{"thought": "", "tool": "search_entity", "first": "", "second": "", "answer": null}\n'
    'and with the tool "finish" as "answer": ' + answer_form(reasoning=False)
)


def _schema() -> OutputSchema:
    text = {"type": "string"}
    properties = answer_properties(reasoning=False)
    answer = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    fields: dict[str, object] = {"thought": text, "tool": {"type": "string", "enum": list(TOOLS)}}
    fields |= {"first": text, "second": text, "answer": {"anyOf": [answer, {"type": "null"}]}}
    whole = {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
    return schema_of("step", "1", whole)


_SCHEMA = _schema()


def _described(entity: Entity) -> str:
    aliases = f", also called {', '.join(entity.aliases[:5])}" if entity.aliases else ""
    text = f": {clean_line(entity.description, max_length=200)}" if entity.description else ""
    return f"- {entity.name} ({entity.type}{aliases}){text}"


def _walked(before: dict[str, tuple[str, str] | None], end: str) -> list[str]:
    keys: list[str] = []
    step = before[end]
    while step is not None:
        keys.append(step[0])
        step = before[step[1]]
    return keys[::-1]
