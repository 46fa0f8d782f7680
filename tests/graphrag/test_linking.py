"""From the words of a question to anchors, terms and relation types."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graphrag.embedding.hashing import HashingEmbedder
from graphrag.index.builder import build_search_index
from graphrag.index.snapshot import SearchIndex
from graphrag.linking import LinkedQuestion, link_question, make_cues

TEXTS = {
    "a": ("Silver Lantern", "Silver Lantern is a film by Ola Brandt. The Who recorded its songs."),
    "b": ("Ola Brandt", "Ola Brandt was born in Tromsø. The director lives by the sea."),
    "c": ("Mercury (planet)", "Mercury is a planet close to the sun. It has no moon."),
    "d": ("Mercury (mythology)", "Mercury carried messages for the gods. Merchants honoured him."),
    "e": ("Place of birth", "A place of birth is written in a passport."),
    "f": ("", "In 1987 the river rose. Rain fell for weeks."),
}
TYPES = {
    "Silver Lantern": "Film",
    "Ola Brandt": "Person",
    "The Who": "MusicGroup",
    "Tromsø": "City",
    "director": "Occupation",
    "1987": "Date",
    "Mercury (planet)": "Place",
    "Mercury (mythology)": "Deity",
}
ALIASES = {"Mercury (planet)": ["Mercury"], "Mercury (mythology)": ["Mercury"]}
CUES = make_cues({"BORN_IN": ["born in", "place of birth"], "DIRECTED": ["director of", "directed"]})


@pytest.fixture
def index(memory_view: Callable[..., Any], tmp_path: Path) -> SearchIndex:
    view = memory_view(TEXTS, types=TYPES, aliases=ALIASES, literals=["1987"])
    return build_search_index(view, HashingEmbedder(dim=32), tmp_path)


def anchors(index: SearchIndex, question: str) -> dict[str, str]:
    """Name and manner of each anchor."""
    linked = link_question(index, question, CUES)
    return {index.entity_names[item.entity]: item.how for item in linked.entities}


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who directed Silver Lantern?", {"Silver Lantern": "name"}),
        ("who directed silver lantern", {"Silver Lantern": "name"}),
        ("Who directed Silver Latnern?", {"Silver Lantern": "typo"}),
        ("Who directed Sliver Lantern?", {"Silver Lantern": "typo"}),
        ("Where is Tromso?", {"Tromsø": "name"}),
        ("Which songs did The Who record?", {"The Who": "name"}),
        ("Who is the director?", {}),
        ("What happened in 1987?", {"1987": "name"}),
        ("What is Ola Brandt's place of birth?", {"Ola Brandt": "name"}),
    ],
)
def test_names_become_anchors(index: SearchIndex, question: str, expected: dict[str, str]) -> None:
    assert anchors(index, question) == expected


def test_a_name_of_two_things_anchors_both(index: SearchIndex) -> None:
    assert set(anchors(index, "How far is Mercury?")) == {"Mercury (planet)", "Mercury (mythology)"}


def test_relation_words_are_recognised_outside_names_only(index: SearchIndex) -> None:
    assert link_question(index, "Who directed it?", CUES).relation_types == ("DIRECTED",)
    assert link_question(index, "What is Silver Lantern?", CUES).relation_types == ()


def test_terms_inside_names_are_told_apart(index: SearchIndex) -> None:
    linked = link_question(index, "Who recorded songs for Silver Lantern?", CUES)
    inside = linked.in_name.tolist()
    assert inside.count(True) == 2
    assert linked.rest == "Who recorded songs for"


def test_words_of_the_ontology_stand_for_the_question_s(index: SearchIndex) -> None:
    linked = link_question(
        index, "What is the birth place of Ola Brandt?", make_cues({"BORN_IN": ["birth", "born"]})
    )
    born = link_question(index, "born", None).terms
    assert born.tolist() == linked.cue_terms.tolist()


@pytest.mark.parametrize("question", ["", "???", "the of and", "쿵 짝", "x" * 500, "Ola " * 300])
def test_any_question_can_be_linked(index: SearchIndex, question: str) -> None:
    assert isinstance(link_question(index, question, CUES), LinkedQuestion)


def test_weights_lie_between_nothing_and_one(index: SearchIndex) -> None:
    linked = link_question(index, "Did Ola Brandt make Silver Lantern in Tromsø in 1987?", CUES)
    assert len(linked.entities) == 4
    assert all(0 < item.weight <= 1 for item in linked.entities)
