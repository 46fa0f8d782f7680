"""Word features for a small treebank: known words, affixes, shape, and how a word is usually written.

spaCy's stock embedding hashes every form into one table, so at run time an unseen word receives the sum of
a few strangers' rows. With a few hundred thousand training words that noise is costly. Here a word seen in
training less than twice is one shared "unknown" entry, known words are dropped to it at random during
training in proportion to their rarity (Kiperwasser & Goldberg, TACL 2016), and the affixes, the shape and
the word's usual capitalisation carry the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import spacy
from numpy.typing import NDArray
from spacy.attrs import ORTH
from spacy.strings import hash_string
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import HashEmbed, Maxout, Model, chain, concatenate, list2ragged, ragged2list, with_array
from thinc.types import Floats2d, Ragged

Columns = NDArray[np.uint64]

FEATURES = ("word", "prefix1", "prefix3", "suffix2", "suffix3", "suffix4", "shape", "casing")

_UNKNOWN = hash_string("<unknown>")
_CACHE_LIMIT = 200_000
_DROP_STRENGTH = 0.25  # a word seen f times is hidden with probability 0.25 / (0.25 + f)
_SENTENCE_OPENERS = frozenset(".!?:;\"“”‘'`()[]—–-*•…")


@spacy.registry.architectures("graphrag.WordFeatureEmbed.v1")
def word_feature_embed(
    *, word_width: int, word_rows: int, feature_width: int, feature_rows: Sequence[int], width: int
) -> Model[list[Doc], list[Floats2d]]:
    """Embed each token from its columns in `FEATURES`, mixed by one maxout layer.

    Args:
        word_width: Width of the table of known words.
        word_rows: Rows of that table.
        feature_width: Width of each of the other tables.
        feature_rows: Rows of the other tables, in the order of `FEATURES[1:]`.
        width: Width of the output, one row per token.

    Returns:
        A model from documents to one (n_tokens, width) array each.
    """
    tables: list[Model[Any, Any]] = [HashEmbed(word_width, word_rows, column=0, dropout=0.0, seed=7)]
    for column, rows in enumerate(feature_rows, start=1):
        tables.append(HashEmbed(feature_width, rows, column=column, dropout=0.0, seed=7 + column))
    concatenated = word_width + feature_width * len(feature_rows)
    mixer = Maxout(nI=concatenated, nO=width, nP=3, dropout=0.0, normalize=True)
    embed = chain(
        _extract_features(),
        cast(Model[list[Columns], Ragged], list2ragged()),
        with_array(chain(concatenate(*tables), mixer)),
        ragged2list(),
    )
    return cast(Model[list[Doc], list[Floats2d]], embed)


def set_known_words(
    model: Model[Any, Any], counts: dict[str, int], casing: dict[str, tuple[int, int]]
) -> None:
    """Tell every feature extractor inside `model` what training has seen.

    Args:
        model: Any model that contains the embedding.
        counts: Times each known lower-cased form occurs.
        casing: For a known form, how often it stood capitalised and lower-cased away from sentence starts.
    """
    keys = np.array(sorted(hash_string(word) for word in counts), dtype=np.uint64)
    by_key = {hash_string(word): word for word in counts}
    words = [by_key[int(key)] for key in keys]
    classes = [_casing_class(*casing.get(word, (0, 0))) for word in words]
    for node in model.walk():
        if node.name == "word_features":
            node.attrs["keys"] = keys
            node.attrs["counts"] = np.array([min(counts[word], 65535) for word in words], dtype=np.uint16)
            node.attrs["casing"] = np.array(classes, dtype=np.uint8)


def _casing_class(capitalised: int, lower: int) -> int:
    """Bucket a form's capitalised share: 1 unknown, 2 never, 3 seldom, 4 mixed, 5 mostly, 6 always."""
    total = capitalised + lower
    if total < 2:
        return 1
    share = capitalised / total
    if share in (0.0, 1.0):
        return 2 if share == 0.0 else 6
    return 3 if share < 0.2 else 4 if share < 0.8 else 5


