"""Knowledge graphs from documents, and answers with proof.

::

    from graphrag import GraphRAG

    kg = GraphRAG.build("documents/", "kg")
    answer = kg.ask("Who founded the company that makes the iPhone?")
    print(answer.text)
    for citation in answer.citations:
        print(citation.marker, citation.evidence.quote)

Names are imported on first use, so that a program pays only for what it touches.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphrag.config import Config, load_config
    from graphrag.datamodel import (
        Answer,
        Chunk,
        Citation,
        Community,
        Context,
        Document,
        Entity,
        Evidence,
        Hit,
        Mention,
        Relation,
        Report,
        Span,
        Triple,
    )
    from graphrag.documents import make_document, read_documents
    from graphrag.engine import GraphRAG
    from graphrag.errors import GraphRAGError

_HOMES = {
    "Answer": "graphrag.datamodel",
    "Chunk": "graphrag.datamodel",
    "Citation": "graphrag.datamodel",
    "Community": "graphrag.datamodel",
    "Config": "graphrag.config",
    "Context": "graphrag.datamodel",
    "Document": "graphrag.datamodel",
    "Entity": "graphrag.datamodel",
    "Evidence": "graphrag.datamodel",
    "GraphRAG": "graphrag.engine",
    "GraphRAGError": "graphrag.errors",
    "Hit": "graphrag.datamodel",
    "Mention": "graphrag.datamodel",
    "Relation": "graphrag.datamodel",
    "Report": "graphrag.datamodel",
    "Span": "graphrag.datamodel",
    "Triple": "graphrag.datamodel",
    "load_config": "graphrag.config",
    "make_document": "graphrag.documents",
    "read_documents": "graphrag.documents",
}

__all__ = [
    "Answer",
    "Chunk",
    "Citation",
    "Community",
    "Config",
    "Context",
    "Document",
    "Entity",
    "Evidence",
    "GraphRAG",
    "GraphRAGError",
    "Hit",
    "Mention",
    "Relation",
    "Report",
    "Span",
    "Triple",
    "load_config",
    "make_document",
    "read_documents",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return __all__
