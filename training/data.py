"""The training data as passages, the labels and words found in it, and packed batches for the trainer."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from graphrag.models.features import NEWLINE, PARAGRAPH, Featurizer, Vocabulary, casing_class, normal_form

SOURCES = ("ewt", "gum", "redocred", "crossner", "wikigold")
ENTITY_SOURCES = ("gum", "redocred", "crossner", "wikigold")
UNKNOWN_ENTITY = ""


@dataclass
class Passage:
    """A run of sentences of one document, as parallel columns; heads count from the passage's first token."""

    words: list[str] = field(default_factory=list)
    spaces: list[bool] = field(default_factory=list)
    lemmas: list[str] = field(default_factory=list)
    pos: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    feats: list[str] = field(default_factory=list)
    heads: list[int] = field(default_factory=list)
    deps: list[str] = field(default_factory=list)
    ents: list[str] = field(default_factory=list)
    starts: list[bool] = field(default_factory=list)
    breaks: list[int] = field(default_factory=list)
    only_names: bool = False  # annotated with people, organisations and places alone

    @property
    def has_tree(self) -> bool:
        return bool(self.deps[0])

    @property
    def has_entities(self) -> bool:
        return any(self.ents)

    def cut(self, begin: int, end: int) -> Passage:
        """Return sentences [begin, end), given in tokens."""
        columns = {name: getattr(self, name)[begin:end] for name in COLUMNS}
        columns["heads"] = [head - begin for head in columns["heads"]]
        return Passage(**columns, only_names=self.only_names)


COLUMNS = tuple(f.name for f in fields(Passage) if f.name != "only_names")


def read_documents(path: Path) -> Iterator[Passage]:
    """Yield the documents of a gzip'd CoNLL-U file, in order; paragraph ends are in `breaks`."""
    document, first, pending = Passage(), 0, 0
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            line = line.rstrip("\n")
            if line.startswith("# newdoc"):
                if document.words:
                    yield document
                document, first = Passage(), 0
            elif line.startswith("# newpar"):
                pending = PARAGRAPH
            elif not line:
                first = len(document.words)
            elif not line.startswith("#"):
                _add_token(document, line.split("\t"), first, pending)
                pending = 0
    if document.words:
        yield document


def _add_token(document: Passage, columns: list[str], first: int, pending: int) -> None:
    misc = dict(part.split("=", 1) for part in columns[9].split("|") if "=" in part)
    index = len(document.words)
    head = columns[6]
    document.words.append(columns[1])
    document.spaces.append("SpaceAfter" not in misc)
    document.lemmas.append(columns[2])
    document.pos.append(columns[3])
    document.tags.append(columns[4])
    document.feats.append("" if columns[5] == "_" else columns[5])
    document.heads.append(index if head in ("_", "0") else first + int(head) - 1)
    document.deps.append("" if columns[7] == "_" else "ROOT" if columns[7] == "root" else columns[7])
    document.ents.append(_entity(misc))
    document.only_names |= "UNER" in misc
    document.starts.append(index == first)
    document.breaks.append(pending if index else 0)


def _entity(misc: dict[str, str]) -> str:
    tag = misc.get("NER", "-")
    if tag == "-" and "UNER" in misc:
        tag = misc["UNER"].replace("-PER", "-PERSON")
    return UNKNOWN_ENTITY if tag == "-" else tag


def load_passages(folder: Path, split: str, *, limit: int = 60) -> list[Passage]:
    """Read every source; documents are cut between sentences into passages of about `limit` tokens."""
    passages = []
    for source in SOURCES:
        path = folder / f"{source}-{split}.conllu.gz"
        if not path.is_file():
            raise SystemExit(f'training data "{path}" is missing; expected {", ".join(SOURCES)} x train, dev')
        for document in read_documents(path):
            passages.extend(_passages(document, limit))
    return passages


def _passages(document: Passage, limit: int) -> Iterator[Passage]:
    firsts = [index for index, starts in enumerate(document.starts) if starts]
    begin = 0
    for first, following in zip(firsts, [*firsts[1:], len(document.words)], strict=True):
        if following - begin > limit and first > begin:
            yield document.cut(begin, first)
            begin = first
    yield document.cut(begin, len(document.words))


