"""Entities that may be one thing: found by their names, put to a model, decided by the user.

Resolution merges what it can prove. What remains doubtful are names that look alike. A model that
reads what is told of both can say more, but its word is not proof: it proposes decisions, and a
decision is a row that can be looked at and taken back.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict
from rapidfuzz import fuzz

from graphrag.datamodel import Entity, Relation
from graphrag.errors import LLMCallError
from graphrag.interfaces import KnowledgeView
from graphrag.llm.asking import ask_json
from graphrag.llm.gate import Gate
from graphrag.llm.messages import Request, Sampling, schema_of
from graphrag.names import normal_form
from graphrag.prompts import fence, load_prompt
from graphrag.resolution import Decision

_MAX_BLOCK = 50  # names that share a word; beyond it the word tells nothing
_TOLD = 6  # relations shown of each


@dataclass(frozen=True, slots=True)
class Pair:
    """Two entities of one type with names alike; `first.id` is the smaller.

    Attributes:
        likeness: Of the names, in [0, 1].
    """

    first: Entity
    second: Entity
    likeness: float


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the model thinks of a pair.

    Attributes:
        same: "yes", "no", or "unsure", also where its answers in both orders differ.
    """

    pair: Pair
    same: Literal["yes", "no", "unsure"]
    reason: str


class _Same(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str = ""
    same: Literal["yes", "no", "unsure"]


def doubtful_pairs(view: KnowledgeView, *, least: float = 0.85, most: int = 1_000) -> list[Pair]:
    """Pairs of entities that resolution left apart although their names look alike, most alike first.

    Only names that share a word are compared, and a word shared by more than 50 names opens no
    comparison, so the cost stays linear in the number of names.
    """
    blocks: dict[tuple[str, str], list[Entity]] = defaultdict(list)
    for entity in view.entities():
        if not entity.literal:
            for word in sorted(set(normal_form(entity.name).split())):
                if len(word) > 1:
                    blocks[word, entity.type].append(entity)
    found: dict[tuple[str, str], Pair] = {}
    for block in blocks.values():
        if len(block) > _MAX_BLOCK:
            continue
        for number, one in enumerate(block):
            for other in block[number + 1 :]:
                first, second = sorted((one, other), key=lambda entity: entity.id)
                key = (first.id, second.id)
                if key in found:
                    continue
                likeness = fuzz.token_sort_ratio(normal_form(first.name), normal_form(second.name)) / 100
                if likeness >= least or _contained(first, second):
                    found[key] = Pair(first, second, round(likeness, 4))
    return sorted(found.values(), key=lambda pair: (-pair.likeness, pair.first.id, pair.second.id))[:most]


class PairJudge:
    """Asks a model about pairs, in both orders.

    Args:
        prompts: Folder with the user's own prompt files.
    """

    def __init__(self, gate: Gate, *, sampling: Sampling | None = None, prompts: Path | None = None) -> None:
        self._gate = gate
        self._sampling = sampling or Sampling(max_tokens=300)
        self._prompt = load_prompt("same_thing", prompts)

    def opinions(self, view: KnowledgeView, pairs: Sequence[Pair]) -> list[Opinion]:
        """An opinion on each pair, in order. One pass over the relations.

        Raises:
            LLMFatalError, BudgetError: As `Gate.ask`.
        """
        told = _told(view, {entity.id for pair in pairs for entity in (pair.first, pair.second)})
        return list(self._gate.map(lambda pair: self._opinion(pair, told), pairs))

    def _opinion(self, pair: Pair, told: dict[str, str]) -> Opinion:
        try:
            forward = self._ask(told[pair.first.id], told[pair.second.id])
            if forward.same != "yes":
                return Opinion(pair, forward.same, forward.reason)
            backward = self._ask(told[pair.second.id], told[pair.first.id])
        except LLMCallError as error:
            return Opinion(pair, "unsure", f"no readable answer: {error}")
        # A merge joins facts, so a "yes" has to hold whichever side is read first.
        same: Literal["yes", "unsure"] = "yes" if backward.same == "yes" else "unsure"
        return Opinion(pair, same, forward.reason)

    def _ask(self, first: str, second: str) -> _Same:
        turns = self._prompt.fill(first=fence(first, kind="first"), second=fence(second, kind="second"))
        return ask_json(self._gate, Request("resolve", turns, self._sampling, _SCHEMA), _Same).value


def decisions_of(opinions: Sequence[Opinion]) -> list[Decision]:
    """The merges that the model is sure of, for `Ledger.decide` once somebody has looked at them."""
    return [
        Decision(
            "merge", item.pair.first.name, item.pair.second.name, item.pair.first.type, item.pair.second.type
        )
        for item in opinions
        if item.same == "yes"
    ]


_SCHEMA = schema_of(
    "same_thing",
    "1",
    {
        "type": "object",
        "properties": {
            "reason": {"type": "string"},
            "same": {"type": "string", "enum": ["yes", "no", "unsure"]},
        },
        "required": ["reason", "same"],
        "additionalProperties": False,
    },
)


def _contained(first: Entity, second: Entity) -> bool:
    """Whether all words of one name stand in the other ("Marsh" and "Bea Marsh")."""
    one, other = set(normal_form(first.name).split()), set(normal_form(second.name).split())
    return one < other or other < one


def _told(view: KnowledgeView, wanted: set[str]) -> dict[str, str]:
    """What the graph tells of each entity: names, type and its heaviest relations with their words."""
    entities = {entity.id: entity for entity in view.entities_by_id(sorted(wanted))}
    touching: dict[str, list[Relation]] = defaultdict(list)
    for relation in view.relations():
        for end in {relation.subject_id, relation.object_id} & wanted:
            touching[end].append(relation)
    told = {}
    for key, entity in entities.items():
        aliases = f", also called {', '.join(entity.aliases[:5])}" if entity.aliases else ""
        lines = [f"{entity.name} ({entity.type}{aliases})"]
        for relation in sorted(touching[key], key=lambda item: (-item.weight, item.id))[:_TOLD]:
            lines.append(f"- {relation.type}: {relation.evidence[0].quote}")
        told[key] = "\n".join(lines)
    return told
