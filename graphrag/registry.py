"""Names to implementations, imported on use so that heavy libraries stay unloaded.

Adding a backend is one new module and one line here.
"""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphrag.config import Config
from graphrag.errors import ConfigError

if TYPE_CHECKING:
    from graphrag.index.snapshot import SearchIndex
    from graphrag.interfaces import Chunker, Embedder, Extractor, KnowledgeView, Retriever
    from graphrag.linking import Cues
    from ontology import Ontology

REGISTRY: dict[str, str] = {
    "chunker:sentences": "graphrag.chunking:SentenceChunker",
    "extractor:spacy": "graphrag.extraction.spacy:SpacyExtractor",
    "extractor:llm": "graphrag.extraction.llm:LLMExtractor",
    "retriever:local": "graphrag.retrieval.local:LocalRetriever",
    "retriever:hybrid": "graphrag.retrieval.local:HybridRetriever",
    "retriever:passages": "graphrag.retrieval.local:PassageRetriever",
    "retriever:global": "graphrag.retrieval.global_:GlobalRetriever",
    "embedder:wordllama": "graphrag.embedding.wordllama:WordLlamaEmbedder",
    "embedder:hashing": "graphrag.embedding.hashing:HashingEmbedder",
    "embedder:http": "graphrag.embedding.http:HTTPEmbedder",
    "embedder:sentence-transformers": "graphrag.embedding.sentence_transformers:SentenceTransformersEmbedder",
}


def load(name: str) -> Any:
    """The class or function registered under `name`.

    Raises:
        ConfigError: If nothing is registered under it.
    """
    target = REGISTRY.get(name)
    if target is None:
        kind = name.partition(":")[0]
        known = ", ".join(sorted(key.partition(":")[2] for key in REGISTRY if key.startswith(f"{kind}:")))
        raise ConfigError(f'no {kind} is called "{name.partition(":")[2]}"; known: {known}')
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)


def make_ontology(config: Config) -> "Ontology | None":
    """The schema the settings ask for: a file's, the shipped one, or none in open mode."""
    from ontology import general_ontology, load_ontology

    if config.ontology.open:
        return None
    if config.ontology.path is not None:
        return load_ontology(Path(config.ontology.path))
    return general_ontology()


def make_chunker(config: Config) -> "Chunker":
    """The chunker the settings ask for."""
    chunker: Chunker = load("chunker:sentences")(
        max_tokens=config.chunking.max_tokens, overlap_tokens=config.chunking.overlap_tokens
    )
    return chunker


def make_extractor(config: Config, ontology: "Ontology | None") -> "Extractor":
    """The extractor the settings ask for.

    Raises:
        ConfigError: If it needs what only a caller can give (a model's gate).
    """
    if config.extraction.name == "llm":
        raise ConfigError("the llm extractor needs a gate to a model; pass extractor= to GraphRAG.build")
    extractor: Extractor = load("extractor:spacy")(config.extraction.spacy_model)
    return extractor


def make_retriever(
    mode: str,
    view: "KnowledgeView",
    index: "SearchIndex",
    embedder: "Embedder",
    *,
    ontology: "Ontology | None",
    config: Config,
) -> "Retriever":
    """The retriever of a mode over one commit's index."""
    cues = relation_cues(ontology)
    retriever: Retriever
    if mode == "global":
        retriever = load("retriever:global")(
            view,
            index,
            embedder,
            cues=cues,
            level=config.retrieval.level,
            budget_tokens=config.retrieval.context_tokens,
        )
    else:
        retriever = load(f"retriever:{mode}")(
            view,
            index,
            embedder,
            cues=cues,
            settings=config.retrieval,
            budget=config.retrieval.context_tokens,
        )
    return retriever


def relation_cues(ontology: "Ontology | None") -> "Cues":
    """The words an ontology gives its relations, for recognising them in questions."""
    from graphrag.linking import make_cues

    if ontology is None:
        return make_cues({})
    phrases: dict[str, Sequence[str]] = {
        key: (item.label, *item.aliases, *item.cues, *item.inverse_cues)
        for key, item in ontology.relations.items()
    }
    phrases |= {key: (prop.label, *prop.aliases, *prop.cues) for key, prop in ontology.properties.items()}
    return make_cues(phrases)


def make_embedder(config: Config, *, api_key: str = "") -> "Embedder":
    """The embedder the settings ask for; `api_key` is for one behind a server."""
    settings = config.embedding
    kind = load(f"embedder:{settings.name}")
    embedder: Embedder
    match settings.name:
        case "http":
            embedder = kind(model=settings.model, base_url=settings.base_url, api_key=api_key)
        case "sentence-transformers":
            embedder = kind(settings.model)
        case _:
            embedder = kind(dim=settings.dim)
    return embedder
