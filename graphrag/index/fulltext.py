"""BM25 over a collection of texts: exact under any changes, mapped from disk, one array add a word."""

import json
import re
import shutil
import unicodedata
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphrag.errors import ConfigError, StoreDamagedError, StoreError
from graphrag.index.arrays import Strings, write_strings
from graphrag.index.terms import STOPWORDS, stem

_VERSION = 1
_SYLLABIC = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
_WORD = re.compile(rf"[{_SYLLABIC}]+|[^\W_{_SYLLABIC}]+")

Rows = NDArray[np.int64]
Floats = NDArray[np.float32]


def analyze(text: str) -> list[str]:
    """Terms of a text, in order: words in lower case, without accents and English endings.

    Words too common to tell texts apart are left out. Runs of Han, kana and Hangul, which have no
    blanks or glue particles on, give overlapping pairs of characters.
    """
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text.casefold())
        # Composed again, or Hangul would stay in its letters.
        text = unicodedata.normalize("NFC", "".join(c for c in decomposed if not unicodedata.combining(c)))
    terms: list[str] = []
    for word in _WORD.findall(text.lower()):
        if word.isascii() or not "\u3040" <= word[0] <= "\ud7a3":
            if term := _term(word):
                terms.append(term)
        elif len(word) == 1:
            terms.append(word)
        else:
            terms.extend(word[at : at + 2] for at in range(len(word) - 1))
    return terms


class BM25Index:
    """Keyword search; see `interfaces.LexicalIndex`.

    Changes collect until the next search, which lays out the postings anew, O(postings): so the
    result equals that of a fresh index whatever the history. A query costs the postings of its
    words, plus one float for each text. A word that comes twice in a query counts twice.

    Rows (see `search_rows`) are the places of the ids in order of insertion, removed ones left out.

    Args:
        k1: How fast repeating a word stops to count, at least 0.
        b: How much long texts are held back, in [0, 1].
        analyze: Text to terms; the same for texts and queries.

    References:
        Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, with
        the idf of Lucene, ln(1 + (N - n + 0.5) / (n + 0.5)), which is never negative.
    """

    def __init__(
        self, *, k1: float = 1.2, b: float = 0.75, analyze: Callable[[str], list[str]] = analyze
    ) -> None:
        if k1 < 0 or not 0 <= b <= 1:
            raise ConfigError(f"BM25 needs k1 of at least 0 and b in [0, 1], not {k1} and {b}")
        self.k1 = k1
        self.b = b
        self._analyze = analyze
        self._texts: _Texts | None = _Texts()  # None while a loaded index is unchanged
        self._built: _Postings | None = None

    def __len__(self) -> int:
        return len(self._texts) if self._texts is not None else self._postings.size

    def add(self, ids: Sequence[str], texts: Sequence[str]) -> None:
        """Insert, or replace where the id is known (its row is then the last)."""
        store = self._changing()
        for name, text in zip(ids, texts, strict=True):
            store.add(name, self._analyze(text))

    def remove(self, ids: Iterable[str]) -> None:
        """Delete; unknown ids are ignored."""
        store = self._changing()
        for name in ids:
            store.remove(name)

    def scores(self, query: str) -> Floats:
        """(n,) score of every text, by row; 0 where no word is shared."""
        return self._postings.scores(Counter(self._analyze(query)))

    def search_rows(self, query: str, k: int) -> tuple[Rows, Floats]:
        """Rows and scores of the best k texts that share a word with the query; ties by row."""
        scores = self.scores(query)
        rows = _best(scores, k)
        order = np.lexsort((rows, -scores[rows]))[: max(0, k)]
        return rows[order], scores[rows[order]]

    def search(self, queries: Sequence[str], k: int) -> tuple[list[list[str]], list[list[float]]]:
        """See `interfaces.LexicalIndex`."""
        found: list[list[str]] = []
        values: list[list[float]] = []
        for query in queries:
            scores = self.scores(query)
            rows = _best(scores, k)
            pairs = sorted((-float(scores[row]), self.name(int(row))) for row in rows)[: max(0, k)]
            found.append([name for _, name in pairs])
            values.append([-score for score, _ in pairs])
        return found, values

    def name(self, row: int) -> str:
        """Id of a row that `search_rows` gave."""
        return self._postings.names[row]

    def save(self, path: Path) -> None:
        """Write a folder, beside and renamed into place.

        Raises:
            StoreError: If it cannot be written.
        """
        partial, old = path.with_name(path.name + ".partial"), path.with_name(path.name + ".old")
        try:
            for leftover in (partial, old):
                shutil.rmtree(leftover, ignore_errors=True)
            partial.mkdir(parents=True)
            self._postings.write(partial, {"version": _VERSION, "k1": self.k1, "b": self.b})
            if path.exists():
                path.rename(old)
            partial.rename(path)
            shutil.rmtree(old, ignore_errors=True)
        except OSError as error:
            raise StoreError(
                f'cannot write the full-text index "{path}": {error.strerror or error}'
            ) from error

    def load(self, path: Path) -> None:
        """Open a saved index: postings are mapped, not read.

        Raises:
            StoreDamagedError: If it is absent, cut, of another version or made with other settings.
        """
        self._texts, self._built = _Texts(), None
        try:
            built = _Postings.read(path, {"version": _VERSION, "k1": self.k1, "b": self.b})
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
            raise StoreDamagedError(
                f'full-text index "{path}" cannot be read: {error}; rebuild it'
            ) from error
        self._texts, self._built = None, built

    @property
    def _postings(self) -> "_Postings":
        if self._built is None:
            assert self._texts is not None
            self._built = _Postings.build(self._texts, self.k1, self.b)
        return self._built

    def _changing(self) -> "_Texts":
        """The texts' terms, taken out of the postings if need be; the postings no longer hold."""
        if self._texts is None:
            self._texts = self._postings.texts()
        self._built = None
        return self._texts


