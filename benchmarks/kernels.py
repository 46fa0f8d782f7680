"""The numeric kernels and the readers' path, one line of CPU time each.

    python benchmarks/kernels.py --corpus CORPUS.jsonl [--vectors 50000] [--edges 1000000]

CORPUS is any JSONL source ({"id"?, "title"?, "text"}, .gz too). Times are CPU seconds of this process
(run with OMP_NUM_THREADS=1), best of three for the short ones, so that a busy machine shows less.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from graphrag.chunking import SentenceChunker
from graphrag.datamodel import Document
from graphrag.documents import read_documents
from graphrag.embedding.wordllama import WordLlamaEmbedder
from graphrag.graph.adjacency import CSRGraph
from graphrag.graph.pagerank import personalized_pagerank
from graphrag.graph.traversal import k_hop
from graphrag.index.exact import ExactIndex
from graphrag.index.fulltext import BM25Index
from graphrag.index.hnsw import HNSWIndex
from graphrag.sentences import sentences

Result = TypeVar("Result")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--vectors", type=int, default=50_000)
    parser.add_argument("--edges", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = texts(options.corpus, Path(folder)) | vectors(options.corpus, options.vectors)
        figures |= graph(options.edges, Path(folder))
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:58} {value:>14,.4g}")


def texts(corpus: Path, folder: Path) -> dict[str, float]:
    figures: dict[str, float] = {}
    read, documents = timed(lambda: [d for d in read_documents([corpus]) if isinstance(d, Document)])
    size = sum(len(document.text) for document in documents) / 1e6
    figures["documents"], figures["characters, millions"] = len(documents), size
    figures["read, s"] = read
    figures["sentences, s"] = timed(lambda: [sentences(document.text) for document in documents])[0]
    for most in (300, 1200):
        chunker = SentenceChunker(most)
        figures[f"chunk to {most} tokens, s"], chunks = timed(
            lambda chunker=chunker: [chunk for document in documents for chunk in chunker.split(document)]
        )
        figures[f"chunks of at most {most} tokens"] = len(chunks)
    passages = [f"{document.title}\n{document.text}" for document in documents]
    index = BM25Index()
    figures["BM25 index, s"] = timed(lambda: index.add([f"{n:08}" for n in range(len(passages))], passages))[
        0
    ]
    figures["BM25 lay out postings, s"] = timed(lambda: index.search(["rain"], 1))[0]
    queries = [" ".join(passage.split()[5:15]) for passage in passages[:: max(1, len(passages) // 200)]]
    figures["BM25 query of 10 words, ms"] = (
        1e3 * best(lambda: [index.search_rows(q, 20) for q in queries]) / len(queries)
    )
    index.save(folder / "bm25")
    opened = BM25Index()
    figures["BM25 open, ms"] = 1e3 * best(lambda: opened.load(folder / "bm25"))
    return figures


def vectors(corpus: Path, count: int) -> dict[str, float]:
    """Real vectors: of the corpus's sentences, repeated with noise if there are too few."""
    figures: dict[str, float] = {}
    embedder = WordLlamaEmbedder()
    figures["embedder load and first text, s"] = timed(lambda: embedder.embed(["rain"]))[0]
    found = [d for d in read_documents([corpus]) if isinstance(d, Document)]
    lines = [d.text[span.start : span.end] for d in found for span in sentences(d.text)]
    spent, rows = timed(lambda: embedder.embed(lines))
    figures["sentences embedded per s"] = len(lines) / spent
    rng = np.random.default_rng(0)
    picked = rng.permutation(len(rows))
    if len(rows) < count + 500:
        picked = np.concatenate((picked, rng.integers(0, len(rows), count + 500 - len(rows))))
    noise = rng.normal(scale=0.01, size=(len(picked), embedder.dim)).astype(np.float32)
    rows = rows[picked] + noise
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    queries, rows = rows[:500], rows[500 : 500 + count]
    ids = [f"{n:08}" for n in range(len(rows))]
    figures["vectors"] = len(rows)
    oracle = ExactIndex(embedder.dim)
    oracle.add(ids, rows)
    wanted = oracle.search(queries[:200], 10)[0]
    graph_index = HNSWIndex(embedder.dim, exact_below=0)
    graph_index.add(ids, rows)
    figures["HNSW build, s"] = timed(lambda: graph_index.search(queries[:1], 1))[0]
    got = graph_index.search(queries[:200], 10)[0]
    figures["HNSW recall@10"] = sum(len(set(a) & set(b)) for a, b in zip(got, wanted, strict=True)) / 2000
    figures["HNSW query, ms"] = 1e3 * best(lambda: graph_index.search_rows(queries, 10)) / len(queries)
    for size in (1_000, 5_000, 20_000, count):
        scan = HNSWIndex(embedder.dim, exact_below=10**9)
        scan.add(ids[:size], rows[:size])
        figures[f"exact scan of {min(size, count)}, query, ms"] = (
            1e3 * best(lambda scan=scan: one_by_one(scan, queries[:50])) / 50
        )
    return figures


def one_by_one(index: HNSWIndex, queries: NDArray[np.float32]) -> None:
    for query in queries:
        index.search_rows(query[None], 10)


def graph(edges: int, folder: Path) -> dict[str, float]:
    """Power-law degrees: the hard case for neighbourhoods."""
    figures: dict[str, float] = {}
    rng = np.random.default_rng(0)
    nodes = max(10, edges // 3)
    source, target = ((nodes * rng.random(edges) ** 2).astype(np.int64) for _ in range(2))
    figures["relations"] = edges
    figures["adjacency build, s"], made = timed(
        lambda: CSRGraph.from_relations(nodes, source, target, rng.random(edges))
    )
    made.save(folder / "adjacency")
    figures["adjacency open, ms"] = 1e3 * best(lambda: CSRGraph.open(folder / "adjacency"))
    opened = CSRGraph.open(folder / "adjacency")
    anchors = np.sort(rng.permutation(nodes)[:60].reshape(20, 3), axis=1)
    for hops, most in ((2, 250), (4, 250), (4, 1000)):
        figures[f"{hops} hops from 3 anchors, at most {most} nodes, ms"] = (
            1e3
            * best(lambda h=hops, m=most: [k_hop(opened, row, hops=h, max_nodes=m) for row in anchors])
            / 20
        )
    whole = np.zeros(nodes)
    whole[anchors[0]] = 1 / 3
    whole /= whole.sum()
    figures["PageRank of the whole graph, s"] = timed(lambda: personalized_pagerank(opened, whole))[0]
    return figures


def timed(work: Callable[[], Result]) -> tuple[float, Result]:
    """CPU seconds and what came of it."""
    started = time.process_time()
    result = work()
    return time.process_time() - started, result


def best(work: Callable[[], object]) -> float:
    """CPU seconds of the best of three."""
    return min(timed(work)[0] for _ in range(3))


if __name__ == "__main__":
    main()
