"""Community reports written by a model, and held to what they quote.

A written report stands on the same material as a quoted one (`graphrag.reports`) and carries a basis
of its own kind, so it is written once and kept while its community's facts are unchanged. Where the
model gives nothing that holds, the quoted report stands in, and that is said.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from graphrag.datamodel import Community, Failure, Finding, Report
from graphrag.errors import LLMCallError
from graphrag.generation.citing import Quotation, Source, locate, show_sources
from graphrag.ids import fingerprint
from graphrag.interfaces import KnowledgeView
from graphrag.llm.asking import ask_json
from graphrag.llm.gate import Gate
from graphrag.llm.messages import OutputSchema, Request, Sampling, schema_of
from graphrag.llm.pricing import approximate_tokens
from graphrag.prompts import fence, load_prompt
from graphrag.reports import Label, Material, extract_report, gather, plain_label
from graphrag.text import clean_line

_WORD = re.compile(r"[^\W_]+")


class WrittenFinding(BaseModel):
    """One thing a report says, as the model writes it."""

    model_config = ConfigDict(extra="forbid")

    text: str
    importance: int = 5
    quotes: list[Quotation] = []


class WrittenReport(BaseModel):
    """A report as the model writes it."""

    model_config = ConfigDict(extra="forbid")

    title: str
    summary: str = ""
    findings: list[WrittenFinding]


@dataclass(frozen=True, slots=True)
class Reports:
    """Reports in the order of their communities, and those that had to be quoted instead.

    Attributes:
        kept: How many were taken over from before.
    """

    reports: tuple[Report, ...]
    failures: tuple[Failure, ...]
    kept: int


class ReportWriter:
    """Writes reports through the gate.

    Args:
        max_findings: Per report.
        source_tokens: Evidence shown to the model per community; the heaviest relations first.
        prompts: Folder with the user's own prompt files.
    """

    def __init__(
        self,
        gate: Gate,
        *,
        sampling: Sampling | None = None,
        max_findings: int = 12,
        source_tokens: int = 4_000,
        prompts: Path | None = None,
    ) -> None:
        self._gate = gate
        self._sampling = sampling or Sampling()
        self._max_findings = max_findings
        self._source_tokens = source_tokens
        self._prompt = load_prompt("report", prompts)

    @property
    def settings(self) -> str:
        """Names how reports are written; part of every basis."""
        client = self._gate.client
        made_by = [client.provider, client.model, repr(self._sampling), self._prompt.fingerprint]
        return fingerprint(["written-1", *made_by, self._max_findings, self._source_tokens])

    def write(
        self,
        view: KnowledgeView,
        communities: Sequence[Community],
        *,
        previous: Mapping[str, Report] | None = None,
        label: Label = plain_label,
        type_label: Label = plain_label,
    ) -> Reports:
        """A report on every community.

        Args:
            previous: Earlier reports by community id; one whose basis is unchanged is kept, unpaid.

        Raises:
            LLMFatalError, BudgetError: As `Gate.ask`; what was answered is in the ledger.
        """
        kept = previous or {}
        materials = list(gather(view, communities, settings=self.settings))
        made: dict[str, Report] = {}
        for material in materials:
            old = kept.get(material.community.id)
            if old is not None and old.basis == material.basis:
                made[material.community.id] = old
        taken_over = len(made)
        failures: list[Failure] = []
        missing = [material for material in materials if material.community.id not in made]
        for material, written in zip(missing, self._gate.map(self._written, missing), strict=True):
            if isinstance(written, Report):
                made[material.community.id] = written
            else:
                failures.append(written)
                # Without its basis it is asked for again next time.
                made[material.community.id] = extract_report(material, label=label, type_label=type_label)
        return Reports(
            tuple(made[material.community.id] for material in materials), tuple(failures), taken_over
        )

    def _written(self, material: Material) -> Report | Failure:
        sources, relations = self._sources(material)
        values = {
            "members": fence(
                "\n".join(f"{item.name} ({item.type})" for item in material.entities[:60]), kind="members"
            ),
            "sources": show_sources(sources),
            "most": str(self._max_findings),
        }
        request = Request("report", self._prompt.fill(**values), self._sampling, _SCHEMA)
        try:
            written = ask_json(self._gate, request, WrittenReport).value
        except LLMCallError as error:
            return Failure("report", material.community.id, f"LLMCallError:{error.kind}", str(error))
        findings = self._findings(written, sources, relations)
        if not findings:
            message = "the model's report quotes none of its sources; a quoted report stands in"
            return Failure("report", material.community.id, "unsupported", message)
        return Report(
            community_id=material.community.id,
            title=_held(clean_line(written.title, max_length=120), material, findings)
            or ", ".join(item.name for item in material.entities[:3]),
            summary=_held(clean_line(written.summary), material, findings) or findings[0].text,
            findings=findings,
            basis=material.basis,
        )

    def _sources(self, material: Material) -> tuple[list[Source], dict[int, str]]:
        """The heaviest relations with their first quotation, within the budget; and whose number is whose."""
        sources: list[Source] = []
        relations: dict[int, str] = {}
        left = self._source_tokens
        for item in sorted(material.relations, key=lambda relation: (-relation.weight, relation.id)):
            words = f"{material.names[item.subject_id]} {item.type} {material.names[item.object_id]}"
            text = f"{words}\n{item.evidence[0].quote}"
            tokens = approximate_tokens(text) + 20
            if tokens > left:
                continue
            left -= tokens
            number = len(sources) + 1
            sources.append(Source(number, text, item.evidence[:1]))
            relations[number] = item.id
        return sources, relations

    def _findings(
        self, written: WrittenReport, sources: Sequence[Source], relations: Mapping[int, str]
    ) -> tuple[Finding, ...]:
        found: list[Finding] = []
        shown = {source.number: source.text for source in sources}
        for item in written.findings[: self._max_findings]:
            located = [
                place for quotation in item.quotes if (place := locate(quotation, sources)) is not None
            ]
            text = clean_line(item.text)
            evidence = tuple(dict.fromkeys(place for _, place in located))
            cited = [shown[number] for number, _ in located]
            if not text or not evidence or not _covered(text, cited):
                continue
            rank = min(10, max(1, item.importance)) / 10
            found.append(
                Finding(text, rank, tuple(dict.fromkeys(relations[n] for n, _ in located)), evidence)
            )
        return tuple(sorted(found, key=lambda finding: -finding.rank))


def _covered(text: str, texts: Sequence[str]) -> bool:
    """Whether every name and number of a finding stands in the texts it rests on."""
    known = {word.casefold() for held in texts for word in _WORD.findall(held)}
    return all(word.casefold() in known for word in _names_and_numbers(text))


def _held(text: str, material: Material, findings: Sequence[Finding]) -> str:
    """`text` if each of its names and numbers stands in the findings or among the members; else ""."""
    known = {word.casefold() for finding in findings for word in _WORD.findall(finding.text)}
    known |= {
        word.casefold() for finding in findings for e in finding.evidence for word in _WORD.findall(e.quote)
    }
    known |= {word.casefold() for name in material.names.values() for word in _WORD.findall(name)}
    return text if all(word.casefold() in known for word in _names_and_numbers(text)) else ""


def _names_and_numbers(text: str) -> list[str]:
    """Words that claim something particular: capitalised ones but for a sentence's first, and digits."""
    found = []
    for match in _WORD.finditer(text):
        word = match[0]
        first = match.start() == 0 or text[: match.start()].rstrip().endswith((".", "!", "?", ":"))
        if any(character.isdigit() for character in word) or (word[0].isupper() and not first):
            found.append(word)
    return found


def _schema() -> OutputSchema:
    text = {"type": "string"}

    def made(**properties: object) -> dict[str, object]:
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }

    quotes = {"type": "array", "items": made(source={"type": "integer"}, quote=text)}
    finding = made(text=text, importance={"type": "integer"}, quotes=quotes)
    return schema_of(
        "report", "1", made(title=text, summary=text, findings={"type": "array", "items": finding})
    )


_SCHEMA = _schema()
