import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrag.datamodel import Span
from graphrag.extraction.locating import Passage

TEXT = (
    "The firm\u2019s founder, Ada \u201cCountess\u201d Byron,\nmoved to Annecy "
    "\u2014 a town \u2014 in 1843. Ann stayed."
)


@pytest.mark.parametrize(
    ("quote", "exact"),
    [
        ("moved to Annecy", True),
        ("The firm's founder", False),
        ('Ada "Countess" Byron, moved', False),
        ("annecy - a TOWN", False),
        ("founder, Ada ... in 1843", False),
        ("moved to Annecy \u2026 Ann stayed.", False),
        ("Ann stayed....", False),
    ],
)
def test_a_quote_is_found_up_to_its_print(quote: str, exact: bool) -> None:
    found = Passage(TEXT).find(quote)
    assert found is not None
    assert found.exact is exact
    words = TEXT[found.span.start : found.span.end]
    assert words[0].lower() == quote[0].lower()


@pytest.mark.parametrize(
    "quote", ["", " ", "moved to Geneva", "founder moved", "in 1843 ... The firm", "...", "\u200b"]
)
def test_what_does_not_stand_there_is_not_found(quote: str) -> None:
    assert Passage(TEXT).find(quote) is None


def test_dots_stand_for_no_more_than_a_few_sentences() -> None:
    text = "Ada founded " + "x " * 400 + "Acme."
    assert Passage(text).find("Ada founded ... Acme") is None


def test_names_are_found_as_whole_words() -> None:
    found = Passage(TEXT).find_name("Ann")
    assert found is not None
    assert TEXT[found.span.start :].startswith("Ann stayed")


WORDED = (
    "Two agents of the F.B.I. saw Kim Min - soo, head of her state's rail network, sell no steam engines."
)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("head of state", "head of her state"),
        ("agents of FBI", None),  # letters are words here, and one word is not three
        ("Kim Min-soo", "Kim Min - soo"),
        ("steam engine", "steam engines"),
        ("Steam Engine", None),  # a proper name has no plural
        ("state rail network", None),  # "state's" is another word than "state"
        ("head of rail network", None),  # what lies between is more than an article
        ("sell steam engines", None),  # nor is "no" an article
        ("network rail", None),
        ("engine", "engines"),
        ("gent", None),
    ],
)
def test_a_name_may_lack_articles_and_a_common_noun_its_plural(name: str, words: str | None) -> None:
    found = Passage(WORDED).find_name(name)
    assert (WORDED[found.span.start : found.span.end] if found else None) == words
    assert found is None or not found.exact


def test_a_quote_may_lack_punctuation_but_no_word() -> None:
    passage = Passage(WORDED)
    found = passage.find("Kim Min soo head of her state")
    assert found is not None
    assert WORDED[found.span.start : found.span.end] == "Kim Min - soo, head of her state"
    assert passage.find("sell steam engines") is None
    assert passage.find("head of state") is None


def test_hostile_names_cost_linear_time() -> None:
    text = "a the " * 20_000
    started = time.process_time()
    for name in ("a " * 400, "the " * 400 + "b", "a" * 1000, "\\w+" * 100, "(a|a)*" * 50, "a the the the b"):
        Passage(text).find_name(name)
        Passage(text).find(name)
    assert time.process_time() - started < 6.0


def test_the_nearest_name_is_taken() -> None:
    text = "Acme grew. Ada left Acme. Bea bought Acme later."
    passage = Passage(text)
    quote = passage.find("Ada left Acme")
    assert quote is not None
    inside = passage.find_name_near("Acme", quote.span)
    assert inside is not None
    assert inside.span == Span(20, 24)
    before = passage.find_name_near("Acme", Span(26, 36))
    assert before is not None
    assert before.span.start == 20


def test_names_of_scripts_without_blanks_are_found() -> None:
    assert Passage("東京は日本の首都です。").find_name("東京") is not None
    assert Passage("서울은 대한민국의 수도이다.").find_name("서울") is not None


@given(st.text(max_size=80), st.integers(0, 80), st.integers(1, 80))
def test_every_stretch_of_a_text_is_found_in_it(text: str, start: int, length: int) -> None:
    piece = text[start : start + length].strip()
    found = Passage(text).find(piece)
    if piece:
        assert found is not None
        assert text[found.span.start : found.span.end] == piece
    else:
        assert found is None


@given(st.text(max_size=80), st.text(max_size=20))
def test_what_is_found_lies_in_the_text(text: str, quote: str) -> None:
    found = Passage(text).find(quote)
    if found is not None:
        assert 0 <= found.span.start < found.span.end <= len(text)
