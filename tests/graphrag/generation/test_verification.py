"""Every citation checked, every unsupported sentence found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from graphrag.datamodel import Answer, Citation, Context, Evidence, Query, Span
from graphrag.generation.verification import Policy, Verdict, claims_of, enforce, verify

TEXT = "Aldwick Mill was founded by Rosa Venn in 1884. It burned down in 1902."


@pytest.fixture
def view(memory_view: Callable[..., Any]) -> Any:
    return memory_view({"mill.md": ("Aldwick Mill", TEXT)}, types={"Aldwick Mill": "Organization"})


def answer(view: Any, text: str, *spans: tuple[int, int], short: str = "") -> Answer:
    [document] = view.documents()
    [chunk] = view.chunks()
    citations = tuple(
        Citation(n, Evidence(document.id, chunk.id, Span(*span), TEXT[slice(*span)], "quote", 1.0))
        for n, span in enumerate(spans, start=1)
    )
    return Answer(text, citations, Context(Query("q", "?"), "hybrid"), short=short)


FIRST, SECOND = (0, 46), (47, 70)


def test_a_quotation_is_supported(view: Any) -> None:
    checked = verify(answer(view, f"{TEXT[:46]} [1]\n{TEXT[47:]} [2]", FIRST, SECOND), view)
    assert checked.is_clean
    assert checked.precision == 1.0
    assert [claim.markers for claim in checked.claims] == [(1,), (2,)]


def test_other_words_for_the_same_are_supported(view: Any) -> None:
    assert verify(answer(view, "Rosa Venn established Aldwick Mill in 1884 [1].", FIRST), view).is_clean


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Rosa Venn founded Aldwick Mill in 1885 [1].", Verdict.UNCOVERED),
        ("Karl Odd founded Aldwick Mill in 1884 [1]. It was Otto.", Verdict.UNCOVERED),
        ("Rosa Venn founded Aldwick Mill.", Verdict.UNCITED),
        ("Rosa Venn founded Aldwick Mill [7].", Verdict.UNKNOWN_MARKER),
        ("Many ships crossed stormy northern waters every winter [1].", Verdict.UNCOVERED),
    ],
)
def test_what_the_source_does_not_say_is_found(view: Any, text: str, verdict: Verdict) -> None:
    checked = verify(answer(view, text, FIRST), view)
    assert checked.claims[0].verdict is verdict
    assert not checked.is_clean


def test_a_quote_that_is_not_in_the_document_is_found(view: Any) -> None:
    good = answer(view, f"{TEXT[:46]} [1]", FIRST)
    citation = good.citations[0]
    bad = replace(
        good,
        citations=(Citation(1, replace(citation.evidence, quote="Aldwick Mill was founded by Karl Odd.")),),
    )
    checked = verify(bad, view)
    assert checked.wrong == (1,)
    assert checked.claims[0].verdict is Verdict.WRONG_QUOTE


def test_a_document_that_is_gone_makes_its_citations_wrong(view: Any) -> None:
    good = answer(view, f"{TEXT[:46]} [1]", FIRST)
    evidence = replace(good.citations[0].evidence, document_id="doc-none")
    assert verify(replace(good, citations=(Citation(1, evidence),)), view).wrong == (1,)


def test_the_short_answer_and_the_path_are_no_claims() -> None:
    quote = "Aldwick Mill was founded by Rosa Venn in 1884. [1]"
    text = f"Rosa Venn\n\nPath: Aldwick Mill -founder-> Rosa Venn\n\n{quote}"
    assert [claim for _, _, claim in claims_of(text, "Rosa Venn")] == [quote]


def test_claims_stand_where_they_say() -> None:
    text = "One thing is so [1]. Another is so too [2].\n- A third [1]"
    for start, end, claim in claims_of(text):
        assert text[start:end] == claim


def test_unsupported_sentences_are_flagged_or_dropped(view: Any) -> None:
    made = answer(view, f"{TEXT[:46]} [1]\nKarl Odd owned forty ships [2].", FIRST, SECOND)
    checked = verify(made, view)
    flagged = enforce(made, checked, Policy.FLAG)
    assert "[unsupported: uncovered]" in flagged.text
    dropped = enforce(made, checked, Policy.DROP)
    assert "ships" not in dropped.text
    assert [citation.marker for citation in dropped.citations] == [1]
    assert enforce(made, checked, Policy.KEEP) is made


def test_an_answer_of_which_nothing_is_left_is_an_abstention(view: Any) -> None:
    made = answer(view, "Karl Odd owned forty ships [1].", FIRST)
    left = enforce(made, verify(made, view), Policy.DROP)
    assert left.abstained
    assert left.citations == ()
    assert left.missing
