"""Answers by quoting: chains, values, comparisons, lists, and saying that the sources do not say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from graphrag.datamodel import Answer, Context, Hit, HitKind, Query
from graphrag.generation.extractive import ExtractiveGenerator
from graphrag.generation.verification import verify
from ontology import load_ontology

TEXTS = {
    "mill.md": (
        "Aldwick Mill",
        "Aldwick Mill is a paper manufacturer in Harlow. It was founded on 4 March 1884 by Rosa Venn. "
        "In 1921 the Dane Line bought Aldwick Mill for 2.5 million pounds.\n\n"
        "Rosa Venn left in 1899. Since 2015 Ines Marr has been the chief executive of the mill.",
    ),
    "venn.md": (
        "Rosa Venn",
        "Rosa Venn was born in Tarrow in 1851. She was the daughter of Otto Venn, who died in Lund. "
        "Her husband was the engineer Karl Odd.",
    ),
    "odd.md": (
        "Karl Odd",
        "Karl Odd, born in 1851, designed the Orla Bridge with Piet Hals and Mia Roth. "
        "It spans the river Lim and contains 1,200 tons of iron.",
    ),
    "chess.md": (
        "Harlow Cup",
        "The Harlow Cup was won by Piet Hals in 1890. He beat Karl Odd by three games to two.",
    ),
}
TYPES = {
    "Aldwick Mill": "Organization", "Dane Line": "Organization",

    "Rosa Venn": "Person", "Karl Odd": "Person",
    "Otto Venn": "Person", "Ines Marr": "Person", "Piet Hals": "Person", "Mia Roth": "Person",
    "Harlow": "City",
    "Tarrow": "City", "Lund": "City", "Orla Bridge": "Structure", "Lim": "River", "Harlow Cup": "Event",
}  # fmt: skip
FACTS = [
    ("mill.md", "Rosa Venn", "FOUNDED", "Aldwick Mill", "It was founded on 4 March 1884 by Rosa Venn."),
    ("venn.md", "Rosa Venn", "BORN_IN", "Tarrow", "Rosa Venn was born in Tarrow in 1851."),
]
SCHEMA = load_ontology(
    """
name: test
types:
  Person: {}
  Organization: {aliases: [company, firm, manufacturer]}
  Place: {aliases: [location]}
  City: {parents: [Place], aliases: [town]}
  River: {parents: [Place]}
  Structure: {parents: [Place], aliases: [bridge]}
  Event: {}
relations:
  FOUNDED: {domain: [Person], range: [Organization]}
  BORN_IN: {domain: [Person], range: [Place]}
