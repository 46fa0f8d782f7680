"""How fast triples are checked and aligned, and how that compares with SHACL validation.

    python benchmarks/ontology_check.py [--triples 500000] [--shacl-triples 100000] [--kg KG]

CPU seconds (`time.process_time`) and ratios of one run on one machine. The first part checks a stream of
candidates against the shipped general schema: cold (each shape of triple for the first time), and warm. The
second validates one graph twice, with `find_conflicts` and with pyshacl over the exported shapes; parsing and
loading are not counted for either. With a knowledge base, the first part is measured on what was read for it
as well: every phrase as texts have it, and the share of them that was met before as it is there.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path

from graphrag import GraphRAG
from graphrag.checking import candidate_of
from ontology import Candidate, Checker, find_conflicts, general_ontology, load_ontology
from ontology.alignment import Aligner
from ontology.rdf import GraphEdge, GraphEntity, export_ontology, graph_to_rdf

LABELS = (
    "PERSON",
    "ORG",
    "LOC",
    "WORK",
    "PRODUCT",
    "EVENT",
    "DATE",
    "NORP",
    None,
    "film director",
    "company",
)
PHRASES = (
    "was founded by",
    "founded",
    "acquired",
    "is the CEO of",
    "was born in",
    "was born on",
    "directed",
    "was directed by",
    "starred in",
    "married",
    "is the capital of",
    "is located in",
    "was released on",
    "works for",
    "studied at",
    "won",
    "invented",
    "flows into",
    "is headquartered in",
    "is a subsidiary of",
    "wrote",
    "composed",
    "was published by",
    "announced",
    "painted quietly",
    "ran away from",
    "is near",
    "has a population of",
)

SCHEMA = """
name: business
types:
  Person: {disjoint_with: [Organization]}
  Organization: {}
  Company: {parents: [Organization]}
  Place: {}
  City: {parents: [Place]}
relations:
  FOUNDED: {domain: [Person, Organization], range: [Organization]}
  WORKS_FOR: {domain: [Person], range: [Organization]}
  LIVED_IN: {domain: [Person], range: [Place]}
  HEADQUARTERED_IN: {domain: [Organization], range: [Place], max_cardinality: 50}
  POPULATION: {domain: [Place], range: integer}
