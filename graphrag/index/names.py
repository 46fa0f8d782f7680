"""Names as arrays: exact look-up by hash, look-up by characters, and names found in running text."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graphrag.index.terms import ngram_hashes

LONGEST_NAME = 16
"""Names of more words than this are linked by their meaning only, never by look-up."""

CASED = 1
"""The name is written with a capital (or a digit, or in a script without case)."""
SINGLE = 2
"""The name is one word."""
STOP = 4
"""The name is nothing but words such as "the" and "it"."""
LITERAL = 8
"""The name of a value (a date, a number)."""
TITLE_ONLY = 16
"""Flag of an entity that only the index knows: a title for which the knowledge base has no entity."""

_SYMBOL_PRIME = np.uint64(0x100000001B3)
_SHORTEST_CORRECTED = 4

Hashes = NDArray[np.uint64]
Rows = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class NameTable:
    """Every name with the entity it names, sorted by hash; one hash may stand in several rows.

    Attributes:
        hashes: (n,) of the folded words.
        entities: (n,) entity rows.
        flags: (n,) sum of CASED, SINGLE, STOP, LITERAL.
    """

    hashes: Hashes
    entities: Rows
    flags: NDArray[np.uint8]

    def find(self, hashes: Hashes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """First row and one past the last of each hash; an empty range where it is no name."""
        return (
            np.searchsorted(self.hashes, hashes, side="left"),
            np.searchsorted(self.hashes, hashes, side="right"),
        )


def name_table(hashes: Hashes, entities: Rows, flags: NDArray[np.uint8]) -> NameTable:
    """Sort names into a table; of equal (hash, entity) rows one stays."""
    # Things before values of the same name: who looks at the first row sees a thing if there is one.
    order = np.lexsort((flags, entities, (flags & LITERAL) != 0, hashes))
    by_hash, by_entity, by_flags = hashes[order], entities[order], flags[order]
    if len(order):
        # Of equal rows the last one stays: CASED is the higher flag of two spellings.
        last = np.append((by_hash[1:] != by_hash[:-1]) | (by_entity[1:] != by_entity[:-1]), True)
        by_hash, by_entity, by_flags = by_hash[last], by_entity[last], by_flags[last]
    return NameTable(by_hash, by_entity, by_flags)


def name_flags(
    capital: NDArray[np.bool_],
    stop: NDArray[np.bool_],
    lengths: NDArray[np.int64],
) -> NDArray[np.uint8]:
    """Flags of names that lie end to end, LITERAL apart.

    Args:
        capital: (words,) whether a word may start a name.
        stop: (words,) whether it is a stop word.
        lengths: (names,) in words, at least 1.
    """
    if not len(lengths):
        return np.empty(0, dtype=np.uint8)
    first = np.cumsum(lengths) - lengths
    places = np.where(stop, len(stop), np.arange(len(stop)))
    meaning = np.minimum.reduceat(places, first)  # first word that is no stop word
    nothing = meaning >= first + lengths
    meaning = np.where(nothing, first, meaning)
    flags: NDArray[np.int64] = (
        CASED * (capital[first] & capital[meaning]) + SINGLE * (lengths == 1) + STOP * nothing
    )
    return flags.astype(np.uint8)


def match_names(
    hashes: Hashes,
    capital: NDArray[np.bool_],
    breaks: NDArray[np.bool_],
    table: NameTable,
    *,
    begins: NDArray[np.uint16] | None = None,
    ends: NDArray[np.uint16] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Find names in a run of words: the longest at each place, from left to right, never overlapping.

    A name written with a capital matches only words that start with one.

    Args:
        hashes: (n,) hashes of the folded words.
        capital: (n,) whether a word is capitalised, starts with a digit or knows no case.
        breaks: (n,) whether a name may not run on from this word to the next (end of a sentence).
        begins, ends: (n,) bit L - 1 is set where a name of L words may begin (end) with this word;
            spares the look-up of all other runs.

    Returns:
        First words, lengths, and rows of `table`; a name of several entities stands once for each.
        O(words · LONGEST_NAME · log names), all in numpy.
    """
    count = len(hashes)
    best_length = np.zeros(count, dtype=np.int64)
    best_row = np.zeros(count, dtype=np.int64)
    if not count or not len(table.hashes):
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64)
    distance = _distance_to_break(breaks)
    for length, runs in enumerate(ngram_hashes(hashes, LONGEST_NAME), start=1):
        possible = distance[: len(runs)] >= length
        for mask, shift in ((begins, 0), (ends, length - 1)):
            if mask is not None:
                possible &= (mask[shift : shift + len(runs)] >> np.uint16(length - 1)) & np.uint16(1) != 0
        starts = np.flatnonzero(possible)
        rows = np.searchsorted(table.hashes, runs[starts])
        found = rows < len(table.hashes)
        found[found] = table.hashes[rows[found]] == runs[starts[found]]
        starts, rows = starts[found], rows[found]
        flags = table.flags[rows]
        cased = (flags & CASED) != 0
        good = ((flags & LITERAL) == 0) & ((flags & STOP) == 0) & (capital[starts] | ~cased)
        best_length[starts[good]] = length
        best_row[starts[good]] = rows[good]
    starts = np.flatnonzero(best_length)
    kept = _leftmost(starts, best_length[starts])
    return _all_rows(kept, best_length[kept], best_row[kept], table)


