from collections.abc import Callable

import pytest

from graphrag.engine import GraphRAG
from graphrag.generation.agent import Agent, GraphTools
from graphrag.llm import Gate

MakeGate = Callable[[str], Gate]
THREE_HOPS = "Where was the founder of the firm that acquired Bolt born?"


def test_an_agent_walks_three_hops_and_shows_every_step(firms: GraphRAG, gate_to: MakeGate) -> None:
    answer = Agent(gate_to("honest"), firms.view, search=firms.search).answer(THREE_HOPS)
    assert answer.short == "Leeds"
    assert [citation.evidence.quote for citation in answer.citations] == [
        "Acme acquired Bolt",
        "Ada Stone founded Acme",
        "Ada Stone was born in Leeds",
    ]
    steps = answer.context.trace["steps"]
    assert [step["tool"] for step in steps] == ["neighbours"] * 3 + ["finish"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("script", "missing"),
    [
        ("looping", "repeated the same step 3 times and was stopped"),
        ("wandering", "did not finish within 6 steps"),
        ("inventive", "no quotation of the sources"),
        ("mumbling", "gave no readable step"),
    ],
)
def test_a_model_that_misbehaves_is_stopped_and_it_is_said_so(
    firms: GraphRAG, gate_to: MakeGate, script: str, missing: str
) -> None:
    gate = gate_to(script)
    answer = Agent(gate, firms.view, search=firms.search, steps=6).answer("Where was Ada Stone born?")
    assert answer.abstained
    assert missing in answer.missing
    assert answer.citations == ()
    assert gate.usage.answers <= 7


def test_the_tools_find_what_is_there(firms: GraphRAG) -> None:
    tools = GraphTools(firms.view, firms.search)
    assert "Ada Stone (Person" in tools.use("search_entity", "ada stone", "").text
    assert "Ada Stone (Person" in tools.use("search_entity", "Ada Stome", "").text
    assert "Ada Stone FOUNDED Acme" in tools.use("neighbours", "Acme", "founded").text
    path = tools.use("path", "Bolt", "Leeds")
    assert [source.text.splitlines()[0] for source in path.sources] == [
        "Acme ACQUIRED Bolt",
        "Ada Stone FOUNDED Acme",
        "Ada Stone BORN_IN Leeds",
    ]
    assert "Ada Stone founded Acme" in tools.use("lookup", "Who founded Acme?", "").text


@pytest.mark.parametrize(
    ("tool", "first", "second", "text"),
    [
        ("search_entity", "Qqqqq", "", "Nothing is called"),
        ("search_entity", "", "", "Nothing is called"),
        ("neighbours", "Qqqqq", "", "Nothing is called"),
        ("path", "Bolt", "Hull", "No path"),
        ("path", "Bolt", "Qqqqq", "Nothing is called"),
        ("lookup", " ", "", "No passage"),
        ("drop_database", "x", "y", "There is no tool"),
    ],
)
def test_a_wrong_step_is_an_observation(
    firms: GraphRAG, tool: str, first: str, second: str, text: str
) -> None:
    seen = GraphTools(firms.view, firms.search).use(tool, first, second)
    assert text in seen.text
    assert seen.sources == ()


def test_a_source_keeps_its_number(firms: GraphRAG) -> None:
    tools = GraphTools(firms.view, None)
    first = tools.use("neighbours", "Acme", "").sources
    again = tools.use("path", "Bolt", "Ada Stone").sources
    numbers = {source.text: source.number for source in first}
    assert all(numbers[source.text] == source.number for source in again)
