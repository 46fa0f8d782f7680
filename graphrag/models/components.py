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
    ORTH,
    POS,
    TAG,
)
from spacy.language import Language
from spacy.symbols import IDS  # type: ignore[import-not-found]
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.types import Ints2d

from graphrag.errors import ConfigError
from graphrag.models.batching import batches
from graphrag.models.decoding import EntityPaths, best_tree
from graphrag.models.features import NEWLINE, PARAGRAPH, Featurizer, Vocabulary
from graphrag.models.lemmas import LemmaTable
from graphrag.models.network import (
    Embedding,
    EntityScorer,
    Linear,
    RecurrentLayers,
    Rows,
    TreeScorer,
    TreeScores,
)
from graphrag.models.threads import one_thread

WEIGHTS, TABLES = "weights.npz", "tables.json"

LONGEST_SENTENCE = 250
"""Tokens; a longer run without a boundary (a table, a list) is cut where a start is likeliest."""


_LEGAL_FORMS = ("Inc.", "Ltd.", "Corp.", "Co.", "Cos.", "Bros.", "LLC.", "Plc.", "plc.", "PLC.")
_FINITE = ("VBD", "VBP", "VBZ", "MD")
_ENDING_FORM = -4.0
"""Score from which a sentence starts after a legal form, whose dot hides the end of the one before."""


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


class _Network(_Weighted):
    """A component that computes several texts in one call where that changes no result (`batching`)."""

    _shapes: tuple[tuple[int, int], ...] = ()

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        for docs in batches(stream, self._shapes):
            self._read(docs)
            yield from docs

    def __call__(self, doc: Doc) -> Doc:
        self._read([doc])
        return doc

    def _read(self, docs: list[Doc]) -> None:
        """Annotate texts."""
        raise NotImplementedError

    def _uses(self, *linears: Linear) -> None:
        self._shapes = tuple(sorted({linear.shape for linear in linears}))


class Encoder(_Network):
    """Sets `doc.tensor`, (n_tokens, width); rows of white space are zero."""

    def prepare(self) -> None:
        table = self.tables["vocabulary"]
        index = {word: row for row, word in enumerate(table["words"], start=1)}
        featurizer = Featurizer(Vocabulary(index, table["casing"], table["rows"]))
        self._embedding = Embedding(self.weights, featurizer)
        self._layers = RecurrentLayers(self.weights, "shared")
        self._uses(*self._layers.linears)

    @one_thread()
    def _read(self, docs: list[Doc]) -> None:
        seen = _Seen(docs)
        states = np.zeros((0, self._embedding.width), dtype=np.float32)
        if seen.rows is not None:
            forms: list[int] = seen.forms().tolist()
            word = self.vocab.strings.__getitem__
            states = self._layers(self._embedding(forms, word, seen.breaks, seen.rows), seen.rows)
        for doc, kept, begin, end in seen:
            tensor = states[begin:end]
            if len(kept) < len(doc):
                tensor = np.zeros((len(doc), self._embedding.width), dtype=np.float32)
                tensor[kept] = states[begin:end]
            doc.tensor = cast(Any, tensor)  # spaCy's stubs know double precision only


