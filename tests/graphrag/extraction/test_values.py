"""Dates and amounts in words come out in one normal form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrag.extraction.values import Value, parse_date, parse_value


@pytest.mark.parametrize(
    ("words", "normal"),
    [
        ("24 February 1955", "1955-02-24"),
        ("February 24, 1955", "1955-02-24"),
        ("the 3rd of May 1808", "1808-05-03"),
        ("May 1968", "1968-05"),
        ("1968", "1968"),
        ("in 1968", "1968"),
        ("1990s", "1990s"),
        ("the 19th century", "19th century"),
        ("1914–1918", "1914/1918"),
        ("from 1997 to 2011", "1997/2011"),
        ("1939-45", "1939/1945"),
        ("2024-03-01", "2024-03-01"),
        ("44 BC", None),
        ("450 BC", "0450 BC"),
        ("31 February 2001", "2001"),
        ("soon", None),
        ("", None),
    ],
)
def test_dates(words: str, normal: str | None) -> None:
    assert parse_date(words) == normal


@pytest.mark.parametrize(
    ("words", "kind", "normal"),
    [
        ("$3.5 billion", "MONEY", "3500000000 USD"),
        ("40 million euros", "MONEY", "40000000 EUR"),
        ("12 %", "PERCENT", "12 %"),
        ("seven percent", "PERCENT", "7 %"),
        ("1,250", "NUMBER", "1250"),
        ("twenty-one", "NUMBER", "21"),
        ("3 million", "NUMBER", "3000000"),
        ("724 kilometers", "QUANTITY", "724 km"),
        ("5 m", "QUANTITY", "5 m"),
        ("2,300 square metres", "QUANTITY", "2300 m²"),
        ("about 20 years", "QUANTITY", "20 a"),
        ("1999", "DATE", "1999"),
        ("6 May 1937", "DATE", "1937-05-06"),
    ],
)
def test_amounts(words: str, kind: str, normal: str) -> None:
    assert parse_value(words) == Value(kind, normal)


@pytest.mark.parametrize("words", ["three dogs", "Apple", "the first", "a", "M3", "", "x" * 500])
def test_other_words_are_no_values(words: str) -> None:
    assert parse_value(words) is None


@given(st.dates())
def test_both_ways_to_write_a_day_agree(day: object) -> None:
    import datetime

    assert isinstance(day, datetime.date)
    month = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
             "November", "December"][day.month - 1]  # fmt: skip
    if day.year >= 100:
        assert parse_date(f"{day.day} {month} {day.year}") == day.isoformat()
        assert parse_date(f"{month} {day.day}, {day.year}") == day.isoformat()


@given(st.text(max_size=120))
def test_any_text_is_safe(words: str) -> None:
    parse_value(words)
