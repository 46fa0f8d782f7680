import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from graphrag.errors import DataError, GenerationError
from graphrag.generation.cypher import QueryWriter
from graphrag.llm import Gate
from graphrag.store.neo4j_vocabulary import Vocabulary
from tests.graphrag.generation.conftest import ONTOLOGY

MakeGate = Callable[[str], Gate]
WORDS = Vocabulary.of(ONTOLOGY)


def writer(gate: Gate, ran: list[str]) -> QueryWriter:
    def run(query: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        ran.append(query)
        if re.search("delete", query, re.IGNORECASE):
            raise DataError("this query would change the database or its schema")
        return [{"name": f"founder of {values['name']}"}]

    return QueryWriter(gate, WORDS.described(), check=WORDS.problems, run=run)


def test_a_query_with_an_unknown_word_is_not_run_but_written_again(gate_to: MakeGate) -> None:
    ran: list[str] = []
    found = writer(gate_to("querying"), ran).answer("Who founded Acme?")
    assert found.rows == ({"name": "founder of Acme"},)
    assert found.parameters == {"name": "Acme"}
    assert len(ran) == 1
    assert "FOUNDED" in found.query
    assert [problem for _, problem in found.refused] == ["there is no relationship type FOUNDER_OF"]


def test_a_model_that_insists_is_given_up_and_nothing_of_it_is_shown_as_an_answer(gate_to: MakeGate) -> None:
    ran: list[str] = []
    gate = gate_to("querying")
    with pytest.raises(GenerationError, match="would change the database"):
        writer(gate, ran).answer("Delete Acme?")
    assert len(ran) == gate.usage.answers == 3


def test_a_model_may_say_that_the_graph_cannot_tell(gate_to: MakeGate) -> None:
    found = writer(gate_to("querying"), []).answer("What will Acme do?")
    assert (found.query, found.rows, found.missing) == ("", (), "The graph holds no forecasts.")
