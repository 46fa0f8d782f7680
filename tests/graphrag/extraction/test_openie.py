"""Open facts follow the customs of open information extraction."""

import pytest

from graphrag.extraction.spacy import SpacyExtractor


def _open(extractor: SpacyExtractor, text: str) -> set[tuple[str, str, str]]:
    return {(h, r, t) for h, r, t, _ in extractor.open_triples(text)}


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("Ann Lee opened a mill in Leeds.", ("Ann Lee", "opened", "a mill")),
        ("Ann Lee opened a mill near the river.", ("Ann Lee", "opened a mill near", "the river")),
        ("Ann Lee lives in Leeds and works in York.", ("Ann Lee", "works in", "York")),
        ("The mill was built by Ann Lee.", ("The mill", "was built by", "Ann Lee")),
        ("Ann Lee sold apples and pears.", ("Ann Lee", "sold", "pears")),
        ("Ann Lee wants to sell the mill.", ("Ann Lee", "wants to sell", "the mill")),
        ("Ann Lee said that the mill was closed.", ("Ann Lee", "said that", "the mill was closed")),
        ("Ann Lee's brother left.", ("Ann Lee", "has", "brother")),
        ("The mill was closed.", ("The mill", "was", "closed")),
        ("Ann Lee does not sell apples.", ("Ann Lee", "does not sell", "apples")),
    ],
)
def test_open_facts(extractor: SpacyExtractor, text: str, fact: tuple[str, str, str]) -> None:
    assert fact in _open(extractor, text)


def test_no_fact_is_told_twice(extractor: SpacyExtractor) -> None:
    found = [
        t[:3] for t in extractor.open_triples("Ann Lee, a chemist, opened a mill and sold it to Bob Ray.")
    ]
    assert len(found) == len(set(found))


def test_scores_are_probabilities(extractor: SpacyExtractor) -> None:
    assert all(0 < s < 1 for *_, s in extractor.open_triples("Ann Lee opened a mill in Leeds in 1999."))


def test_a_list_is_not_a_sentence(extractor: SpacyExtractor) -> None:
    assert _open(extractor, "- apples\n- pears\n- plums\n") == set()
