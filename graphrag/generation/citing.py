"""From a model's statements to an answer: every citation found in its source, or the statement goes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict

from graphrag.datamodel import Answer, Citation, Context, Evidence, Span
from graphrag.extraction.locating import Passage
from graphrag.generation.verification import Policy, enforce, verify
from graphrag.interfaces import KnowledgeView
from graphrag.llm.messages import OutputSchema, schema_of
from graphrag.prompts import fence
from graphrag.text import clean_line

_OWN_MARKER = re.compile(r"(?<!\s)\s*\[\d{1,4}\]")
NOTHING_SHOWN = "The model gave no quotation of the sources for its answer."


class Quotation(BaseModel):
    """Words of a source, as the model copies them."""

    model_config = ConfigDict(extra="forbid")

    source: int
    quote: str


class Statement(BaseModel):
    """One sentence of an answer with what it rests on."""

    model_config = ConfigDict(extra="forbid")

    text: str
    quotes: list[Quotation]


class Written(BaseModel):
    """An answer as the model writes it; `reasoning` comes first, where it is asked for."""

    model_config = ConfigDict(extra="forbid")

    reasoning: str = ""
    statements: list[Statement] = []
    found: bool
    short: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """One numbered thing the model may cite: the text it sees, and the evidence behind it."""

    number: int
    text: str
    evidence: tuple[Evidence, ...]


def sources_of(context: Context) -> tuple[Source, ...]:
    """The context's items, by their markers."""
    return tuple(Source(item.marker, item.text, item.evidence) for item in context.items)


def show_sources(sources: Sequence[Source]) -> str:
    """The sources as a prompt shows them, fenced."""
    return "\n".join(
        fence(source.text, kind="source", attributes={"number": str(source.number)}) for source in sources
    )


def answer_form(*, reasoning: bool) -> str:
    """The JSON object that prompts ask for."""
    thought = '"reasoning": "", ' if reasoning else ""
    return (
        "{" + thought + '"statements": [{"text": "", "quotes": [{"source": 1, "quote": ""}]}], '
        '"found": true, "short": "", "missing": ""}'
    )


def answer_properties(*, reasoning: bool) -> dict[str, object]:
    """JSON schema of the properties of an answer, in the order of writing."""
    text = {"type": "string"}
    quotation = _object({"source": {"type": "integer"}, "quote": text})
    statement = _object({"text": text, "quotes": {"type": "array", "items": quotation}})
    properties: dict[str, object] = {"reasoning": text} if reasoning else {}
    properties["statements"] = {"type": "array", "items": statement}
    return {**properties, "found": {"type": "boolean"}, "short": text, "missing": text}


def answer_schema(*, reasoning: bool) -> OutputSchema:
    """The JSON schema of an answer."""
    return schema_of("answer", "1", _object(answer_properties(reasoning=reasoning)))


def cite(
    written: Written,
    sources: Sequence[Source],
    context: Context,
    view: KnowledgeView,
    *,
    policy: Policy = Policy.DROP,
    score: float = 0.0,
) -> Answer:
    """The answer with every citation walked back to characters of a document.

    A quotation that does not stand in the source it names, or in any other, is no citation; a
    statement without one is dropped. What remains is checked sentence by sentence as any answer is
    (`graphrag.generation.verification`). An answer of which nothing remains becomes an abstention.
    """
    if not written.found:
        return abstention(context, clean_line(written.missing) or "The sources do not say.")
    citations: list[Citation] = []
    lines: list[str] = []
    for statement in written.statements:
        found = evidence_of(statement, sources)
        if not found or not statement.text.strip():
            continue
        markers = "".join(f"[{_marker(evidence, citations)}]" for evidence in found)
        lines.append(f"{_plain(statement.text)} {markers}")
    if not lines:
        return abstention(context, NOTHING_SHOWN)
    short = _plain(written.short)
    text = "\n".join(([short, ""] if short else []) + lines)
    communities: tuple[str, ...] = ()
    if context.mode == "global":
        communities = tuple(dict.fromkeys(item.id for item in context.items))
    answer = Answer(
        text,
        tuple(citations),
        context,
        short=short,
        score=score,
        communities=communities,
        coverage=context.coverage,
    )
    return enforce(answer, verify(answer, view), policy)


def abstention(context: Context, missing: str) -> Answer:
    """An answer that says what the sources lack."""
    return Answer(missing, (), context, abstained=True, missing=missing)


def evidence_of(statement: Statement, sources: Sequence[Source]) -> list[Evidence]:
    """The located quotations of a statement, each once."""
    places = [place for quotation in statement.quotes if (place := locate(quotation, sources)) is not None]
    return list(dict.fromkeys(evidence for _, evidence in places))


def locate(quotation: Quotation, sources: Sequence[Source]) -> tuple[int, Evidence] | None:
    """Number of the source that holds the quoted words, and its evidence narrowed to them.

    The source that is named is looked at first: models miscount, and evidence counts where it is.
    """
    if len(quotation.quote.strip()) < 2:
        return None
    for source in sorted(sources, key=lambda source: source.number != quotation.source):
        for evidence in source.evidence:
            found = Passage(evidence.quote).find(quotation.quote)
            if found is not None:
                start = evidence.span.start + found.span.start
                end = evidence.span.start + found.span.end
                quote = evidence.quote[found.span.start : found.span.end]
                return source.number, replace(evidence, span=Span(start, end), quote=quote)
    return None


def with_trace(answer: Answer, **steps: object) -> Answer:
    """The answer with how it was made in its context's trace."""
    return replace(answer, context=replace(answer.context, trace={**answer.context.trace, **steps}))


def _plain(text: str) -> str:
    """One line without markers of the model's own: numbers in brackets mean citations here."""
    line = clean_line(_OWN_MARKER.sub("", text), max_length=2_000)
    return line.replace("[", "(").replace("]", ")")


def _marker(evidence: Evidence, citations: list[Citation]) -> int:
    for citation in citations:
        if citation.evidence == evidence:
            return citation.marker
    citations.append(Citation(len(citations) + 1, evidence))
    return len(citations)


def _object(properties: dict[str, object]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
