"""A small knowledge base, read by a scripted model, and gates to models of all characters."""

from collections.abc import Callable, Iterator

import pytest

from graphrag.config import Config
from graphrag.datamodel import Document
from graphrag.engine import GraphRAG
from graphrag.extraction.llm import LLMExtractor
from graphrag.ids import document_id
from graphrag.llm import Clock, Gate, Limits, OpenAIClient, Secret
from graphrag.testing.server import ScriptedServer
from ontology import EntityType, Ontology, RelationType

ONTOLOGY = Ontology.build(
    "firms",
    [EntityType("Person"), EntityType("Organization"), EntityType("Place")],
    [
        RelationType("FOUNDED", domain=("Person",), range=("Organization",)),
        RelationType("ACQUIRED", domain=("Organization",), range=("Organization",)),
        RelationType("BORN_IN", domain=("Person",), range=("Place",)),
    ],
)
TEXTS = {
    "acme": "Ada Stone founded Acme. It makes kettles.",
    "bolt": "Acme acquired Bolt. The price was not told.",
    "ada": "Ada Stone was born in Leeds. She likes hills.",
    "cog": "Cy Marsh founded Cog. Cy Marsh was born in Hull.",
}


@pytest.fixture(scope="session")
def firms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphRAG]:
    folder = tmp_path_factory.mktemp("firms")
    documents = [Document(document_id(key, "", text, {}), key, text) for key, text in TEXTS.items()]
    with ScriptedServer(folder) as server:
        client = OpenAIClient("scripted", key=Secret("k"), base_url=server.url)
        with Gate(client) as gate:
            extractor = LLMExtractor(gate, ONTOLOGY, gleanings=0)
            base = GraphRAG.create(folder / "kg", ontology=ONTOLOGY, config=Config(), extractor=extractor)
            base.add(documents)
            base.refresh()
    with base:
        yield base


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], ScriptedServer]]:
    running: dict[str, ScriptedServer] = {}

    def serve(script: str) -> ScriptedServer:
        if script not in running:
            where = f"tests.graphrag.generation.scripts:{script}"
            running[script] = ScriptedServer(tmp_path_factory.mktemp("server"), script=where)
            running[script].__enter__()
        return running[script]

    yield serve
    for server in running.values():
        server.__exit__()


@pytest.fixture
def gate_to(servers: Callable[[str], ScriptedServer]) -> Iterator[Callable[[str], Gate]]:
    made: list[Gate] = []

    def make(script: str) -> Gate:
        client = OpenAIClient("scripted", key=Secret("k"), base_url=servers(script).url)
        made.append(Gate(client, limits=Limits(max_in_flight=4), clock=Clock(0.01)))
        return made[-1]

    yield make
    for gate in made:
        gate.close()
