"""What a whole `kg.search` costs: linking, passages, graph, records and packing, in one process.

    OMP_NUM_THREADS=1 python benchmarks/search_latency.py DATA [--work FOLDER] [--sets 2wiki-6119 ...]

DATA and FOLDER as in `benchmarks/retrieval.py`. Every question is asked once to warm what is mapped and
remembered, then `--repeats` times. Prints CPU milliseconds, with the embedding of the question and
without it: the median and the 95th percentile of all runs, and of each question's best run, which
leaves out most of what other processes on the machine add. The load of the machine is printed too.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from time import process_time

import numpy as np
from retrieval import SETS, Bench

from graphrag.config import Config
from graphrag.engine import GraphRAG
from graphrag.interfaces import Embedder, Floats


class Timed:
    """An embedder that adds up the CPU seconds spent in it."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.name, self.dim = embedder.name, embedder.dim
        self.seconds = 0.0

    def embed(self, texts: Sequence[str]) -> Floats:
        started = process_time()
        vectors = self._embedder.embed(texts)
        self.seconds += process_time() - started
        return vectors


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, default=Path("build/benchmarks"))
    parser.add_argument("--sets", nargs="*", default=["2wiki-6119"], choices=list(SETS), metavar="SET")
    parser.add_argument("--mode", default="hybrid", choices=["hybrid", "local", "passages"])
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    for name in arguments.sets:
        bench = Bench(arguments.data, arguments.work, SETS[name])
        texts = [text for text, _ in bench.questions]
        embedder = Timed(bench.base.embedder)
        bench.close()
        folder = arguments.work / SETS[name].corpus
        with GraphRAG.open(folder, config=Config(), embedder=embedder) as base:
            whole, bare = latencies(base, embedder, texts, arguments.mode, arguments.repeats)
        load = os.getloadavg()[0]
        print(f"{name}, mode {arguments.mode}: {len(texts)} questions, CPU ms; load {load:.1f}")
        for label, times in (("with embedding", whole), ("without embedding", bare)):
            print(f"  {label:18} all runs: {spread(times)}; best of each: {spread(times.min(axis=1))}")


def latencies(
    base: GraphRAG, embedder: Timed, texts: Sequence[str], mode: str, repeats: int
) -> tuple[np.ndarray, np.ndarray]:
    """CPU milliseconds of each question (rows) and run (columns): whole, and without the embedding."""
    for text in texts:
        base.search(text, mode=mode)
    whole, bare = np.zeros((2, len(texts), repeats))
    for run in range(repeats):
        for row, text in enumerate(texts):
            embedder.seconds = 0.0
            started = process_time()
            base.search(text, mode=mode)
            spent = process_time() - started
            whole[row, run] = 1000 * spent
            bare[row, run] = 1000 * (spent - embedder.seconds)
    return whole, bare


def spread(times: np.ndarray) -> str:
    return f"median {np.median(times):5.2f}, p95 {np.percentile(times, 95):5.2f}"


if __name__ == "__main__":
    main()