"""


def candidates(count: int, seed: int = 0) -> list[Candidate]:
    rng = random.Random(seed)
    return [
        Candidate(
            f"Name {rng.randrange(count)}",
            rng.choice(PHRASES),
            str(rng.randrange(1500, 2020)) if rng.random() < 0.2 else f"Name {rng.randrange(count)}",
            rng.choice(LABELS),
            rng.choice(LABELS),
        )
        for _ in range(count)
    ]


def measure_check(count: int) -> None:
    ontology = general_ontology()
    items = candidates(count)
    checker = Checker(ontology, Aligner(ontology))
    shapes = len({(c.relation, c.head_type, c.tail_type) for c in items})
    for name in ("cold", "warm"):
        start = time.process_time()
        accepted = sum(checker.check(item).is_accepted for item in items)
        seconds = time.process_time() - start
        print(
            f"check+align {name}: {count / seconds:>12,.0f} triples/s  "
            f"({seconds:.3f} s CPU, {shapes:,} shapes, {accepted / count:.0%} accepted)"
        )
    fresh = Checker(ontology, Aligner(ontology))
    distinct = [
        Candidate("a", f"was {phrase} number {n} by", "b", "PERSON", "ORG")
        for n in range(200)
        for phrase in ("founded", "painted", "crossed", "joined")
    ]
    start = time.process_time()
    for item in distinct:
        fresh.check(item)
    seconds = time.process_time() - start
    print(f"phrases never met before: {len(distinct) / seconds:,.0f} triples/s ({seconds:.3f} s CPU)")


def measure_real(kg: Path) -> None:
    """Speed on the quarantine of a base: the harder part of what was read, with the rarest phrases."""
    with GraphRAG.open(kg) as base:
        ontology = base.ontology
        if ontology is None:
            raise SystemExit(f"{kg} was built in open mode")
        items = [candidate_of(checked.triple) for checked in base.quarantine()]
    random.Random(0).shuffle(items)
    shapes = len({(c.relation, c.head_type, c.tail_type) for c in items})
    phrases = len({c.relation for c in items})
    checker = Checker(ontology, Aligner(ontology))
    for name in ("cold", "warm"):
        start = time.process_time()
        for item in items:
            checker.check(item)
        seconds = time.process_time() - start
        print(
            f"as read, {name}: {len(items) / seconds:>12,.0f} triples/s  ({len(items):,} triples, "
            f"{phrases:,} phrases, {shapes:,} shapes, {seconds:.3f} s CPU)"
        )


def graph(count: int, seed: int = 1) -> tuple[list[tuple[str, list[str]]], list[tuple[str, str, str]]]:
    """A graph of `count` edges of five relations, one in a thousand of them wrong."""
    rng = random.Random(seed)
    size = max(count // 5, 10)
    people = [f"p{n}" for n in range(size)]
    companies = [f"c{n}" for n in range(size)]
    cities = [f"l{n}" for n in range(size)]
    entities = [(p, ["Person"]) for p in people]
    entities += [(c, ["Company"]) for c in companies] + [(c, ["City"]) for c in cities]
    edges: set[tuple[str, str, str]] = set()
    while len(edges) < count:
        who, firm, place = rng.choice(people), rng.choice(companies), rng.choice(cities)
        edges.add(
            rng.choice(
                [
                    (who, "FOUNDED", firm),
                    (who, "WORKS_FOR", firm),
                    (who, "LIVED_IN", place),
                    (firm, "HEADQUARTERED_IN", place),
                    (place, "POPULATION", str(rng.randrange(10**6))),
                ]
            )
        )
    ordered = sorted(edges)
    for position in range(0, count, 1000):
        head, relation, tail = ordered[position]
        ordered[position] = (tail, "FOUNDED", head) if relation == "FOUNDED" else (head, "FOUNDED", head)
    return entities, ordered


def measure_shacl(count: int) -> None:
    import pyshacl
    from rdflib import Graph
    from rdflib.namespace import RDF, SH

    ontology = load_ontology(SCHEMA)
    entities, edges = graph(count)
    start = time.process_time()
    conflicts = find_conflicts(ontology, entities, edges)
    ours = time.process_time() - start
    print(
        f"find_conflicts: {count / ours:>12,.0f} triples/s  ({ours:.3f} s CPU, {len(conflicts):,} conflicts)"
    )

    nodes = [GraphEntity(key, key, types) for key, types in entities]
    data = Graph().parse(data=graph_to_rdf(ontology, nodes, [GraphEdge(*edge) for edge in edges]))
    shapes = Graph().parse(data=export_ontology(ontology))
    # The rule against self-relations needs SPARQL and alone takes most of the time; leaving it out is fair.
    shapes.remove((None, SH.sparql, None))
    start = time.process_time()
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes, ont_graph=shapes, advanced=True)
    theirs = time.process_time() - start
    results = sum(1 for _ in report.subjects(RDF.type, SH.ValidationResult))
    print(f"pyshacl:        {count / theirs:>12,.0f} triples/s  ({theirs:.3f} s CPU, {results:,} results)")
    print(f"ratio: {theirs / ours:,.0f} x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--triples", type=int, default=500_000)
    parser.add_argument("--shacl-triples", type=int, default=100_000)
    parser.add_argument("--kg", type=Path)
    arguments = parser.parse_args()
    measure_check(arguments.triples)
    if arguments.shacl_triples:
        measure_shacl(arguments.shacl_triples)
    if arguments.kg is not None:
        # Last: what a base leaves in memory would weigh on the garbage collector in the other parts.
        measure_real(arguments.kg)


if __name__ == "__main__":
    main()
