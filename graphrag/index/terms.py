"""Words as search sees them: folded for names, stemmed for meaning, hashed for look-up.

One analysis serves the index and the question, so both always agree. A token is a run of word
characters; a Han, kana or Hangul character is a token by itself, so that names are found in scripts
that write no blanks or glue particles on. Hashes are 64-bit, stable across processes and machines.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

_TOKEN = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]|[^\W_\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]+"
)
_SPECIAL = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ʼ": ""}
)
_PRIME = np.uint64(0x9E3779B97F4A7C15)

STOPWORDS = frozenset(
    """
    a about above after again against all also although am an and any are as at be because been
    before being below between both but by can could did do does doing down during each either else
    ever every few for from further get gets got had has have having he her here hers herself him
    himself his how however i if in into is it its itself just may me might more most must my myself
    neither no nor not of off on once one only onto or other our ours out over own per same shall
    she should since so some such than that the their theirs them themselves then there these they
    this those through thus to too under until up upon us very was we were what when where whether
    which while who whom whose why will with within without would yet you your yours s t d ll m o re
    ve
    """.split()  # noqa: SIM905
)


def tokens(text: str) -> list[tuple[int, int, str]]:
    """Start, end and surface of each token, in order; offsets count code points of `text`."""
    return [(match.start(), match.end(), match.group()) for match in _TOKEN.finditer(text)]


@lru_cache(maxsize=200_000)
def fold(token: str) -> str:
    """A token without case and accents ("Bråk" and "brak" fold alike)."""
    if token.isascii():
        return token.lower()
    decomposed = unicodedata.normalize("NFKD", token.casefold().translate(_SPECIAL))
    if _is_syllabic(token):
        return token
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def surfaces(text: str) -> list[str]:
    """The tokens of `text` as written; a possessive 's is not a token."""
    if "'" in text or "’" in text:
        return [surface for _, _, surface in without_possessives(tokens(text), text)]
    return _TOKEN.findall(text)


def folded(text: str) -> list[str]:
    """The folded tokens of `text`; a possessive 's is not a token."""
    return [fold(surface) for surface in surfaces(text)]


def without_possessives(found: Sequence[tuple[int, int, str]], text: str) -> list[tuple[int, int, str]]:
    """Drop the "s" of "Kim's"; what it hangs on stays."""
    return [
        item
        for item in found
        if not (
            item[2] in "sS"
            and item[0] > 0
            and text[item[0] - 1] in "'’"
            and item[0] > 1
            and text[item[0] - 2].isalnum()
        )
    ]


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Take off the endings that English hangs on a word ("directed", "director" -> "direct").

    A light stemmer: it joins a verb's forms, its doer and its act, and leaves short words alone.
    """
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    word = _singular(word)
    for ending, shortest in (("ing", 3), ("ed", 3), ("er", 4), ("or", 4), ("ion", 5), ("ly", 4), ("ment", 4)):
        if word.endswith(ending) and len(word) - len(ending) >= shortest:
            word = word[: -len(ending)]
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    if word.endswith("e") and len(word) > 3:
        word = word[:-1]
    return word


def term_of(token: str) -> str:
    """The search term of a surface token; "" for a word that carries no meaning of its own."""
    word = fold(token)
    return "" if word in STOPWORDS else stem(word)


@lru_cache(maxsize=200_000)
def word_hash(word: str) -> int:
    """64-bit hash of one word."""
    return int.from_bytes(blake2b(word.encode("utf-8"), digest_size=8).digest(), "little")


def word_hashes(words: Iterable[str]) -> NDArray[np.uint64]:
    """`word_hash` of each."""
    return np.fromiter((word_hash(word) for word in words), dtype=np.uint64)


def ngram_hashes(hashes: NDArray[np.uint64], longest: int) -> list[NDArray[np.uint64]]:
    """Hash of every run of 1, 2, ... `longest` words; entry n-1 holds the runs of n, by first word.

    A run's hash is a polynomial in its words' hashes modulo 2**64, so each length costs one pass.
    """
    runs: list[NDArray[np.uint64]] = []
    power = np.uint64(1)
    with np.errstate(over="ignore"):
        total = hashes.copy()
        for length in range(1, min(longest, len(hashes)) + 1):
            if length > 1:
                power = power * _PRIME
                total = total[:-1] + hashes[length - 1 :] * power
            runs.append(total)
    return runs


def run_hashes(hashes: NDArray[np.uint64], lengths: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Hashes of runs of words that lie end to end, each at least one word long; see `ngram_hashes`."""
    if not len(lengths):
        return np.empty(0, dtype=np.uint64)
    first = np.cumsum(lengths) - lengths
    place = np.arange(len(hashes)) - np.repeat(first, lengths)
    with np.errstate(over="ignore"):
        powers = np.cumprod(np.concatenate(([np.uint64(1)], np.full(lengths.max(), _PRIME))))
        return np.add.reduceat(hashes * powers[place], first)


def phrase_hash(words: Sequence[str]) -> int:
    """Hash of a whole run of folded words, as `ngram_hashes` makes it."""
    return int(ngram_hashes(word_hashes(words), len(words))[-1][0])


def _is_syllabic(token: str) -> bool:
    return len(token) == 1 and "\uac00" <= token <= "\ud7a3"


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
