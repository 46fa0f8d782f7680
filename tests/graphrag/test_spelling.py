from collections import Counter
from itertools import combinations

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from graphrag.names import normal_form
from graphrag.spelling import alike, keys_of


def meet(first: str, second: str) -> bool:
    return bool(set(keys_of(first)[0]) & set(keys_of(second)[1]))


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ("Arnold Schwarzeneger", "Arnold Schwarzenegger", "spelling"),
        ("Univeristy of Oxford", "University of Oxford", "spelling"),
        ("Gerhard Müller", "Gerhard Mueller", "spelling"),
        ("Spider-Man", "Spiderman", "spelling"),
        ("J. R. R. Tolkien", "John Ronald Reuel Tolkien", "initials"),
        ("John F. Kennedy", "John Fitzgerald Kennedy", "initials"),
    ],
)
def test_a_name_written_twice_is_found(first: str, second: str, kind: str) -> None:
    a, b = normal_form(first), normal_form(second)
    assert meet(a, b) and meet(b, a)
    forth, back = alike(a, b), alike(b, a)
    assert forth is not None and back is not None
    assert forth.kind == back.kind == kind
    assert forth.fuller == 1 - back.fuller


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Hans Andersen", "Hans Anderson"),
        ("Ben Johnson", "Ben Johnston"),
        ("Daniel Craig", "Daniela Craig"),
        ("Apollo 11", "Apollo 12"),
        ("Iron Man 2", "Iron Man 3"),
        ("Colombia", "Columbia"),
        ("North Korea", "South Korea"),
        ("John Michael Smith", "James Mark Smith"),
        ("Robert Kennedy", "John F. Kennedy"),
    ],
)
def test_near_misses_are_two_names(first: str, second: str) -> None:
    assert alike(normal_form(first), normal_form(second)) is None


@given(st.sampled_from(["maria lorentzen", "grand central terminal", "old harbour brewery"]), st.data())
def test_every_slip_that_is_alike_also_meets(name: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(name) - 2))
    letter = data.draw(st.sampled_from("aeklnst"))
    slips = [
        name[:place] + name[place + 1 :],
        name[:place] + letter + name[place:],
        name[:place] + letter + name[place + 1 :],
        name[:place] + name[place + 1] + name[place] + name[place + 2 :],
    ]
    slip = normal_form(data.draw(st.sampled_from(slips)))
    if slip != name and alike(name, slip) is not None:
        assert meet(name, slip) and meet(slip, name)


ENDS = [
    "strom",
    "strum",
    "strm",
    "sttrom",
    "srtom",
    "sterom",
    "stromm",
    "stram",
    "straem",
    "som",
    "stromae",
    "stroma",
]
WORDS = [
    *(f"berg{end}" for end in ENDS),
    *(f"{end}bergen" for end in ENDS),
    *(f"be{inner}ria" for inner in ("rg", "gr", "r", "g", "rgg", "rge", "ue", "u")),
]  # fmt: skip


def test_of_many_near_names_all_that_are_alike_meet() -> None:
    names = [f"ada {word}" for word in WORDS] + [f"{word} lunden" for word in WORDS]
    alike_pairs = [pair for pair in combinations(names, 2) if alike(*pair) is not None]
    assert len(alike_pairs) > 50
    for first, second in alike_pairs:
        assert meet(first, second) and meet(second, first)


@settings(max_examples=1000)
@given(st.text("abeou", min_size=5, max_size=9), st.data())
def test_all_that_are_alike_meet(word: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from("abeou"))
    before, after = word[:place], word[place + 1 :]
    for slip in (
        before + after,
        f"{before}{letter}{word[place:]}",
        f"{before}{letter}{after}",
        before + after[:1] + word[place] + after[1:],
    ):
        first, second = f"ada {word}", f"ada {slip}"
        if first != second and alike(first, second) is not None:
            assert meet(first, second) and meet(second, first)


def test_names_with_half_of_a_word_in_common_seldom_meet() -> None:
    """Two thousand words of which no two are a slip apart."""
    words = ["".join("bdfgklmnpr"[int(digit)] * 2 for digit in f"{number:04}") for number in range(2000)]
    met: Counter[int] = Counter()
    for word in words:
        met.update(set(keys_of(f"gina {word}dalensund")[0]))
    assert sum(count - 1 for count in met.values()) < 200


@pytest.mark.parametrize(
    "name", ["lorama " * 300 + "works", "ab " * 700 + "works", "a" * 2000 + " works", "a" * 9999]
)
def test_a_text_that_is_no_name_has_few_keys(name: str) -> None:
    stored, looked_up = keys_of(name)
    assert len(stored) + len(looked_up) <= 6
