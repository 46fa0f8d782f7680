"""Dates, numbers and amounts found in text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrag.generation.values import dates, numbers, scores


@pytest.mark.parametrize(
    ("text", "found", "key"),
    [
        ("It opened on 3 May 1904.", "3 May 1904", (1904.0, 5.0, 3.0)),
        ("It opened on May 3, 1904.", "May 3, 1904", (1904.0, 5.0, 3.0)),
        ("It opened in May 1904.", "May 1904", (1904.0, 5.0)),
        ("It opened in 1904.", "1904", (1904.0,)),
        ("It opened on 1904-05-03.", "1904-05-03", (1904.0, 5.0, 3.0)),
        ("It ran from 1904 to 1911.", "from 1904 to 1911", (1904.0, 1911.0)),
        ("It ran (1904–1911).", "1904–1911", (1904.0, 1911.0)),
    ],
)
def test_a_date_is_found_as_written(text: str, found: str, key: tuple[float, ...]) -> None:
    [value] = dates(text)
    assert (value.text, value.key) == (found, key)
    assert text[value.start : value.end] == found


def test_a_number_of_things_is_no_year() -> None:
    assert [value.text for value in dates("It housed 1200 people and cost 1,900 pounds.")] == []


@pytest.mark.parametrize(
    ("text", "kind", "key"),
    [
        ("sold for 7.5 million dollars", "money", (7.5e6,)),
        ("sold for $40", "money", (40.0,)),
        ("some 12,500 looms", "number", (12500.0,)),
        ("about 40 per cent of it", "percent", (40.0,)),
        ("twenty-five looms", "number", (25.0,)),
        ("three billion loops", "number", (3e9,)),
    ],
)
def test_a_number_has_its_kind_and_size(text: str, kind: str, key: tuple[float, ...]) -> None:
    [value] = numbers(text)
    assert (value.kind, value.key) == (kind, key)


def test_a_score_is_found_whole() -> None:
    assert [value.text for value in scores("Harlow won by three games to two.")] == ["three games to two"]


@given(st.text(max_size=300))
def test_every_value_stands_where_it_says(text: str) -> None:
    for find in (dates, numbers, scores):
        for value in find(text):
            assert text[value.start : value.end].strip() == value.text
