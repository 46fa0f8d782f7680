"""Counting tokens as GPT models do, offline.

The table (o200k, of GPT-4o and later) is inside the wheel of semantic-text-splitter, which can tell
whether a text fits a number of tokens; exact counts are found by halving on that answer.
"""

import re
from functools import lru_cache

_MODEL = "gpt-4o"
_LONGEST_PER_TOKEN = 12  # characters; a text longer than this a token is taken not to fit
# Unbroken runs outside scripts that write no blanks. No word is so long, and on some (a letter with
# thousands of accents) the tokeniser takes quadratic time: their bytes are counted instead.
_RUN = re.compile(r"[^\s\u2e80-\u9fff\uac00-\ud7a3\u0e00-\u0eff]{100,}")


def fits_tokens(text: str, max_tokens: int) -> bool:
    """Whether `text`, blanks at its ends aside, has at most `max_tokens` tokens.

    Errs on the safe side for a text of more than 12 characters a token, or with a run of 100
    characters without a blank, so that time is bounded by `max_tokens` whatever the text.
    About 70 microseconds for 100 words.
    """
    text = text.strip()
    if len(text) > max_tokens * _LONGEST_PER_TOKEN:
        return False
    if len(text) * 4 <= max_tokens or len(text.encode("utf-8", "replace")) <= max_tokens:
        return True  # no token is shorter than a byte
    if runs := _RUN.findall(text):
        max_tokens -= sum(len(run.encode("utf-8", "replace")) for run in runs)
        text = _RUN.sub(" ", text)
        if max_tokens < 1:
            return False
    return len(_splitter(max_tokens).chunks(text)) <= 1


def count_tokens(text: str) -> int:
    """Smallest number of tokens that `text` fits: 0 for blanks. About ten times `fits_tokens`."""
    text = text.strip()
    if not text:
        return 0
    high = max(1, len(text) // 4)
    while not fits_tokens(text, high):
        high *= 2
    low = high // 2 if high > max(1, len(text) // 4) else 0
    while high - low > 1:
        middle = (low + high) // 2
        if fits_tokens(text, middle):
            high = middle
        else:
            low = middle
    return high


@lru_cache(maxsize=4096)
def _splitter(max_tokens: int):  # type: ignore[no-untyped-def]
    from semantic_text_splitter import TextSplitter

    return TextSplitter.from_tiktoken_model(_MODEL, max_tokens)
