import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrag.errors import DataError
from graphrag.text import clean, clean_line, clean_value, decode, looks_binary

ANY_TEXT = st.text(st.characters(codec=None))


@given(ANY_TEXT)
def test_clean_is_idempotent(text):
    assert clean(clean(text)) == clean(text)


@given(ANY_TEXT)
def test_clean_text_can_be_stored_anywhere(text):
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert not any(
        unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\t\n" for letter in cleaned
    )
    assert "\ufffe" not in cleaned
    assert unicodedata.is_normalized("NFC", cleaned)


@given(ANY_TEXT)
def test_a_clean_line_is_one_line_without_blanks_around(text):
    line = clean_line(text)
    assert "\n" not in line
    assert line == line.strip()
    assert len(line) <= 1000


def test_all_line_ends_become_newlines():
    assert clean("a\r\nb\rc\x85d\u2028e") == "a\nb\nc\nd\ne"


def test_composed_and_decomposed_names_are_one():
    assert clean("Cafe\u0301") == clean("Caf\u00e9")


def test_look_alike_letters_stay_apart():
    assert clean("\u0430pple") != clean("apple")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_decides(encoding):
    assert decode("Zürich 서울".encode(encoding), name="x.txt") == "Zürich 서울"


def test_text_without_mark_is_utf8_then_windows_1252():
    assert decode("Zürich".encode(), name="x.txt") == "Zürich"
    assert decode("Zürich – “x”".encode("cp1252"), name="x.txt") == "Zürich – “x”"


def test_binary_content_is_refused_by_name():
    with pytest.raises(DataError, match=r'"x\.txt" is a binary file'):
        decode(b"\x7fELF\x00\x01", name="x.txt")


def test_a_broken_declared_encoding_is_refused_by_name():
    with pytest.raises(DataError, match=r'"x\.txt" declares utf-16-le but is not'):
        decode(b"\xff\xfea", name="x.txt")


def test_plain_text_does_not_look_binary():
    assert not looks_binary(b"one line\nand another\twith a tab\x0c")


def test_values_become_finite_json_data():
    value = {"a": float("nan"), "b": 2**70, "c": [1, True, None, "x\x00"], 3: float("inf"), "d": object}
    cleaned = clean_value(value)
    assert cleaned == {
        "a": None,
        "b": str(2**70),
        "c": [1, True, None, "x"],
        "3": None,
        "d": "<class 'object'>",
    }


def test_deep_values_are_refused():
    value: object = "x"
    for _ in range(40):
        value = [value]
    with pytest.raises(DataError, match="nested deeper"):
        clean_value(value)
