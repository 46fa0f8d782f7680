"""Document -> chunks of whole sentences that quote it exactly."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from graphrag.datamodel import Chunk, Document, Span
from graphrag.errors import ConfigError
from graphrag.ids import chunk_id
from graphrag.sentences import is_heading, sentences
from graphrag.tokens import fits_tokens

_CLAUSE_END = re.compile(r"[,;:–—、，；：]\s|\n")


class SentenceChunker:
    """Packs sentences, in order, into chunks of at most `max_tokens` GPT tokens.

    A chunk that is full ends at its last paragraph end if that leaves it at least half full, and
    never with a heading, which belongs to what follows. A sentence too long for a chunk of its own
    is cut after a clause, else between words, else between characters.

    Args:
        max_tokens: Largest chunk; at least 16.
        overlap_tokens: Whole sentences up to this many tokens are repeated from the chunk before.
    """

    def __init__(self, max_tokens: int = 300, overlap_tokens: int = 0) -> None:
        if max_tokens < 16:
            raise ConfigError(f"chunking.max_tokens = {max_tokens} is too small; use at least 16")
        if not 0 <= overlap_tokens <= max_tokens // 2:
            raise ConfigError(
                f"chunking.overlap_tokens = {overlap_tokens} must lie between 0 and half of max_tokens "
                f"({max_tokens // 2})"
            )
        self.max_tokens = max_tokens
        self.overlap_tokens = overlap_tokens

    def split(self, document: Document) -> list[Chunk]:
        """Cut a document; time grows with its length, whatever it holds. See `interfaces.Chunker`."""
        return [
            Chunk(
                id=chunk_id(document.id, span.start, span.end),
                document_id=document.id,
                span=span,
                text=document.text[span.start : span.end],
                title=document.title,
                ordinal=ordinal,
            )
            for ordinal, span in enumerate(self.spans(document.text))
        ]

    def spans(self, text: str) -> list[Span]:
        """Where the chunks of a text lie, in order."""
        stripped = text.strip()
        if not stripped:
            return []
        if fits_tokens(stripped, self.max_tokens):
            start = len(text) - len(text.lstrip())
            return [Span(start, start + len(stripped))]
        pieces = [part for sentence in sentences(text) for part in self._parts(text, sentence)]
        return list(self._packed(text, pieces))

    def _packed(self, text: str, pieces: Sequence[Span]) -> Iterator[Span]:
        new, size = 0, 1  # first piece not yet in a chunk; pieces in the chunk before
        while new < len(pieces):
            first = self._overlap_start(text, pieces, new)
            if first < new and not self._fits(text, pieces, first, new + 1):
                first = new
            end = self._longest(text, pieces, first, new + 1, guess=new + size)
            if end < len(pieces):
                end = _good_end(text, pieces, new, end)
            yield Span(pieces[first].start, pieces[end - 1].end)
            size = end - new
            new = end

    def _longest(self, text: str, pieces: Sequence[Span], first: int, known: int, *, guess: int) -> int:
        """Largest `end` for which pieces[first:end] fit; pieces[first:known] are known to."""
        end = min(max(known, guess), len(pieces))
        while end > known and not self._fits(text, pieces, first, end):
            end = known + (end - known) // 2
        step = 1
        while end < len(pieces) and self._fits(text, pieces, first, min(end + step, len(pieces))):
            end = min(end + step, len(pieces))
            step *= 2
        while step := step // 2:
            if end + step <= len(pieces) and self._fits(text, pieces, first, end + step):
                end += step
        return end

    def _fits(self, text: str, pieces: Sequence[Span], first: int, end: int) -> bool:
        return fits_tokens(text[pieces[first].start : pieces[end - 1].end], self.max_tokens)

    def _overlap_start(self, text: str, pieces: Sequence[Span], new: int) -> int:
        """First piece to repeat before pieces[new]."""
        if not self.overlap_tokens:
            return new
        first, end = new, pieces[new - 1].end
        while first > 0 and fits_tokens(text[pieces[first - 1].start : end], self.overlap_tokens):
            first -= 1
        return first

    def _parts(self, text: str, sentence: Span) -> Iterator[Span]:
        """The sentence itself, or pieces of it that fit a chunk."""
        start = sentence.start
        while not fits_tokens(text[start : sentence.end], self.max_tokens):
            cut = self._cut(text, start, sentence.end)
            yield _trimmed(text, start, cut)
            start = cut
            while text[start].isspace():  # a sentence ends in something visible
                start += 1
        yield Span(start, sentence.end)

    def _cut(self, text: str, start: int, end: int) -> int:
        """Best place to end a piece that begins at `start` and fits."""
        low, high = 1, min(end - start, self.max_tokens * 12 + 1)  # low fits, high does not
        while high - low > 1:
            middle = (low + high) // 2
            if fits_tokens(text[start : start + middle], self.max_tokens):
                low = middle
            else:
                high = middle
        limit = start + low
        half = start + low // 2
        clauses = [match.end() for match in _CLAUSE_END.finditer(text, half, limit)]
        if clauses:
            return clauses[-1]
        for position in range(limit, start, -1):
            if text[position - 1].isspace() or text[position].isspace():
                return position
        for position in range(limit, max(start, limit - 8), -1):  # a letter keeps its accents
            if not unicodedata.combining(text[position]):
                return position
        return limit


def _good_end(text: str, pieces: Sequence[Span], new: int, end: int) -> int:
    """Move the end of a full chunk back to a paragraph end, and off a heading, if there is one."""
    half = pieces[new].start + (pieces[end - 1].end - pieces[new].start) // 2
    for candidate in range(end, new, -1):
        if pieces[candidate - 1].end < half:
            break
        between = text[pieces[candidate - 1].end : pieces[candidate].start]
        if between.count("\n") > 1 and not _heading_at(text, pieces[candidate - 1]):
            return candidate
    while end - 1 > new and _heading_at(text, pieces[end - 1]):
        end -= 1
    return end


def _heading_at(text: str, piece: Span) -> bool:
    return is_heading(text[piece.start : piece.end])


def _trimmed(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    begin = start + len(piece) - len(piece.lstrip())
    return Span(begin, start + len(piece.rstrip()))
