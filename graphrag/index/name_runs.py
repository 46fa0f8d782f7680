"""Names as runs of words of a lexicon: their hashes and flags, all at once."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from graphrag.index.arrays import Ragged
from graphrag.index.lexicon import Lexicon
from graphrag.index.names import LITERAL, LONGEST_NAME, name_flags
from graphrag.index.terms import run_hashes

END = -1
"""Stands behind the words of each name in a row of names."""

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class NameRuns:
    """Names, parallel arrays; those of no word are left out.

    Attributes:
        owner: The row that the name stood in.
        hashes, flags: As in a `NameTable`.
        lengths: In words.
        words: Lexicon rows of all words, end to end.
    """

    owner: Rows
    hashes: NDArray[np.uint64]
    flags: NDArray[np.uint8]
    lengths: Rows
    words: Rows

    def joined(self, *others: Self) -> Self:
        """These names and those of others, in order."""
        parts = (self, *others)
        columns = (np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(self))
        return type(self)(*columns)

    def short(self) -> Self:
        """Without the names that are too long to be looked up."""
        kept = self.lengths <= LONGEST_NAME
        words = self.words[np.repeat(kept, self.lengths)]
        return type(self)(self.owner[kept], self.hashes[kept], self.flags[kept], self.lengths[kept], words)

    def first(self, lexicon: Lexicon) -> NDArray[np.uint16]:
        """(words of the lexicon,) bit L - 1 is set where a name of L words begins with the word."""
        return self._lengths_at(np.cumsum(self.lengths) - self.lengths, lexicon)

    def last(self, lexicon: Lexicon) -> NDArray[np.uint16]:
        """As `first`, for the words that names end with."""
        return self._lengths_at(np.cumsum(self.lengths) - 1, lexicon)

    def _lengths_at(self, places: Rows, lexicon: Lexicon) -> NDArray[np.uint16]:
        _, folded = np.unique(lexicon.fold_hash, return_inverse=True)
        bits = np.zeros(len(lexicon) + 1, dtype=np.uint16)
        length_bits = np.left_shift(np.uint16(1), (self.lengths - 1).astype(np.uint16))
        np.bitwise_or.at(bits, folded[self.words[places]], length_bits)
        return bits[folded]


def name_runs(rows: Ragged, lexicon: Lexicon, literal: NDArray[np.bool_]) -> NameRuns:
    """The names in rows of names.

    Args:
        literal: (rows,) whether the names of a row name a value.
    """
    ends = np.flatnonzero(rows.values == END)
    lengths = np.diff(ends, prepend=-1) - 1
    owner = np.searchsorted(rows.start, ends, side="right") - 1
    words = rows.values[rows.values != END].astype(np.int64)
    owner, lengths = owner[lengths > 0], lengths[lengths > 0]
    flags = name_flags(lexicon.capital[words], lexicon.stop[words], lengths)
    flags |= (literal[owner] * LITERAL).astype(np.uint8)
    return NameRuns(owner, run_hashes(lexicon.fold_hash[words], lengths), flags, lengths, words)
