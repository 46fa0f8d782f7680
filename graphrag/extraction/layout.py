"""What of a chunk is prose, and where: headings, list items and tables apart, markup out of the way.

The parser must see sentences, and a list or heading read as running text makes nonsense of them. So
a chunk is cut into blocks; inside a block markup characters are left out and single line breaks become
blanks, and a map leads each character of what is parsed back to the document.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Block", "BlockKind", "read_blocks"]

MAX_WORD = 200  # a longer run without a blank is data, not a word
MAX_BLOCK = 5_000  # characters parsed at once; bounds the time and memory of one parse


class BlockKind(StrEnum):
    """What a block is, as far as reading it goes."""

    PROSE = "prose"
    HEADING = "heading"
    ITEM = "item"
    SKIPPED = "skipped"  # code, tables, data: kept in the text, not parsed


@dataclass(frozen=True, slots=True)
class StandIn:
    """What a word given to the parser stands for.

    Attributes:
        end: End of the original words in the source.
        words: The original words.
        kind: "title" for a quoted title, "name" for a name, "word" for another spelling.
    """

    end: int
    words: str
    kind: str


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of text for the parser.

    Attributes:
        text: What is parsed.
        anchors: Offsets in `text` where the distance to the source changes, ascending, from 0.
        sources: Offset in the source of each anchor.
        end: End of the block in the source.
        stand_ins: Words of `text` that stand for others: offset -> (source end, the words, what they are).
    """

    kind: BlockKind
    text: str
    anchors: tuple[int, ...]
    sources: tuple[int, ...]
    end: int
    stand_ins: Mapping[int, StandIn] = field(default_factory=dict)

    def source(self, offset: int) -> int:
        """Where a character of `text` stands in the source."""
        at = bisect_right(self.anchors, offset) - 1
        return self.sources[at] + offset - self.anchors[at]

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """Source range of a non-empty range of `text`, whole words where words stand for others."""
        if self.stand_ins:
            at = bisect_right(self.anchors, end - 1) - 1
            stand_in = self.stand_ins.get(self.anchors[at])
            if stand_in is not None:
                return self.source(start), stand_in.end
        return self.source(start), self.source(end - 1) + 1


_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+")
_UNDERLINE = re.compile(r" {0,3}(=+|-{3,})[ \t]*$")
_ITEM = re.compile(r"[ \t]*(?:[-*+•‣◦·▪–]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)](?=\s))[ \t]+")
_QUOTE = re.compile(r"[ \t]*>[ \t]?")
_FENCE = re.compile(r" {0,3}(```|~~~)")
_TABLE = re.compile(r"[ \t]*\|.*\|[ \t]*$")
_MARKUP = re.compile(
    r"!?\[(?P<label>[^\]\[\n]{0,300})\]\((?P<url>[^()\s]{0,500})\)"  # links and images keep their label
    r"|\[(?:\d{1,3}|citation needed|note \d{1,2})\]"  # footnote marks
    r"|(?P<code>`{1,3})(?P<inner>[^`\n]{1,200})(?P=code)"
    r"|(?<!\w)\*{1,3}(?=\S)|(?<=\S)\*{1,3}(?!\w)"
    r"|(?<![\w_])_(?P<emphasis>[^_\n]{1,200})_(?![\w_])"
    r"|</?[a-zA-Z][^<>\n]{0,200}>"
    r"|[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]+"  # seen by no reader
    r"|\s+"
)
# Without any of these nothing of the above is there but single blanks between words.
_UNCLEAN = re.compile(
    r"[\[`*_<\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]|\s{2}|[^\S ]" rf"|\S{{{MAX_WORD + 1}}}"
)
_TERMINAL = re.compile(r"[.!?:;,…。！？][\"'”’)\]]*\s*$")


