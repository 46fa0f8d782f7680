import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrag.llm import Estimate, Price, approximate_tokens, price_of
from graphrag.tokens import count_tokens


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("gpt-4o-mini-2024-07-18", "gpt-4o-mini"),
        ("gpt-4o-2024-11-20", "gpt-4o"),
        ("openai/gpt-4.1-nano", "gpt-4.1-nano"),
        ("GPT-4o", "gpt-4o"),
    ],
)
def test_the_longest_known_name_gives_the_price(name: str, like: str) -> None:
    assert price_of(name) == price_of(like) is not None


@pytest.mark.parametrize("name", ["qwen2.5:7b", "", "gpt-4oops", "my-gpt-4o"])
def test_an_unknown_model_has_no_price(name: str) -> None:
    assert price_of(name) is None


def test_a_given_price_counts() -> None:
    price = price_of("anything", prompt=2.0, completion=8.0)
    assert price == Price(2.0, 8.0)
    assert price.of(1_000_000, 500_000) == pytest.approx(6.0)


def test_estimates_add_up() -> None:
    assert Estimate(1, 2, 3, 4, 0.5) + Estimate(1, 1, 1, 1, 0.25) == Estimate(2, 3, 4, 5, 0.75)
    assert (Estimate(1, 2, 3, 4, None) + Estimate(1, 1, 1, 1, 0.25)).cost is None


@pytest.mark.parametrize(
    "text",
    [
        "The old harbour was rebuilt between 1921 and 1934, and the railway reached it two years later. " * 5,
        '{"subject": "Ada Stone", "relation": "FOUNDED", "object": "Acme", "quote": "Ada Stone founded Acme"}'
        * 5,
        "한국어 문장은 어떻게 나누어지는지 살펴보자. 서울은 대한민국의 수도이다. " * 5,
    ],
)
def test_the_approximation_is_near_the_exact_count(text: str) -> None:
    assert 0.7 <= approximate_tokens(text) / count_tokens(text) <= 1.4


@given(st.text(max_size=200), st.text(max_size=200))
def test_more_text_never_has_fewer_tokens(first: str, second: str) -> None:
    assert (
        approximate_tokens(first + "\n" + second)
        >= max(approximate_tokens(first), approximate_tokens(second)) - 1
    )
