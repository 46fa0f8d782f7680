"""Names that look like one name written twice, found without comparing all pairs.

Two names meet when they share a key (`keys_of`): what is left when a letter falls out of one long word,
the name without its blank, the initials it shortens to. What meets is judged by `alike`, which looks at
the two names and nothing else. So the pairs are the same in whatever order names arrive, and there are few:
a word has a bounded number of neighbours, however many words it has half of its letters in common with.

The rules are narrow on purpose. A near miss at the end of a word is mostly another name (Larsen,
Larson; Daniel, Daniela), one word alone is too little to go by (Colombia, Columbia), and
numbers are never misspelt (Apollo 11, Apollo 12).

References:
    Letters that fall out: Mor, Fraenkel, "A hash code method for detecting and correcting spelling errors",
    CACM 1982.
"""

import re
from typing import NamedTuple
from zlib import crc32

from rapidfuzz.distance import OSA

# A key's last two bits: what may meet what.
_LIKE, _FULL, _SHORT = 0, 1, 2
_MIN_WORD = 7
# What is longer is a sentence, not a name that somebody misspells; its keys would cost its square.
_MOST_WORDS = 32
_MOST_LETTERS = 256
_ALPHABETS = "\u0530"  # Latin, Greek, Cyrillic: below it a letter has a bounded number of neighbours
_DIGIT = re.compile(r"\d")


class Likeness(NamedTuple):
    """Why two names may be one: `kind` is "spelling" or "initials"; `fuller` is the longer name's index."""

    kind: str
    score: float
    fuller: int


def keys_of(normal: str) -> tuple[list[int], list[int]]:
    """Keys to store a name under, and keys to look others up by: about as many as long words have letters.

    Names of more than 32 words or 256 letters meet by their initials alone. O(len) for each key.
    """
    if not normal or (not normal.isascii() and max(normal) >= _ALPHABETS):
        return [], []
    words = normal.split(" ")
    both: list[int] = []
    if len(words) <= 2 and _MIN_WORD <= len(normal) <= _MOST_LETTERS:
        # One word here may be two elsewhere.
        both.append(_key("".join(words), _LIKE))
    if 1 < len(words) <= _MOST_WORDS and len(normal) <= _MOST_LETTERS:
        for place, word in enumerate(words):
            if len(word) >= _MIN_WORD - 1 and word.isalpha():
                around = f"{' '.join(words[:place])}|{' '.join(words[place + 1 :])}|"
                start = crc32(around.encode("utf-8"))
                both += [crc32(left.encode("utf-8"), start) << 2 | _LIKE for left in _left_of(word)]
    store, look = both.copy(), both
    for short in _shortened(words):
        store.append(_key(short, _FULL))
        look.append(_key(short, _SHORT))
    if _is_short(words):
        store.append(_key(normal, _SHORT))
        look.append(_key(normal, _FULL))
    return store, look


def _left_of(word: str) -> set[str]:
    """A word, and what is left of it without a letter: two words that are a slip apart have one in common.

    Only what `_misspelt` takes for a slip counts: it lies inside the word, or is an umlaut's e.
    """
    left = {word, *(word[:place] + word[place + 1 :] for place in range(1, len(word) - 2))}
    for place in (len(word) - 2, len(word) - 1):
        if word[place] == "e" and word[place - 1] in "aou":
            left.add(word[:place] + word[place + 1 :])
    return left


def alike(first: str, second: str) -> Likeness | None:
    """Whether two normal forms may be one name, by their letters alone; symmetric but for `fuller`."""
    words, others = first.split(" "), second.split(" ")
    if len(words) != len(others):
        if len(words) + len(others) == 3 and "".join(words) == "".join(others):
            return Likeness("spelling", 0.97, int(len(others) > len(words)))
        return _initials(first, words, second, others)
    differing = [place for place, pair in enumerate(zip(words, others, strict=True)) if pair[0] != pair[1]]
    if len(differing) != 1:
        return None
    word, other = words[differing[0]], others[differing[0]]
    if len(words) == 1 or not _misspelt(word, other):
        return _initials(first, words, second, others)
    length = max(len(first), len(second))
    return Likeness("spelling", round(1.0 - 1.0 / length, 6), int(second > first))


def _key(text: str, kind: int) -> int:
    return crc32(text.encode("utf-8")) << 2 | kind


def _misspelt(word: str, other: str) -> bool:
    if _DIGIT.search(word) or _DIGIT.search(other) or OSA.distance(word, other, score_cutoff=1) != 1:
        return False
    shorter, longer = sorted((len(word), len(other)))
    if shorter >= _MIN_WORD - 1 and _umlauts(word) == _umlauts(other):
        return True
    if longer < _MIN_WORD or word[0] != other[0]:
        return False
    # At the end of a word a letter makes another name: genders, plurals, Larsen and Larson, Johnson
    # and Johnston.
    end = 4 if word.endswith("n") or other.endswith("n") else 2
    return word[-end:] == other[-end:]


def _umlauts(word: str) -> str:
    """German umlauts are also written with an e."""
    return word.replace("ae", "a").replace("oe", "o").replace("ue", "u")


def _shortened(words: list[str]) -> list[str]:
    """What a name of three words or more is shortened to: "jrr tolkien", "john f kennedy"."""
    if len(words) < 3 or not all(word.isalpha() for word in words) or any(len(w) < 2 for w in words):
        return []
    middle = "".join(word[0] for word in words[1:-1])
    return [f"{words[0][0]}{middle} {words[-1]}", f"{words[0]} {middle} {words[-1]}"]


def _is_short(words: list[str]) -> bool:
    if len(words) == 2:
        return 2 <= len(words[0]) <= 4 and words[0].isalpha() and len(words[1]) > 1
    return len(words) == 3 and 1 <= len(words[1]) <= 2 and words[1].isalpha()


def _initials(first: str, words: list[str], second: str, others: list[str]) -> Likeness | None:
    for fuller, (long_words, short, short_words) in enumerate(
        ((words, second, others), (others, first, words))
    ):
        if _is_short(short_words) and short in _shortened(long_words):
            return Likeness("initials", 0.9, fuller)
    return None
