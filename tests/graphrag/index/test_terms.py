"""Words as search sees them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrag.index.terms import (
    folded,
    ngram_hashes,
    phrase_hash,
    stem,
    term_of,
    tokens,
    word_hash,
    word_hashes,
)


@pytest.mark.parametrize(
    "forms",
    [
        ["director", "directed", "directs", "directing", "direct"],
        ["composer", "composed", "compose", "composing"],
        ["country", "countries"],
        ["creator", "creation", "created"],
        ["city", "cities"],
        ["running", "run"],
    ],
)
def test_forms_of_a_word_share_a_stem(forms: list[str]) -> None:
    assert len({stem(form) for form in forms}) == 1


def test_case_and_accents_do_not_part_words() -> None:
    assert folded("Bråk ŁÓDŹ Þór") == ["brak", "lodz", "thor"]


def test_a_possessive_is_no_word() -> None:
    assert folded("Kim's dogs") == ["kim", "dogs"]
    assert folded("the S class") == ["the", "s", "class"]


def test_scripts_without_blanks_are_taken_by_character() -> None:
    assert folded("애플은 東京 2020") == ["애", "플", "은", "東", "京", "2020"]


def test_stop_words_are_no_terms() -> None:
    assert term_of("The") == ""
    assert term_of("Founders") == "found"


def test_hashes_do_not_change_between_releases() -> None:
    assert word_hash("berlin") == 15484060651203262527  # indexes on disk hold it


@given(st.lists(st.sampled_from(["a", "b", "ab", "ba", "c"]), min_size=1, max_size=6))
def test_a_run_s_hash_is_the_same_wherever_it_stands(words: list[str]) -> None:
    text = ["x", *words, "y"]
    runs = ngram_hashes(word_hashes(text), len(text))
    assert int(runs[len(words) - 1][1]) == phrase_hash(words)


@given(st.permutations(["one", "two", "three"]))
def test_the_order_of_words_counts(words: list[str]) -> None:
    same = words == ["one", "two", "three"]
    assert (phrase_hash(words) == phrase_hash(["one", "two", "three"])) == same


@given(st.text(max_size=60))
def test_tokens_quote_the_text(text: str) -> None:
    for start, end, surface in tokens(text):
        assert text[start:end] == surface
