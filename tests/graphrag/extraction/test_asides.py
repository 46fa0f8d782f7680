"""What brackets after a name say: dates and other names."""

import pytest

from graphrag.extraction.asides import is_acronym_of, read_aside, split_aside


def _read(inner: str, name: str = "Ann Lee") -> list[tuple[str, str]]:
    return [(a.kind, inner[a.start : a.end]) for a in read_aside(inner, 0, len(inner), name)]


@pytest.mark.parametrize(
    ("inner", "found"),
    [
        ("born 3 May 1950", [("born", "3 May 1950")]),
        ("3 May 1950 – 4 June 2001", [("born", "3 May 1950"), ("died", "4 June 2001")]),
        ("1950–2001", [("born", "1950"), ("died", "2001")]),
        ("died 2001", [("died", "2001")]),
        ("founded 1911", [("made", "1911")]),
        ("1987", [("year", "1987")]),
        ("also known as Annie", [("aka", "Annie")]),
        ("formerly Ann Ray", [("former", "Ann Ray")]),
        ("Korean: 이안", [("native", "이안")]),
        ("the one in Leeds", []),
        ("1,200 km", []),
    ],
)
def test_readings(inner: str, found: list[tuple[str, str]]) -> None:
    assert _read(inner) == found


@pytest.mark.parametrize(
    ("short", "name", "fits"),
    [
        ("GTC", "General Tool Company", True),
        ("WHO", "World Health Organization", True),
        ("BoL", "Bank of Leeds", True),
        ("XYZ", "General Tool Company", False),
        ("GT", "General Tool Company", False),
        ("Acme", "Acme", False),
    ],
)
def test_acronyms_are_initials_in_order(short: str, name: str, fits: bool) -> None:
    assert is_acronym_of(short, name) is fits


def test_an_acronym_in_brackets_is_an_alias() -> None:
    assert _read("GTC", "General Tool Company") == [("acronym", "GTC")]


def test_brackets_are_found_after_one_blank_and_may_nest() -> None:
    text = "Lee (born (in) 1950) left"
    span = split_aside(text, 3)
    assert span is not None
    assert text[slice(*span)] == "born (in) 1950"


def test_brackets_that_never_close_are_none() -> None:
    assert split_aside("Lee (" + "x" * 1000, 3) is None
