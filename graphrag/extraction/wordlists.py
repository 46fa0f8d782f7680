"""How lists of words are written down: as text, one blank between words."""

from __future__ import annotations

__all__ = ["words"]


def words(listed: str) -> tuple[str, ...]:
    """The words of a listing, in order."""
    return tuple(listed.split())