class Parser(_Network):
    """Sets tags, parts of speech, features, sentence boundaries, heads and dependency labels."""

    def prepare(self) -> None:
        strings = self.vocab.strings
        self._tags = _ids([strings.add(tag) for tag in self.tables["tags"]])
        pairs = [morph.split("|", 1) for morph in self.tables["morphs"]]
        self._pos = _ids([IDS[pos] for pos, _ in pairs])
        self._morphs = _ids([self.vocab.morphology.add(features) for _, features in pairs])
        self._deps = _ids([strings.add(dep) for dep in self.tables["deps"]])
        self._root = self.tables["deps"].index("ROOT")
        self._finite = np.array([tag in _FINITE for tag in self.tables["tags"]])
        self._legal_forms = _ids([strings.add(form) for form in _LEGAL_FORMS])
        self._space = (strings.add("_SP"), IDS["SPACE"], self.vocab.morphology.add(""), strings.add("dep"))
        self._layers = RecurrentLayers(self.weights, "syntax")
        self._scorer = TreeScorer(self.weights, len(self._tags), len(self._morphs))
        self._uses(*self._layers.linears, *self._scorer.linears)

    @property
    def labels(self) -> tuple[str, ...]:
        """The dependency labels, sorted."""
        return tuple(sorted(self.tables.get("deps", ())))

    @one_thread()
    def _read(self, docs: list[Doc]) -> None:
        seen = _Seen(docs)
        read = np.zeros((0, 5), dtype=np.uint64) if seen.rows is None else self._table(seen, seen.rows)
        for doc, kept, begin, end in seen:
            if len(kept) == len(doc):
                table = read[begin:end]
            else:
                table = np.zeros((len(doc), 5), dtype=np.uint64)
                table[kept] = read[begin:end]
                self._attach_white_space(table, kept)
            _annotate(doc, [TAG, POS, MORPH, HEAD, DEP], table)

    def _table(self, seen: _Seen, rows: Rows) -> NDArray[np.uint64]:
        """Tag, part of speech, features, head (relative to the token) and label of each word."""
        used = rows.used
        scores = self._scorer.read(self._layers(seen.states(rows), rows))
        heads = np.empty(used, dtype=np.int64)
        tags = scores.tags[:used].argmax(axis=1)
        starts = self._starts(scores.starts[:used], seen, rows)
        self._start_after_legal_forms(starts, scores.starts[:used], seen.forms(), self._finite[tags])
        borders = _borders(starts, scores.starts)
        for begin, end in pairwise(borders):
            heads[begin:end] = best_tree(scores.arcs(begin, end))
            heads[begin:end] += begin
        places = np.concatenate(seen.kept)
        morphs = scores.morphs[:used].argmax(axis=1)
        table = np.empty((used, 5), dtype=np.uint64)
        table[:, 0] = self._tags[tags]
        table[:, 1] = self._pos[morphs]
        table[:, 2] = self._morphs[morphs]
        table[:, 3] = (places[heads] - places).view(np.uint64)
        table[:, 4] = self._deps[self._labels(scores, heads)]
        return table

    def _starts(self, scores: NDArray[np.float32], seen: _Seen, rows: Rows) -> NDArray[np.bool_]:
        """Tell which words are the first of a sentence."""
        starts: NDArray[np.bool_] = scores > 0
        starts |= seen.breaks == PARAGRAPH
        starts[rows.firsts] = True
        return starts

    def _start_after_legal_forms(
        self,
        starts: NDArray[np.bool_],
        scores: NDArray[np.float32],
        forms: NDArray[np.uint64],
        finite: NDArray[np.bool_],
    ) -> None:
        """Start a sentence at "He" in "... sold to Nordlab, Inc. He ...", if there is a clause on each side.

        The treebanks have a handful of such ends, too few for the network to learn that the dot of "Inc."
        can be a full stop as well.
        """
        doubtful = ~starts[1:] & (scores[1:] > _ENDING_FORM)
        for place in (np.flatnonzero(doubtful & np.isin(forms[:-1], self._legal_forms)) + 1).tolist():
            before = place - 1 - int(starts[:place][::-1].argmax())
            later = np.flatnonzero(starts[place:])
            after = place + int(later[0]) if len(later) else len(starts)
            capital = self.vocab.strings[int(forms[place])][:1].isupper()
            starts[place] = capital and finite[before:place].any() and finite[place:after].any()

    def _labels(self, read: TreeScores, heads: NDArray[np.int64]) -> NDArray[np.int64]:
        scores = self._scorer.labels(read, heads)
        is_root = heads == np.arange(len(heads))
        scores[~is_root, self._root] = -np.inf
        labels: NDArray[np.int64] = scores.argmax(axis=1)
        labels[is_root] = self._root
        return labels

    def _attach_white_space(self, table: NDArray[np.uint64], kept: NDArray[np.int64]) -> None:
        visible = np.zeros(len(table), dtype=bool)
        visible[kept] = True
        tag, pos, morph, dep = self._space
        for index in np.flatnonzero(~visible).tolist():
            before = index - 1 if index else int(kept[0]) if len(kept) else 0
            table[index, :3] = (tag, pos, morph)
            table[index, 3] = np.int64(before - index).view(np.uint64)
            table[index, 4] = dep if before != index else self._deps[self._root]


class EntityRecognizer(_Network):
    """Sets `doc.ents` by the best legal sequence of labels."""

    def prepare(self) -> None:
        names: list[str] = self.tables["ents"]
        ids = {name: self.vocab.strings.add(name[2:]) for name in names if name != "O"}
        self._types = _ids([ids.get(name, 0) for name in names])
        self._iob = _ids([2 if name == "O" else 3 if name[0] in "BS" else 1 for name in names])
        self._layers = RecurrentLayers(self.weights, "entity")
        self._scorer = EntityScorer(self.weights)
        self._paths = EntityPaths(names, self.weights["ner.transition"])
        self._uses(*self._layers.linears, *self._scorer.linears)

    @property
    def labels(self) -> tuple[str, ...]:
        """The entity types, sorted."""
        return tuple(sorted({name[2:] for name in self.tables.get("ents", ()) if name != "O"}))

    @one_thread()
    def _read(self, docs: list[Doc]) -> None:
        seen = _Seen(docs)
        read = np.zeros((0, 2), dtype=np.uint64) if seen.rows is None else self._table(seen, seen.rows)
        for doc, kept, begin, end in seen:
            if len(kept) == len(doc):
                table = read[begin:end]
            else:
                table = np.zeros((len(doc), 2), dtype=np.uint64)
                table[:, 0] = 2
                table[kept] = read[begin:end]
                _keep_names_whole(table, kept)
            _annotate(doc, [ENT_IOB, ENT_TYPE], table)

    def _table(self, seen: _Seen, rows: Rows) -> NDArray[np.uint64]:
        """Place in an entity and its type, of each word; a name does not cross an empty line."""
        scores = self._scorer(self._layers(seen.states(rows), rows))[: rows.used]
        begins = seen.breaks == PARAGRAPH
        begins[rows.firsts] = True
        path = self._paths.decode(scores, [*np.flatnonzero(begins).tolist(), rows.used])
        return np.stack([self._iob[path], self._types[path]], axis=1)


