from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontology import ValueKind, ValueType
from ontology.values import normalise_value, parse_date


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4 January 1990", "1990-01-04"),
        ("January 4, 1990", "1990-01-04"),
        ("Jan. 4th, 1990", "1990-01-04"),
        ("the 4th of January 1990", "1990-01-04"),
        ("1990-01-04", "1990-01-04"),
        ("1990-01-04T10:00:00Z", "1990-01-04"),
        ("January 1990", "1990-01"),
        ("1990", "1990"),
        ("44 BC", "-0044"),
        ("the 1990s", "199X"),
        ("19th century", "18XX"),
        ("25/12/1990", "1990-12-25"),
        ("12/25/1990", "1990-12-25"),
        ("3/4/2005", None),
        ("31 February 1990", None),
        ("last Tuesday", None),
        ("13-1990", None),
        ("", None),
    ],
)
def test_dates_of_any_precision(text, expected):
    assert parse_date(text) == expected


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("14 million", "integer", "14000000"),
        ("1,234", "integer", "1234"),
        ("3.5", "integer", None),
        ("about 3,000 people", "integer", "3000"),
        ("seven", "integer", "7"),
        ("$1.5 billion", "decimal", "1500000000"),
        ("12.50", "decimal", "12.5"),
        ("-3 %", "decimal", "-3"),
        ("many", "decimal", None),
        ("Yes", "boolean", "true"),
        ("perhaps", "boolean", None),
        ("  two   words ", "string", "two words"),
    ],
)
def test_numbers_booleans_and_strings(text, kind, expected):
    assert normalise_value(text, ValueType(ValueKind(kind))) == expected


def test_enumerations_ignore_case_and_patterns_match_the_whole():
    sizes = ValueType(ValueKind.ENUMERATION, values=("Small", "Large"))
    assert normalise_value("small", sizes) == "Small"
    assert normalise_value("medium", sizes) is None
    code = ValueType(ValueKind.PATTERN, pattern="[A-Z]{3}")
    assert normalise_value("ABC", code) == "ABC"
    assert normalise_value("ABCD", code) is None


@given(st.sampled_from(list(ValueKind)), st.text(max_size=40))
def test_a_normal_form_is_its_own_normal_form(kind, text):
    value = ValueType(kind, values=("a", "B"), pattern="[a-z]+")
    once = normalise_value(text, value)
    assert once is None or normalise_value(once, value) == once


@given(st.dates(min_value=date(1000, 1, 1)), st.sampled_from(["%Y-%m-%d", "%d %B %Y", "%B %d, %Y"]))
def test_every_day_is_read_in_every_usual_form(day, form):
    assert parse_date(day.strftime(form)) == day.isoformat()


def test_a_value_as_long_as_a_book_is_no_value():
    assert normalise_value("x" * 2000, ValueType(ValueKind.STRING)) is None