def build_vocabulary(passages: list[Passage], rows: list[int]) -> tuple[Vocabulary, list[int]]:
    """Collect the words seen at least twice, with their usual casing; also return each row's count."""
    counts: Counter[str] = Counter()
    capitalised: Counter[str] = Counter()
    lower: Counter[str] = Counter()
    for passage in passages:
        for word, starts in zip(passage.words, passage.starts, strict=True):
            form = normal_form(word)
            counts[form] += 1
            if not starts and word[:1].isalpha():
                (lower if word == word.lower() else capitalised)[form] += 1
    words = sorted(word for word, count in counts.items() if count >= 2)
    index = {word: row for row, word in enumerate(words, start=1)}
    casing = [0, *(casing_class(capitalised[word], lower[word]) for word in words)]
    return Vocabulary(index, casing, rows), [0, *(counts[word] for word in words)]


@dataclass
class Labels:
    """The label sets of every output of the network, in a fixed order."""

    tags: list[str]
    morphs: list[str]
    deps: list[str]
    ents: list[str]

    @classmethod
    def collect(cls, passages: list[Passage]) -> Labels:
        tags: Counter[str] = Counter()
        morphs: Counter[str] = Counter()
        deps: Counter[str] = Counter()
        kinds: set[str] = set()
        for passage in passages:
            kinds.update(tag[2:] for tag in passage.ents if len(tag) > 1)
            if passage.has_tree:
                tags.update(passage.tags)
                morphs.update(f"{p}|{f}" for p, f in zip(passage.pos, passage.feats, strict=True))
                deps.update(passage.deps)
        return cls(
            tags=sorted(tag for tag, n in tags.items() if n >= 3),
            morphs=sorted(morph for morph, n in morphs.items() if n >= 5),
            deps=sorted(dep for dep, n in deps.items() if n >= 10),
            ents=["O", *(f"{place}-{kind}" for kind in sorted(kinds) for place in "BIES")],
        )

    def to_json(self) -> dict[str, list[str]]:
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def legal(self) -> np.ndarray:
        """(n, n) True where the second entity label may follow the first."""
        n = len(self.ents)
        table = np.zeros((n, n), bool)
        for i, first in enumerate(self.ents):
            for j, second in enumerate(self.ents):
                inside = first[0] in "BI"
                continues = second[0] in "IE"
                table[i, j] = (inside == continues) and (not inside or first[2:] == second[2:])
        return table

    def spans(self, path: np.ndarray) -> set[tuple[int, int, str]]:
        found, begin = set(), 0
        for index, number in enumerate(path):
            label = self.ents[number] if number >= 0 else "O"
            if label[0] in "BS":
                begin = index
            if label[0] in "ES":
                found.add((begin, index + 1, label[2:]))
        return found


def bioes(ents: list[str]) -> list[str]:
    """Turn IOB tags with unknowns into BIOES with unknowns."""
    out = []
    for index, tag in enumerate(ents):
        following = ents[index + 1] if index + 1 < len(ents) else "O"
        previous = ents[index - 1] if index else "O"
        if len(tag) <= 1:
            out.append(tag)
            continue
        kind = tag[2:]
        begins = tag[0] == "B" or previous[2:] != kind or len(previous) <= 1
        ends = following != f"I-{kind}"
        out.append(("S" if begins and ends else "B" if begins else "E" if ends else "I") + f"-{kind}")
    return out


