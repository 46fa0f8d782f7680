"""The engine beside its rivals: the same canned chunks, stub model and stub embedder for all.

    python benchmarks/engine.py peers                       # installs what is missing, then measures
    python benchmarks/engine.py peers --folder build/peers  # where the environments lie or are made
    python benchmarks/engine.py peers --sizes 5000 --only hipporag nano-graphrag

Rivals come from the package registry (`uv` must be on the path), each in an environment of its own.
CPU seconds (`time.process_time`) of one process with one thread for numpy; memory is its peak. Ours is
measured twice: the store alone, durable and with provenance, and the whole of `GraphRAG.add` and `refresh`,
with communities, reports and a search index on disk.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from engine import corpus, load, peak_megabytes
from numpy.typing import NDArray
from peer_runner import DIM, Canned, embed, read

from graphrag import GraphRAG, make_document
from graphrag.config import load_config
from graphrag.datamodel import Chunk, Evidence, Extraction, Mention, Span, Triple
from graphrag.store.ledger import Ledger

# Name, packages, sizes. The two that take a minute per thousand chunks are measured at one thousand.
RIVALS: dict[str, tuple[str, Sequence[str], Sequence[int]]] = {
    "nano-graphrag": ("nano-graphrag", ("nano-graphrag",), (1_000, 5_000)),
    "nano-graphrag, no communities": ("nano-graphrag", ("nano-graphrag",), (1_000, 5_000)),
    # Newer sentencepiece does not go with the protobuf that its own requirements ask for.
    "fast-graphrag": ("fast-graphrag", ("fast-graphrag", "sentencepiece<0.2.1"), (1_000, 5_000)),
    # It pins torch, vLLM and a version of openai that was never published: installed without them.
    "hipporag": ("hipporag", ("--no-deps", "hipporag"), (1_000, 5_000)),
    "microsoft-graphrag": ("graphrag", ("graphrag",), (1_000,)),
    "lightrag": ("lightrag-hku", ("lightrag-hku",), (1_000,)),
}
_HIPPORAG_USES = (
    "igraph numpy pandas pyarrow tqdm openai pydantic tenacity networkx filelock einops scipy httpx packaging"
)
OURS = ("ours, store", "ours, whole")
WARM = 8
_PLACE = re.compile(r"on item (\d+)\.")


def run(folder: Path, chosen: Sequence[int] = (), only: Sequence[str] = ()) -> Iterator[dict[str, object]]:
    """Measure everything, smallest size first; a rival that cannot be installed gives the reason.

    Args:
        folder: Where the rivals' environments lie or are made.
        chosen: These numbers of chunks for all, instead of each rival's own.
        only: These rivals beside ours, instead of all.
    """
    with tempfile.TemporaryDirectory(prefix="graphrag-peers-") as made:
        for chunks in chosen or (1_000, 5_000):
            path = Path(made) / f"{chunks}.jsonl"
            write(path, chunks + chunks // 100 + WARM)
            for name in OURS:
                yield _measured([sys.executable, __file__, name, str(path)], Path(made), chunks)
            for name, (place, packages, sizes) in RIVALS.items():
                if (chosen or chunks in sizes) and (not only or name in only):
                    python = install(folder / place, packages)
                    runner = Path(__file__).with_name("peer_runner.py")
                    yield _measured([str(python), str(runner), name, str(path)], Path(made), chunks)


def _measured(command: list[str], made: Path, chunks: int) -> dict[str, object]:
    place = made / "base"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, str(place), "--chunks", str(chunks), "--more", str(chunks // 100)],
        capture_output=True,
        text=True,
        env=os.environ | one_thread,
    )
    if done.returncode:
        return {"engine": command[2], "chunks": chunks, "failed": done.stderr.strip().splitlines()[-1][:300]}
    found: dict[str, object] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def install(place: Path, packages: Sequence[str]) -> Path:
    """The interpreter of an environment with these packages, made if it is missing."""
    python = place / "bin" / "python"
    if not python.exists():
        subprocess.run(["uv", "venv", "--quiet", "--python", "3.11", str(place)], check=True)
        base = ["uv", "pip", "install", "--quiet", "--python", str(python)]
        subprocess.run([*base, *packages], check=True)
        if "hipporag" in packages:
            subprocess.run([*base, *_HIPPORAG_USES.split()], check=True)
    return python


def write(path: Path, count: int) -> None:
    """The canned corpus of `engine.corpus` for all."""
    with path.open("w", encoding="utf-8") as file:
        for number, item in enumerate(corpus(count)):
            entities: dict[str, str | None] = {}
            relations = []
            for checked in item.triples:
                head, tail = checked.triple.subject, checked.triple.object
                entities |= {head.text: head.type, tail.text: tail.type}
                sentence = checked.triple.evidence.quote
                relations.append([head.text, tail.text, checked.triple.predicate, sentence])
            row = {"number": number, "text": item.document.text, "entities": list(entities.items())}
            file.write(json.dumps(row | {"relations": relations}) + "\n")


class CannedExtractor:
    """Reads out of a chunk what is canned for it."""

    fingerprint = "canned"

    def __init__(self, canned: dict[int, Canned]) -> None:
        """Find chunks by the number in their text."""
        self._canned = canned

    def extract(self, chunks: Sequence[Chunk]) -> list[Extraction]:
        """See `graphrag.interfaces.Extractor.extract`."""
        return [self._read(chunk) for chunk in chunks]

    def _read(self, chunk: Chunk) -> Extraction:
        found = _PLACE.search(chunk.text)
        assert found is not None
        canned = self._canned[int(found.group(1))]
        types = dict(map(tuple, canned.entities))
        mentions: list[Mention] = []
        triples = []
        for head, tail, words, sentence in canned.relations:
            start = chunk.text.find(sentence)
            if start < 0:
                continue  # the other half of a divided text
            start += chunk.span.start
            other = start + sentence.rindex(tail)
            one = Mention(chunk.id, Span(start, start + len(head)), head, head, types[head])
            two = Mention(chunk.id, Span(other, other + len(tail)), tail, tail, types[tail])
            span = Span(start, start + len(sentence))
            evidence = Evidence(chunk.document_id, chunk.id, span, sentence, "canned", 0.9)
            mentions += [one, two]
            triples.append(Triple(one, words, two, evidence))
        return Extraction(chunk.id, tuple(mentions), tuple(triples))


class StubEmbedder:
    """The embedder that all engines are given."""

    name = "stub"
    dim = DIM

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `graphrag.interfaces.Embedder.embed`."""
        return embed(texts) if len(texts) else np.zeros((0, DIM), dtype=np.float32)


