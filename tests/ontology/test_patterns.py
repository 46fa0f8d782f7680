import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontology import ValueKind, ValueType
from ontology.patterns import MAX_LENGTH, fault_of
from ontology.values import normalise_value


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "(a|a)*", "(a|aa)+", "(a?a?)*b", "(a|aa){20}", "([a-z]{2,3})*", "((a)|b)*", "(x(y+))*"],
)
def test_a_repeat_or_choice_inside_a_repeat_is_refused(pattern):
    assert "inside a repeat" in (fault_of(pattern) or "")


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("a*a*a*a*a*b", "at most 4 repeats"),
        ("a{1,1000}" * 5, "at most 4 repeats"),
        ("a" * 501, "at most 500"),
        (r"(a)\1", "back-references"),
        ("(?P<x>a)(?P=x)", "back-references"),
        ("(", "not a regular expression"),
        ("a**", "not a regular expression"),
    ],
)
def test_other_faults_are_named(pattern, message):
    assert message in (fault_of(pattern) or "")


@pytest.mark.parametrize(
    "pattern",
    [
        "[A-Z]{3}", r"\d+", "a|b", r"(Mr|Mrs)?\.? ?[A-Z]\w+", r"97[89]-?\d{1,5}-?\d{1,7}-?\d{1,6}-?\d",
        r"(\d{3})+", r"[+*(]+\)", r"\(\d+\)*", "(?:abc)+", r"[]a)+]*", "(a)(b+)",
    ],
)  # fmt: skip
def test_plain_patterns_are_allowed(pattern):
    assert fault_of(pattern) is None


PIECES = st.sampled_from(
    ["a", "b", "a*", "a+", "(a|b)", "(a|a)*", "(a*)*", "[ab]+", "(a?)", "a{2,30}", "(?:a|b)?"]
)


@given(st.lists(PIECES, min_size=1, max_size=8).map("".join))
def test_no_allowed_pattern_is_slow(pattern):
    if fault_of(pattern) is not None:
        return
    start = time.process_time()
    normalise_value("a" * (MAX_LENGTH - 1) + "!", ValueType(ValueKind.PATTERN, pattern=pattern))
    assert time.process_time() - start < 1.0


def test_a_longer_text_matches_no_pattern():
    value = ValueType(ValueKind.PATTERN, pattern="a+")
    assert normalise_value("a" * MAX_LENGTH, value) is not None
    assert normalise_value("a" * (MAX_LENGTH + 1), value) is None
