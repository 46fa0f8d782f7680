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
from collections.abc import Iterator, Sequence
from dataclasses import replace

from graphrag.extraction.layout import Block, StandIn
from graphrag.extraction.wordlists import words

__all__ = ["mask", "openings"]

STAND_IN = "Zarvoon"  # unknown to any vocabulary, so read by its capital and its place alone

_SMALL = (
    r"(?:of|the|a|an|and|or|in|on|for|to|at|from|with|by|de|du|la|le|les|der|die|das|van|von|my|your|no|is"
    r"|vs\.?|&|un|une|et|des|aux|um|uma|do|da|dos|das|em|el|los|las|del|y|una|di|della|dei|degli|il|lo|gli"
    r"|und|ein|eine|den|dem|des|zu|zur|zum|im|am|auf|en|ett|och|og|het|een|i|as|into|upon|over|under)"
)
_CAPITAL = r"(?:[A-Z0-9À-Þ][^\s\"“”()\[\],;:]*|&)"
_QUOTED = re.compile(
    r"(?P<open>\"|“|``\s?|„"
    r"|«\s?)(?P<title>[A-Z0-9À-Þ][^\"“”`«»\n]{1,80}?)(?P<comma>,?)(?P<close>\s?\"|”|\s?''|“|\s?»)"
)
# A capitalised opening up to a verb: "By the Way is", "The Shadow of a Gunman was", "1441 Bolyai was".
_OPENING = re.compile(
    rf"(?:(?<=^)|(?<=[.!?] ))(?P<title>{_CAPITAL}(?:(?: ?:|,)? (?:{_CAPITAL}"
    rf"|{_SMALL}(?= ))){{0,25}}?(?:(?: ?:|,)? {_CAPITAL}))"
    r"(?= (?:\([^()]{0,80}\) )?(?P<verb>is|was|are|were|has|had|tells|follows|features|stars|premiered|aired"
    r"|became|won|received|takes|took|opened|opens|contains|includes|peaked|reached|debuted|depicts|describes"
    r"|revolves|centers|centres|focuses|appeared|appears|served|serves|remains|remained|lies|flows|rises"
    r"|stands|holds|held|won|earned|garnered|grossed|marked|marks|made|introduced|introduces|explores)\b"
    r"(?P<article> (?:an?|the|one)\b)?)"
)
# Names with a number: "NGC 1566", "Soyuz TMA-20", "STS-61-A", "Expedition 30".
_CODE = re.compile(
    r"\b(?:[A-Z][a-z]+ )?[A-Z]{2,}[A-Z0-9]*-\d[A-Za-z0-9-]*|\b[A-Z]{2,6} \d{1,5}\b(?!\.\d|,\d)"
    r"|\b(?:[A-Z][a-z]+ )?[A-Z][a-z]{3,} \d{1,3}[A-Z]?\b(?!\.\d|,\d|(?:st|nd|rd|th)\b| (?:January"
    r"|February|March|April|May|June"
    r"|July|August|September|October|November|December|per ?cent|%|million|billion|years?|days?"
    r"|hours?|km|miles|metres|people))"
)
# Brackets after a name: other spellings, dates, a translation. Read by `asides`; here they only disturb.
_BRACKETS = re.compile(r"(?<=[\w\"'”’.!?]) ?\((?P<inner>[^()]{1,200})\)")
_ASIDE = re.compile(
    r"[:;\d]|[^\x00-\x7f]|\b(?:born|also|formerly|or|lit|literally|pronounced|aka|a\.k\.a)\b", re.I
)
_NO_NAME = frozenset(
    words(
        """
        january february march april june july august september october november december monday
        tuesday wednesday thursday friday saturday sunday about around over under from since until
        between nearly almost approximately with after before page chapter section figure table part
        season volume their there these those only some when while this that than then they were have
        both each usd eur gbp bc ad
        """
    )
)
_PREFIX = re.compile(
    r"\b(?P<prefix>[Cc]o|[Rr]e|[Pp]re|[Nn]on|[Nn]eo|[Aa]nti|[Mm]ulti|[Ss]emi|[Ss]ub|[Uu]n"
    r"|[Ii]nter)-(?=[a-z]{3})"
)
_SMALL_WORD = re.compile(rf"(?:^| ){_SMALL}(?= )|:", re.I)
_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE_END = re.compile(r"[.!?]\s")


