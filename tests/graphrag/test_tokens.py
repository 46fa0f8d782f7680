import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrag.tokens import count_tokens, fits_tokens


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), (" \n", 0), ("hello", 1), ("hello world", 2), ("a b c d", 4)]
)
def test_common_words_are_one_token_each(text: str, count: int) -> None:
    assert count_tokens(text) == count


@given(st.text(alphabet="ab c,.é가\n", max_size=300))
def test_a_text_fits_its_count_and_not_one_less(text: str) -> None:
    count = count_tokens(text)
    assert fits_tokens(text, count)
    if count > 1:
        assert not fits_tokens(text, count - 1)


def test_a_word_without_end_is_counted_in_bytes() -> None:
    assert fits_tokens("x" * 100, 100)
    assert not fits_tokens("x" * 100, 99)


def test_a_letter_with_thousands_of_accents_is_counted_at_once() -> None:
    assert not fits_tokens("e" + "\u0301" * 3000, 300)
