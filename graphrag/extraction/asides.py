"""What stands in brackets after a name, and other names a text gives for the same thing.

A parser makes little of "(born 24 February 1955)", "(1955–2011)" or "(IBM)"; patterns do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from graphrag.extraction.language import detect_language
from graphrag.extraction.values import parse_date

__all__ = ["Aside", "is_acronym_of", "read_aside", "split_aside"]

_LONGEST = 200
_BORN = re.compile(r"\b(?:born|b\.)\s*(?:on\s+|in\s+|c\.\s*)?", re.I)
_DIED = re.compile(r"\b(?:died|d\.)\s*(?:on\s+|in\s+|c\.\s*)?", re.I)
_MADE = re.compile(
    r"\b(founded|established|opened|released|published|built|launched|incorporated)\s+(?:on\s+|in\s+)?", re.I
)
_DASH = re.compile(r"(?<!\s)\s*[–—]\s*|(?<!\s)\s+-\s+|(?<=\d)-(?=\d)|(?<!\s)\s+to\s+")
_DATE = re.compile(
    r"(?:\d{1,2}(?:st|nd|rd|th)?\s+)?(?:January|February|March|April|May|June|July|August|September"
    r"|October|November"
    r"|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.?\s*(?:\d{1,2}(?:st|nd|rd|th)?,?\s+)?\d{3,4}"
    r"|\b\d{3,4}\b(?!\s*(?:km|m|ft|mi|metres|meters|feet|pages|miles|people))"
)
_YEAR_ONLY = re.compile(r"(?:c\. ?)?(1\d{3}|20\d{2})\Z")
_ACRONYM = re.compile(
    r"(?:the |or |abbreviated(?: as)? |abbr\. |short: |acronym:? |NYSE: ?"
    r"|NASDAQ: ?)?([A-Z][A-Za-z.&/-]{0,10}[A-Z.][a-z]?s?|[A-Z]{2,10})\Z"
)
_ALSO = re.compile(
    r"(?P<kind>also (?:known|called|spelled|written|referred to)(?: as)?|a\.?k\.?a\.?|better known as"
    r"|commonly known as"
    r"|commonly called|sometimes called|known as|formerly(?: known as| called)?"
    r"|previously(?: known as| called)?"
    r"|originally(?: known as| called| named)?|n[ée]e|born|short for|abbreviated(?: as| to)?"
    r"|stylized as|stylised as|or simply|or)"
    r"\s+(?:the\s+)?[\"“'‘]?(?P<name>[^\W\d_a-z][^,;:()\"”]{0,60}?)[\"”'’]?\s*(?=[,;)]|\Z)"
)
_FOREIGN = re.compile(r"(?:[A-Z][a-z]+(?: [A-Z][a-z]+)?:\s*)?(?P<name>[^\x00-\x7f\s,;:()–—][^,;:()]{0,60})")


@dataclass(frozen=True, slots=True)
class Aside:
    """One finding in brackets.

    Attributes:
        kind: "born", "died", "made", "year" for dates; "acronym", "aka", "former", "native"
            for names.
        words: The verb where there is one ("founded"), else "".
        start, end: Where the date or name stands in the text.
    """

    kind: str
    words: str
    start: int
    end: int


def split_aside(text: str, position: int) -> tuple[int, int] | None:
    """Content range of brackets that open at `position` or one blank after; None if they do not."""
    if text[position : position + 1] == " ":
        position += 1
    if text[position : position + 1] != "(":
        return None
    depth, end = 0, min(len(text), position + _LONGEST)
    for index in range(position, end):
        character = text[index]
        if character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if depth == 0:
                return position + 1, index
    return None


def read_aside(text: str, start: int, end: int, name: str) -> Iterator[Aside]:
    """Dates and other names in the brackets' content `text[start:end]`, which follow `name`."""
    inner = text[start:end]
    stripped = inner.strip()
    found = _ACRONYM.match(stripped)
    if found and is_acronym_of(found[1], name):
        at = start + inner.index(stripped) + found.start(1)
        yield Aside("acronym", "", at, at + len(found[1]))
        return
    yield from _dates(inner, start)
    yield from _names(inner, start)


def is_acronym_of(short: str, name: str) -> bool:
    """Whether the letters of `short` are initials, in order, of the words of `name`."""
    letters = [c for c in short if c.isalpha()]
    if letters and letters[-1] == "s" and len(letters) > 2:
        letters.pop()
    words = re.findall(r"[^\W_]+", name)
    if len(letters) < 2 or len(words) < 2 or short.lower() == name.lower():
        return False
    capitals = [word[0].upper() for word in words if word[0].isupper() or word[0].isdigit()]
    everything = [word[0].upper() for word in words]
    target = [c.upper() for c in letters]
    return target in (capitals, everything) or (
        len(target) >= 3 and _subsequence(target, everything) and target[0] == everything[0]
    )


def _subsequence(short: list[str], long: list[str]) -> bool:
    rest = iter(long)
    return all(letter in rest for letter in short) and len(short) * 3 >= len(long) * 2


def _dates(inner: str, start: int) -> Iterator[Aside]:
    born, died, made = _BORN.search(inner), _DIED.search(inner), _MADE.search(inner)
    dates = [found for found in _DATE.finditer(inner) if parse_date(found[0])]
    if not dates:
        return
    first = dates[0]
    if made:
        later = [d for d in dates if d.start() >= made.end()]
        if later:
            yield Aside("made", made[1], start + later[0].start(), start + later[0].end())
        return
    if born or died:
        for word, kind in ((born, "born"), (died, "died")):
            later = [d for d in dates if word and d.start() >= word.end()]
            if later:
                yield Aside(kind, kind, start + later[0].start(), start + later[0].end())
        if born and not died and len(dates) > 1 and _DASH.search(inner[first.end() : dates[1].start()]):
            yield Aside("died", "", start + dates[1].start(), start + dates[1].end())
        return
    if len(dates) >= 2 and _DASH.fullmatch(inner[first.end() : dates[1].start()]):
        yield Aside("born", "", start + first.start(), start + first.end())
        yield Aside("died", "", start + dates[1].start(), start + dates[1].end())
    elif _YEAR_ONLY.match(inner.strip()):
        yield Aside("year", "", start + first.start(), start + first.end())


def _names(inner: str, start: int) -> Iterator[Aside]:
    for found in _ALSO.finditer(inner):
        if parse_date(found["name"]) or (_BORN.match(found[0]) and re.search(r"\d", found["name"])):
            continue
        yield Aside(_alias_kind(found["kind"]), "", start + found.start("name"), start + found.end("name"))
    if not inner.isascii():
        for found in _FOREIGN.finditer(inner):
            name = found["name"].strip()
            if name and name[0].isalpha() and detect_language(name) not in ("en", "und") and not _latin(name):
                yield Aside(
                    "native", "", start + found.start("name"), start + found.start("name") + len(name)
                )
                return


def _latin(name: str) -> bool:
    return all(ord(c) < 0x250 for c in name if c.isalpha())


def _alias_kind(words: str) -> str:
    if words.startswith(("formerly", "previously", "originally", "born", "née", "nee")):
        return "former"
    if words.startswith(("abbreviated", "short")):
        return "acronym"
    return "aka"
