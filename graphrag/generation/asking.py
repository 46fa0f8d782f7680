"""The records of a question that was taken apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ontology.kinds import kinds_of_noun


class Form(StrEnum):
    """The kind of thing that answers."""

    PERSON = "person"
    PLACE = "place"
    DATE = "date"
    NUMBER = "number"
    MONEY = "money"
    THING = "thing"
    YES_NO = "yes or no"
    CHOICE = "one of the named"
    ACCOUNT = "an account"
    DEFINITION = "what something is"


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to be answered in one step, once the questions inside it are.

    Attributes:
        form: The kind of thing that answers.
        noun: The words for it in the question ("Finnish city", "years"); "" for who, when and where.
        pieces: What must hold of the answer, in order: words, and inner questions in their places.
        count: How many answers are asked for; None if the question does not say.
        lead: Words that the answer stands after ("in", "by", "with"); "" if none.
    """

    form: Form
    noun: str
    pieces: tuple[str | Ask, ...]
    count: int | None = None
    lead: str = ""

    @property
    def inner(self) -> tuple[Ask, ...]:
        """The questions inside, left to right."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Ask))

    def words(self, names: Mapping[Ask, str] | None = None) -> str:
        """The condition as text; inner questions as the names found for them, or as they stand."""
        found = names or {}
        parts = [
            piece if isinstance(piece, str) else found.get(piece, piece.described()) for piece in self.pieces
        ]
        return " ".join(part for part in parts if part)

    def described(self) -> str:
        """The question as a noun phrase, for people: "the company that makes the M3"."""
        return " ".join(part for part in (self.noun, self.words()) if part)

    def asked(self, names: Mapping[Ask, str] | None = None) -> str:
        """The question as a question, for search."""
        start = {Form.PERSON: "who", Form.PLACE: "where", Form.DATE: "when"}.get(self.form, "what")
        head = f"which {self.noun}" if self.noun else start
        return f"{self.lead} {head} {self.words(names)}?".strip()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two things set side by side.

    Attributes:
        sides: A name, or a question whose answer is compared.
        same: The noun both must share ("year", "firm"); "" where an order is asked for.
        attribute: What is compared, as words for a one-step question ("born", "from").
        form: What kind of value is compared.
        first: Whether the earlier or smaller one is asked for, in an order.
        labels: What answers, for each side: its name, where its director or the like is compared.
    """

    sides: tuple[str | Ask, str | Ask]
    attribute: str
    form: Form
    same: str = ""
    first: bool = True
    labels: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Question:
    """A question, read.

    Attributes:
        asks: What is to be answered, in order; several where the question joins them with "and".
        comparison: Set where two things are compared; `asks` is empty then.
        extra: A further thing asked of the same event (", and for how much?"); None mostly.
    """

    text: str
    form: Form
    asks: tuple[Ask, ...] = ()
    comparison: Comparison | None = None
    names: tuple[str, ...] = field(default=())


_KIND_FORMS = {
    "PERSON": Form.PERSON,
    "LOC": Form.PLACE,
    "FACILITY": Form.PLACE,
    "DATE": Form.DATE,
    "NUMBER": Form.NUMBER,
    "MONEY": Form.MONEY,
}


def form_of(noun: str) -> Form:
    """The kind of answer a noun asks for: "Finnish city" a place, "founder" a person."""
    kinds = kinds_of_noun(noun) or ()
    if "NUMBER" in kinds and "LOC" not in kinds:
        return Form.NUMBER  # a population is counted, though it also is people
    for kind in kinds:
        if kind in _KIND_FORMS:
            return _KIND_FORMS[kind]
        return Form.THING
    return Form.THING
