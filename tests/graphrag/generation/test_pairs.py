from collections.abc import Callable, Iterator

import pytest

from graphrag.config import Config
from graphrag.datamodel import Document
from graphrag.engine import GraphRAG
from graphrag.extraction.llm import LLMExtractor
from graphrag.generation.pairs import PairJudge, decisions_of, doubtful_pairs
from graphrag.ids import document_id
from graphrag.llm import Gate, OpenAIClient, Secret
from graphrag.testing.server import ScriptedServer
from tests.graphrag.generation.conftest import ONTOLOGY

MakeGate = Callable[[str], Gate]
TEXTS = {
    "a": "Katherine Marsh was born in Hull. Katherine Marsh founded Cog.",
    "b": "Catherine Marsh was born in Hull. Catherine Marsh founded Bolt.",
    "c": "Katharina Marsh was born in Leeds.",
    "d": "Ada Stone founded Acme.",
}


@pytest.fixture(scope="module")
def marshes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphRAG]:
    folder = tmp_path_factory.mktemp("marshes")
    documents = [Document(document_id(key, "", text, {}), key, text) for key, text in TEXTS.items()]
    with ScriptedServer(folder) as server:
        client = OpenAIClient("scripted", key=Secret("k"), base_url=server.url)
        with Gate(client) as gate:
            extractor = LLMExtractor(gate, ONTOLOGY, gleanings=0)
            base = GraphRAG.create(folder / "kg", ontology=ONTOLOGY, config=Config(), extractor=extractor)
            base.add(documents)
    with base:
        yield base


def names(base: GraphRAG, least: float = 0.8) -> list[set[str]]:
    return [{pair.first.name, pair.second.name} for pair in doubtful_pairs(base.view, least=least)]


def test_names_that_look_alike_are_put_forward_and_others_are_not(marshes: GraphRAG) -> None:
    found = names(marshes)
    assert {"Katherine Marsh", "Catherine Marsh"} in found
    assert not any("Ada Stone" in pair for pair in found)
    assert found == names(marshes)


def test_only_a_yes_in_both_orders_proposes_a_merge(marshes: GraphRAG, gate_to: MakeGate) -> None:
    gate = gate_to("matching")
    opinions = PairJudge(gate).opinions(marshes.view, doubtful_pairs(marshes.view, least=0.8))
    verdicts = {frozenset((item.pair.first.name, item.pair.second.name)): item.same for item in opinions}
    assert verdicts[frozenset(("Katherine Marsh", "Catherine Marsh"))] == "yes"
    assert set(verdicts.values()) <= {"yes", "no", "unsure"}
    proposed = decisions_of(opinions)
    assert [{item.first, item.second} for item in proposed] == [{"Katherine Marsh", "Catherine Marsh"}]


def test_an_accepted_decision_makes_one_of_two(marshes: GraphRAG, gate_to: MakeGate) -> None:
    opinions = PairJudge(gate_to("matching")).opinions(marshes.view, doubtful_pairs(marshes.view, least=0.8))
    before = len(list(marshes.view.entities()))
    marshes.view.decide(decisions_of(opinions))
    assert len(list(marshes.view.entities())) == before - 1
    assert {"Katherine Marsh", "Catherine Marsh"} not in names(marshes)


def test_a_model_that_mumbles_decides_nothing(marshes: GraphRAG, gate_to: MakeGate) -> None:
    opinions = PairJudge(gate_to("mumbling")).opinions(marshes.view, doubtful_pairs(marshes.view, least=0.5))
    assert opinions
    assert {item.same for item in opinions} == {"unsure"}
    assert decisions_of(opinions) == []
