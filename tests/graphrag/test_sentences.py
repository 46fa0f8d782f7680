import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrag.sentences import is_heading, sentences


def split(text: str) -> list[str]:
    return [text[span.start : span.end] for span in sentences(text)]


@pytest.mark.parametrize(
    "marked",
    [
        "It rained.¦Nobody minded!¦Why should they?¦They had roofs.",
        "Dr. Ames met Mr. and Mrs. Oduya at St. Paul's.¦They talked.",
        "J. R. Hartley wrote to P. Bhaskar on Jan. 3, see p. 12 of vol. 4.¦Nobody answered.",
        "He sold it to Brightwater Inc. in May.¦The price was 3.5 million.",
        "She joined Brightwater Inc.¦The firm was new.",
        "It was sold to Brightwater, Inc.¦Ann Lee, the founder's sister, left.",
        "The plant went to Hale Corp.¦Ann Lee became its head.",
        "In May Brightwater Inc. Chairman Ann Lee was ill.",
        "They sued Hale Corp. Vice President Ann Lee, who won.",
        "They moved to the U.S. after the war.¦In 1950 they left.",
        "The U.S. Senate met at 5 p.m. on Monday.",
        "We need vitamin C.¦It is scarce.",
        "Notes, maps, etc.¦All were lost.",
        "He asked, \"Who goes?\"¦Nobody did.",
        "He said (it was late. very late.) that all was well.¦They slept.",
        "Prices rose... and fell.¦Then nothing.",
        "The novel \"Help!\" (1965) sold well.¦It was short.",
        "One line\nwraps to another here.¦So it goes.",
        "A first paragraph\n\n¦a second one",
        "# Heading\n¦Text of it.¦More.",
        "Title\n=====\n¦Text.",
        "- one thing\n¦- another. ¦With more\n¦1. first\n¦2. second",
        "| a | b |\n¦| c | d |",
        "A Short Title\n¦A long line of text follows it that goes on and on.",
        "天気は雨です。¦傘を持って行きます！¦本当？",
        "그는 서울에서 태어났다.¦그녀는 부산에서 왔다.",
        "Это дом.¦Он стоит.",
        "यह घर है।¦वह बड़ा है।",
        "The claim stands.[3]¦It was checked.[4][12]¦Twice.",
        "It was so. [3] [4]¦Then it was not. [5]",
        "In 1999.¦Then 12 more came.",
    ],
)  # fmt: skip
def test_sentences_end_where_a_reader_ends_them(marked: str) -> None:
    parts = marked.split("¦")
    text = marked.replace("¦", "" if "。" in marked else " ").replace("\n ", "\n")
    assert split(text) == [part.strip() for part in parts]


@given(st.text(alphabet="aA1 .!?\n\"')([]#-|。…\t", max_size=200))
def test_sentences_are_in_order_and_leave_out_only_blanks(text: str) -> None:
    spans = sentences(text)
    position = 0
    for span in spans:
        assert not text[position : span.start].strip()
        assert text[span.start : span.end].strip() == text[span.start : span.end] != ""
        position = span.end
    assert not text[position:].strip()


@pytest.mark.parametrize(
    "unit", [".", ". ", "A. ", "a\n", '! "', "(a. ", "。", "#", '."', "[1]. ", "'", "\n"]
)
def test_time_grows_with_the_length_of_hostile_text(unit: str) -> None:
    started = time.process_time()
    sentences(unit * (200_000 // len(unit)))
    assert time.process_time() - started < 5  # quadratic time would be minutes


def test_a_heading_has_a_blank_after_its_hashes() -> None:
    assert is_heading("## Size")
    assert not is_heading("#hashtag")
