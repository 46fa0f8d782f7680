"""Finding in a passage what a model says it quotes: exactly, or up to how it is printed.

Models straighten quotation marks, shorten dashes, fold line breaks and drop punctuation; in names they
drop articles, too, and write a common noun in the singular. These differences are looked through, with
a map back to the true characters; other differences are not: the words and their order have to agree.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from graphrag.datamodel import Span

_SAME = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u0060\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    }
)
_INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")
_GAP = re.compile(r"(?<!\s)\s*(?:\.\.\.|\u2026|\[\.\.\.\]|\[\u2026\])\s*")
_MAX_GAP = 300  # characters a "..." may stand for
_WORD = re.compile(r"\w+")
_MAX_WORDS = 150  # of a quote that is looked for word by word
_BETWEEN = r"\W{1,12}"
# Words that models leave out of a name: "head of the state" comes as "head of state".
_DROPPED = r"(?:the|a|an|this|that|these|those|its|his|her|their)"


@dataclass(frozen=True, slots=True)
class Found:
    """Where something stands, in the passage's own offsets.

    Attributes:
        exact: Whether every character agrees.
    """

    span: Span
    exact: bool


class Passage:
    """A text to find quotes in. Exact finds cost a `str.find`; the rest prepares one map, once."""

    def __init__(self, text: str) -> None:
        self.text = text

    def find(self, quote: str, start: int = 0, end: int | None = None) -> Found | None:
        """First place of `quote` within [start, end), or None.

        Quotation marks, dashes, blanks, punctuation and case may differ, and "..." may stand for up
        to 300 characters left out.
        """
        quote = quote.strip()
        end = len(self.text) if end is None else end
        if not quote:
            return None
        at = self.text.find(quote, start, end)
        if at >= 0:
            return Found(Span(at, at + len(quote)), True)
        return (
            self._find_folded(quote, start, end)
            or self._find_parts(quote, start, end)
            or self._find_words(quote, start, end, between=_BETWEEN)
        )

    def find_name(self, name: str, start: int = 0, end: int | None = None) -> Found | None:
        """As `find`, as whole words: "Ann" is not found in "Annual".

        The text may have articles and possessives that the name lacks ("head of the state" for "head
        of state"), and the plural of a last word in lower case.
        """
        end = len(self.text) if end is None else end
        position = start
        while (found := self.find(name, position, end)) is not None:
            if self._is_whole(found.span):
                return found
            position = found.span.start + 1
        between = rf"{_BETWEEN}(?:{_DROPPED}{_BETWEEN}){{0,2}}"
        last = name.split()[-1:]
        plural = r"(?:s|es)?" if last and last[0].islower() and last[0].isalpha() else ""
        return self._find_words(name, start, end, between=between, ending=plural)

    def find_name_near(self, name: str, near: Span) -> Found | None:
        """The occurrence of a name inside `near`, else the last before it, else the first after."""
        inside = self.find_name(name, near.start, near.end)
        if inside is not None:
            return inside
        before, position = None, 0
        while (found := self.find_name(name, position, near.end)) is not None:
            before, position = found, found.span.start + 1
        return before or self.find_name(name, near.start)

    def _is_whole(self, span: Span) -> bool:
        text = self.text
        before = span.start > 0 and text[span.start - 1].isalnum() and text[span.start].isalnum()
        after = span.end < len(text) and text[span.end].isalnum() and text[span.end - 1].isalnum()
        # In scripts without blanks every place is a word boundary.
        return not ((before and text[span.start].isascii()) or (after and text[span.end - 1].isascii()))

    @cached_property
    def _folded(self) -> tuple[str, list[int]]:
        return _fold(self.text)

    def _find_folded(self, quote: str, start: int, end: int) -> Found | None:
        wanted = _fold(quote)[0].strip()
        if not wanted:
            return None
        folded, origin = self._folded
        at = folded.find(wanted)
        while at >= 0:
            span = Span(origin[at], origin[at + len(wanted) - 1] + 1)
            if start <= span.start and span.end <= end:
                return Found(span, False)
            at = folded.find(wanted, at + 1)
        return None

    def _find_words(
        self, quote: str, start: int, end: int, *, between: str, ending: str = ""
    ) -> Found | None:
        """The words of `quote` in order, with no more than `between` two of them."""
        words = _WORD.findall(_fold(quote)[0])
        if not 0 < len(words) <= _MAX_WORDS or (len(words) == 1 and not ending):
            return None
        body = between.join(map(re.escape, words))
        folded, origin = self._folded
        for match in re.finditer(rf"(?<!\w){body}{ending}(?!\w)", folded):
            span = Span(origin[match.start()], origin[match.end() - 1] + 1)
            if start <= span.start and span.end <= end:
                return Found(span, False)
        return None

    def _find_parts(self, quote: str, start: int, end: int) -> Found | None:
        parts = [part for part in _GAP.split(quote) if part]
        if len(parts) < 2 and not _GAP.search(quote):
            return None
        spans: list[Span] = []
        for part in parts:
            at = self.text.find(part, start, end)
            found = Span(at, at + len(part)) if at >= 0 else None
            if found is None:
                folded = self._find_folded(part, start, end)
                found = folded.span if folded is not None else None
            if found is None or (spans and found.start - spans[-1].end > _MAX_GAP):
                return None
            spans.append(found)
            start = found.end
        return Found(Span(spans[0].start, spans[-1].end), False) if spans else None


def _fold(text: str) -> tuple[str, list[int]]:
    """Folded text, and for each of its characters the offset of the one it came from."""
    folded: list[str] = []
    origin: list[int] = []
    for offset, character in enumerate(text):
        if character in _INVISIBLE:
            continue
        if character.isspace():
            if folded and folded[-1] != " ":
                folded.append(" ")
                origin.append(offset)
            continue
        for piece in character.translate(_SAME).casefold():
            folded.append(piece)
            origin.append(offset)
    return "".join(folded), origin