@dataclass(frozen=True, slots=True)
class Spelling:
    """Words of names by the words that differ from them in one place (symmetric deletion).

    Two words at optimal-string-alignment distance 1 (one character more, less, other, or two
    swapped) share a form with one character deleted; so each word stands under all its deletions.

    Attributes:
        keys: (m,) sorted hashes of the forms.
        words: (m,) row of the word in the sorted list of name words.
    """

    keys: Hashes
    words: Rows

    def candidates(self, word: str) -> NDArray[np.int64]:
        """Rows of the words that may be at distance 1, sorted; the caller checks the distance."""
        keys = np.unique(_deletions([word]))
        low = np.searchsorted(self.keys, keys, side="left")
        high = np.searchsorted(self.keys, keys, side="right")
        found = [self.words[a:b] for a, b in zip(low.tolist(), high.tolist(), strict=True) if b > a]
        return np.unique(np.concatenate(found)).astype(np.int64) if found else np.empty(0, np.int64)


def build_spelling(words: Sequence[str]) -> Spelling:
    """Index folded words of at least four characters by their deletions."""
    keys: list[Hashes] = []
    rows: list[NDArray[np.int64]] = []
    by_length: dict[int, list[int]] = {}
    for row, word in enumerate(words):
        if len(word) >= _SHORTEST_CORRECTED:
            by_length.setdefault(len(word), []).append(row)
    for length in sorted(by_length):
        group = np.array(by_length[length], dtype=np.int64)
        keys.append(_deletions([words[row] for row in group]))
        rows.append(np.tile(group, length + 1))
    if not keys:
        return Spelling(np.empty(0, np.uint64), np.empty(0, np.int32))
    all_keys, all_rows = np.concatenate(keys), np.concatenate(rows)
    order = np.lexsort((all_rows, all_keys))
    return Spelling(all_keys[order], all_rows[order].astype(np.int32))


def is_capital(surface: str) -> bool:
    """Whether a word could start a name: it has a capital, starts with a digit, or knows no case."""
    return surface[0].upper() == surface[0] or surface.lower() != surface


def _deletions(words: Sequence[str]) -> Hashes:
    """Hashes of the words (equally long) and of each form with one character left out: (1 + L) * n."""
    length = len(words[0])
    points = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    codes = points.reshape(-1, length).astype(np.uint64)
    with np.errstate(over="ignore"):
        powers = _SYMBOL_PRIME ** np.arange(length, dtype=np.uint64)
        salt = np.uint64(0x9E3779B97F4A7C15)
        # The length takes part, so that a word and a longer one's deletion agree only if they are equal.
        forms = [((codes + salt) * powers).sum(axis=1, dtype=np.uint64) + np.uint64(length)]
        for place in range(length):
            rest = np.delete(codes, place, axis=1)
            forms.append(((rest + salt) * powers[:-1]).sum(axis=1, dtype=np.uint64) + np.uint64(length - 1))
    return np.concatenate(forms)


def _distance_to_break(breaks: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many words run from each place to the next break, itself included."""
    count = len(breaks)
    places = np.where(breaks, np.arange(count), count - 1)
    following = np.minimum.accumulate(places[::-1])[::-1]
    distances: NDArray[np.int64] = following - np.arange(count) + 1
    return distances


def _leftmost(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Those starts that the matches before them leave free."""
    kept: list[int] = []
    free_from = 0
    for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
        if start >= free_from:
            kept.append(start)
            free_from = start + length
    return np.array(kept, dtype=np.int64)


def _all_rows(
    starts: NDArray[np.int64], lengths: NDArray[np.int64], rows: NDArray[np.int64], table: NameTable
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    ends = np.searchsorted(table.hashes, table.hashes[rows], side="right")
    counts = ends - rows
    offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(starts, counts), np.repeat(lengths, counts), np.repeat(rows, counts) + offsets
