"""Names a parser would trip over, replaced for its eyes by a plain one.

"By the Way is an album by ..." reads as a prepositional phrase, and '"Wait for It" was written by ...' as
a command. Where the text itself shows that words are one name (quotation marks around capitalised words,
the document's title, a capitalised opening before "is a"), the parser gets a stand-in proper noun, and the
original words come back after parsing. Words with a hyphenated prefix ("co-written")
are read as the word alone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace

from graphrag.extraction.layout import Block, StandIn

__all__ = ["mask"]

STAND_IN = "Zarvoon"  # unknown to any vocabulary, so read by its capital and its place alone

_SMALL = r"(?:of|the|a|an|and|or|in|on|for|to|at|from|with|by|de|du|la|le|les|der|die|das|van|von|my|your|no|is|vs\.?|&)"
_CAPITAL = r"(?:[A-Z0-9À-Þ][^\s\"“”()\[\],;:]*|&)"
_QUOTED = re.compile(
    r"(?P<open>\"|“|``\s?|„|«\s?)(?P<title>[A-Z0-9À-Þ][^\"“”`«»\n]{1,80}?)(?P<comma>,?)(?P<close>\s?\"|”|\s?''|“|\s?»)"
)
# A capitalised opening with a small word or a colon in it, up to "is a", "was the", ...
_OPENING = re.compile(
    rf"(?:(?<=^)|(?<=[.!?] ))(?P<title>{_CAPITAL}(?:(?::|,)? (?:{_CAPITAL}|{_SMALL}(?= )))*:? {_CAPITAL})"
    r"(?= (?:\([^()]{0,80}\) )?(?:is|was|are|were) (?:an?|the|one|also|set|written|directed|based|produced|released|published|recorded)\b)"
)
_PREFIX = re.compile(r"\b(?P<prefix>[Cc]o|[Rr]e|[Pp]re|[Nn]on|[Nn]eo|[Aa]nti|[Mm]ulti|[Ss]emi|[Ss]ub|[Uu]n|[Ii]nter)-(?=[a-z]{3})")
_SMALL_WORD = re.compile(rf"(?:^| ){_SMALL}(?= )|:", re.I)
_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE_END = re.compile(r"[.!?]\s")


def mask(block: Block, name: str = "") -> Block:
    """A block whose difficult names are replaced by stand-ins; the same block if it has none.

    Args:
        name: The name the document is about, replaced wherever it stands if it is hard to read.
    """
    text = block.text
    found = sorted(_hard_names(text, name))
    if not found:
        return block
    pieces: list[str] = []
    anchors: list[int] = []
    sources: list[int] = []
    stand_ins: dict[int, StandIn] = {}
    length = position = 0

    def copy(start: int, end: int) -> None:
        nonlocal length
        at = bisect_right(block.anchors, start) - 1
        while start < end:
            stop = min(end, block.anchors[at + 1] if at + 1 < len(block.anchors) else end)
            pieces.append(text[start:stop])
            anchors.append(length)
            sources.append(block.source(start))
            length += stop - start
            start, at = stop, at + 1

    for start, end, words, kind in found:
        if start < position:
            continue
        copy(position, start)
        anchors.append(length)
        sources.append(block.source(start))
        stand_ins[length] = StandIn(block.source(end - 1) + 1, text[start:end], kind)
        pieces.append(words)
        length += len(words)
        position = end
    copy(position, len(text))
    return replace(block, text="".join(pieces), anchors=tuple(anchors), sources=tuple(sources), stand_ins=stand_ins)


def _hard_names(text: str, name: str) -> Iterator[tuple[int, int, str, str]]:
    """(start, end, stand-in, kind) of what is to be replaced; may overlap."""
    if "-" in text:
        for found in _PREFIX.finditer(text):
            word = _WORD.match(text, found.end())
            if word is not None and text[word.end() : word.end() + 1] != "-":
                yield found.start(), word.end(), word[0], "word"
    if '"' in text or "“" in text or "``" in text or "«" in text or "„" in text:
        for found in _QUOTED.finditer(text):
            if _is_title(found["title"]):
                yield found.start("title"), found.end("title"), STAND_IN, "title"
    for found in _OPENING.finditer(text):
        title = found["title"]
        if _SMALL_WORD.search(title) and len(title) <= 90:
            yield found.start("title"), found.end("title"), STAND_IN, "name"
    if name and " " in name and _SMALL_WORD.search(name):
        for found in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text):
            yield found.start(), found.end(), STAND_IN, "name"


def _is_title(words: str) -> bool:
    """Whether quoted words are a title rather than speech: capitals throughout, no sentence inside."""
    if len(words) < 2 or _SENTENCE_END.search(words):
        return False
    parts = words.split()
    if len(parts) > 10:
        return False
    large = [part for part in parts if _WORD.search(part)]
    lower = [part for part in large if part.lstrip("('’\"[&").islower() or part[:1].islower()]
    small = [part for part in lower if re.fullmatch(_SMALL, part)]
    if len(parts) == 1:
        return words[0].isupper() or words[0].isdigit()
    return len(lower) == len(small) and len(large) > 0
