"""Patterns of values: regular expressions that no text can make slow.

A pattern is matched against what documents hold, and Python's matcher tries every way to divide a text
among repeats. So a repeat or a choice inside a repeat (exponential time) and many open repeats (a high
power of the length) are refused, and longer texts than `MAX_LENGTH` match no pattern.
"""

from __future__ import annotations

import re

MAX_LENGTH = 100
MAX_PATTERN = 500
MAX_OPEN_REPEATS = 4
# A repeat up to this often is not open: "[0-9]{1,5}".
_SMALL = 20
_REPEAT = re.compile(r"[*+?]|\{(\d*)(,?)(\d*)\}")


def fault_of(pattern: str) -> str | None:
    """What is wrong with a pattern, for its author; None if it can be used."""
    if len(pattern) > MAX_PATTERN:
        return f"the pattern has {len(pattern)} characters; at most {MAX_PATTERN} are allowed"
    if re.search(r"\\[1-9]|\(\?P=|\(\?\(", pattern):
        return "back-references are not allowed in a pattern"
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return f"not a regular expression: {error}"
    return _slowness(pattern)


def _slowness(pattern: str) -> str | None:
    groups = [False]  # whether a group, from the outermost in, holds a repeat or a choice
    closed = False  # whether a group that does was closed just now
    repeats = position = 0
    while position < len(pattern):
        rest = pattern[position:]
        match = _REPEAT.match(rest)
        if match is not None and position and pattern[position - 1] not in "(|":
            mark, low, comma, high = match[0], match[1], match[2], match[3]
            is_open = mark in "*+" or (comma and int(high or _SMALL + 1) > _SMALL)
            is_fixed = mark[0] == "{" and not comma
            repeats += bool(is_open)
            if closed and (is_open or comma or (is_fixed and int(low or 0) > 1)):
                return "a repeat or a choice inside a repeat is not allowed in a pattern"
            groups[-1] = groups[-1] or not is_fixed
            closed = False
            # What may follow a repeat and is part of it: lazy or possessive.
            position += len(mark) + (rest[len(mark) : len(mark) + 1] in ("?", "+"))
            continue
        closed = False
        if rest[0] == "(":
            groups.append(False)
        elif rest[0] == ")" and len(groups) > 1:
            closed = groups.pop()
            groups[-1] = groups[-1] or closed
        elif rest[0] == "|":
            groups[-1] = True
        position += 2 if rest[0] == "\\" else _class_length(rest) if rest[0] == "[" else 1
    if repeats > MAX_OPEN_REPEATS:
        return f"at most {MAX_OPEN_REPEATS} repeats of more than {_SMALL} are allowed in a pattern"
    return None


def _class_length(text: str) -> int:
    """Length of the character class that a text starts with."""
    end = 2 if text[1:2] == "^" else 1
    end += text[end : end + 1] == "]"
    while end < len(text) and text[end] != "]":
        end += 2 if text[end] == "\\" else 1
    return end + 1