def _extract_features() -> Model[list[Doc], list[Columns]]:
    empty = np.zeros((0,), dtype=np.uint64)
    model: Model[list[Doc], list[Columns]] = Model(
        "word_features",
        _forward,
        attrs={
            "keys": empty,
            "counts": empty.astype(np.uint16),
            "casing": empty.astype(np.uint8),
        },
    )
    model.set_dim("nO", len(FEATURES), force=True) if model.has_dim("nO") else None
    return model


def _forward(
    model: Model[list[Doc], list[Columns]], docs: list[Doc], is_train: bool
) -> tuple[list[Columns], Callable[[Any], list[Any]]]:
    table = _table_of(model)
    arrays = [table.columns(doc) for doc in docs]
    if is_train:
        for array in arrays:
            hidden = table.random.random(len(array)) < table.drop_probability(array[:, 0])
            array[hidden, 0] = _UNKNOWN
    return arrays, lambda gradient: []


class _WordTable:
    """The lexical columns of each form met so far, for one extractor."""

    def __init__(self, keys: NDArray[np.uint64], counts: NDArray[np.uint16], casing: NDArray[np.uint8]) -> None:
        self.keys = keys
        self.random = np.random.default_rng(0)
        self._drop = {
            int(key): _DROP_STRENGTH / (_DROP_STRENGTH + int(count))
            for key, count in zip(keys, counts, strict=False)
        }
        self._casing = {int(key): int(value) for key, value in zip(keys, casing, strict=True)}
        self._rows: dict[int, tuple[int, ...]] = {}

    def columns(self, doc: Doc) -> Columns:
        if len(self._rows) > _CACHE_LIMIT:
            self._rows = {}
        rows, vocab = self._rows, doc.vocab
        found = []
        for orth in doc.to_array([ORTH]).reshape(-1).tolist():
            row = rows.get(orth)
            if row is None:
                row = rows[orth] = self._describe(orth, vocab)
            found.append(row)
        table = np.array(found, dtype=np.uint64).reshape(-1, len(FEATURES) + 1)
        opens = np.ones(len(table), dtype=np.uint64)
        opens[1:] = table[:-1, -1]
        # the last lexical column says "may open a sentence"; it becomes part of the next token's casing
        table[:, -2] = table[:, -2] * 2 + opens
        return table[:, :-1]

    def drop_probability(self, words: NDArray[np.uint64]) -> NDArray[np.float64]:
        drop = self._drop
        return np.array([drop.get(word, 0.0) for word in words.tolist()])

    def _describe(self, orth: int, vocab: Vocab) -> tuple[int, ...]:
        lexeme = vocab[orth]
        text, lower = lexeme.text, lexeme.norm_.lower()
        key = hash_string(lower)
        known = self._casing.get(key)
        written = 0 if text == text.lower() else 1 if text.istitle() else 2
        return (
            _UNKNOWN if known is None else key,
            hash_string(text[:1]),
            hash_string(lower[:3]),
            hash_string(lower[-2:]),
            hash_string(text[-3:]),
            hash_string(lower[-4:]),
            lexeme.shape,
            (0 if known is None else known) * 3 + written + 1,
            int(lexeme.is_space or text in _SENTENCE_OPENERS or lexeme.is_punct),
        )


_TABLES: dict[int, tuple[Any, _WordTable]] = {}


def _table_of(model: Model[list[Doc], list[Columns]]) -> _WordTable:
    """Build the look-up tables once per extractor and set of known words."""
    keys = model.attrs["keys"]
    held = _TABLES.get(model.id)
    if held is None or held[0] is not keys:
        held = _TABLES[model.id] = (keys, _WordTable(keys, model.attrs["counts"], model.attrs["casing"]))
    return held[1]
