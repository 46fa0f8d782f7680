"""Surface variation of gold paragraphs: quotes, case, missing full stops, and single names for long ones."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TypeVar

from spacy.tokens import Doc

T = TypeVar("T")

CURLY = {"'": "’", "n't": "n’t", "'s": "’s", "'m": "’m", "'re": "’re", "'ve": "’ve", "'ll": "’ll", "'d": "’d"}
DASHES = {"--": ("—", "–"), "-": ("–",), "—": ("--", "–"), "–": ("-", "—")}

LOWER_SHARE = 0.03
UPPER_SHARE = 0.02
QUOTE_SHARE = 0.25
NO_FULL_STOP_SHARE = 0.06
RENAME_SHARE = 0.15  # of entities with a name of several words


@dataclass(frozen=True)
class Columns:
    """A document as parallel columns, so that one change is made to all of them."""

    words: list[str]
    spaces: list[bool]
    tags: list[str]
    pos: list[str]
    morphs: list[str]
    lemmas: list[str]
    heads: list[int]
    deps: list[str]
    ents: list[str]
    starts: list[bool | None]


class Augmenter:
    """Draws the variations; one seeded generator makes a training run repeatable."""

    def __init__(self, generator: random.Random, names: dict[str, list[str]]) -> None:
        self.random = generator
        self.names = names

    def vary(self, doc: Doc) -> Doc:
        """Return `doc` itself where no variation was drawn, else a changed copy."""
        columns = original = _columns(doc)
        draw = self.random.random
        if self.names:
            columns = self._rename(columns)
        if draw() < QUOTE_SHARE:
            columns = self._typography(columns)
        if draw() < NO_FULL_STOP_SHARE:
            columns = _without_full_stop(columns)
        case = draw()
        if case < LOWER_SHARE:
            columns = replace(columns, words=[word.lower() for word in columns.words])
        elif case < LOWER_SHARE + UPPER_SHARE:
            columns = replace(columns, words=[word.upper() for word in columns.words])
        return doc if columns is original else _document(doc, columns)

    def _typography(self, columns: Columns) -> Columns:
        """Curly quotes and other dashes, as typeset text has them."""
        words, opened = list(columns.words), False
        for index, word in enumerate(words):
            if word in ('"', "``", "''"):
                words[index] = "”" if opened else "“"
                opened = not opened
            elif word in CURLY:
                words[index] = CURLY[word]
            elif word in DASHES and columns.spaces[index]:
                words[index] = self.random.choice(DASHES[word])
        return columns if words == columns.words else replace(columns, words=words)

    def _rename(self, columns: Columns) -> Columns:
        """Put a single name in the place of some names of several words (entity layer only)."""
        spans = [
            (start, end, label)
            for start, end, label in _spans(columns.ents)
            if end - start > 1 and label in self.names
        ]
        keep, words, ents = [True] * len(columns.words), list(columns.words), list(columns.ents)
        spaces = list(columns.spaces)
        for start, end, label in spans:
            opens = columns.starts[start]
            if self.random.random() >= (2 * RENAME_SHARE if opens else RENAME_SHARE):
                continue
            words[start] = self.random.choice(self.names[label])
            ents[start] = f"B-{label}"
            spaces[start] = spaces[end - 1]
            keep[start + 1 : end] = [False] * (end - start - 1)
        if all(keep):
            return columns
        return _selected(replace(columns, words=words, ents=ents, spaces=spaces), keep)


def _columns(doc: Doc) -> Columns:
    ents = [f"{t.ent_iob_}-{t.ent_type_}" if t.ent_type_ else t.ent_iob_ for t in doc]
    return Columns(
        words=[token.text for token in doc],
        spaces=[bool(token.whitespace_) for token in doc],
        tags=[token.tag_ for token in doc],
        pos=[token.pos_ for token in doc],
        morphs=[str(token.morph) for token in doc],
        lemmas=[token.lemma_ for token in doc],
        heads=[token.head.i for token in doc],
        deps=[token.dep_ for token in doc],
        ents=ents,
        starts=[token.is_sent_start for token in doc],
    )


def _document(source: Doc, columns: Columns) -> Doc:
    if not source.has_annotation("DEP"):
        return Doc(
            source.vocab,
            words=columns.words,
            spaces=columns.spaces,
            sent_starts=columns.starts,  # type: ignore[arg-type]
            ents=columns.ents,
        )
    return Doc(
        source.vocab,
        words=columns.words,
        spaces=columns.spaces,
        tags=columns.tags,
        pos=columns.pos,
        morphs=columns.morphs,
        lemmas=columns.lemmas,
        heads=columns.heads,
        deps=columns.deps,
        ents=columns.ents if any(columns.ents) else None,
    )


def _without_full_stop(columns: Columns) -> Columns:
    last = len(columns.words) - 1
    if last < 3 or columns.words[last] != "." or last in columns.heads[:last]:
        return columns
    return _selected(columns, [True] * last + [False])


def _selected(columns: Columns, keep: list[bool]) -> Columns:
    """Drop tokens nobody hangs on (the entity layer has no tree, so any)."""
    kept = [index for index, stays in enumerate(keep) if stays]
    moved = {old: new for new, old in enumerate(kept)}

    def pick(column: list[T]) -> list[T]:
        return [column[index] for index in kept]

    return Columns(
        words=pick(columns.words),
        spaces=pick(columns.spaces),
        tags=pick(columns.tags),
        pos=pick(columns.pos),
        morphs=pick(columns.morphs),
        lemmas=pick(columns.lemmas),
        heads=[moved.get(columns.heads[index], moved[index]) for index in kept],
        deps=pick(columns.deps),
        ents=pick(columns.ents),
        starts=pick(columns.starts),
    )


def _spans(ents: list[str]) -> list[tuple[int, int, str]]:
    spans: list[tuple[int, int, str]] = []
    for index, tag in enumerate(ents):
        if tag.startswith("B-"):
            spans.append((index, index + 1, tag[2:]))
        elif tag.startswith("I-") and spans and spans[-1][1] == index:
            start, _, label = spans[-1]
            spans[-1] = (start, index + 1, label)
    return spans
