"""Whether a sentence says what a question asks, in the same words or in others."""

from __future__ import annotations

from graphrag.embedding.wordllama import WordLlamaEmbedder
from graphrag.generation.wording import WordVectors, find, kindred, likeness, units


def test_the_same_happening_is_met_in_other_words() -> None:
    assert likeness("bought", "acquired") > 0.8
    assert likeness("founder", "founded") > 0.8
    assert likeness("birthplace", "born") > 0.8
    assert likeness("ceo", "bridge") == 0.0


def test_a_number_meets_only_itself() -> None:
    assert likeness("1904", "1904") == 1.0
    assert likeness("1904", "1905") == 0.0


def test_an_office_is_one_unit() -> None:
    assert ("chief", "executive") in units(["the", "chief", "executive", "of", "the", "mill"])


def test_a_phrase_is_found_by_another_for_the_same() -> None:
    spot = find(("ceo",), ["she", "was", "the", "chief", "executive", "of", "the", "mill"])
    assert spot is not None
    assert (spot.first, spot.last) == (3, 4)


def test_what_is_not_said_is_not_found() -> None:
    assert find(("married",), ["he", "founded", "the", "mill", "in", "harlow"]) is None


def test_vectors_step_in_where_the_lexicon_is_silent() -> None:
    words = ["the", "fog", "lifted", "over", "the", "harbor"]
    assert find(("harbour",), words) is None
    vectors = WordVectors(WordLlamaEmbedder())
    vectors.learn({*words, "harbour"})
    spot = find(("harbour",), words, vectors)
    assert spot is not None
    assert words[spot.first] == "harbor"


def test_kin_never_holds_the_word_itself() -> None:
    kin = kindred("acquisition")
    assert "buy" in kin
    assert "acquisition" not in kin
