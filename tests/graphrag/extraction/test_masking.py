"""Names that mislead a parser are shown to it as a plain one, and come back whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrag.extraction.layout import read_blocks
from graphrag.extraction.masking import STAND_IN, mask, openings


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('"Wait for It" was sung twice.', "Wait for It"),
        ("“Wait for It” was sung twice.", "Wait for It"),
        ("Of Salt and Iron is a novel.", "Of Salt and Iron"),
        ("The Fall of the Tower is a play.", "Fall of the Tower"),
        ("NGC 4321 is a galaxy.", "NGC 4321"),
        ("The crew of STS-99-B came home.", "STS-99-B"),
        ("4711 Rhenus was found in 1980.", "4711 Rhenus"),
    ],
)
def test_hard_names_are_replaced(text: str, name: str) -> None:
    block = mask(read_blocks(text)[0])
    assert STAND_IN in block.text
    assert name in [s.words for s in block.stand_ins.values()]
    start = block.text.index(STAND_IN)
    assert text[slice(*block.source_span(start, start + len(STAND_IN)))] == name


@pytest.mark.parametrize(
    "text",
    [
        "Ann Lee is a chemist.",
        "In March 5 people left.",
        "Ann Lee and Bob Ray met.",
        '"I will not go," she said.',
        '"It is late" was all he said.',
        "On Monday the Bank of Leeds was the first.",
    ],
)
def test_plain_text_is_left_alone(text: str) -> None:
    block = read_blocks(text)[0]
    assert mask(block) == block


def test_a_prefix_is_left_out_but_found_again() -> None:
    text = "The book was co-written by Ann."
    block = mask(read_blocks(text)[0])
    assert "was written by" in block.text
    start = block.text.index("written")
    assert text[slice(*block.source_span(start, start + 7))] == "co-written"


def test_brackets_with_a_gloss_are_left_out() -> None:
    assert mask(read_blocks("Oslo (Norwegian: Oslo) is a city.")[0]).text == "Oslo is a city."


def test_brackets_with_plain_words_stay() -> None:
    assert "(Ann Lee)" in mask(read_blocks("The captain (Ann Lee) left.")[0]).text


def test_the_document_name_is_replaced_where_it_is_hard() -> None:
    assert (
        mask(read_blocks("He saw House of Salt twice.")[0], "House of Salt").text
        == f"He saw {STAND_IN} twice."
    )


@given(st.text(alphabet='AbC "“”()-:1ot.', max_size=120))
def test_untouched_characters_stay_where_they_were(text: str) -> None:
    for block in read_blocks(text):
        masked = mask(block)
        replaced = set()
        for start, stand_in in masked.stand_ins.items():
            words = STAND_IN if stand_in.kind != "word" else stand_in.words.split("-", 1)[1]
            replaced.update(range(start, start + len(words)))
        for offset, character in enumerate(masked.text):
            if offset not in replaced and not character.isspace():
                assert text[masked.source(offset)] == character


def test_a_place_before_its_verb_is_no_name() -> None:
    text = "Near the Green Pond stands the Grey Barn."
    assert not openings(text)
    assert mask(read_blocks(text)[0]).text == text
    assert STAND_IN in mask(read_blocks("Near the Green Pond is a novel.")[0]).text
