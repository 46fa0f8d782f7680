"""Prose is told from headings, items, tables and code, and every character finds its way back."""

from hypothesis import given
from hypothesis import strategies as st

from graphrag.extraction.layout import BlockKind, read_blocks

_MARKDOWN = """# A heading

This is **Ann Lee**, who runs [Acme](http://acme.example/a).
The line goes on
here.

- first item
- second item

| a | b |
|---|---|
```
code here
```
Last words.
"""


def test_markup_is_left_out_and_lines_are_joined() -> None:
    prose = [b.text for b in read_blocks(_MARKDOWN) if b.kind is BlockKind.PROSE]
    assert prose == ["This is Ann Lee, who runs Acme. The line goes on here.", "Last words."]


def test_headings_and_items_stand_alone() -> None:
    found = {b.kind: b.text for b in read_blocks("# A heading\n- an item\n")}
    assert found == {BlockKind.HEADING: "A heading", BlockKind.ITEM: "an item"}


def test_tables_and_code_are_skipped_but_known() -> None:
    skipped = [b for b in read_blocks(_MARKDOWN) if b.kind is BlockKind.SKIPPED]
    assert [_MARKDOWN[b.sources[0] : b.end] for b in skipped] == ["| a | b |", "|---|---|", "code here"]


def test_a_link_keeps_its_label_and_place() -> None:
    text = "See [Acme Corp](http://x.example) now."
    block = read_blocks(text)[0]
    start = block.text.index("Acme")
    assert text[slice(*block.source_span(start, start + 9))] == "Acme Corp"


def test_a_short_line_before_a_capital_ends_a_block() -> None:
    assert len(read_blocks("Release notes\nAcme shipped the tool.")) == 2


def test_code_words_keep_their_underscores() -> None:
    assert read_blocks("Call snake_case and __init__ here.")[0].text == "Call snake_case and __init__ here."


def test_a_run_without_blanks_is_not_parsed() -> None:
    assert [b.kind for b in read_blocks("a" * 5000)] == [BlockKind.SKIPPED]


def test_long_prose_is_cut() -> None:
    assert max(len(b.text) for b in read_blocks("The dog ran home. " * 3000)) < 6000


@given(st.text(alphabet="ab .*_#-[]()|`\n>é☃\u200b1", max_size=200))
def test_every_kept_character_is_where_it_came_from(text: str) -> None:
    for block in read_blocks(text):
        for offset, character in enumerate(block.text):
            source = text[block.source(offset)]
            assert source == character or (character == " " and source.isspace())
