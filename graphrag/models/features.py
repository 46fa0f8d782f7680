"""What the network sees of a token: a known word or not, affixes, shape, usual capitalisation, line breaks.

With a few hundred thousand training words, half of the work is reading words never seen in training. A word
seen there less than twice is one shared "unknown" entry; affixes, shape and the way the word is usually
written carry the rest. Everything is computed from the token's characters, so two equal texts give equal
columns on any machine.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEATURES = (
    "word",
    "prefix1",
    "prefix2",
    "prefix3",
    "suffix1",
    "suffix2",
    "suffix3",
    "suffix4",
    "shape",
    "casing",
)
"""Columns of a token, in order: the known word by its row, the others hashed into tables."""

CASINGS = 7 * 3 * 4
"""Distinct values of the last column: usual casing x written casing x what stands before the token."""

NOTHING, OPENER, NEWLINE, PARAGRAPH = 0, 1, 2, 3
"""What stands before a token: another word, an opening or closing mark, a line break, an empty line."""

_STRAIGHT = str.maketrans("’‘“”–—", "''\"\"--")
_DIGITS = re.compile(r"\d")
_CACHE_LIMIT = 200_000


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words training has seen at least twice.

    Attributes:
        index: Normal form -> row of the word table, from 1; row 0 is the unknown word.
        casing: Usual casing of each row, 0 to 6 (see `casing_class`).
        rows: Rows of each hashed table, in the order of `FEATURES[1:-1]`.
    """

    index: Mapping[str, int]
    casing: Sequence[int]
    rows: Sequence[int]


class Featurizer:
    """Turns words into columns, remembering each form it has met."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._forget()

    def columns(self, words: Sequence[str], breaks: Sequence[int] | NDArray[np.int32]) -> NDArray[np.int32]:
        """Describe the words of one text.

        Args:
            words: Tokens without white space tokens.
            breaks: For each token 0, or `NEWLINE` or `PARAGRAPH` if a line or paragraph ends before it.

        Returns:
            (n, len(FEATURES)) rows of the tables.
        """
        if len(self._places) > _CACHE_LIMIT:
            self._forget()
        places = self._places
        for word in words:
            if word not in places:
                self._add(word)
        table = self._table[[places[word] for word in words]].reshape(-1, len(FEATURES) + 1)
        before = np.array(breaks, dtype=np.int32)
        if len(before):
            before[0] = PARAGRAPH
            before[1:] = np.maximum(before[1:], table[:-1, -1])
        table[:, -2] = table[:, -2] * 4 + before
        return table[:, :-1]

    def _forget(self) -> None:
        self._places: dict[str, int] = {}
        self._table = np.zeros((1024, len(FEATURES) + 1), dtype=np.int32)

    def _add(self, word: str) -> None:
        place = len(self._places)
        if place == len(self._table):
            self._table = np.concatenate([self._table, np.zeros_like(self._table)])
        self._table[place] = self.describe(word)
        self._places[word] = place

    def describe(self, word: str) -> tuple[int, ...]:
        """Describe a word by itself.

        Returns:
            Its columns, the last one (casing) before what stands before it is added; then what it is to the
            next word, `OPENER` or `NOTHING`.
        """
        lower = normal_form(word)
        row = self.vocabulary.index.get(lower, 0)
        usual = self.vocabulary.casing[row] if row else 0
        written = (
            0 if word == word.lower() else 1 if word[:1].isupper() and word[1:] == word[1:].lower() else 2
        )
        strings = (
            word[:1], lower[:2], lower[:3], lower[-1:], lower[-2:], word[-3:], lower[-4:], shape(word),
        )  # fmt: skip
        hashed = [
            zlib.crc32(string.encode("utf-8", "surrogatepass")) % rows
            for string, rows in zip(strings, self.vocabulary.rows, strict=True)
        ]
        opens = OPENER if not any(map(str.isalnum, word)) else NOTHING
        return (row, *hashed, usual * 3 + written, opens)


def normal_form(word: str) -> str:
    """Lower-case, straighten quotes and dashes, and hide digits."""
    return _DIGITS.sub("0", word.translate(_STRAIGHT).lower())


def shape(word: str) -> str:
    """Describe the characters: `Xxxx` for Paris, `dddd` for 1987; runs are cut at four."""
    found: list[str] = []
    run = 0
    for character in word:
        kind = (
            "X"
            if character.isupper()
            else "x"
            if character.isalpha()
            else "d"
            if character.isdigit()
            else character
        )
        run = run + 1 if found and found[-1] == kind else 1
        if run <= 4:
            found.append(kind)
    return "".join(found)


def casing_class(capitalised: int, lower: int) -> int:
    """Bucket how a form is written inside sentences: 1 too rare to say, 2 never capitalised, ... 6 always."""
    total = capitalised + lower
    if total < 2:
        return 1
    share = capitalised / total
    if share in (0.0, 1.0):
        return 2 if share == 0.0 else 6
    return 3 if share < 0.2 else 4 if share < 0.8 else 5
