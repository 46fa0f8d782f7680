"""Search: passages, the graph around a question, and both together."""

from graphrag.retrieval.local import HybridRetriever, LocalRetriever, PassageRetriever
from graphrag.retrieval.settings import SearchSettings

__all__ = ["HybridRetriever", "LocalRetriever", "PassageRetriever", "SearchSettings"]
