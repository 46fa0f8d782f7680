"""spaCy components around the network; importing this module registers their factories.

`encoder` reads the tokens once and leaves what it saw in `doc.tensor`; `parser` and `ner` read that.
White space tokens are invisible to the network: each hangs on the word before it with the label `dep`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import (  # type: ignore[import-not-found]
    DEP,
    ENT_IOB,
    ENT_TYPE,
    HEAD,
    IS_SPACE,
    LEMMA,
    MORPH,
    POS,
    TAG,
)
from spacy.language import Language
from spacy.symbols import IDS  # type: ignore[import-not-found]
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.types import Ints2d

from graphrag.errors import ConfigError
from graphrag.models import network
from graphrag.models.decoding import best_path, best_tree
from graphrag.models.features import NEWLINE, PARAGRAPH, Featurizer, Vocabulary
from graphrag.models.lemmas import LemmaTable
from graphrag.models.threads import one_thread

WEIGHTS, TABLES = "weights.npz", "tables.json"

LONGEST_SENTENCE = 250
"""Tokens; a longer run without a boundary (a table, a list) is cut where a start is likeliest."""


class _Weighted:
    """A component whose state is arrays in `weights.npz` and tables in `tables.json`."""

    def __init__(self, vocab: Vocab, name: str) -> None:
        self.vocab = vocab
        self.name = name
        self.weights: dict[str, NDArray[np.float32]] = {}
        self.tables: dict[str, Any] = {}

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        for doc in stream:
            yield self(doc)

    def __call__(self, doc: Doc) -> Doc:
        raise NotImplementedError

    def prepare(self) -> None:
        """Derive from weights and tables what each call needs."""

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / WEIGHTS).write_bytes(self._packed())
        (folder / TABLES).write_text(json.dumps(self.tables, ensure_ascii=False), encoding="utf-8")

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> _Weighted:
        folder = Path(path)
        self._unpack((folder / WEIGHTS).read_bytes())
        self.tables = json.loads((folder / TABLES).read_text(encoding="utf-8"))
        self.prepare()
        return self

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        tables = json.dumps(self.tables, ensure_ascii=False).encode("utf-8")
        return len(tables).to_bytes(8, "big") + tables + self._packed()

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> _Weighted:
        border = 8 + int.from_bytes(data[:8], "big")
        self.tables = json.loads(data[8:border].decode("utf-8"))
        self._unpack(data[border:])
        self.prepare()
        return self

    def _packed(self) -> bytes:
        """Weights travel in half precision; scores move in the fourth digit."""
        buffer = io.BytesIO()
        arrays: dict[str, Any] = {key: value.astype(np.float16) for key, value in self.weights.items()}
        np.savez(buffer, **arrays)
        return buffer.getvalue()

    def _unpack(self, data: bytes) -> None:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            self.weights = {key: np.ascontiguousarray(arrays[key], dtype=np.float32) for key in arrays.files}

    def set_state(self, weights: dict[str, NDArray[np.float32]], tables: dict[str, Any]) -> None:
        self.weights, self.tables = weights, tables
        self.prepare()


class Encoder(_Weighted):
    """Sets `doc.tensor`, (n_tokens, width); rows of white space are zero."""

    def prepare(self) -> None:
        table = self.tables["vocabulary"]
        index = {word: row for row, word in enumerate(table["words"], start=1)}
        self._featurizer = Featurizer(Vocabulary(index, table["casing"], table["rows"]))

    @one_thread()
    def __call__(self, doc: Doc) -> Doc:
        kept, breaks = _visible(doc)
        width = self.weights["mix.b"].shape[0] // 2
        tensor = np.zeros((len(doc), width), dtype=np.float32)
        if len(kept):
            words = [doc[index].text for index in kept.tolist()]
            columns = self._featurizer.columns(words, breaks)
            tensor[kept] = network.encode(self.weights, "shared", network.embed(self.weights, columns))
        doc.tensor = tensor
        return doc


class Parser(_Weighted):
    """Sets tags, parts of speech, features, sentence boundaries, heads and dependency labels."""

    def prepare(self) -> None:
        strings = self.vocab.strings
        self._tags = _ids([strings.add(tag) for tag in self.tables["tags"]])
        pairs = [morph.split("|", 1) for morph in self.tables["morphs"]]
        self._pos = _ids([IDS[pos] for pos, _ in pairs])
        self._morphs = _ids([self.vocab.morphology.add(features) for _, features in pairs])
        self._deps = _ids([strings.add(dep) for dep in self.tables["deps"]])
        self._root = self.tables["deps"].index("ROOT")
        self._space = (strings.add("_SP"), IDS["SPACE"], self.vocab.morphology.add(""), strings.add("dep"))

    @property
    def labels(self) -> tuple[str, ...]:
        """The dependency labels, sorted."""
        return tuple(sorted(self.tables.get("deps", ())))

    @one_thread()
    def __call__(self, doc: Doc) -> Doc:
        kept, breaks = _visible(doc)
        n = len(doc)
        table = np.zeros((n, 5), dtype=np.uint64)
        if len(kept):
            states = network.encode(self.weights, "syntax", _seen(doc, kept))
            tags = network.affine(self.weights, "tag", states).argmax(axis=1)
            morphs = network.affine(self.weights, "morph", states).argmax(axis=1)
            starts = self._starts(states, breaks)
            heads = self._heads(states, starts)
            deps = self._labels(states, heads)
            table[kept, 0] = self._tags[tags]
            table[kept, 1] = self._pos[morphs]
            table[kept, 2] = self._morphs[morphs]
            table[kept, 3] = (kept[heads] - kept).astype(np.int64).view(np.uint64)
            table[kept, 4] = self._deps[deps]
        self._attach_white_space(table, kept, n)
        _annotate(doc, [TAG, POS, MORPH, HEAD, DEP], table)
        return doc

    def _starts(self, states: NDArray[np.float32], breaks: NDArray[np.int32]) -> NDArray[np.int64]:
        """First words of the sentences."""
        scores = network.affine(self.weights, "start", states)[:, 0]
        starts = scores > 0
        starts |= breaks == PARAGRAPH
        starts[0] = True
        found: list[int] = []
        firsts = np.flatnonzero(starts).tolist()
        for first, following in zip(firsts, [*firsts[1:], len(scores)], strict=True):
            found.append(first)
            while following - found[-1] > LONGEST_SENTENCE:
                low, high = found[-1] + LONGEST_SENTENCE // 5, found[-1] + LONGEST_SENTENCE
                found.append(low + int(scores[low:high].argmax()))
        return np.array(found, dtype=np.int64)

    def _heads(self, states: NDArray[np.float32], starts: NDArray[np.int64]) -> NDArray[np.int64]:
        scorer = network.ArcScorer(self.weights, states)
        heads = np.empty(len(states), dtype=np.int64)
        borders = [*starts.tolist(), len(states)]
        for begin, end in pairwise(borders):
            heads[begin:end] = best_tree(scorer.scores(begin, end)) + begin
        return heads

    def _labels(self, states: NDArray[np.float32], heads: NDArray[np.int64]) -> NDArray[np.int64]:
        scores = network.relation_scores(self.weights, states, heads)
        is_root = heads == np.arange(len(heads))
        scores[~is_root, self._root] = -np.inf
        labels: NDArray[np.int64] = scores.argmax(axis=1)
        labels[is_root] = self._root
        return labels

    def _attach_white_space(self, table: NDArray[np.uint64], kept: NDArray[np.int64], n: int) -> None:
        visible = np.zeros(n, dtype=bool)
        visible[kept] = True
        tag, pos, morph, dep = self._space
        for index in np.flatnonzero(~visible).tolist():
            before = index - 1 if index else int(kept[0]) if len(kept) else 0
            table[index, :3] = (tag, pos, morph)
            table[index, 3] = np.int64(before - index).view(np.uint64)
            table[index, 4] = dep if before != index else self._deps[self._root]


class EntityRecognizer(_Weighted):
    """Sets `doc.ents` by the best legal sequence of labels."""

    def prepare(self) -> None:
        names: list[str] = self.tables["ents"]
        ids = {name: self.vocab.strings.add(name[2:]) for name in names if name != "O"}
        self._types = _ids([ids.get(name, 0) for name in names])
        self._iob = np.array(
            [2 if name == "O" else 3 if name[0] in "BS" else 1 for name in names], dtype=np.uint64
        )
        legal = np.array([[_may_follow(second, first) for second in names] for first in names])
        self._transitions = np.where(legal, self.weights["ner.transition"], np.float32(-1e4)).astype(
            np.float32
        )
        self._ends = np.array([name[0] in "OES" for name in names])
        self._begins = np.array([name[0] in "OBS" for name in names])

    @property
    def labels(self) -> tuple[str, ...]:
        """The entity types, sorted."""
        return tuple(sorted({name[2:] for name in self.tables.get("ents", ()) if name != "O"}))

    @one_thread()
    def __call__(self, doc: Doc) -> Doc:
        kept, breaks = _visible(doc)
        table = np.zeros((len(doc), 2), dtype=np.uint64)
        table[:, 0] = 2
        if len(kept):
            states = network.encode(self.weights, "entity", _seen(doc, kept))
            scores = network.entity_scores(self.weights, states)
            path = self._path(scores, breaks)
            table[kept, 0], table[kept, 1] = self._iob[path], self._types[path]
            _keep_names_whole(table, kept)
        _annotate(doc, [ENT_IOB, ENT_TYPE], table)
        return doc

    def _path(self, scores: NDArray[np.float32], breaks: NDArray[np.int32]) -> list[int]:
        """Decode each paragraph alone: a name does not cross an empty line."""
        path: list[int] = []
        firsts = [0, *(np.flatnonzero(breaks[1:] == PARAGRAPH) + 1).tolist(), len(scores)]
        for begin, end in pairwise(firsts):
            piece = scores[begin:end].copy()
            piece[0, ~self._begins] = -1e4
            piece[-1, ~self._ends] = -1e4
            path.extend(best_path(piece, self._transitions))
        return path


class Lemmatizer(_Weighted):
    """Sets `token.lemma_` by table and suffix rules, from the word and its tag."""

    def prepare(self) -> None:
        self._table = LemmaTable.from_json(self.tables)

    def __call__(self, doc: Doc) -> Doc:
        add = self.vocab.strings.add
        lemmas = [add(self._table.lemma(token.text, token.tag_)) for token in doc]
        _annotate(doc, [LEMMA], np.array(lemmas, dtype=np.uint64).reshape(-1, 1))
        return doc


def _visible(doc: Doc) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the places of the tokens that are not white space, and what breaks before each."""
    space = doc.to_array([IS_SPACE]).reshape(-1) > 0
    kept = np.flatnonzero(~space)
    breaks = np.zeros(len(kept), dtype=np.int32)
    for index in np.flatnonzero(space).tolist():
        lines = doc[index].text.count("\n")
        following = int(np.searchsorted(kept, index))
        if lines and following < len(kept):
            breaks[following] = max(breaks[following], PARAGRAPH if lines > 1 else NEWLINE)
    return kept, breaks