class _Texts:
    """Terms of each text, with counts, in flat arrays; removed ones stay until the next layout."""

    def __init__(self) -> None:
        self.vocabulary: dict[str, int] = {}
        self.rows: dict[str, int] = {}
        self.names: list[str] = []
        self.starts = array("q", [0])
        self.terms = array("i")
        self.counts = array("i")
        self.lengths = array("q")

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, name: str, terms: Sequence[str]) -> None:
        self.rows.pop(name, None)
        self.rows[name] = len(self.names)
        self.names.append(name)
        for term, count in Counter(terms).items():
            self.terms.append(self.vocabulary.setdefault(term, len(self.vocabulary)))
            self.counts.append(count)
        self.starts.append(len(self.terms))
        self.lengths.append(len(terms))

    def remove(self, name: str) -> None:
        self.rows.pop(name, None)


@dataclass(frozen=True, slots=True)
class _Postings:
    """Texts by term: those of term t, in order of row, lie at indptr[t] to indptr[t + 1].

    Attributes:
        names: Ids by row.
        terms: Sorted.
        rows: (p,) int32.
        counts: (p,) int32, how often the term stands in the text.
        weights: (p,) float32, what the term adds to the text's score.
        lengths: (n,) int64, terms in each text.
    """

    names: Sequence[str] | Strings
    terms: Sequence[str] | Strings
    indptr: NDArray[np.int64]
    rows: NDArray[np.int32]
    counts: NDArray[np.int32]
    weights: Floats
    lengths: NDArray[np.int64]

    @property
    def size(self) -> int:
        return len(self.lengths)

    @classmethod
    def build(cls, texts: _Texts, k1: float, b: float) -> "_Postings":
        alive = np.array(sorted(texts.rows.values()), dtype=np.int64)
        row_of = np.full(len(texts.names), -1, dtype=np.int64)
        row_of[alive] = np.arange(len(alive))
        row = np.repeat(row_of, np.diff(np.array(texts.starts)))
        kept = row >= 0
        row, term, count = row[kept], np.array(texts.terms)[kept], np.array(texts.counts)[kept]
        used = np.unique(term)
        spelled = list(texts.vocabulary)  # in order of number
        terms = sorted(spelled[number] for number in used.tolist())
        renumbered = np.zeros(len(spelled), dtype=np.int64)
        renumbered[[texts.vocabulary[word] for word in terms]] = np.arange(len(terms))
        term = renumbered[term]
        order = np.lexsort((row, term))
        row, term, count = row[order], term[order], count[order]
        found = np.bincount(term, minlength=len(terms))
        indptr = np.concatenate(([0], np.cumsum(found))).astype(np.int64)
        lengths = np.array(texts.lengths, dtype=np.int64)[alive]
        mean = max(float(lengths.mean()), 1e-9) if len(lengths) else 1.0
        idf = np.log1p((len(alive) - found + 0.5) / (found + 0.5))
        damped = count + k1 * (1 - b + b * lengths[row] / mean)
        weights = (idf[term] * count * (k1 + 1) / damped).astype(np.float32)
        names = [texts.names[place] for place in alive.tolist()]
        return cls(names, terms, indptr, row.astype(np.int32), count.astype(np.int32), weights, lengths)

    def scores(self, query: "Counter[str]") -> Floats:
        total = np.zeros(self.size, dtype=np.float32)
        for term in sorted(query):  # in one order, so that sums are the same bits
            at = bisect_left(self.terms, term)
            if at < len(self.terms) and self.terms[at] == term:
                own = slice(int(self.indptr[at]), int(self.indptr[at + 1]))
                total[self.rows[own]] += query[term] * self.weights[own]
        return total

    def texts(self) -> _Texts:
        """The way back: what these postings were built from."""
        texts = _Texts()
        texts.names = [self.names[row] for row in range(self.size)]
        texts.rows = {name: row for row, name in enumerate(texts.names)}
        texts.vocabulary = {self.terms[at]: at for at in range(len(self.terms))}
        term = np.repeat(np.arange(len(self.terms)), np.diff(self.indptr))
        order = np.argsort(self.rows, kind="stable")
        texts.terms = array("i", term[order].astype(np.int32).tobytes())
        texts.counts = array("i", np.asarray(self.counts)[order].astype(np.int32).tobytes())
        starts = np.concatenate(([0], np.cumsum(np.bincount(self.rows, minlength=self.size))))
        texts.starts = array("q", starts.astype(np.int64).tobytes())
        texts.lengths = array("q", np.asarray(self.lengths).astype(np.int64).tobytes())
        return texts

    def write(self, folder: Path, settings: dict[str, Any]) -> None:
        for name in ("indptr", "rows", "counts", "weights", "lengths"):
            np.save(folder / f"{name}.npy", getattr(self, name), allow_pickle=False)
        write_strings(folder, "names", [self.names[row] for row in range(self.size)])
        write_strings(folder, "terms", [self.terms[at] for at in range(len(self.terms))])
        meta = settings | {"texts": self.size, "terms": len(self.terms), "postings": len(self.rows)}
        text = json.dumps(meta, sort_keys=True, indent=1) + "\n"
        (folder / "meta.json").write_text(text, encoding="utf-8")  # last: its presence says all is there

    @classmethod
    def read(cls, folder: Path, settings: dict[str, Any]) -> "_Postings":
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        for key, wanted in settings.items():
            if meta[key] != wanted:
                raise ValueError(f"its {key} is {meta[key]}, not {wanted}")

        def mapped(name: str, count: int) -> Any:
            found = np.load(folder / f"{name}.npy", mmap_mode="r" if count else None, allow_pickle=False)
            if found.shape != (count,):
                raise ValueError(f"{name} has shape {found.shape}, not ({count},)")
            return found

        def strings(name: str, count: int) -> Strings:
            start = mapped(f"{name}_start", count + 1)
            return Strings(start, mapped(name, int(start[-1])))

        texts, terms, postings = meta["texts"], meta["terms"], meta["postings"]
        return cls(
            strings("names", texts),
            strings("terms", terms),
            mapped("indptr", terms + 1),
            mapped("rows", postings),
            mapped("counts", postings),
            mapped("weights", postings),
            mapped("lengths", texts),
        )


def _best(scores: Floats, k: int) -> Rows:
    """Rows with positive scores among which the best k are, ties with the last included."""
    found = np.flatnonzero(scores > 0)
    if k < 1:
        return found[:0]
    if len(found) > k:
        values = scores[found]
        found = found[values >= np.partition(values, len(found) - k)[len(found) - k]]
    return found


@lru_cache(maxsize=500_000)
def _term(word: str) -> str:
    return "" if word in STOPWORDS else stem(word)
