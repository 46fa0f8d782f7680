"""Retrieval quality and speed on multi-hop question sets, with what each part of the search adds.

    python benchmarks/retrieval.py DATA [--work FOLDER] [--sets 2wiki-780 musique ...] [--runs FOLDER]

DATA holds ``2wiki/``, ``musique/`` and ``hotpot/``, each with ``corpus.jsonl.gz`` (``title``, ``text``, and
``id`` where titles repeat), and ``gold/<set>.json`` with ``question`` and ``gold``. Knowledge bases are
built with the shipped defaults and kept in the work folder. One setting serves all sets. The set
``musique recorded`` has the names and triples that GPT-3.5 found, recorded in
``musique/openie_gpt-3.5-turbo-1106.jsonl.gz``, in the place of ours; it is run when it is named.

Prints, for each set and variant, recall@5, all-recall@8 (every gold passage among the first eight),
all-recall@|gold|, and the median CPU milliseconds of a search after the question is embedded.
"""

import argparse
import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np
from llm import Recorded, openie, openie_names, recorded_base

from graphrag.config import Config, SearchSettings
from graphrag.engine import GraphRAG
from graphrag.evaluation import all_recall, mean, recall
from graphrag.filters import CompiledFilters
from graphrag.index.snapshot import SearchIndex
from graphrag.linking import Cues
from graphrag.registry import relation_cues
from graphrag.retrieval.passages import keyword_chunks, near_chunks
from graphrag.retrieval.question import Question, Thesaurus, prepare_questions
from graphrag.retrieval.search import Search
from graphrag.retrieval.subgraph import Start, collect, walk

SHIPPED = "+ relation cues = hybrid"
DEPTH = 24  # chunks looked at, so that eight documents are found where documents have several


@dataclass(frozen=True)
class QuestionSet:
    """A corpus with questions about it.

    Attributes:
        folder: Under DATA.
        size: First so many passages; all if None.
        question: Which field to ask.
        titled: Whether documents carry their titles.
        recorded: Whether names and triples are those that a language model found, in open mode.
    """

    folder: str
    size: int | None = None
    question: str = "question"
    titled: bool = True
    recorded: bool = False

    @property
    def corpus(self) -> str:
        """Names the knowledge base."""
        kind = "-recorded" if self.recorded else "" if self.titled else "-untitled"
        return f"{self.folder}-{self.size or 'all'}{kind}"


SETS = {
    "2wiki-780": QuestionSet("2wiki", 780),
    "2wiki-6119": QuestionSet("2wiki"),
    "2wiki-780 noisy": QuestionSet("2wiki", 780, "question_noisy"),
    "2wiki-780 untitled": QuestionSet("2wiki", 780, titled=False),
    "musique": QuestionSet("musique"),
    "musique recorded": QuestionSet("musique", recorded=True),
    "hotpot": QuestionSet("hotpot"),
}

Ranker = Callable[[Search, Question], Sequence[int]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, default=Path("build/benchmarks"))
    ours = [name for name, chosen in SETS.items() if not chosen.recorded]
    parser.add_argument("--sets", nargs="*", default=ours, choices=list(SETS), metavar="SET")
    parser.add_argument("--variants", nargs="*", default=None, metavar="VARIANT")
    parser.add_argument("--runs", type=Path, help="Folder for the rankings of `hybrid`, a JSON file a set.")
    arguments = parser.parse_args()
    chosen = {
        name: make
        for name, make in variants().items()
        if not arguments.variants or name in arguments.variants
    }
    print(f"{'set':22}{'variant':34}{'recall@5':>9}{'all@8':>8}{'all@|g|':>9}{'CPU ms':>8}")
    for name in arguments.sets:
        bench = Bench(arguments.data, arguments.work, SETS[name])
        for variant, (settings, cued, ranker) in chosen.items():
            figures, run = bench.run(settings, cued, ranker)
            print(f"{name:22}{variant:34}{figures}", flush=True)
            if arguments.runs and variant == SHIPPED:
                arguments.runs.mkdir(parents=True, exist_ok=True)
                file = arguments.runs / f"{name.replace(' ', '-')}.json"
                file.write_text(json.dumps(run, ensure_ascii=False), encoding="utf-8")
        bench.close()


def variants() -> dict[str, tuple[SearchSettings, bool, Ranker]]:
    """What is compared: settings, whether the ontology's cues are used, and the ranking."""
    full = SearchSettings()
    plain = varied(full, likeness=1.0)
    return {
        "keywords (BM25)": (full, False, by_keywords),
        "vectors": (full, False, by_vectors),
        "keywords + vectors (passages)": (full, False, by_mode("passages")),
        "breadth-first + PageRank alone": (full, True, by_pagerank),
        "anchors, no hop": (varied(plain, passage_hops=0), False, by_mode("hybrid")),
        "+ path search, one hop": (plain, False, by_mode("hybrid")),
        "+ like words": (full, False, by_mode("hybrid")),
        SHIPPED: (full, True, by_mode("hybrid")),
        "local (no plain passages)": (full, True, by_mode("local")),
        "hybrid, two hops": (varied(full, passage_hops=2), True, by_mode("hybrid")),
        "hybrid without diversity": (varied(full, diversity=0.0), True, by_mode("hybrid")),
        "hybrid without coverage": (varied(full, coverage=0.0), True, by_mode("hybrid")),
        "hybrid without rarity of entities": (varied(full, specificity=0.0), True, by_mode("hybrid")),
    }


