import hypothesis.strategies as st
import pytest
from hypothesis import given

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