def read_blocks(text: str) -> list[Block]:
    """Cut a text into blocks, in order; O(len(text)). Blank stretches belong to no block."""
    blocks: list[Block] = []
    run: list[tuple[int, int]] = []  # lines of the paragraph being gathered
    fenced = False
    position = 0

    def flush(kind: BlockKind = BlockKind.PROSE) -> None:
        if run:
            blocks.extend(_make_blocks(text, run[0][0], run[-1][1], kind))
            run.clear()

    for line in text.split("\n"):
        start, end = position, position + len(line)
        position = end + 1
        if _FENCE.match(line):
            flush()
            fenced = not fenced
            continue
        if fenced or not line.strip():
            flush()
            if fenced and line.strip():
                blocks.append(Block(BlockKind.SKIPPED, "", (0,), (start,), end))
            continue
        if _TABLE.match(line) and line.count("|") > 2:
            flush()
            blocks.append(Block(BlockKind.SKIPPED, "", (0,), (start,), end))
            continue
        quote = _QUOTE.match(line)
        if quote:
            start, line = start + quote.end(), line[quote.end() :]
        heading = _HEADING.match(line)
        if heading:
            flush()
            run.append((start + heading.end(), start + len(line.rstrip().rstrip("#"))))
            flush(BlockKind.HEADING)
            continue
        if _UNDERLINE.match(line):
            flush(BlockKind.HEADING if len(run) == 1 else BlockKind.PROSE)
            continue
        item = _ITEM.match(line)
        if item:
            flush()
            run.append((start + item.end(), end))
            flush(BlockKind.ITEM)
            continue
        if run and _ends_block(text, run[-1], line):
            flush()
        run.append((start, end))
    flush()
    return blocks


def _ends_block(text: str, previous: tuple[int, int], line: str) -> bool:
    """Whether a line break is a break in sense: a short line without a stop, then a capital."""
    above = text[previous[0] : previous[1]]
    return len(above) < 55 and not _TERMINAL.search(above) and not line[:1].islower()


def _make_blocks(text: str, start: int, end: int, kind: BlockKind) -> list[Block]:
    """Clean [start, end) of markup; one block, or several where it is too long for one parse."""
    if 0 < end - start < MAX_BLOCK // 2 and text[start] != " " and not _UNCLEAN.search(text, start, end):
        return [Block(kind, text[start:end], (0,), (start,), end)]
    pieces: list[str] = []
    anchors: list[int] = []
    sources: list[int] = []
    blocks: list[Block] = []
    length = 0

    def put(begin: int, stop: int, words: str) -> None:
        nonlocal length
        if words:
            pieces.append(words)
            anchors.append(length)
            sources.append(begin)
            length += len(words)

    def close(stop: int) -> None:
        nonlocal length
        whole = "".join(pieces)
        if whole.strip():
            blocks.append(Block(kind, whole, tuple(anchors), tuple(sources), stop))
        pieces.clear()
        anchors.clear()
        sources.clear()
        length = 0

    def copy(begin: int, stop: int) -> None:
        if stop - begin > MAX_WORD:
            close(begin)
            blocks.append(Block(BlockKind.SKIPPED, "", (0,), (begin,), stop))
            return
        put(begin, stop, text[begin:stop])

    position = start
    for found in _MARKUP.finditer(text, start, end):
        if found.start() > position:
            copy(position, found.start())
        position = found.end()
        whole = found[0]
        if whole[0].isspace():
            if length and not pieces[-1].endswith(" "):
                if length >= MAX_BLOCK or (length >= MAX_BLOCK // 2 and pieces[-1][-1:] in ".!?"):
                    close(found.start())
                else:
                    put(found.start(), found.end(), " ")
        elif found["label"] is not None:
            if whole[0] != "!":
                copy_words(text, found.start("label"), found.end("label"), put)
        elif found["emphasis"] is not None:
            copy_words(text, found.start("emphasis"), found.end("emphasis"), put)
        elif found["inner"] is not None:
            copy_words(text, found.start("inner"), found.end("inner"), put)
    if position < end:
        copy(position, end)
    close(end)
    return blocks


def copy_words(text: str, start: int, end: int, put: Callable[[int, int, str], None]) -> None:
    """Hand a labelled stretch to `put`, blanks inside as single blanks."""
    for found in re.finditer(r"\S+|\s+", text[start:end]):
        words = found[0] if not found[0].isspace() else " "
        put(start + found.start(), start + found.end(), words)
