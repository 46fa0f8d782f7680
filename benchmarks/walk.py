"""How far the walk around a question agrees with PageRank over the whole graph, and HNSW with a scan.

    python benchmarks/walk.py DATA [--work FOLDER] [--sets 2wiki-780 2wiki-6119 ...]

DATA and FOLDER as in `benchmarks/retrieval.py`. For each question the walk is run as search does, with
the shipped defaults, on the part of the graph that it collects; igraph runs personalized PageRank over
all entities, all relations and the passages found, with the same weights and restart. Prints the share
of igraph's twenty best entities (values apart, which search does not list) that are among our twenty best,
the mean and the least of all questions, and the CPU milliseconds of both. Then the share of the ten
nearest sentences, by an exact scan, that the HNSW graph finds.
"""

import argparse
from pathlib import Path
from statistics import median
from time import process_time

import igraph
import numpy as np
from retrieval import SETS, Bench

from graphrag.filters import CompiledFilters
from graphrag.index.hnsw import HNSWIndex
from graphrag.registry import relation_cues
from graphrag.retrieval.question import Question, prepare_questions
from graphrag.retrieval.search import Search
from graphrag.retrieval.subgraph import Start, is_hidden, named_in, walk

TOP = 20


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, default=Path("build/benchmarks"))
    parser.add_argument("--sets", nargs="*", default=["2wiki-780", "2wiki-6119"], choices=list(SETS))
    arguments = parser.parse_args()
    for name in arguments.sets:
        bench = Bench(arguments.data, arguments.work, SETS[name])
        print(f"{name:20} {agreement(bench)}", flush=True)
        print(f"{name:20} {neighbours(bench)}", flush=True)
        bench.close()


def agreement(bench: Bench) -> str:
    cues = relation_cues(bench.base.ontology)
    search = Search(bench.base.view, bench.index, bench.base.embedder, cues=cues)
    options = {"thesaurus": bench.thesaurus, "cues": cues, "settings": search.settings}
    shares, sizes, ours, theirs = [], [], [], []
    for text, _ in bench.questions:
        [question] = prepare_questions(bench.index, bench.base.embedder, [text], **options)
        question, start = search.start(question, "hybrid")
        begun = process_time()
        graph = search.around(question, start, CompiledFilters())
        mass = walk(graph, start, damping=search.settings.damping)[0]
        ours.append(1000 * (process_time() - begun))
        whole, spent = over_all(bench, question, start, search.settings.damping)
        theirs.append(spent)
        wanted = best(bench, np.arange(len(whole)), whole)
        shares.append(len(wanted & best(bench, graph.entities, mass)) / max(1, len(wanted)))
        sizes.append(len(graph.entities))
    return (
        f"agreement on the best {TOP}: {np.mean(shares):.3f} (least {min(shares):.2f}), "
        f"{np.mean(sizes):.0f} of {len(bench.index.entity_flags):,} entities, "
        f"{median(ours):.2f} ms against igraph's {median(theirs):.1f} ms"
    )


def over_all(bench: Bench, question: Question, start: Start, damping: float) -> tuple[np.ndarray, float]:
    """Igraph's rank of every entity, and the CPU milliseconds of the call."""
    index = bench.index
    count = len(index.entity_flags)
    weight = np.where(question.asked_types[index.relation_type], 0.8, 0.2)
    weight += 0.2 * index.relation_weight / (1 + index.relation_weight)
    owner, entity = named_in(index, start.chunks)
    rarity = 1 / np.sqrt(np.bincount(entity, minlength=count)[entity])
    ends = (
        np.concatenate((index.relation_subject, entity)),
        np.concatenate((index.relation_object, owner + count)),
    )
    graph = igraph.Graph(count + len(start.chunks), np.stack(ends, axis=1).tolist())
    restart = np.zeros(count + len(start.chunks))
    restart[start.entities] = start.entity_mass
    restart[count:] = start.chunk_mass
    weights = np.concatenate((weight, rarity)).tolist()
    begun = process_time()
    rank = graph.personalized_pagerank(damping=damping, reset=restart.tolist(), weights=weights)
    return np.array(rank[:count]), 1000 * (process_time() - begun)


def best(bench: Bench, entities: np.ndarray, mass: np.ndarray) -> set[int]:
    shown = ~is_hidden(bench.index, entities) & (mass > 0)
    entities, mass = entities[shown], mass[shown]
    return set(entities[np.lexsort((entities, -mass))][:TOP].tolist())


def neighbours(bench: Bench) -> str:
    """HNSW over the vectors of the sentences; the questions are the queries."""
    vectors = bench.index.sentence_vectors.astype(np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    queries = bench.base.embedder.embed([text for text, _ in bench.questions])
    near = HNSWIndex(vectors.shape[1], exact_below=0)
    near.add([f"{row:09}" for row in range(len(vectors))], vectors)
    begun = process_time()
    near.search_rows(queries[:1], 10)
    built = process_time() - begun
    begun = process_time()
    found = near.search_rows(queries, 10)[0]
    spent = 1000 * (process_time() - begun) / len(queries)
    scores = queries @ vectors.T
    least = np.sort(scores, axis=1)[:, -10][:, None] - 1e-6  # of equals any will do
    hit = np.take_along_axis(scores, found, axis=1) >= least
    return (
        f"HNSW over {len(vectors):,} sentences: recall@10 {hit.mean():.4f}, {spent:.2f} ms a query, "
        f"built in {built:.1f} s"
    )


if __name__ == "__main__":
    main()
