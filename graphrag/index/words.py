"""The corpus as one run of words, in arrays: what names are looked for in and terms are counted in."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from graphrag.index.names import is_capital
from graphrag.index.terms import fold, term_of, tokens, without_possessives, word_hash


class Words:
    """Every word of the corpus in order, as parallel arrays; a word's facts are kept once per spelling.

    Attributes (after `close`), one entry per word:
        fold_hash: Hash of the folded word.
        term_hash: Hash of its search term; 0 for a stop word.
        capital: Whether it may start a name.
        breaks: Whether it ends a sentence.
        chunk, sentence: Rows; sentence is -1 in a title.
        place: Number in its chunk's text, from 0; a title's words count from 0 too.
    """

    def __init__(self) -> None:
        self._spelling: dict[str, int] = {}
        self._rows: list[int] = []
        self._lengths: list[int] = []
        self._chunks: list[int] = []
        self._sentences: list[int] = []
        self._starts: list[int] = []

    def add(
        self, chunk: int, title: str, text: str, offset: int, sentences: Sequence[tuple[int, int]], first: int
    ) -> None:
        known = self._spelling
        if title:
            found = without_possessives(tokens(title), title)
            self._append(chunk, -1, [known.setdefault(word, len(known)) for _, _, word in found])
            self._starts.extend([-1] * len(found))
        found = without_possessives(tokens(text), text)
        at = 0
        for row, (_, end) in enumerate(sentences, start=first):
            spellings: list[int] = []
            while at < len(found) and found[at][0] < end:
                spellings.append(known.setdefault(found[at][2], len(known)))
                self._starts.append(offset + found[at][0])
                at += 1
            self._append(chunk, row, spellings)

    def _append(self, chunk: int, sentence: int, spellings: list[int]) -> None:
        if spellings:
            self._rows.extend(spellings)
            self._lengths.append(len(spellings))
            self._chunks.append(chunk)
            self._sentences.append(sentence)

    def close(self) -> None:
        spellings = list(self._spelling)
        rows = np.array(self._rows, dtype=np.int64)
        lengths = np.array(self._lengths, dtype=np.int64)
        terms = [term_of(word) for word in spellings]
        hashes = np.array([word_hash(fold(word)) for word in spellings], dtype=np.uint64)
        term_hashes = np.array([word_hash(term) if term else 0 for term in terms], dtype=np.uint64)
        capitals = np.array([is_capital(word) for word in spellings], dtype=np.bool_)
        self._term_of_spelling = term_hashes
        self._uses = np.bincount(rows, minlength=len(spellings))
        self.fold_hash = hashes[rows] if len(rows) else hashes
        self.term_hash = term_hashes[rows] if len(rows) else term_hashes
        self.capital = capitals[rows] if len(rows) else capitals
        self.breaks = np.zeros(len(rows), dtype=np.bool_)
        ends = np.cumsum(lengths)
        self.breaks[ends - 1] = True
        self.chunk = np.repeat(np.array(self._chunks, dtype=np.int64), lengths)
        self.sentence = np.repeat(np.array(self._sentences, dtype=np.int64), lengths)
        self.start = np.array(self._starts, dtype=np.int64)
        self.place = self._places()

    def spelling_of_terms(self) -> dict[int, str]:
        """The most frequent spelling (folded; of equals the first) of each search term, by hash."""
        best: dict[int, tuple[int, str]] = {}
        for spelling, term, uses in zip(
            self._spelling, self._term_of_spelling.tolist(), self._uses.tolist(), strict=True
        ):
            if term:
                rival = (-uses, fold(spelling))
                if term not in best or rival < best[term]:
                    best[term] = rival
        return {term: spelling for term, (_, spelling) in best.items()}

    def _places(self) -> NDArray[np.int64]:
        group_key = self.chunk * 2 + (self.sentence >= 0)
        changes = np.flatnonzero(np.diff(group_key, prepend=-1))
        sizes = np.diff(np.append(changes, len(group_key)))
        places: NDArray[np.int64] = np.arange(len(group_key)) - np.repeat(changes, sizes)
        return places

    def place_of(self, chunk: NDArray[np.int64], start: NDArray[np.int64]) -> NDArray[np.int64]:
        """Number of the word that starts at or last before `start` in `chunk`."""
        if not len(chunk) or not len(self.start):
            return np.zeros(len(chunk), dtype=np.int64)
        scale = int(max(self.start.max(), start.max())) + 2
        keys = self.chunk * scale + self.start + 1
        row = np.maximum(np.searchsorted(keys, chunk * scale + start + 1, side="right") - 1, 0)
        return np.where((self.chunk[row] == chunk) & (self.sentence[row] >= 0), self.place[row], 0)
