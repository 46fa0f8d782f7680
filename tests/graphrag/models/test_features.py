"""Columns depend on the characters of the words and on what stands before them, and on nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from graphrag.models.features import (
    CASINGS,
    FEATURES,
    PARAGRAPH,
    Featurizer,
    Vocabulary,
    casing_class,
    normal_form,
    shape,
)

VOCABULARY = Vocabulary(
    {"the": 1, "paris": 2, "0000": 3}, [0, 2, 6, 1], [200, 300, 400, 200, 300, 400, 500, 300]
)
WORDS = st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=12)


@given(WORDS)
def test_columns_stay_inside_their_tables(words: list[str]) -> None:
    table = Featurizer(VOCABULARY).columns(words, [0] * len(words))
    limits = [len(VOCABULARY.index) + 1, *VOCABULARY.rows, CASINGS]
    assert table.shape == (len(words), len(FEATURES))
    assert ((table >= 0) & (table < limits)).all()


@given(WORDS, WORDS)
def test_words_met_before_change_nothing(first: list[str], words: list[str]) -> None:
    used = Featurizer(VOCABULARY)
    used.columns(first, [0] * len(first))
    fresh = Featurizer(VOCABULARY).columns(words, [0] * len(words))
    assert (used.columns(words, [0] * len(words)) == fresh).all()


def test_an_unseen_word_is_the_unknown_word() -> None:
    table = Featurizer(VOCABULARY).columns(["The", "zygote", "1987"], [0, 0, 0])
    assert table[:, 0].tolist() == [1, 0, 3]


def test_what_stands_before_is_part_of_the_casing() -> None:
    featurizer = Featurizer(VOCABULARY)
    inside = featurizer.columns(["the", "Paris", "Paris"], [0, 0, 0])
    broken = featurizer.columns(["the", "Paris", "Paris"], [0, PARAGRAPH, 0])
    assert inside[1, -1] != broken[1, -1]
    assert inside[2, -1] == broken[2, -1]


def test_many_words_are_remembered_past_the_first_table() -> None:
    featurizer = Featurizer(VOCABULARY)
    words = [f"w{i}x" for i in range(3000)]
    first = featurizer.columns(words, [0] * 3000)
    assert (featurizer.columns(words, [0] * 3000) == first).all()


def test_normal_form_hides_digits_case_and_typography() -> None:
    assert [normal_form(w) for w in ("Don’t", "1987", "–")] == ["don't", "0000", "-"]


def test_shape_cuts_runs_at_four() -> None:
    assert [shape(w) for w in ("Paris", "NATO", "1987", "U.S.", "ibuprofen")] == [
        "Xxxxx",
        "XXXX",
        "dddd",
        "X.X.",
        "xxxx",
    ]


def test_casing_classes() -> None:
    assert [casing_class(0, 9), casing_class(9, 0), casing_class(5, 5), casing_class(1, 0)] == [2, 6, 4, 1]