class Dataset:
    """Packs passages into rows of `row` tokens with a gap between them, and rows into batches."""

    def __init__(
        self,
        passages: list[Passage],
        labels: Labels,
        featurizer: Featurizer,
        counts: list[int] | None,
        row: int,
        batch_rows: int,
        augmenter: Any,
    ) -> None:
        self.passages = [p for p in passages if len(p.words) <= row]
        self.row, self.batch_rows, self.augmenter = row, batch_rows, augmenter
        self.featurizer, self.labels = featurizer, labels
        self.hide = None if counts is None else np.array([0.0] + [0.25 / (0.25 + n) for n in counts[1:]])
        self.tag = {x: i for i, x in enumerate(labels.tags)}
        self.morph = {x: i for i, x in enumerate(labels.morphs)}
        self.dep = {x: i for i, x in enumerate(labels.deps)}
        self.ent = {x: i for i, x in enumerate(labels.ents)}

    def estimated_batches(self) -> int:
        return len(self.batches(np.random.default_rng(0)))

    def batches(self, order: np.random.Generator | None) -> list[dict[str, np.ndarray]]:
        """Return every passage once, varied and shuffled when `order` is given, as packed batches."""
        passages = self.passages
        if order is not None:
            if self.augmenter is not None:
                passages = [self.augmenter.vary(p) for p in passages]
            passages = [passages[i] for i in order.permutation(len(passages))]
        rows = self._pack(passages)
        if order is not None:
            rows = [rows[i] for i in order.permutation(len(rows))]
        batches = []
        for begin in range(0, len(rows), self.batch_rows):
            group = rows[begin : begin + self.batch_rows]
            group += [[]] * (self.batch_rows - len(group))
            batches.append(self._batch(group, order))
        return batches

    def _pack(self, passages: list[Passage]) -> list[list[Passage]]:
        """Place each passage into the first of the last few open rows with room for it."""
        rows: list[list[Passage]] = []
        space: list[int] = []
        for passage in passages:
            need = len(passage.words) + 1
            for index in range(max(0, len(rows) - 40), len(rows)):
                if space[index] >= need:
                    break
            else:
                index = len(rows)
                rows.append([])
                space.append(self.row + 1)
            rows[index].append(passage)
            space[index] -= need
        return rows

    def _batch(self, rows: list[list[Passage]], order: np.random.Generator | None) -> dict[str, np.ndarray]:
        shape = (self.batch_rows, self.row)
        width = self.featurizer.columns(["a"], [0]).shape[1]
        batch: dict[str, np.ndarray] = {
            "columns": np.zeros((*shape, width), np.int32),
            "mask": np.zeros(shape, bool),
            "sentence": np.full(shape, -1, np.int32),
            "head": np.zeros(shape, np.int32),
            "root": np.zeros(shape, bool),
            "start": np.zeros(shape, bool),
            **{name: np.full(shape, -1, np.int32) for name in ("tag", "morph", "dep", "ent")},
        }
        for r, passages in enumerate(rows):
            at, sentence = 0, 0
            for p in passages:
                cells = slice(at, at + len(p.words))
                breaks = p.breaks if order is None else _vary_breaks(p.breaks, order)
                batch["columns"][r, cells] = self.featurizer.columns(p.words, breaks)
                batch["mask"][r, cells] = True
                numbers = np.cumsum(p.starts) + sentence
                batch["sentence"][r, cells] = numbers
                sentence = int(numbers[-1])
                batch["start"][r, cells] = p.starts
                if p.has_tree:
                    heads = np.array(p.heads)
                    batch["head"][r, cells] = heads + at
                    batch["root"][r, cells] = heads == np.arange(len(heads))
                    batch["tag"][r, cells] = [self.tag.get(x, -1) for x in p.tags]
                    batch["morph"][r, cells] = [
                        self.morph.get(f"{x}|{y}", -1) for x, y in zip(p.pos, p.feats, strict=True)
                    ]
                    batch["dep"][r, cells] = [self.dep.get(x, -1) for x in p.deps]
                batch["ent"][r, cells] = [self.ent.get(x, -1) for x in bioes(p.ents)]
                at += len(p.words) + 1
        if order is not None and self.hide is not None:
            words = batch["columns"][:, :, 0]
            words[order.random(words.shape) < self.hide[words]] = 0
        return batch


def _vary_breaks(breaks: list[int], order: np.random.Generator) -> list[int]:
    """Lose some paragraph ends, and wrap lines anywhere, as plain text files do."""
    draws = order.random(len(breaks))
    wraps = 0.08 if order.random() < 0.15 else 0.0
    return [
        (kind if draw < 0.6 else NEWLINE if draw < 0.8 else 0) if kind else (NEWLINE if draw < wraps else 0)
        for kind, draw in zip(breaks, draws.tolist(), strict=True)
    ]


def single_names(passages: list[Passage]) -> dict[str, list[str]]:
    """Collect the one-word names of people, organisations and works, for the augmenter."""
    found: dict[str, set[str]] = {"PERSON": set(), "ORG": set(), "WORK": set()}
    for passage in passages:
        for tag, word in zip(bioes(passage.ents), passage.words, strict=True):
            if tag[:2] == "S-" and tag[2:] in found and word[:1].isupper() and len(word) > 2:
                found[tag[2:]].add(word)
    return {label: sorted(words) for label, words in found.items()}
