"""Search: passages, the graph around a question, and both together."""

from graphrag.config import SearchSettings
from graphrag.retrieval.local import HybridRetriever, LocalRetriever, PassageRetriever

__all__ = ["HybridRetriever", "LocalRetriever", "PassageRetriever", "SearchSettings"]