"""
)


@pytest.fixture
def ask(memory_view: Callable[..., Any]) -> Callable[[str], Answer]:
    view = memory_view(TEXTS, types=TYPES, facts=FACTS)
    hits = tuple(Hit(chunk.id, HitKind.CHUNK, 1.0, n + 1) for n, chunk in enumerate(view.chunks()))
    generator = ExtractiveGenerator(view, ontology=SCHEMA)

    def answer(question: str) -> Answer:
        made = generator.answer(question, Context(Query("q", question), "hybrid", hits))
        assert verify(made, view).is_clean, made.text
        return made

    return answer


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("Who founded Aldwick Mill?", "Rosa Venn"),
        ("When was Aldwick Mill founded?", "4 March 1884"),
        ("In which year was Aldwick Mill founded?", "1884"),
        ("Who is the CEO of Aldwick Mill?", "Ines Marr"),
        ("In which city was the founder of Aldwick Mill born?", "Tarrow"),
        ("Where was Rosa Venn born?", "Tarrow"),
        ("Who was the father of the founder of Aldwick Mill?", "Otto Venn"),
        ("In which city did the father of the founder of Aldwick Mill die?", "Lund"),
        ("What did the husband of Rosa Venn design?", "Orla Bridge"),
        ("Which river does the bridge designed by Karl Odd span?", "Lim"),
        ("How many tons of iron does the Orla Bridge contain?", "1,200"),
        ("By what score did Piet Hals beat Karl Odd?", "three games to two"),
        ("Which company bought Aldwick Mill, and for how much?", "Dane Line, 2.5 million pounds"),
        ("Were Rosa Venn and Karl Odd born in the same year?", "yes"),
        ("Were Rosa Venn and Karl Odd both born in 1851?", "yes"),
        ("Is Aldwick Mill a paper manufacturer?", "yes"),
        ("Are Aldwick Mill and the company that bought Aldwick Mill the same firm?", "no"),
        ("Who bought Aldwick Mill?", "Dane Line"),
        ("List the people who designed the Orla Bridge.", "Karl Odd"),
        ("Name the father of Rosa Venn", "Otto Venn"),
        ("Who was the husband of Rosa Venn?", "Karl Odd"),
        ("What is Aldwick Mill?", "a paper manufacturer in Harlow"),
        ("Who is Rosa Venn?", "the daughter of Otto Venn"),
    ],
)
def test_a_question_is_answered(ask: Callable[[str], Answer], question: str, short: str) -> None:
    answer = ask(question)
    assert answer.short == short, answer.text
    assert answer.citations


@pytest.mark.parametrize(
    ("question", "lacking"),
    [
        ("Who is the chief financial officer of Aldwick Mill?", "financial"),
        ("When did Rosa Venn retire?", "Rosa Venn"),
        ("Who founded Brell House?", "Brell House"),
        ("In which year did Otto Venn win the Harlow Cup?", "Otto Venn"),
        ("How many people live in Tarrow?", "Tarrow"),
        ("Which company did Mia Roth found?", "Mia Roth"),
    ],
)
def test_what_no_source_says_is_not_answered(
    ask: Callable[[str], Answer], question: str, lacking: str
) -> None:
    answer = ask(question)
    assert answer.abstained, answer.text
    assert answer.short == ""
    assert answer.citations == ()
    assert lacking in answer.missing


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("Tell me about Rosa Venn.", "Her husband was the engineer Karl Odd."),
        ("What happened in 1921?", "In 1921 the Dane Line bought Aldwick Mill for 2.5 million pounds."),
        ("What is the connection between Rosa Venn and Otto Venn?", "She was the daughter of Otto Venn"),
    ],
)
def test_an_account_quotes_what_is_told(ask: Callable[[str], Answer], question: str, first: str) -> None:
    answer = ask(question)
    assert first in answer.text
    assert all("Harlow Cup" not in item.evidence.quote for item in answer.citations)


def test_the_answer_leads_along_relations_of_the_graph(ask: Callable[[str], Answer]) -> None:
    answer = ask("In which city was the founder of Aldwick Mill born?")
    assert answer.path is not None
    assert answer.path.text == "Aldwick Mill <-FOUNDED- Rosa Venn -BORN_IN-> Tarrow"
    assert len(answer.path.entity_ids) == len(answer.path.steps) + 1


def test_a_step_without_a_relation_is_told_in_the_words_of_the_question(ask: Callable[[str], Answer]) -> None:
    answer = ask("Who was the father of the founder of Aldwick Mill?")
    assert answer.path is None
    assert "Path: Aldwick Mill -founder-> Rosa Venn -father-> Otto Venn" in answer.text


def test_each_step_is_quoted_and_cited_once(ask: Callable[[str], Answer]) -> None:
    answer = ask("In which city did the father of the founder of Aldwick Mill die?")
    assert [citation.marker for citation in answer.citations] == list(range(1, len(answer.citations) + 1))
    assert all(f"[{citation.marker}]" in answer.text for citation in answer.citations)


def test_an_empty_context_is_no_answer(memory_view: Callable[..., Any]) -> None:
    view = memory_view(TEXTS, types=TYPES)
    answer = ExtractiveGenerator(view).answer("Who founded Aldwick Mill?", Context(Query("q", ""), "hybrid"))
    assert answer.abstained


def test_without_an_ontology_the_words_alone_decide(memory_view: Callable[..., Any]) -> None:
    view = memory_view(TEXTS, types=TYPES)
    hits = tuple(Hit(chunk.id, HitKind.CHUNK, 1.0, n + 1) for n, chunk in enumerate(view.chunks()))
    context = Context(Query("q", ""), "passages", hits)
    assert ExtractiveGenerator(view).answer("Who founded Aldwick Mill?", context).short == "Rosa Venn"
