"""Values of datatype properties: read as people write them, written one way.

Dates are written in the Extended Date/Time Format (ISO 8601-2): `1990`, `1990-01`, `1990-01-04`, a decade as
`199X`, a century as `18XX`, years before our era with a minus.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from ontology.patterns import MAX_LENGTH
from ontology.schema import ValueKind, ValueType

MAX_VALUE_LENGTH = 1000
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
         "september sep sept", "october oct", "november nov", "december dec"),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH = "(?P<month>" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\.?"
_YEAR = r"(?P<year>\d{1,4})(?P<era> ?(?:bc|bce|b\.c\.|ad|ce|a\.d\.))?"
_DATE_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"(?P<year>-?\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)(?:[t ]\d\d:.*)?)?)?",
        rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {_MONTH},? {_YEAR}",
        rf"{_MONTH} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? {_YEAR}",
        rf"{_MONTH},?(?: of)? {_YEAR}",
        r"(?P<day>\d{1,2})[./](?P<number>\d{1,2})[./](?P<year>\d{4})",
        _YEAR,
        r"(?P<edtf>-?\d{3}X|-?\d{2}XX)",
    )
)
_DECADE = re.compile(r"(?:early |mid-?|late )?(\d{3})0['’]?s", re.IGNORECASE)
_CENTURY = re.compile(r"(?:early |mid-?|late )?(\d{1,2})(?:st|nd|rd|th)[ -]century( bce?)?", re.IGNORECASE)
_SCALES = {"hundred": 10**2, "trillion": 10**12}
_SCALES |= dict.fromkeys(("thousand", "k"), 10**3)
_SCALES |= dict.fromkeys(("million", "mn", "m"), 10**6)
_SCALES |= dict.fromkeys(("billion", "bn", "b"), 10**9)
_NUMBER = re.compile(
    r"(?:about |around |approximately |over |nearly |almost |some |more than |less than |c\. ?|~ ?)?"
    r"(?:us|eur|usd|gbp)? ?[$€£¥₩]? ?(?P<sign>[-−+]?)(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?: ?(?P<scale>hundred|thousand|million|billion|trillion|bn|mn|[kmb])\b)?(?P<rest>[ \-]?[^\d]{0,40})",
    re.IGNORECASE,
)
_NUMBER_WORDS = {
    word: number
    for number, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ]
    )
}


@lru_cache(maxsize=1 << 16)
def normalise_value(text: str, value: ValueType) -> str | None:
    """The value in its one written form, or None when the text is not of that type.

    >>> normalise_value("4 January 1990", ValueType(ValueKind.DATE))
    '1990-01-04'
    """
    cleaned = " ".join(text.split())
    if not cleaned or len(cleaned) > MAX_VALUE_LENGTH:
        return None
    return _READERS[value.kind](cleaned, value)


def parse_date(text: str) -> str | None:
    """A date of any precision in EDTF, or None; a day and month that could be swapped are refused."""
    cleaned = text.strip().strip(",.").removeprefix("the ").removeprefix("The ")
    for form in _DATE_FORMS:
        match = form.fullmatch(cleaned)
        if match:
            return _date_of(match.groupdict())
    if decade := _DECADE.fullmatch(cleaned):
        return f"{decade[1]}X"
    if century := _CENTURY.fullmatch(cleaned):
        hundreds = int(century[1]) - (0 if century[2] else 1)
        return f"{'-' if century[2] else ''}{hundreds:02d}XX" if 0 <= hundreds <= 99 else None
    return None


def parse_number(text: str) -> Decimal | None:
    """A number with thousands separators, a scale word, a currency sign or a unit after it."""
    word = _NUMBER_WORDS.get(text.lower())
    if word is not None:
        return Decimal(word)
    match = _NUMBER.fullmatch(text)
    if match is None or (match["rest"] and re.search(r"[A-Za-z]{2,}.* .* ", match["rest"])):
        return None
    try:
        number = Decimal(match["digits"].replace(",", ""))
    except InvalidOperation:
        return None
    number *= _SCALES.get((match["scale"] or "").lower(), 1)
    return -number if match["sign"] in ("-", "−") else number


def _date_of(parts: dict[str, str | None]) -> str | None:
    if parts.get("edtf"):
        return parts["edtf"]
    year = _int(parts.get("year")) or 0
    before = (parts.get("era") or "").lower().replace(".", "").strip() in ("bc", "bce") or year < 0
    month_text = parts.get("month") or parts.get("number")
    month = None if month_text is None else _MONTHS.get(month_text.lower()) or _int(month_text)
    day = _int(parts.get("day"))
    if parts.get("number") and day != month and (day or 0) <= 12 and (month or 0) <= 12:
        return None  # 3/4/2005: nobody can tell March from April
    if parts.get("number") and (month or 0) > 12:
        day, month = month, day
    written = f"{'-' if before else ''}{abs(year):04d}"
    if month is None:
        return written
    if not 1 <= month <= 12:
        return None
    if day is None:
        return f"{written}-{month:02d}"
    try:
        date(max(abs(year), 4), month, day)
    except ValueError:
        return None
    return f"{written}-{month:02d}-{day:02d}"


def _int(text: str | None) -> int | None:
    return int(text) if text is not None and text.lstrip("-").isdigit() else None


def _read_integer(text: str, value: ValueType) -> str | None:
    number = parse_number(text)
    return None if number is None or number != number.to_integral_value() else str(int(number))


def _read_decimal(text: str, value: ValueType) -> str | None:
    number = parse_number(text.removesuffix("%").removesuffix(" percent"))
    if number is None:
        return None
    plain = format(number, "f")
    return (plain.rstrip("0").rstrip(".") if "." in plain else plain) or "0"


def _read_boolean(text: str, value: ValueType) -> str | None:
    return {"true": "true", "yes": "true", "1": "true", "false": "false", "no": "false", "0": "false"}.get(
        text.lower()
    )


def _read_enumeration(text: str, value: ValueType) -> str | None:
    folded = {item.casefold(): item for item in reversed(value.values)}
    return text if text in value.values else folded.get(text.casefold())


def _read_pattern(text: str, value: ValueType) -> str | None:
    if value.pattern is None or len(text) > MAX_LENGTH:
        return None
    return text if re.fullmatch(value.pattern, text) else None


_READERS: dict[ValueKind, Callable[[str, ValueType], str | None]] = {
    ValueKind.STRING: lambda text, value: text,
    ValueKind.INTEGER: _read_integer,
    ValueKind.DECIMAL: _read_decimal,
    ValueKind.DATE: lambda text, value: parse_date(text),
    ValueKind.BOOLEAN: _read_boolean,
    ValueKind.ENUMERATION: _read_enumeration,
    ValueKind.PATTERN: _read_pattern,
}
