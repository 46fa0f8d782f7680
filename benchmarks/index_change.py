"""What a change costs until it can be searched: the ledger, then the search index made from the last one.

    python benchmarks/index_change.py --knowledge-base KG   # a base that was built; a copy is changed
    python benchmarks/index_change.py --hnsw 30000          # the vector index alone, under heavy churn

Prints CPU seconds of this process. Documents come as canned triples, so no extractor runs; every file
of the last index is compared with one made from nothing.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from engine import corpus

from graphrag.embedding.wordllama import WordLlamaEmbedder
from graphrag.index.builder import build_search_index
from graphrag.index.exact import ExactIndex
from graphrag.index.hnsw import HNSWIndex
from graphrag.store.ledger import Ledger

_Result = TypeVar("_Result")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--knowledge-base", type=Path, metavar="KG")
    parser.add_argument("--hnsw", type=int, metavar="N", help="vectors of the index under churn")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.knowledge_base:
            change(arguments.knowledge_base, Path(folder))
        if arguments.hnsw:
            churn(arguments.hnsw, Path(folder))


def timed(label: str, work: Callable[[], _Result]) -> _Result:
    """Do it, and print the CPU seconds it took."""
    start = time.process_time()
    result = work()
    print(f"{label:48} {time.process_time() - start:8.3f}", flush=True)
    return result


def change(source: Path, folder: Path) -> None:
    """Add, replace and remove one document, then add 1 %, each followed by a new index."""
    shutil.copytree(source, folder / "kg", ignore=shutil.ignore_patterns("index", ".lock"))
    embedder = WordLlamaEmbedder()
    embedder.embed(["load the weights"] * 10)
    with Ledger.open(folder / "kg", write=True) as ledger:
        index = timed("index from nothing", lambda: build_search_index(ledger, embedder, folder / "index"))
        print(dict(index.counts))
        first, second, *many = list(corpus(2 + index.counts["chunks"] // 100, seed=1))
        steps = [
            ("one document added", [first], []),
            ("one more", [second], []),
            ("one removed", [], [first.document.key]),
            (f"{len(many)} added", many, []),
        ]
        for label, added, removed in steps:
            timed(f"{label}: ledger", lambda added=added, removed=removed: ledger.apply(added, removed))
            index = timed(f"{label}: index", lambda: build_search_index(ledger, embedder, folder / "index"))
        fresh = build_search_index(ledger, embedder, folder / "fresh")
        files = sorted(path.relative_to(fresh.folder) for path in fresh.folder.rglob("*") if path.is_file())
        differ = [
            str(name)
            for name in files
            if (index.folder / name).read_bytes() != (fresh.folder / name).read_bytes()
        ]
        print(f"{len(files)} files, of which differ from an index made from nothing: {differ or 'none'}")


def churn(count: int, folder: Path, *, dim: int = 64) -> None:
    """Replace 2 % of the vectors, save and load, thirty times; recall against an exact scan."""
    random = np.random.default_rng(0)

    def unit_rows(number: int) -> np.ndarray:
        # Near a few hundred centres, as texts are; uniform directions would be no neighbours at all.
        centres = np.random.default_rng(1).normal(size=(300, dim))
        rows = centres[random.integers(0, 300, number)] + 0.7 * random.normal(size=(number, dim))
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    ids, vectors = np.arange(count), unit_rows(count)
    index = HNSWIndex(dim)
    index.add([str(number) for number in ids], vectors)
    timed(f"graph of {count:,} built and saved", lambda: index.save(folder / "near"))
    fresh, queries = count, unit_rows(200)
    for step in range(31):
        if step % 5 == 0:
            oracle = ExactIndex(dim)
            oracle.add([str(number) for number in ids], vectors)
            found, wanted = index.search(queries, 10)[0], oracle.search(queries, 10)[0]
            hits = sum(len(set(a) & set(b)) for a, b in zip(found, wanted, strict=True))
            print(f"after {2 * step:3} % replaced: recall@10 {hits / 2000:.4f}", flush=True)
        kept = np.sort(random.choice(count, count - count // 50, replace=False))
        source = np.append(kept, np.full(count // 50, -1))
        ids = np.append(ids[kept], np.arange(fresh, fresh + count // 50))
        vectors = np.concatenate((vectors[kept], unit_rows(count // 50)))
        fresh += count // 50
        order = random.permutation(count)
        ids, vectors, source = ids[order], vectors[order], source[order]
        names = [str(number) for number in ids]
        start = time.process_time()
        index = HNSWIndex(dim)
        index.load(folder / "near")
        index.follow(names, vectors, source)
        index.save(folder / "near")
        if step % 5 == 0:
            print(f"    {count // 50:,} replaced, saved and loaded: {time.process_time() - start:.3f} s CPU")


if __name__ == "__main__":
    main()
