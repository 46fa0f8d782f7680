"""Lemmas from tables and suffix rules."""

from __future__ import annotations

import pytest

from graphrag.models.lemmas import LemmaTable

TABLE = LemmaTable(
    words={"VBD": {"was": "be"}, "PRP": {"i": "I"}},
    rules={
        "VBD": {"": (0, ""), "ed": (1, ""), "lked": (2, "")},
        "NNS": {"": (1, ""), "ies": (3, "y")},
        "NNP": {"": (0, "")},
    },
    cased=frozenset({"NNP"}),
)


@pytest.mark.parametrize(
    ("form", "tag", "lemma"),
    [
        ("was", "VBD", "be"),
        ("Was", "VBD", "be"),
        ("i", "PRP", "I"),
        ("baked", "VBD", "bake"),
        ("walked", "VBD", "walk"),
        ("cities", "NNS", "city"),
        ("Cats", "NNS", "cat"),
        ("Paris", "NNP", "Paris"),
        ("xyz", "???", "xyz"),
    ],
)
def test_listed_words_win_over_the_longest_suffix(form: str, tag: str, lemma: str) -> None:
    assert TABLE.lemma(form, tag) == lemma


def test_a_rule_never_leaves_an_empty_lemma() -> None:
    assert TABLE.lemma("s", "NNS") == "s"


def test_the_json_form_gives_the_same_lemmas() -> None:
    data = {"words": TABLE.words, "rules": {"NNS": {"": [1, ""]}}, "cased": ["NNP"]}
    assert LemmaTable.from_json(data).lemma("dogs", "NNS") == "dog"
