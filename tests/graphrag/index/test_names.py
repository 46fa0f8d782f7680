"""Names as arrays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from graphrag.index.arrays import RaggedBuffer
from graphrag.index.lexicon import WordRows
from graphrag.index.name_runs import END, name_runs
from graphrag.index.names import NameTable, build_spelling, is_capital, match_names, name_table
from graphrag.index.terms import fold, tokens, word_hashes


def table_of(names: list[tuple[str, int, bool]]) -> NameTable:
    """A table of (name, entity row, whether it is a value)."""
    words, runs = WordRows(), RaggedBuffer("i")
    for name, _, _ in names:
        runs.append([*words.of(name), END])
    lexicon, final = words.close(np.ones(len(words), dtype=np.bool_))
    rows = runs.close()
    rows.values[rows.values != END] = final[rows.values[rows.values != END]]
    found = name_runs(rows, lexicon, np.array([literal for _, _, literal in names], dtype=np.bool_))
    entities = np.array([entity for _, entity, _ in names], dtype=np.int32)
    return name_table(found.hashes, entities[found.owner], found.flags)


def found(text: str, names: list[str]) -> list[tuple[str, str]]:
    """(words of the text, name) of each match; one sentence."""
    table = table_of([(name, row, False) for row, name in enumerate(names)])
    words = [surface for _, _, surface in tokens(text)]
    breaks = np.zeros(len(words), dtype=np.bool_)
    breaks[-1:] = True
    capital = np.array([is_capital(word) for word in words], dtype=np.bool_)
    starts, lengths, rows = match_names(word_hashes(map(fold, words)), capital, breaks, table)
    return [
        (" ".join(words[start : start + length]), names[table.entities[row]])
        for start, length, row in zip(starts, lengths, rows, strict=True)
    ]


def test_the_longest_name_at_a_place_wins() -> None:
    assert found("She lived in New York City then", ["New York", "New York City", "York"]) == [
        ("New York City", "New York City")
    ]


def test_names_are_found_without_regard_to_accents() -> None:
    assert found("He met Jose Munoz.", ["José Muñoz"]) == [("Jose Munoz", "José Muñoz")]


def test_a_name_with_a_capital_does_not_match_a_plain_word() -> None:
    assert found("an apple a day", ["Apple"]) == []
    assert found("an Apple store", ["Apple"]) == [("Apple", "Apple")]


def test_a_name_inside_words_without_blanks_is_found() -> None:
    assert found("애플은 좋다", ["애플"]) == [("애 플", "애플")]


def test_a_name_does_not_run_over_the_end_of_a_sentence() -> None:
    table = table_of([("Blue Moon", 0, False)])
    hashes = word_hashes(["blue", "moon"])
    capital = np.ones(2, dtype=np.bool_)
    assert len(match_names(hashes, capital, np.array([False, True]), table)[0]) == 1
    assert len(match_names(hashes, capital, np.array([True, True]), table)[0]) == 0


def test_a_name_of_two_entities_stands_for_both() -> None:
    table = table_of([("Mercury", 3, False), ("Mercury", 5, False)])
    rows = match_names(word_hashes(["mercury"]), np.array([True]), np.array([True]), table)[2]
    assert table.entities[rows].tolist() == [3, 5]


def test_a_value_does_not_hide_a_thing_of_the_same_name() -> None:
    table = table_of([("June", 1, True), ("June", 2, False)])
    assert (
        table.entities[match_names(word_hashes(["june"]), np.array([True]), np.array([True]), table)[2]][0]
        == 2
    )


@given(st.lists(st.sampled_from(["Ada", "Bo", "Cy Dee", "Ada Bo", "Dee"]), min_size=1, unique=True))
def test_matches_never_overlap(names: list[str]) -> None:
    matched = " ".join(words for words, _ in found("Ada Bo Cy Dee Ada", names)).split()
    remaining = ["Ada", "Bo", "Cy", "Dee", "Ada"]
    for word in matched:
        remaining.remove(word)  # raises if a word were used twice


@pytest.mark.parametrize("slip", ["anamrai", "samarai", "samurai", "smurai", "samuraii", "zamurai"])
def test_a_word_is_found_from_any_one_slip(slip: str) -> None:
    words = ["apples", "samurai", "teapot"]
    near = [words[row] for row in build_spelling(words).candidates(slip)]
    assert ("samurai" in near) == (OSA.distance(slip, "samurai") <= 1)


letters = st.text(alphabet="abcd", min_size=4, max_size=7)


@given(st.lists(letters, min_size=1, max_size=8, unique=True), letters)
def test_no_word_at_distance_one_is_missed(words: list[str], wanted: str) -> None:
    near = {words[row] for row in build_spelling(words).candidates(wanted)}
    assert {word for word in words if OSA.distance(word, wanted) <= 1} <= near


@pytest.mark.parametrize(
    ("word", "expected"), [("Ada", True), ("iPhone", True), ("ada", False), ("7th", True), ("애", True)]
)
def test_what_may_start_a_name(word: str, expected: bool) -> None:
    assert is_capital(word) is expected
