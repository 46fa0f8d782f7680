"""Names by their shape alone, for text in a language no rule here reads."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["names_by_shape"]

# Latin terms with a capital or digit inside text of another script: "GPU", "HBM3E", "Apple Inc".
_LATIN_TERM = re.compile(
    r"(?<![A-Za-z0-9])[A-Za-z0-9]*[A-Z0-9][A-Za-z0-9.+-]*[A-Za-z0-9](?: [A-Z][A-Za-z0-9-]+)*"
)
# Two or more capitalised words inside a sentence of another Latin-script language.
_NAME = re.compile(
    r"(?:(?<=[^\W\d_] )|(?<=[,;] ))[A-ZÀ-Þ][^\W\d_]+(?:[ -](?:(?:de|la|du|von|van|der|di|da|dos"
    r"|del) )?[A-ZÀ-Þ][^\W\d_]+)+"
)
_LONGEST = 60


def names_by_shape(text: str, language: str) -> Iterator[tuple[int, int]]:
    """Ranges of a text that are surely names. Few and safe: what is missed here can be found by search."""
    pattern = _NAME if _is_latin(text) else _LATIN_TERM
    if language == "de":
        return  # every noun has a capital
    for found in pattern.finditer(text):
        words = found[0]
        if len(words) <= _LONGEST and re.search(r"[A-Za-zÀ-ÿ]", words):
            yield found.start(), found.end()


def _is_latin(text: str) -> bool:
    sample = [c for c in text[:2000] if c.isalpha()]
    return sum(ord(c) < 0x250 for c in sample) * 2 > len(sample)
