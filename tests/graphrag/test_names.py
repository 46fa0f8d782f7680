import unicodedata

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from graphrag.names import bare_form, is_generic, normal_form, split_qualifier


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("J. K. Rowling", "jk rowling"),
        ("J.K. Rowling", "jk rowling"),
        ("Beyoncé", "beyonce"),
        ("U.S.A.", "usa"),
        ("AT&T", "at and t"),
        ("C++", "c++"),
        ("C#", "c#"),
        ("Dr. Angela Merkel", "angela merkel"),
        ("Dr. No", "dr no"),
        ("McDonald’s", "mcdonalds"),
        ("10,000 Maniacs", "10000 maniacs"),
        ("삼성 전자", "삼성전자"),
        ("(주)삼성전자", "삼성전자"),
        ("㈜카카오", "카카오"),
        ("東京 大学", "東京大学"),
        ("İstanbul", "istanbul"),
        ("Straße", "strasse"),
        ("Михаил Горбачёв", "михаил горбачёв"),
        ("ｆｕｌｌ ｗｉｄｔｈ", "full width"),
        ("!!!", "!!!"),
        ("  ", ""),
    ],
)
def test_normal_form_folds_typography(name: str, normal: str) -> None:
    assert normal_form(name) == normal


@pytest.mark.parametrize(
    ("normal", "bare"),
    [
        ("the beatles", "beatles"),
        ("the who", "the who"),
        ("ford motor company", "ford motor"),
        ("muller gmbh and co kg", "muller"),
        ("queen elizabeth ii", "elizabeth ii"),
        ("삼성전자주식회사", "삼성전자"),
        ("株式会社日立製作所", "日立製作所"),
        ("st petersburg", "saint petersburg"),
        ("company", "company"),
    ],
)
def test_bare_form_drops_what_people_leave_off(normal: str, bare: str) -> None:
    assert bare_form(normal) == bare


@given(st.text(max_size=60))
@example("0\x80\u0300")  # an accent on a control character
@example("a\u2028\u0323 b\u00ab\u0300c")
def test_forms_are_idempotent_and_never_lose_a_name(name: str) -> None:
    normal = normal_form(name)
    assert normal_form(normal) == normal
    assert bool(normal) == bool(name.strip())
    assert bare_form(bare_form(normal)) == bare_form(normal)
    assert bool(bare_form(normal)) == bool(normal)


@given(st.text(max_size=40))
def test_composed_and_decomposed_names_are_one(name: str) -> None:
    composed, decomposed = (unicodedata.normalize(form, name) for form in ("NFC", "NFD"))
    assert normal_form(composed) == normal_form(decomposed)


def test_letters_that_look_alike_in_two_scripts_differ() -> None:
    assert normal_form("сосна") != normal_form("cocha")
    assert normal_form("а") != normal_form("a")


@pytest.mark.parametrize("name", ["the Company", "He", "city", "—", "its"])
def test_generic_words_name_nobody(name: str) -> None:
    assert is_generic(name)


@pytest.mark.parametrize("name", ["WHO", "U.S.", "US", "Apple", "The Company Men"])
def test_acronyms_and_names_are_not_generic(name: str) -> None:
    assert not is_generic(name)


def test_split_qualifier_parts_a_title() -> None:
    assert split_qualifier("Ring (1998 film)") == ("Ring", "1998 film")
    assert split_qualifier("Ring") == ("Ring", "")
    assert split_qualifier("(500) Days of Summer") == ("(500) Days of Summer", "")


def test_rulers_are_not_known_by_their_office_alone() -> None:
    assert bare_form("king of norway") == "king of norway"
    assert bare_form("governor general of canada") == "governor general of canada"
    assert is_generic("III") and not is_generic("X")


def test_vowel_marks_are_letters() -> None:
    assert normal_form("भाजी ऑन द बीच") == "भाजी ऑन द बीच"