class Lemmatizer(_Weighted):
    """Sets `token.lemma_` by table and suffix rules, from the word and its tag."""

    def prepare(self) -> None:
        self._table = LemmaTable.from_json(self.tables)
        self._known: dict[tuple[int, int], int] = {}

    def __call__(self, doc: Doc) -> Doc:
        known = self._known
        if len(known) > 200_000:
            known.clear()
        strings = self.vocab.strings
        pairs: list[tuple[int, int]] = list(zip(*doc.to_array([ORTH, TAG]).T.tolist(), strict=True))
        for pair in set(pairs).difference(known):
            known[pair] = strings.add(self._table.lemma(strings[pair[0]], strings[pair[1]]))
        _annotate(doc, [LEMMA], _ids([known[pair] for pair in pairs]).reshape(-1, 1))
        return doc


class _Seen:
    """The words of some texts without white space tokens, which the network does not see.

    Attributes:
        kept: Places of the visible tokens in each text.
        breaks: What ends before each visible token: 0, `NEWLINE` or `PARAGRAPH`.
        rows: Where the texts with any visible token stand; None if there is none.
    """

    def __init__(self, docs: list[Doc]) -> None:
        self._docs = docs
        both = [_visible(doc) for doc in docs]
        self.kept = [kept for kept, _ in both]
        self.breaks = np.concatenate([breaks for _, breaks in both])
        lengths = [len(kept) for kept in self.kept if len(kept)]
        self.rows = Rows.of(lengths) if lengths else None

    def __iter__(self) -> Iterator[tuple[Doc, NDArray[np.int64], int, int]]:
        """Each text with its visible tokens and its rows."""
        begin = 0
        for doc, kept in zip(self._docs, self.kept, strict=True):
            yield doc, kept, begin, begin + len(kept)
            begin += len(kept)

    def forms(self) -> NDArray[np.uint64]:
        """Collect the numbers of the words' forms."""
        arrays = [doc.to_array(ORTH).astype(np.uint64, copy=False) for doc in self._docs]
        return np.concatenate(
            [a if len(kept) == len(a) else a[kept] for a, kept in zip(arrays, self.kept, strict=True)]
        )

    def states(self, rows: Rows) -> NDArray[np.float32]:
        """Collect the encoder's rows of the visible tokens."""
        found: NDArray[np.float32] | None = None
        for doc, kept, begin, end in self:
            if len(doc.tensor) != len(doc):
                raise ConfigError(
                    f"a text of {len(doc)} tokens has {len(doc.tensor)} rows from the encoder; "
                    f'keep the component "encoder" enabled, before "parser" and "ner"'
                )
            if end == begin:
                continue
            if found is None:
                found = np.zeros((rows.size, doc.tensor.shape[1]), dtype=np.float32)
            found[begin:end] = doc.tensor if len(kept) == len(doc) else doc.tensor[kept]
        assert found is not None  # `rows` says that there are visible tokens
        return found


def _visible(doc: Doc) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the places of the tokens that are not white space, and what breaks before each."""
    space = doc.to_array(IS_SPACE)
    kept = np.flatnonzero(space == 0)
    breaks = np.zeros(len(kept), dtype=np.int32)
    if len(kept) == len(doc):
        return kept, breaks
    for index in np.flatnonzero(space).tolist():
        lines = doc[index].text.count("\n")
        following = int(np.searchsorted(kept, index))
        if lines and following < len(kept):
            breaks[following] = max(breaks[following], PARAGRAPH if lines > 1 else NEWLINE)
    return kept, breaks


def _borders(starts: NDArray[np.bool_], scores: NDArray[np.float32]) -> list[int]:
    """First words of the sentences, and the end; a sentence that is too long is cut."""
    borders: list[int] = np.flatnonzero(starts).tolist()
    borders.append(len(starts))
    if max(end - begin for begin, end in pairwise(borders)) <= LONGEST_SENTENCE:
        return borders
    found: list[int] = []
    for begin, end in pairwise(borders):
        found.append(begin)
        while end - found[-1] > LONGEST_SENTENCE:
            low, high = found[-1] + LONGEST_SENTENCE // 5, found[-1] + LONGEST_SENTENCE
            found.append(low + int(scores[low:high].argmax()))
    return [*found, len(starts)]


def _annotate(doc: Doc, attributes: list[int | str], table: NDArray[np.uint64]) -> None:
    doc.from_array(attributes, cast(Ints2d, table))


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
