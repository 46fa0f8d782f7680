"""Latency and memory of search as the graph grows.

    python benchmarks/search_scale.py [--entities 1000 10000 100000 1000000] [--relations 5] [--work FOLDER]

Makes a synthetic knowledge base whose relations follow a power law (a few entities have very many),
builds its search index, opens it in a fresh process, and asks questions that name one or two entities.
Prints the size on disk, seconds to build (CPU) and to open, CPU milliseconds of a search after the
question is embedded, and the process's largest memory.
"""

import argparse
import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

from graphrag.config import SearchSettings
from graphrag.datamodel import Chunk, Community, Document, Entity, Evidence, Relation, Report, Span
from graphrag.embedding.hashing import HashingEmbedder
from graphrag.filters import CompiledFilters
from graphrag.index.builder import build_search_index
from graphrag.index.snapshot import open_search_index
from graphrag.linking import make_cues
from graphrag.merging import stated_within
from graphrag.retrieval.question import Thesaurus, prepare_questions
from graphrag.retrieval.search import Search

TYPES = ["WORKS_FOR", "FOUNDED", "LOCATED_IN", "PART_OF", "WROTE", "MARRIED"]
PER_CHUNK = 10  # relations stated by one passage
SYLLABLES = ["ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu"]


class Synthetic:
    """A `KnowledgeView` made up as it is read; nothing but the ends of relations is held."""

    commit = 1

    def __init__(self, entities: int, relations: int, seed: int = 0) -> None:
        random = np.random.default_rng(seed)
        self.count = entities
        weights = 1.0 / np.arange(1, entities + 1) ** 0.8
        weights = np.cumsum(weights / weights.sum())
        self.subjects_of = random.integers(0, entities, relations)
        self.objects_of = np.minimum(np.searchsorted(weights, random.random(relations)), entities - 1)
        self.types_of = random.integers(0, len(TYPES), relations)

    def documents(self) -> Iterator[Document]:
        return (self._document(row) for row in range(self._chunk_count))

    def chunks(self) -> Iterator[Chunk]:
        return (self._chunk(row) for row in range(self._chunk_count))

    def entities(self) -> Iterator[Entity]:
        return (Entity(f"ent-{row:09d}", name(row), "Thing") for row in range(self.count))

    def relations(self) -> Iterator[Relation]:
        return (self._relation(row) for row in range(len(self.subjects_of)))

    def names(self) -> Iterator[tuple[str, str]]:
        return iter(())

    def mentions(self) -> Iterator[tuple[str, str, Span]]:
        return iter(())

    def subjects(self) -> Iterator[tuple[str, str]]:
        return iter(())

    def chunks_by_id(self, ids: list[str]) -> list[Chunk]:
        return [self._chunk(int(item[4:])) for item in ids]

    def relations_by_id(self, ids: list[str]) -> list[Relation]:
        return [self._relation(int(item[4:])) for item in ids]

    def relations_within(self, ids: list[str], chunk_ids: list[str]) -> list[Relation]:
        return stated_within(self.relations_by_id(ids), chunk_ids)

    def communities(self) -> Iterator[Community]:
        return iter(())

    def reports_by_id(self, ids: list[str]) -> list[Report]:
        return []

    @property
    def _chunk_count(self) -> int:
        return -(-len(self.subjects_of) // PER_CHUNK)

    def _document(self, row: int) -> Document:
        return Document(f"doc-{row:09d}", str(row), self._text(row))

    def _chunk(self, row: int) -> Chunk:
        text = self._text(row)
        return Chunk(f"chk-{row:09d}", f"doc-{row:09d}", Span(0, len(text)), text)

    def _text(self, row: int) -> str:
        return " ".join(self._sentence(at) for at in self._stated(row))

    def _stated(self, row: int) -> range:
        return range(row * PER_CHUNK, min((row + 1) * PER_CHUNK, len(self.subjects_of)))

    def _sentence(self, row: int) -> str:
        verb = TYPES[self.types_of[row]].replace("_", " ").lower()
        return f"{name(int(self.subjects_of[row]))} {verb} {name(int(self.objects_of[row]))}."

    def _relation(self, row: int) -> Relation:
        chunk = row // PER_CHUNK
        start = sum(len(self._sentence(at)) + 1 for at in range(chunk * PER_CHUNK, row))
        quote = self._sentence(row)
        evidence = Evidence(
            f"doc-{chunk:09d}", f"chk-{chunk:09d}", Span(start, start + len(quote)), quote, "made", 1.0
        )
        ends = f"ent-{self.subjects_of[row]:09d}", f"ent-{self.objects_of[row]:09d}"
        return Relation(f"rel-{row:09d}", ends[0], TYPES[self.types_of[row]], ends[1], 1.0, (evidence,))


@lru_cache(maxsize=1_000_000)
def name(row: int) -> str:
    """A pronounceable name of two words, one for each number."""
    digits = []
    for _ in range(6):
        row, digit = divmod(row, len(SYLLABLES))
        digits.append(SYLLABLES[digit])
    return "".join(digits[:3]).capitalize() + " " + "".join(digits[3:]).capitalize()


def build(entities: int, relations: int, folder: Path) -> dict[str, float]:
    started = process_time()
    build_search_index(Synthetic(entities, relations), HashingEmbedder(dim=64), folder)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return {"build_cpu_s": process_time() - started, "disk_mb": size / 1e6}


def ask(entities: int, relations: int, folder: Path, questions: int = 200) -> dict[str, float]:
    view = Synthetic(entities, relations)
    embedder = HashingEmbedder(dim=64)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = perf_counter()
    index = open_search_index(folder, 1)
    opened = perf_counter() - started
    cues = make_cues({kind: [kind.replace("_", " ").lower()] for kind in TYPES})
    search = Search(view, index, embedder, cues=cues)  # type: ignore[arg-type]
    thesaurus = Thesaurus(index, embedder)
    random = np.random.default_rng(1)
    # Half the names are drawn from the hubs, where search is hardest.
    rows = np.where(
        random.random((questions, 2)) < 0.5,
        random.integers(0, entities, (questions, 2)),
        random.integers(0, min(100, entities), (questions, 2)),
    )
    texts = [
        f"Who founded what {name(int(a))} works for and {name(int(b))} is part of?" for a, b in rows.tolist()
    ]
    options: dict[str, Any] = {"thesaurus": thesaurus, "cues": cues, "settings": SearchSettings()}
    prepared = prepare_questions(index, embedder, texts, **options)
    nothing = CompiledFilters()
    times = []
    for question in prepared:  # warms the mapped files, and the names that are made up here
        search.surroundings(question, "hybrid", search.ranked_chunks(question, "hybrid", 8, nothing), nothing)
    for question in prepared:
        started = process_time()
        found = search.ranked_chunks(question, "hybrid", 8, nothing)
        search.surroundings(question, "hybrid", found, nothing)
        times.append(1000 * (process_time() - started))
    return {
        "open_ms": 1000 * opened,
        "median_ms": float(np.median(times)),
        "p95_ms": float(np.percentile(times, 95)),
        "view_mb": before / 1024,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--entities", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--relations", type=int, default=5, help="Relations for each entity.")
    parser.add_argument("--work", type=Path, default=Path("build/search_scale"))
    parser.add_argument("--step", choices=["build", "ask"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        [entities] = arguments.entities
        run = build if arguments.step == "build" else ask
        print(json.dumps(run(entities, entities * arguments.relations, arguments.work)))
        return
    for entities in arguments.entities:
        figures: dict[str, float] = {"entities": entities, "relations": entities * arguments.relations}
        for step in ("build", "ask"):
            command = [sys.executable, __file__, "--step", step, "--entities", str(entities)]
            command += [
                "--relations",
                str(arguments.relations),
                "--work",
                str(arguments.work / str(entities)),
            ]
            figures |= json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print("  ".join(f"{key} {value:,.4g}" for key, value in figures.items()), flush=True)


if __name__ == "__main__":
    main()