def measure_store(folder: Path, chunks: int, more: int) -> dict[str, object]:
    """Ledger, provenance, resolution and graph, durable; no index."""
    items = corpus(chunks + more)
    before = peak_megabytes()
    with Ledger.create(folder / "kg", settings={}, ontology="", extractor="canned") as ledger:
        build = load(ledger, items, chunks)
        again = load(ledger, items, more, stored=chunks)
    return _record(OURS[0], chunks, build, again, before)


def measure_whole(folder: Path, canned: list[Canned], chunks: int, more: int) -> dict[str, object]:
    """All that `graphrag build` does but the reading, then questions."""
    extractor = CannedExtractor({item.number: item for item in canned})
    config = load_config(overrides=["ontology.open=true"])
    # As for the rivals: what is imported on first use is no cost of the engine.
    stubs: dict[str, Any] = {"config": config, "extractor": extractor, "embedder": StubEmbedder()}
    with GraphRAG.create(folder / "warm", **stubs) as base:
        base.add(make_document(item.text, key=str(item.number)) for item in canned[-WARM:])
        base.search("Who works together?", mode="hybrid")
    before = peak_megabytes()
    spent = []
    with GraphRAG.create(folder / "kg", **stubs) as base:
        texts = iter(canned)
        for size in (chunks, more):
            started = time.process_time()
            base.add(make_document(item.text, key=str(item.number)) for item in islice(texts, size))
            base.refresh()
            spent.append(time.process_time() - started)
        peak = peak_megabytes()
        asked = []
        for item in canned[: chunks : max(1, chunks // 50)]:
            head, tail, _, _ = item.relations[0]
            started = time.process_time()
            context = base.search(f"How does {head} work together with {tail}?", mode="hybrid", k=8)
            asked.append(time.process_time() - started)
            assert context.items
    return _record(OURS[1], chunks, *spent, before, peak) | {
        "query_ms_median": round(1000 * median(asked[1:]), 2),
        "query_ms_first": round(1000 * asked[0], 1),
    }


def _record(
    name: str, chunks: int, build: float, again: float, before: int, peak: int | None = None
) -> dict[str, object]:
    return {
        "engine": name,
        "chunks": chunks,
        "ms_per_chunk": round(1000 * build / chunks, 2),
        "one_percent_more_s": round(again, 3),
        "peak_mb": peak or peak_megabytes(),
        "of_which_imports_mb": before,
    }


def main() -> None:
    """Measure ours, in a process of its own."""
    name, path, folder, _, chunks, _, more = sys.argv[1:]
    size = int(chunks), int(more)
    if name == OURS[0]:
        print(json.dumps(measure_store(Path(folder), *size)))
    else:
        print(json.dumps(measure_whole(Path(folder), read(Path(path)), *size)))


if __name__ == "__main__":
    main()
