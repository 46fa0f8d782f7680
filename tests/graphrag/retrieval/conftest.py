"""A small world with questions of one and two hops, and its search index."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graphrag.embedding.wordllama import WordLlamaEmbedder
from graphrag.index.builder import build_search_index
from graphrag.index.snapshot import SearchIndex
from graphrag.interfaces import KnowledgeView
from graphrag.linking import Cues, make_cues

TEXTS = {
    "phone": ("iPhone", "The iPhone is a smartphone. It was invented by Apple and first sold in 2007."),
    "apple": ("Apple", "Apple is a company in Cupertino. Tim Cook is the chief executive of Apple."),
    "cook": ("Tim Cook", "Tim Cook was born in Mobile, Alabama. He studied at Auburn University."),
    "mobile": (
        "Mobile, Alabama",
        "Mobile is a port on the Gulf Coast. Its carnival is the oldest in the land.",
    ),
    "film": (
        "Silent Harbor",
        "Silent Harbor is a drama film directed by Marta Kowal. Rain falls all through it.",
    ),
    "kowal": (
        "Marta Kowal",
        "Marta Kowal (born 1961) is a Polish director. She lives in Gdynia with two dogs.",
    ),
    "gdynia": ("Gdynia", "Gdynia is a city on the Baltic Sea. Shipyards stand along its northern shore."),
    "bread": ("", "Sourdough needs flour, water and patience. Bakers feed the starter every evening."),
    "other": ("Stone Bridge", "Stone Bridge is a comedy film directed by Ivo Lenz. Critics liked its music."),
    "lenz": ("Ivo Lenz", "Ivo Lenz is an Austrian director. He was born in Graz and paints at night."),
}
TYPES = {
    "iPhone": "Product",
    "Apple": "Company",
    "Tim Cook": "Person",
    "Mobile, Alabama": "City",
    "Auburn University": "EducationalInstitution",
    "Silent Harbor": "Film",
    "Marta Kowal": "Person",
    "Gdynia": "City",
    "Stone Bridge": "Film",
    "Ivo Lenz": "Person",
    "2007": "Date",
}
FACTS = [
    ("phone", "Apple", "INVENTED", "iPhone", "It was invented by Apple"),
    ("phone", "iPhone", "RELEASED_ON", "2007", "first sold in 2007"),
    ("apple", "Tim Cook", "CEO_OF", "Apple", "Tim Cook is the chief executive of Apple."),
    ("cook", "Tim Cook", "BORN_IN", "Mobile, Alabama", "Tim Cook was born in Mobile, Alabama."),
    ("film", "Marta Kowal", "DIRECTED", "Silent Harbor", "directed by Marta Kowal"),
    ("kowal", "Marta Kowal", "LIVED_IN", "Gdynia", "She lives in Gdynia"),
    ("other", "Ivo Lenz", "DIRECTED", "Stone Bridge", "directed by Ivo Lenz"),
]
METADATA = {
    "phone": {"kind": "product", "date": "2020-05-04", "tags": ["device", "old"]},
    "apple": {"kind": "company", "date": "2021-01-01"},
    "cook": {"kind": "person", "date": "2022"},
}


@pytest.fixture
def world(memory_view: Callable[..., Any]) -> Any:
    return memory_view(TEXTS, types=TYPES, facts=FACTS, literals=["2007"], metadata=METADATA)


@pytest.fixture(scope="session")
def embedder() -> WordLlamaEmbedder:
    return WordLlamaEmbedder()


@pytest.fixture
def index(world: KnowledgeView, embedder: WordLlamaEmbedder, tmp_path: Path) -> SearchIndex:
    return build_search_index(world, embedder, tmp_path / "index")


@pytest.fixture
def cues() -> Cues:
    return make_cues(
        {
            "INVENTED": ["invented", "inventor of"],
            "CEO_OF": ["CEO of", "chief executive of", "runs"],
            "BORN_IN": ["born in", "place of birth", "was born in"],
            "DIRECTED": ["directed", "director of"],
            "LIVED_IN": ["lives in", "home of"],
        }
    )