def _seen(doc: Doc, kept: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the encoder's rows of the visible tokens."""
    if len(doc.tensor) != len(doc):
        raise ConfigError(
            f"a text of {len(doc)} tokens has {len(doc.tensor)} rows from the encoder; "
            f'keep the component "encoder" enabled, before "parser" and "ner"'
        )
    return np.asarray(doc.tensor[kept], dtype=np.float32)


def _annotate(doc: Doc, attributes: list[int | str], table: NDArray[np.uint64]) -> None:
    doc.from_array(attributes, cast(Ints2d, table))


def _may_follow(second: str, first: str) -> bool:
    inside, continues = first[0] in "BI", second[0] in "IE"
    return inside == continues and (not inside or first[2:] == second[2:])


def _keep_names_whole(table: NDArray[np.uint64], kept: NDArray[np.int64]) -> None:
    """White space inside a name (a wrapped line) belongs to the name."""
    for before, after in zip(kept[:-1].tolist(), kept[1:].tolist(), strict=True):
        if after - before > 1 and table[after, 0] == 1:
            table[before + 1 : after] = (1, table[after, 1])


def _ids(values: list[int]) -> NDArray[np.uint64]:
    return np.array(values, dtype=np.uint64)


@Language.factory("graphrag_encoder", assigns=["doc.tensor"])
def _make_encoder(nlp: Language, name: str) -> Encoder:
    return Encoder(nlp.vocab, name)


@Language.factory(
    "graphrag_parser",
    requires=["doc.tensor"],
    assigns=[
        "token.tag",
        "token.pos",
        "token.morph",
        "token.dep",
        "token.head",
        "token.is_sent_start",
        "doc.sents",
    ],
)
def _make_parser(nlp: Language, name: str) -> Parser:
    return Parser(nlp.vocab, name)


@Language.factory(
    "graphrag_ner", requires=["doc.tensor"], assigns=["doc.ents", "token.ent_iob", "token.ent_type"]
)
def _make_entity_recognizer(nlp: Language, name: str) -> EntityRecognizer:
    return EntityRecognizer(nlp.vocab, name)


@Language.factory("graphrag_lemmatizer", requires=["token.tag"], assigns=["token.lemma"])
def _make_lemmatizer(nlp: Language, name: str) -> Lemmatizer:
    return Lemmatizer(nlp.vocab, name)
