"""The corpus as one run of words, in arrays: what names are looked for in and terms are counted in."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graphrag.index.content import ChunkTable
from graphrag.index.lexicon import Lexicon

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Words:
    """Every word of the corpus in order, as parallel arrays.

    Attributes:
        row: Its row in the lexicon.
        chunk, sentence: Rows; sentence is -1 in a title.
        start: In the document; -1 in a title.
        place: Number in its chunk's text, from 0; a title's words count from 0 too.
        breaks: Whether it ends a sentence, or a title.
    """

    row: Rows
    chunk: Rows
    sentence: Rows
    start: Rows
    place: Rows
    breaks: NDArray[np.bool_]

    def at(self, chunk: Rows, start: Rows) -> Rows:
        """Number of the word that starts at or last before `start` in the text of `chunk`."""
        if not len(chunk) or not len(self.start):
            return np.zeros(len(chunk), dtype=np.int64)
        scale = int(max(self.start.max(), start.max())) + 2
        keys = self.chunk * scale + self.start + 1
        row = np.maximum(np.searchsorted(keys, chunk * scale + start + 1, side="right") - 1, 0)
        return np.where((self.chunk[row] == chunk) & (self.sentence[row] >= 0), self.place[row], 0)


def words_of(chunks: ChunkTable) -> Words:
    """The words of all chunks."""
    row, start = (chunks.words.values[:, column].astype(np.int64) for column in (0, 1))
    chunk = np.repeat(np.arange(len(chunks.ids)), np.diff(chunks.words.start))
    sentence = np.where(start < 0, -1, sentences_at(chunks, chunk, start, ended=True))
    # Texts hold no word outside their sentences, so a word without one stands in a title.
    unit = np.where(sentence < 0, -1 - chunk, sentence)
    breaks = np.append(unit[1:] != unit[:-1], True)[: len(unit)]
    part = chunk * 2 + (start >= 0)
    first = np.flatnonzero(np.diff(part, prepend=-1))
    place = np.arange(len(part)) - np.repeat(first, np.diff(np.append(first, len(part))))
    return Words(row, chunk, sentence, start, place, breaks)


def sentences_at(chunks: ChunkTable, chunk: Rows, start: Rows, *, ended: bool = False) -> Rows:
    """Row of the sentence of `chunk` that holds the character `start`; -1 if none.

    Args:
        ended: Take the first sentence that ends behind `start`, rather than the last that begins
            at or before it.
    """
    spans = chunks.spans.values
    if not len(chunk) or not len(spans):
        return np.full(len(chunk), -1, dtype=np.int64)
    owner = np.repeat(np.arange(len(chunks.ids)), np.diff(chunks.spans.start))
    scale = int(max(spans.max(), start.max())) + 2
    keys = owner * scale + spans[:, int(ended)]
    row = np.searchsorted(keys, chunk * scale + start, side="right") - (not ended)
    row = np.clip(row, 0, len(spans) - 1)
    return np.where(owner[row] == chunk, row, -1)


def spelling_of_terms(words: Words, lexicon: Lexicon, terms: NDArray[np.uint64]) -> Rows:
    """Lexicon row of the most frequent spelling (the first of equals) of each sorted search term."""
    uses = np.bincount(words.row, minlength=len(lexicon))
    rows = np.flatnonzero((uses > 0) & np.isin(lexicon.term_hash, terms))
    order = np.lexsort((rows, -uses[rows], lexicon.term_hash[rows]))
    hashes = lexicon.term_hash[rows[order]]
    return rows[order][np.searchsorted(hashes, terms)]
