"""Local search: from what the question names, along the graph, to the passages that answer it.

Names in the question become anchors; search follows the entities that passages name from one passage
to the next, and ranks what surrounds them by personalized PageRank. Plain passage search takes part
only where the question names nothing that is known.
"""

from collections.abc import Sequence

from graphrag.config import SearchSettings
from graphrag.datamodel import Context
from graphrag.filters import Filters
from graphrag.index.snapshot import SearchIndex
from graphrag.interfaces import Embedder, KnowledgeView
from graphrag.linking import Cues
from graphrag.retrieval.search import Mode, Search


class LocalRetriever:
    """Retrieves along the graph. Thread-safe; arguments as `graphrag.retrieval.search.Search`."""

    mode: Mode = "local"

    def __init__(
        self,
        view: KnowledgeView,
        index: SearchIndex,
        embedder: Embedder,
        *,
        cues: Cues | None = None,
        settings: SearchSettings | None = None,
        budget: int = 12_000,
    ) -> None:
        self._search = Search(view, index, embedder, cues=cues, settings=settings, budget=budget)

    def retrieve(
        self, question: str, *, k: int = 8, trace: bool = False, filters: Filters | None = None
    ) -> Context:
        """At most k passages with the graph around them, best first; see `interfaces.Retriever`."""
        return self.retrieve_many([question], k=k, trace=trace, filters=filters)[0]

    def retrieve_many(
        self, questions: Sequence[str], *, k: int = 8, trace: bool = False, filters: Filters | None = None
    ) -> list[Context]:
        """One context per question, the same as asking each alone, with one call to the embedder."""
        return self._search.run(questions, self.mode, k=k, trace=trace, filters=filters)


class HybridRetriever(LocalRetriever):
    """Local search that starts from keyword and vector search as well as from names. The default."""

    mode: Mode = "hybrid"


class PassageRetriever(LocalRetriever):
    """Keyword and vector search fused by rank, without the graph: the baseline in the box."""

    mode: Mode = "passages"
