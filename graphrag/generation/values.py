"""Dates, numbers and amounts as they stand in running text, with a value to compare them by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTH = (
    "(?:"
    + "|".join(month.capitalize() for month in _MONTHS)
    + "|"
    + "|".join(month[:3].capitalize() + r"\." for month in _MONTHS if month != "may")
    + ")"
)
_YEAR = r"(?:1\d{3}|20\d{2})"
_DATE = re.compile(
    rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{_MONTH}),? (?P<year>{_YEAR})\b"
    rf"|\b(?P<month2>{_MONTH}) (?P<day2>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year2>{_YEAR})\b"
    rf"|\b(?P<month3>{_MONTH}),? (?P<year3>{_YEAR})\b"
    rf"|\b(?P<iso>{_YEAR}-\d{{2}}-\d{{2}})\b"
    rf"|(?<![\d.,$€£])\b(?P<year4>{_YEAR})\b"
    r"(?!s?[.,]\d|%| (?:people|dollars|men|women|million|billion|euros|pounds))"
)
_RANGE = re.compile(
    rf"\b(?:from (?P<a>{_YEAR}) (?:to|until|till) (?P<b>{_YEAR})|between (?P<c>{_YEAR}) and (?P<d>{_YEAR})"
    rf"|(?P<e>{_YEAR})\s?[–—-]\s?(?P<f>{_YEAR}))\b"
)
_UNITS = {
    "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "dozen": 12.0,
}  # fmt: skip
_WORDS = {
    word: float(number)
    for number, word in enumerate(
        """
        zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
        fifteen sixteen seventeen eighteen nineteen twenty
        """.split()  # noqa: SIM905
    )
}
_WORDS |= {
    "thirty": 30.0,
    "forty": 40.0,
    "fifty": 50.0,
    "sixty": 60.0,
    "seventy": 70.0,
    "eighty": 80.0,
    "ninety": 90.0,
}
_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_WORD = "|".join(sorted(_WORDS, key=len, reverse=True))
_CURRENCY = "|".join(
    """
    dollars? euros? pounds? yen won francs? marks? rupees? USD EUR GBP kroner kronor yuan crowns? rubles?
    guineas?
    """.split()  # noqa: SIM905
)
_UNIT = "|".join(_UNITS)
_NUMBER = re.compile(
    rf"(?P<sign>[$€£¥₩])?(?<![\w.])(?P<digits>{_DIGITS})(?![\w]|[.,]\d)(?: (?P<unit>{_UNIT}))?"
    rf"(?P<percent> ?%| per ?cent)?(?: (?P<currency>{_CURRENCY})\b)?"
    rf"|\b(?P<word>(?:{_WORD})(?:-(?:{_WORD}))?|(?=(?:{_UNIT})\b)|half|several|a)"
    rf"(?: (?P<unit2>{_UNIT}))?(?: (?P<currency2>{_CURRENCY}))?\b",
    re.IGNORECASE,
)
_SCORE = re.compile(rf"\b(?:{_WORD}|\d+)(?: \w+)?(?: to |[–—-])(?:{_WORD}|\d+)\b(?! percent)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Value:
    """A value at [start, end) of a text.

    Attributes:
        kind: "date", "period", "number", "money", "percent" or "score".
        key: Equal values have equal keys; those of one kind sort by size.
    """

    start: int
    end: int
    text: str
    kind: str
    key: tuple[float, ...]


def dates(text: str) -> Iterator[Value]:
    """Periods first, then dates outside them, each as written."""
    taken: list[tuple[int, int]] = []
    for match in _RANGE.finditer(text):
        years = [float(part) for part in match.groups() if part]
        taken.append(match.span())
        yield Value(*match.span(), match.group(), "period", tuple(years))
    for match in _DATE.finditer(text):
        if any(start <= match.start() < end for start, end in taken):
            continue
        yield Value(*match.span(), match.group(), "date", _date_key(match))


def numbers(text: str) -> Iterator[Value]:
    """Numbers, amounts of money and shares, in order; dates are not numbers."""
    taken = [(value.start, value.end) for value in dates(text)]
    for match in _NUMBER.finditer(text):
        if not match.group().strip() or any(
            start < match.end() and match.start() < end for start, end in taken
        ):
            continue
        value = _number(match)
        if value is not None:
            yield value


def scores(text: str) -> Iterator[Value]:
    """Results of games: "four games to one", "4-1"."""
    for match in _SCORE.finditer(text):
        yield Value(*match.span(), match.group(), "score", ())


def _date_key(match: re.Match[str]) -> tuple[float, ...]:
    groups = match.groupdict()
    if groups["iso"]:
        return tuple(float(part) for part in groups["iso"].split("-"))
    year = groups["year"] or groups["year2"] or groups["year3"] or groups["year4"]
    month = groups["month"] or groups["month2"] or groups["month3"]
    day = groups["day"] or groups["day2"]
    key = [float(year)]
    if month:
        name = month.lower().rstrip(".")
        key.append(1.0 + next(number for number, full in enumerate(_MONTHS) if full.startswith(name)))
    if day:
        key.append(float(day))
    return tuple(key)


def _number(match: re.Match[str]) -> Value | None:
    groups = match.groupdict()
    word = groups["word"]
    if groups["digits"]:
        amount = float(groups["digits"].replace(",", ""))
    elif word and word.lower() in {"half", "several", "a"}:
        if not groups["unit2"]:
            return None
        amount = 0.5 if word.lower() == "half" else 1.0
    elif word:
        amount = sum(_WORDS[part] for part in word.lower().split("-"))
    else:
        return None
    unit = groups["unit"] or groups["unit2"]
    amount *= _UNITS[unit.lower()] if unit else 1.0
    money = groups["sign"] or groups["currency"] or groups["currency2"]
    kind = "money" if money else "percent" if groups["percent"] else "number"
    return Value(*match.span(), match.group().strip(), kind, (amount,))
