"""Dates, numbers and amounts: words to one normal form.

Dates become ISO 8601 as far as they are known ("1955", "1955-02", "1955-02-24"), decades "1990s",
centuries "19th century", ranges "1914/1918"; numbers plain decimals; amounts a number and a unit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

__all__ = ["Value", "parse_date", "parse_value"]

_MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sep sept",
            "october oct",
            "november nov",
            "december dec",
        ],
        start=1,
    )
    for name in names.split()
}
_MONTH = "(" + "|".join(sorted(_MONTHS, key=lambda name: (-len(name), name))) + r")\b\.?"
_YEAR = r"(\d{3,4})(?!\d)"
_DAY = r"(\d{1,2})(?:st|nd|rd|th)?"
_DAY_MONTH_YEAR = re.compile(rf"{_DAY}\s*(?:of\s+)?{_MONTH}\s*,?\s*{_YEAR}")
_MONTH_DAY_YEAR = re.compile(rf"{_MONTH}\s*{_DAY}\s*,?\s+{_YEAR}")
_MONTH_YEAR = re.compile(rf"{_MONTH}\s*,?\s*(?:of\s+)?{_YEAR}")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?!\d)")
_DECADE = re.compile(r"(\d{3}0)\s*'?s\b")
_CENTURY = re.compile(r"(\d{1,2})(?:st|nd|rd|th)[\s-]+century")
_RANGE = re.compile(r"(?:from\s+|between\s+)?(\d{3,4})\s*(?:-|–|—|to|until|and)\s*(\d{2,4})\Z")
_BARE_YEAR = re.compile(
    r"(?:the year |in |early |late |mid-?\s?|c\. ?|circa )?(\d{3,4})(?:\s*(ad|bc|bce|ce))?\Z"
)

_WORDS = {
    "zero": 0,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "thirteen": 13,
    "fourteen": 14,
    "fifteen": 15,
    "sixteen": 16,
    "seventeen": 17,
    "eighteen": 18,
    "nineteen": 19,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
_SCALES = {
    "hundred": 100,
    "thousand": 1_000,
    "million": 10**6,
    "m": 10**6,
    "mn": 10**6,
    "billion": 10**9,
    "bn": 10**9,
    "trillion": 10**12,
    "k": 1_000,
    "dozen": 12,
}
_CURRENCIES = {
    "$": "USD",
    "us$": "USD",
    "usd": "USD",
    "dollar": "USD",
    "dollars": "USD",
    "€": "EUR",
    "eur": "EUR",
    "euro": "EUR",
    "euros": "EUR",
    "£": "GBP",
    "gbp": "GBP",
    "pound": "GBP",
    "pounds": "GBP",
    "¥": "JPY",
    "yen": "JPY",
    "jpy": "JPY",
    "₩": "KRW",
    "won": "KRW",
    "krw": "KRW",
    "yuan": "CNY",
    "cny": "CNY",
    "rmb": "CNY",
    "₹": "INR",
    "rupees": "INR",
    "inr": "INR",
    "chf": "CHF",
    "francs": "CHF",
    "c$": "CAD",
    "a$": "AUD",
}
_UNITS = {
    "km": "km",
    "kilometre": "km",
    "kilometres": "km",
    "kilometer": "km",
    "kilometers": "km",
    "m": "m",
    "metre": "m",
    "metres": "m",
    "meter": "m",
    "meters": "m",
    "cm": "cm",
    "centimetres": "cm",
    "centimeters": "cm",
    "mm": "mm",
    "mile": "mi",
    "miles": "mi",
    "mi": "mi",
    "ft": "ft",
    "foot": "ft",
    "feet": "ft",
    "inch": "in",
    "inches": "in",
    "kg": "kg",
    "kilogram": "kg",
    "kilograms": "kg",
    "g": "g",
    "gram": "g",
    "grams": "g",
    "ton": "t",
    "tons": "t",
    "tonne": "t",
    "tonnes": "t",
    "lb": "lb",
    "lbs": "lb",
    "hour": "h",
    "hours": "h",
    "minute": "min",
    "minutes": "min",
    "second": "s",
    "seconds": "s",
    "day": "d",
    "days": "d",
    "week": "wk",
    "weeks": "wk",
    "month": "mo",
    "months": "mo",
    "year": "a",
    "years": "a",
    "decade": "decade",
    "decades": "decade",
    "century": "century",
    "centuries": "century",
    "hectare": "ha",
    "hectares": "ha",
    "ha": "ha",
    "acre": "acre",
    "acres": "acre",
    "litre": "L",
    "litres": "L",
    "liter": "L",
    "liters": "L",
    "watt": "W",
    "watts": "W",
    "kw": "kW",
    "mw": "MW",
    "gw": "GW",
    "kb": "kB",
    "mb": "MB",
    "gb": "GB",
    "tb": "TB",
    "hz": "Hz",
    "khz": "kHz",
    "mhz": "MHz",
    "ghz": "GHz",
    "volt": "V",
    "volts": "V",
    "nm": "nm",
    "°c": "°C",
    "°f": "°F",
    "ms": "ms",
}
_SQUARE = re.compile(r"^(square|cubic)\s+(\S+)$")
_NUMBER = re.compile(r"[-+−]?\d{1,3}(?:[,\u202f\u00a0]\d{3})+(?:\.\d+)?|[-+−]?\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Value:
    """A normalised literal.

    Attributes:
        kind: "DATE", "NUMBER", "MONEY", "PERCENT" or "QUANTITY".
        normal: See the module's opening.
    """

    kind: str
    normal: str


def parse_date(text: str) -> str | None:
    """The normal form of a date expression; None if it names no calendar date."""
    words = " ".join(text.lower().replace("\u2212", "-").split()).strip(" ,.()")
    if len(words) > 80:
        return None
    if found := _ISO.match(words):
        return _iso(int(found[1]), int(found[2]), int(found[3]))
    if found := _DAY_MONTH_YEAR.search(words):
        return _iso(int(found[3]), _MONTHS[found[2]], int(found[1]))
    if found := _MONTH_DAY_YEAR.search(words):
        return _iso(int(found[3]), _MONTHS[found[1]], int(found[2]))
    if found := _MONTH_YEAR.search(words):
        return f"{int(found[2]):04d}-{_MONTHS[found[1]]:02d}"
    if found := _CENTURY.search(words):
        return f"{int(found[1])}{_ordinal(int(found[1]))} century" + (" BC" if "bc" in words else "")
    if found := _DECADE.search(words):
        return f"{found[1]}s"
    if found := _RANGE.match(words):
        first, last = found[1], found[2]
        if len(last) < len(first):
            last = first[: len(first) - len(last)] + last
        return f"{int(first):04d}/{int(last):04d}" if int(first) < int(last) else None
    if found := _BARE_YEAR.match(words):
        year = int(found[1])
        if found[2] in ("bc", "bce"):
            return f"{year:04d} BC"
        return f"{year:04d}" if year <= 2999 else None
    return None


def parse_value(text: str) -> Value | None:
    """Read a date, number or amount; None if the words are none of these."""
    words = " ".join(text.lower().replace("\u2212", "-").split()).strip(" ,()")
    if not words or len(words) > 80:
        return None
    amount = _amount(words)
    if amount is not None:
        if amount.kind == "NUMBER" and re.fullmatch(r"1\d{3}|20\d{2}", words):
            return Value("DATE", words)
        return amount
    normal = parse_date(words)
    return Value("DATE", normal) if normal else None


def _amount(words: str) -> Value | None:
    currency = ""
    for mark in ("us$", "c$", "a$", "$", "€", "£", "¥", "₩", "₹"):
        if mark in words:
            currency, words = _CURRENCIES[mark], words.replace(mark, " ").strip()
            break
    for filler in (
        "about ",
        "around ",
        "nearly ",
        "almost ",
        "over ",
        "more than ",
        "less than ",
        "approximately ",
        "at least ",
        "up to ",
        "some ",
        "roughly ",
        "a total of ",
    ):
        words = words.removeprefix(filler)
    number, rest = _leading_number(words)
    if number is None:
        return None
    rest = rest.strip(" -")
    if rest.endswith((" long", " high", " tall")):
        rest = rest.rsplit(" ", 1)[0]
    if not currency and rest in _CURRENCIES:
        currency, rest = _CURRENCIES[rest], ""
    if currency:
        return Value("MONEY", f"{number} {currency}") if not rest or rest in _CURRENCIES else None
    if not rest:
        return Value("NUMBER", number)
    if rest in ("%", "percent", "per cent", "percentage points"):
        return Value("PERCENT", f"{number} %")
    if rest in _UNITS:
        return Value("QUANTITY", f"{number} {_UNITS[rest]}")
    if (found := _SQUARE.match(rest)) and found[2] in _UNITS:
        return Value("QUANTITY", f"{number} {_UNITS[found[2]]}{'²' if found[1] == 'square' else '³'}")
    if rest in ("km2", "km²", "m2", "m²", "m3", "m³"):
        return Value("QUANTITY", f"{number} {rest.replace('2', '²').replace('3', '³')}")
    return None


def _leading_number(words: str) -> tuple[str | None, str]:
    """A number at the start, in digits or words, with scales ("3.5 million"), and what follows."""
    total: Decimal | None = None
    found = _NUMBER.match(words)
    if found:
        total = Decimal(re.sub(r"[,\u202f\u00a0]", "", found[0]).replace("−", "-"))
        rest = words[found.end() :]
        if rest[:1].isalpha() and rest.split(" ")[0] not in _SCALES and rest.split(" ")[0] not in _UNITS:
            return None, words
        rest = rest.strip()
    else:
        rest = words
        value, used = 0, 0
        parts = re.split(r"[\s-]+", words)
        for part in parts:
            if part not in _WORDS:
                break
            value, used = value + _WORDS[part], used + 1
        if not used:
            if parts[0] not in ("a", "an") or len(parts) < 2 or parts[1] not in _SCALES:
                return None, words
            value, used = 1, 1
        total, rest = Decimal(value), " ".join(parts[used:])
    while rest:
        word, _, after = rest.partition(" ")
        # "5 m" alone is five metres; "$5 m" was stripped of its currency and means millions only as "mn".
        if word in _SCALES and word not in ("m", "k"):
            total, rest = total * _SCALES[word], after
        else:
            break
    return _plain(total), rest


def _plain(number: Decimal) -> str:
    if number == number.to_integral_value():
        return str(int(number))
    return format(number.normalize(), "f")


def _iso(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return f"{year:04d}"


def _ordinal(number: int) -> str:
    if 10 <= number % 100 <= 20:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
