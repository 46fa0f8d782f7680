"""Slips of the parser that names and articles give away."""

from collections.abc import Callable

import pytest

from graphrag.datamodel import Extraction

Read = Callable[..., Extraction]


def facts(result: Extraction) -> set[tuple[str, str, str]]:
    return {(t.subject.name, t.predicate, t.object.name) for t in result.triples}


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        (
            "Kestrel, formerly known as Hawk Systems, sells drones to farmers in Kansas.",
            ("Kestrel", "sells", "drones"),
        ),
        (
            "Version 4.2 of the parser adds support for streaming and fixes two memory leaks.",
            ("Version 4.2", "fixes", "memory leaks"),
        ),
        (
            "Partly Sunny is a Lumina computer animated short film written and directed by Ann Lee.",
            ("Partly Sunny", "directed by", "Ann Lee"),
        ),
        (
            "Salt Moon is a 1998 American comedy-drama film based on a novel and directed by Ann Lee.",
            ("Salt Moon", "directed by", "Ann Lee"),
        ),
        (
            "Bear and Moon is a children's picture book written by Ann Lee.",
            ("Bear and Moon", "written by", "Ann Lee"),
        ),
        (
            "Mount Arden is a mountain in the Arden Hills of Warwick.",
            ("Mount Arden", "is a mountain in", "Arden Hills"),
        ),
    ],
)
def test_mended_sentences(read: Read, text: str, fact: tuple[str, str, str]) -> None:
    assert fact in facts(read(text))


def test_who_says_so_is_no_part_of_it(read: Read) -> None:
    found = facts(read("According to the minister, the bridge was built by Hartmann AG."))
    assert ("bridge", "was built by", "Hartmann AG") in found
    assert not [fact for fact in found if "ccording" in fact[1]]


def test_a_gerund_takes_no_object_of_the_next_verb(read: Read) -> None:
    found = facts(read("Version 4.2 of the parser adds support for streaming and fixes two memory leaks."))
    assert not [fact for fact in found if fact[1] == "streaming"]