def varied(settings: SearchSettings, **changes: float) -> SearchSettings:
    return settings.model_copy(update=changes)


class Bench:
    """One knowledge base and its questions."""

    def __init__(self, data: Path, work: Path, chosen: QuestionSet) -> None:
        self.base = open_base(data, work, chosen)
        self.keys = [
            json.loads(self.index.metadata[row])["key"] for row in range(len(self.index.document_ids))
        ]
        raw = json.loads((data / "gold" / f"{chosen.folder}.json").read_text(encoding="utf-8"))
        self.questions = [(item[chosen.question], item["gold"]) for item in raw]
        self.thesaurus = Thesaurus(self.index, self.base.embedder)

    @property
    def index(self) -> SearchIndex:
        return self.base.index

    def close(self) -> None:
        self.base.close()

    def run(self, settings: SearchSettings, cued: bool, ranker: Ranker) -> tuple[str, dict[str, list[str]]]:
        """The figures as a line, and for each question the keys of the documents found, best first."""
        cues: Cues = relation_cues(self.base.ontology if cued else None)
        search = Search(self.base.view, self.index, self.base.embedder, cues=cues, settings=settings)
        prepared = [
            prepare_questions(
                self.index, self.base.embedder, [text], thesaurus=self.thesaurus, cues=cues, settings=settings
            )[0]
            for text, _ in self.questions
        ]
        rows, times, run = [], [], {}
        for question, (text, gold) in zip(prepared, self.questions, strict=True):
            started = process_time()
            ranked = ranker(search, question)
            times.append(1000 * (process_time() - started))
            keys = [self.keys[self.index.chunk_document[row]] for row in ranked]
            run[text] = list(dict.fromkeys(keys))
            rows.append(
                (recall(keys, gold, 5), all_recall(keys, gold, 8), all_recall(keys, gold, len(set(gold))))
            )
        five, eight, exact = (mean(column) for column in zip(*rows, strict=True))
        return f"{five:9.3f}{eight:8.3f}{exact:9.3f}{median(times):8.2f}", run


def open_base(data: Path, work: Path, chosen: QuestionSet) -> GraphRAG:
    """Open the knowledge base of a corpus, building it the first time."""
    folder = work / chosen.corpus
    if not folder.exists() and chosen.recorded:
        _, documents, answers, _ = openie(data)
        recorded_base(folder, documents, Recorded(answers, openie_names(data))).close()
    elif not folder.exists():
        source = work / f"{chosen.corpus}.jsonl"
        work.mkdir(parents=True, exist_ok=True)
        source.write_text("".join(lines(data, chosen)), encoding="utf-8")
        GraphRAG.build([source], folder).close()
    return GraphRAG.open(folder, config=Config())


def lines(data: Path, chosen: QuestionSet) -> Iterator[str]:
    """The corpus as JSON lines that `graphrag build` reads."""
    with gzip.open(data / chosen.folder / "corpus.jsonl.gz", "rt", encoding="utf-8") as file:
        for number, line in enumerate(file):
            if chosen.size is not None and number >= chosen.size:
                return
            item = json.loads(line)
            record = {"id": str(item.get("id", item["title"])), "text": item["text"]}
            if chosen.titled:
                record["title"] = item["title"]
            yield json.dumps(record, ensure_ascii=False) + "\n"


def by_keywords(search: Search, question: Question) -> Sequence[int]:
    return keyword_chunks(search.index, question, DEPTH)[0].tolist()


def by_vectors(search: Search, question: Question) -> Sequence[int]:
    return near_chunks(search.index, question.vector, DEPTH)[0].tolist()


def by_mode(mode: str) -> Ranker:
    def rank(search: Search, question: Question) -> Sequence[int]:
        return search.ranked_chunks(question, mode, DEPTH, CompiledFilters()).chunks.tolist()  # type: ignore[arg-type]

    return rank


def by_pagerank(search: Search, question: Question) -> Sequence[int]:
    """Passages by the mass of a walk from the anchors over relations and mentions, nothing else."""
    index = search.index
    anchors = np.unique(np.array([item.entity for item in question.linked.entities], dtype=np.int64))
    if not len(anchors):
        return by_mode("passages")(search, question)
    weights = np.array([item.weight for item in question.linked.entities])
    rows = np.array([item.entity for item in question.linked.entities], dtype=np.int64)
    chunks = chunks_of(index, anchors)
    options = {"hops": 2, "hub_cap": 64, "asked": question.asked_types, "width": 500, "most": 2000}
    for wider in (True, False):
        start = Start.of(rows, weights, chunks, np.zeros(len(chunks)))
        graph = collect(index, start, **options)  # type: ignore[arg-type]
        if wider:
            rare = graph.entities[index.entity_frequency[graph.entities] < 64]
            chunks = np.union1d(chunks, chunks_of(index, rare))
    mass = walk(graph, start, damping=search.settings.damping)[1]
    return graph.chunks[np.lexsort((graph.chunks, -mass))][:DEPTH].tolist()


def chunks_of(index: SearchIndex, entities: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    """Chunks that name or are about the entities."""
    named = index.sentence_chunk[index.entity_sentences.gather(entities)[2]]
    return np.union1d(named, index.entity_subjects.gather(entities)[2]).astype(np.int64)


if __name__ == "__main__":
    main()