def openings(text: str) -> list[tuple[int, int]]:
    """Where sentences open with two or more capitalised words before a verb: they should be one subject."""
    found = []
    for match in _OPENING.finditer(text):
        words = match["title"].split()
        if (
            len(words) > 1
            and len(match["title"]) <= 90
            and (match["article"] or words[0].lower() not in _OPENERS)
            and words[0].lower() not in _ADVERBS
            and not _is_place_first(match)
        ) and not _NO_NAME & {word.lower() for word in words}:
            article = 4 if match["title"].startswith("The ") else 0
            found.append((match.start("title") + article, match.end("title")))
    return found


def mask(block: Block, name: str = "", names: Sequence[tuple[int, int]] = ()) -> Block:
    """A block whose difficult names are replaced by stand-ins; the same block if it has none.

    Args:
        name: The name the document is about, replaced wherever it stands if it is hard to read.
        names: Ranges of the block's text that a first parse misread, replaced whatever they look like.
    """
    text = block.text
    found = sorted([*((start, end, STAND_IN, "name") for start, end in names), *_hard_names(text, name)])
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

    for start, end, shown, kind in found:
        if start < position:
            continue
        copy(position, start)
        if not shown:
            position = end
            continue
        anchors.append(length)
        sources.append(block.source(start))
        stand_ins[length] = StandIn(block.source(end - 1) + 1, text[start:end], kind)
        pieces.append(shown)
        length += len(shown)
        position = end
    copy(position, len(text))
    return replace(
        block, text="".join(pieces), anchors=tuple(anchors), sources=tuple(sources), stand_ins=stand_ins
    )


def _hard_names(text: str, name: str) -> Iterator[tuple[int, int, str, str]]:
    """(start, end, stand-in, kind) of what is to be replaced; may overlap. An empty stand-in: left out."""
    if "(" in text:
        for found in _BRACKETS.finditer(text):
            if _is_aside(found["inner"]):
                yield found.start(), found.end(), "", "aside"
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
        if _is_place_first(found):
            continue
        if _is_hard_opening(found["title"], definition=found["article"] is not None):
            article = 4 if found["title"].startswith("The ") else 0
            yield found.start("title") + article, found.end("title"), STAND_IN, "name"
    for found in _CODE.finditer(text):
        if not _NO_NAME & {word.lower() for word in found[0].split()}:
            yield found.start(), found.end(), STAND_IN, "name"
    if name and " " in name and _SMALL_WORD.search(name):
        for found in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text):
            yield found.start(), found.end(), STAND_IN, "name"


def _is_aside(inner: str) -> bool:
    """Whether brackets hold a gloss rather than a part of the sentence."""
    return (inner.isupper() and len(inner) <= 10) or _ASIDE.search(inner) is not None


def _is_place_first(opening: re.Match[str]) -> bool:
    """Whether a place comes first and the subject after the verb: "Near the Old Bridge stands the mill"."""
    first = opening["title"].split(maxsplit=1)[0].lower()
    return first in _PLACING and opening["verb"] in _STANDING


def _is_hard_opening(title: str, *, definition: bool) -> bool:
    """Whether a capitalised opening would mislead the parser, and is surely one name."""
    words = title.split()
    if len(title) > 90 or (
        words[0].lower() in _OPENERS and (not definition or _NO_NAME & {w.lower() for w in words[1:]})
    ):
        return False
    if re.match(r"\d{1,5} [A-Z]", title) and title.count(" ") == 1:
        return True
    if definition and (
        "'s " in title or "’s " in title or re.search(r" (?:I{2,3}|IV|V|VI{1,3}|\d+)\Z", title)
    ):
        return True
    if "," in title and not definition:
        return False
    return _SMALL_WORD.search(title) is not None or words[0].lower() in _FUNCTION


_OPENERS = frozenset(
    words(
        """
        in on at since during from after before by as although while when if but and for
        """
    )
)
_PLACING = _OPENERS | frozenset(
    words(
        """
        near beside behind under over between beneath below above inside outside along across around
        opposite beyond among to of with within upon into
        """
    )
)
_STANDING = frozenset(words("lies flows rises stands remains remained appears appeared"))
_ADVERBS = frozenset(
    words(
        """
        today now currently eventually originally formerly later however thus instead also recently
        finally once initially meanwhile nevertheless afterwards subsequently sometimes often never
        """
    )
)
_FUNCTION = frozenset(
    words(
        """
        my your our who what why how where of to no not with under over near into out up
        """
    )
)


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
