"""Whether a sentence says what a question asks, in the same words or in others.

"bought" and "acquired", "CEO" and "chief executive", "born" and "birthplace" meet through the general
lexicon of the ontology package; words it does not know meet by their stems.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np

from graphrag.index.terms import STOPWORDS, stem
from graphrag.interfaces import Embedder, Floats
from ontology.lexicon import FRAMES
from ontology.morphology import singular, verb_lemmas

_Key = TypeVar("_Key")
SAME_STEM = 0.95
SAME_FRAME = 0.85
NEAR_FRAME = 0.45
_LONGEST = 4
# Words that tell one happening without being one relation, so no schema's lexicon lists them together.
_MORE = {
    "contest": ("defeat", "beat", "win", "lose", "victory", "triumph"),
    "making": ("make", "manufacture", "produce", "build", "develop", "create"),
    "purchase": ("buy", "acquire", "purchase", "takeover", "pay"),
    "exhibit": ("exhibit", "display", "show", "exhibition"),
    "naming": ("name", "call", "title", "term"),
}
_DROPPED = frozenset({"be", "have", "the", "a", "an", "of", "by"})
_COMPOUNDS = {"birthplace": "birth", "birthday": "birth", "birthdate": "birth", "hometown": "residence"}
# Verbs that say next to nothing alone; that they fit many frames is no evidence.
_VAGUE = frozenset(
    """
    be have do go get come take put give make run play serve lie stand sit set hold find fly move join keep
    belong feature appear begin start end open close rise land drain flow live
    """.split()  # noqa: SIM905
)
_EMPTY = frozenset(
    """
    be have do go get come take put give use keep let know see find hold work
    """.split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Spot:
    """Words [first, last] of a sentence that match something asked, and how well."""

    first: int
    last: int
    score: float
    verb: bool


@dataclass(frozen=True, slots=True)
class _Lexicon:
    """Frames by the words of their phrases, and by verbs whose preposition a question may leave out."""

    phrases: Mapping[tuple[str, ...], frozenset[str]]
    bare: Mapping[str, frozenset[str]]
    near: Mapping[str, frozenset[str]]


@lru_cache(maxsize=1)
def _lexicon() -> _Lexicon:
    phrases: dict[tuple[str, ...], set[str]] = defaultdict(set)
    near: dict[str, frozenset[str]] = {}
    bare: dict[str, set[str]] = defaultdict(set)
    for name, frame in FRAMES.items():
        near[name] = frozenset(frame.near)
        for phrase in (*frame.verbs, *frame.back_verbs, *frame.agents, *frame.patients, *frame.events):
            words = [word for word in phrase.lower().split() if word not in _DROPPED]
            if words and len(words) <= _LONGEST and not (len(words) == 1 and words[0] in _EMPTY):
                phrases[tuple(_base(word) for word in words)].add(name)
        for phrase in (*frame.verbs, *frame.back_verbs):
            words = phrase.lower().split()
            if len(words) == 2 and words[1] in STOPWORDS and words[0] not in _VAGUE:
                bare[_base(words[0])].add(name)
    for name, group in _MORE.items():
        near[name] = frozenset()
        for word in group:
            phrases[(_base(word),)].add(name)
    return _Lexicon(_frozen(phrases), _frozen(bare), near)


def _frozen(table: Mapping[_Key, set[str]]) -> dict[_Key, frozenset[str]]:
    return {key: frozenset(value) for key, value in table.items()}


@lru_cache(maxsize=100_000)
def _base(word: str) -> str:
    """One form for a verb's forms and a noun's numbers."""
    word = _COMPOUNDS.get(word, word)
    lemma = verb_lemmas(word)[0]
    return lemma if lemma != word else singular(word)


@lru_cache(maxsize=100_000)
def frames_of(words: tuple[str, ...]) -> frozenset[str]:
    """Happenings that these words name, if any."""
    return _lexicon().phrases.get(tuple(_base(word) for word in words), frozenset())


def frames_asked(unit: tuple[str, ...]) -> frozenset[str]:
    """As `frames_of`, for words of a question: "where did he study" leaves out the "at" of "study at"."""
    found = frames_of(unit)
    return found | _lexicon().bare.get(_base(unit[0]), frozenset()) if len(unit) == 1 else found


@lru_cache(maxsize=10_000)
def kindred(word: str) -> tuple[str, ...]:
    """Single words the lexicon has for the same happening, in base form, sorted; the word itself left out."""
    frames = frames_of((word,))
    found = {phrase[0] for phrase, names in _lexicon().phrases.items() if len(phrase) == 1 and names & frames}
    return tuple(sorted(found - {word, _base(word)}))


@lru_cache(maxsize=200_000)
def likeness(asked: str, said: str) -> float:
    """How well one word stands for another, in [0, 1]."""
    if asked == said:
        return 1.0
    if asked.isdigit() or said.isdigit():
        return 0.0
    if stem(asked) == stem(said) or _base(asked) == _base(said):
        return SAME_STEM
    return _frame_likeness(frames_of((asked,)), frames_of((said,)))


def _frame_likeness(one: frozenset[str], other: frozenset[str]) -> float:
    if not one or not other:
        return 0.0
    if one & other:
        return SAME_FRAME
    near = _lexicon().near
    if any(near[frame] & other for frame in one) or any(near[frame] & one for frame in other):
        return NEAR_FRAME
    return 0.0


def units(words: Sequence[str]) -> list[tuple[str, ...]]:
    """Group folded words into units of meaning: known phrases as one, small words dropped."""
    found: list[tuple[str, ...]] = []
    place = 0
    while place < len(words):
        for length in range(min(_LONGEST, len(words) - place), 1, -1):
            piece = tuple(words[place : place + length])
            if frames_of(piece) and piece[0] not in STOPWORDS and piece[-1] not in STOPWORDS:
                found.append(piece)
                place += length
                break
        else:
            if words[place] not in STOPWORDS:
                found.append((words[place],))
            place += 1
    return found


def find(unit: tuple[str, ...], words: Sequence[str], vectors: WordVectors | None = None) -> Spot | None:
    """The best place where a sentence says what the unit says; None if nowhere.

    Args:
        unit: Folded words asked.
        words: Folded words of the sentence.
        vectors: Asked only where the lexicon finds nothing.
    """
    best: Spot | None = None
    frames = frames_asked(unit)
    for place, word in enumerate(words):
        if word in STOPWORDS and word not in unit:
            continue
        spot = _spot_at(unit, frames, words, place)
        if spot is not None and (best is None or spot.score > best.score):
            best = spot
    if best is None and vectors is not None and len(unit) == 1:
        place, score = vectors.nearest(unit[0], words)
        if score:
            return Spot(place, place, score, is_verb_form(words[place]))
    return best


class WordVectors:
    """Likeness of single words by an embedder; kept as they are met."""

    def __init__(self, embedder: Embedder, *, least: float = 0.58) -> None:
        """Words of a cosine below `least` are not alike."""
        self._embedder = embedder
        self._least = least
        self._vectors: dict[str, Floats] = {}

    def learn(self, words: Iterable[str]) -> None:
        """Embed the words not met before, in one call."""
        missing = sorted({word for word in words if word.isalpha() and word not in self._vectors})
        for word, vector in zip(missing, self._embedder.embed(missing) if missing else (), strict=True):
            self._vectors[word] = vector

    def nearest(self, word: str, words: Sequence[str]) -> tuple[int, float]:
        """Place of the most alike word and what it is worth; 0 if none is alike enough."""
        mine = self._vectors.get(word)
        places = [n for n, other in enumerate(words) if other not in STOPWORDS and other in self._vectors]
        if mine is None or not places:
            return 0, 0.0
        alike = np.array([self._vectors[words[n]] for n in places]) @ mine
        best = int(np.argmax(alike))
        score = round(float(alike[best]), 6)
        return (places[best], 0.9 * score) if score >= self._least else (0, 0.0)


def _spot_at(unit: tuple[str, ...], frames: frozenset[str], words: Sequence[str], place: int) -> Spot | None:
    if len(unit) == 1:
        score = likeness(unit[0], words[place])
        if score >= SAME_STEM:
            return Spot(place, place, score, is_verb_form(words[place]))
    elif tuple(words[place : place + len(unit)]) == unit:
        return Spot(place, place + len(unit) - 1, 1.0, False)
    if frames:
        for length in range(min(_LONGEST, len(words) - place), 0, -1):
            score = _frame_likeness(frames, frames_of(tuple(words[place : place + length])))
            if score:
                last = place + length - 1
                return Spot(place, last, score, length == 1 and is_verb_form(words[place]))
    return None


@lru_cache(maxsize=100_000)
def is_verb_form(word: str) -> bool:
    """Whether a word can be a finite verb or participle of a verb the lexicon knows."""
    return verb_lemmas(word)[0] != word or word.endswith(("ed", "ing")) or (word,) in _verb_phrases()


@lru_cache(maxsize=1)
def _verb_phrases() -> frozenset[tuple[str, ...]]:
    return frozenset(
        (phrase.split()[0],)
        for frame in FRAMES.values()
        for phrase in (*frame.verbs, *frame.back_verbs)
        if " " not in phrase
    )
