"""Taking questions apart, and choosing a mode by their form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrag.generation.question import Ask, Form, choose_mode, read_question


def flat(ask: Ask) -> str:
    """A question with its inner questions in brackets."""
    parts = [piece if isinstance(piece, str) else f"[{piece.noun}: {flat(piece)}]" for piece in ask.pieces]
    return " ".join(parts)


@pytest.mark.parametrize(
    ("question", "form", "shape"),
    [
        ("Who painted Night Ferry?", Form.PERSON, "painted Night Ferry"),
        (
            "Who leads the firm that built the Orla Dam?",
            Form.PERSON,
            "leads [firm: built Orla Dam]",
        ),
        (
            "In which town was the founder of the brewery that makes Kestrel Ale born?",
            Form.PLACE,
            "[founder: founder of [brewery: makes Kestrel Ale]] born",
        ),
        (
            "When did the wife of Anton Brell die?",
            Form.DATE,
            "[wife: wife of Anton Brell] die",
        ),
        (
            "In which year was the architect born who designed Lund Tower?",
            Form.DATE,
            "[architect: designed Lund Tower] born",
        ),
        (
            "In which year was the son of the painter born who owned Brell House?",
            Form.DATE,
            "[son: son of [painter: owned Brell House]] born",
        ),
        (
            "Who composed the opera on which the film Salt Road is based?",
            Form.PERSON,
            "composed [opera: film Salt Road is based on]",
        ),
        ("Who is the mayor of Oster?", Form.PERSON, "mayor of Oster"),
        ("Who is Anton Brell?", Form.DEFINITION, "Anton Brell"),
        ("What is a transistor?", Form.DEFINITION, "transistor"),
        ("Tell me about the Orla Dam.", Form.ACCOUNT, "the Orla Dam"),
        ("What do the sources say about Anton Brell?", Form.ACCOUNT, "Anton Brell"),
        ("What happened in 1921?", Form.ACCOUNT, "in 1921"),
        ("List the firms that built the Orla Dam", Form.THING, "built Orla Dam"),
        ("tell me who built the Orla Dam", Form.PERSON, "built Orla Dam"),
        ("Name the founders of Dane Line", Form.PERSON, "founders of Dane Line"),
        ("What is the population of Oster?", Form.NUMBER, "population of Oster"),
        ("How many ships did Dane Line order?", Form.NUMBER, "Dane Line order"),
        ("For how much was Dane Line sold?", Form.MONEY, "Dane Line sold"),
        (
            "Where did the director of film Salt Road study?",
            Form.PLACE,
            "[director: director of film Salt Road] study",
        ),
        (
            "Who founded the company led by the author of Salt Road?",
            Form.PERSON,
            "founded [company: led by [author: author of Salt Road]]",
        ),
    ],
)
def test_a_question_is_taken_apart(question: str, form: Form, shape: str) -> None:
    read = read_question(question)
    assert read.form is form
    assert flat(read.asks[0]) == shape


def test_a_known_name_is_never_taken_apart() -> None:
    read = read_question(
        "Who wrote The House of the Founder of Cities?", ["The House of the Founder of Cities"]
    )
    assert read.asks[0].inner == ()


def test_a_further_question_about_the_same_event_is_found() -> None:
    read = read_question("Which firm bought the mill, and for how much?")
    assert [ask.form for ask in read.asks] == [Form.THING, Form.MONEY]


def test_the_number_of_answers_is_read() -> None:
    assert read_question("Which two men founded Dane Line?").asks[0].count == 2


def test_two_things_with_the_same_year_are_compared() -> None:
    comparison = read_question("Were Anton Brell and Ida Lund born in the same year?").comparison
    assert comparison is not None
    assert comparison.sides == ("Anton Brell", "Ida Lund")
    assert (comparison.same, comparison.form, comparison.attribute) == ("year", Form.DATE, "born in")


def test_an_order_between_two_things_is_read() -> None:
    comparison = read_question("Which film came out first, Salt Road or Night Ferry?").comparison
    assert comparison is not None
    assert comparison.sides == ("Salt Road", "Night Ferry")
    assert comparison.first


@pytest.mark.parametrize(
    ("question", "mode"),
    [
        ("Who founded Dane Line?", "hybrid"),
        ("Which two towns does the Lim connect?", "hybrid"),
        ("What are the main themes?", "global"),
        ("How did strikes change the harbour trades?", "global"),
        ("Summarise what is said about floods.", "global"),
        ("Which harbours were closed, and why?", "global"),
        ("Which bridges were never finished?", "global"),
        ("How did Anton Brell die?", "hybrid"),
        ("What do the documents say about Anton Brell?", "global"),
    ],
)
def test_the_mode_follows_the_form(question: str, mode: str) -> None:
    chosen, why = choose_mode(question)
    assert chosen == mode
    assert why


@given(st.text(max_size=200))
def test_any_text_is_read_without_an_error(text: str) -> None:
    read_question(text)
    assert choose_mode(text)[0] in {"global", "hybrid"}


SMALL = (
    """who which the of that company Brell Lund born was is in and or , by film 's 1990 led whom same first"""
)


@given(st.lists(st.sampled_from(SMALL.split()), max_size=14))
def test_no_word_of_a_question_is_asked_twice(words: list[str]) -> None:
    read = read_question(" ".join(words))
    for ask in read.asks[:1]:
        assert len(flat(ask).replace("[", " ").replace("]", " ").split()) <= 2 * len(words) + 2
