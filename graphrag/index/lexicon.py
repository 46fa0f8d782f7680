"""Distinct words as they are written, each with a row and with what search knows of it.

Texts and names are kept as runs of rows in one lexicon, so a word is folded, stemmed and hashed once
however often it stands anywhere, and everything counted over words is counted over integers.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graphrag.index.arrays import Strings, join_rows, strings_of, take_rows
from graphrag.index.names import is_capital
from graphrag.index.terms import STOPWORDS, fold, surfaces, term_of, tokens, without_possessives, word_hash


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words in order of their code points.

    Attributes:
        words: As written.
        fold_hash: (n,) hash of the folded word.
        term_hash: (n,) hash of its search term; 0 for a stop word.
        capital: (n,) whether it may start a name.
        stop: (n,) whether it is nothing but a word such as "the".
    """

    words: Strings
    fold_hash: NDArray[np.uint64]
    term_hash: NDArray[np.uint64]
    capital: NDArray[np.bool_]
    stop: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.words)


def lexicon_of(words: Iterable[str]) -> Lexicon:
    """A lexicon of distinct sorted words."""
    listed = list(words)
    count = len(listed)
    folds = [fold(word) for word in listed]
    terms = [term_of(word) for word in listed]
    return Lexicon(
        strings_of(listed),
        np.fromiter(map(word_hash, folds), dtype=np.uint64, count=count),
        np.fromiter((word_hash(term) if term else 0 for term in terms), dtype=np.uint64, count=count),
        np.fromiter(map(is_capital, listed), dtype=np.bool_, count=count),
        np.fromiter((word in STOPWORDS for word in folds), dtype=np.bool_, count=count),
    )


class WordRows:
    """Gives words provisional rows as they come; `close` puts them in order.

    Args:
        known: Words to begin with, rows 0 to n - 1.
    """

    def __init__(self, known: Lexicon | None = None) -> None:
        self._known = known or lexicon_of(())
        self._rows = {word: row for row, word in enumerate(self._known.words.all())}

    def of(self, text: str) -> list[int]:
        """Rows of the words of a text."""
        rows = self._rows
        return [rows.setdefault(word, len(rows)) for word in surfaces(text)]

    def placed(self, text: str, offset: int) -> list[int]:
        """Row and start (plus `offset`) of each word of a text, end to end."""
        rows = self._rows
        flat: list[int] = []
        for start, _, word in without_possessives(tokens(text), text):
            flat += (rows.setdefault(word, len(rows)), offset + start)
        return flat

    def close(self, used: NDArray[np.bool_]) -> tuple[Lexicon, NDArray[np.int32]]:
        """The words that are used, in order, and the final row of each provisional one (-1: unused)."""
        words = list(self._rows)
        old = len(self._known)
        kept = np.flatnonzero(used[:old])
        new = sorted((words[row], row) for row in (np.flatnonzero(used[old:]) + old).tolist())
        provisional = [*kept.tolist(), *(row for _, row in new)]
        # Two sorted runs: Python's sort merges them in linear time.
        order = sorted(range(len(provisional)), key=lambda at: words[provisional[at]])
        merged = join_rows(take_rows(self._known, kept), lexicon_of(word for word, _ in new))
        final = np.full(len(words), -1, dtype=np.int32)
        final[np.array(provisional, dtype=np.int64)[order]] = np.arange(len(order))
        return take_rows(merged, np.array(order, dtype=np.int64)), final

    def __len__(self) -> int:
        return len(self._rows)
