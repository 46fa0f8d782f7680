"""Quality and speed of extraction without a language model.

::

    python benchmarks/extraction.py open   IN.jsonl > PRED.jsonl        surface triples of each sentence
    python benchmarks/extraction.py typed  IN.jsonl --ontologies DIR [--train TRAIN.jsonl] > PRED.jsonl
    python benchmarks/extraction.py learn  TRAIN.jsonl --ontologies DIR --out DIR    schemas with learnt cue words
    python benchmarks/extraction.py rules  GOLD.jsonl                   how often each rule's open facts are right
    python benchmarks/extraction.py speed  TEXT...                      words per CPU second, one and two processes

IN.jsonl has {"id", "sentence", "ontology"?} per line; PRED.jsonl is {"id", "sentence", "triples": [{"head",
"relation", "tail", "confidence"}]}, the form Text2KGBench-like scorers read. Ontology folders hold one
NAME.json each: {"concepts": [{"label", "qid"}], "relations": [{"label", "pid", "domain", "range"}]}.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from graphrag.checking import Checker
from graphrag.config import Config
from graphrag.datamodel import Chunk, Document, Extraction, Span
from graphrag.extraction.spacy import SpacyExtractor
from ontology import DatatypeProperty, EntityType, Ontology, RelationType


def main() -> None:
    """Run one of the commands above."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("open", "typed"):
        sub = commands.add_parser(name)
        sub.add_argument("input", type=Path)
        sub.add_argument("--model", default="en_kg_sm")
        sub.add_argument("--ontologies", type=Path)
        sub.add_argument("--train", type=Path)
    arguments = parser.parse_args()
    extractor = SpacyExtractor(arguments.model)
    if arguments.command == "open":
        run_open(extractor, arguments.input)
    elif arguments.command == "typed":
        schemas = read_schemas(arguments.ontologies)
        if arguments.train:
            schemas = learn_cues(extractor, schemas, read_lines(arguments.train))
        run_typed(extractor, schemas, arguments.input)


def read_lines(path: Path) -> list[dict]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def run_open(extractor: SpacyExtractor, path: Path) -> None:
    """Print the surface triples of each sentence."""
    for row in read_lines(path):
        triples = [
            {"head": h, "relation": r, "tail": t, "confidence": c} for h, r, t, c in extractor.open_triples(row["sentence"])
        ]
        print(json.dumps({"id": row["id"], "sentence": row["sentence"], "triples": triples}, ensure_ascii=False))


def run_typed(extractor: SpacyExtractor, schemas: dict[str, Ontology], path: Path) -> None:
    """Print the triples the ontology accepts of each sentence."""
    for row in typed_predictions(extractor, schemas, read_lines(path)):
        print(json.dumps(row, ensure_ascii=False))


def typed_predictions(extractor: SpacyExtractor, schemas: dict[str, Ontology], rows: list[dict]) -> Iterator[dict]:
    """One prediction record per sentence."""
    checkers = {name: Checker(schema, Config()) for name, schema in schemas.items()}
    documents, results = extract_sentences(extractor, [row["sentence"] for row in rows])
    for row, document, result in zip(rows, documents, results, strict=True):
        schema = schemas[row["ontology"]]
        triples = {}
        for item in checkers[row["ontology"]].check(document, [result]):
            if item.accepted:
                label = (schema.relations.get(item.relation) or schema.properties[item.relation]).label
                key = (item.head.name, label, item.tail.name)
                triples[key] = max(item.score, triples.get(key, 0.0))
        yield {
            "id": row["id"],
            "sentence": row["sentence"],
            "triples": [{"head": h, "relation": r, "tail": t, "confidence": c} for (h, r, t), c in triples.items()],
        }


def extract_sentences(extractor: SpacyExtractor, sentences: list[str]) -> tuple[list[Document], list[Extraction]]:
    """Each sentence read as a document of its own."""
    documents = [Document(f"doc-{i}", str(i), sentence) for i, sentence in enumerate(sentences)]
    chunks = [Chunk(f"chk-{i}", d.id, Span(0, len(d.text)), d.text) for i, d in enumerate(documents)]
    results = extractor.extract(chunks)
    return documents, [r for r in results if isinstance(r, Extraction)]


def read_schemas(folder: Path) -> dict[str, Ontology]:
    """The folder's ontologies by file name without its ending."""
    return {path.stem: read_schema(path) for path in sorted(folder.glob("*.json"))}


def read_schema(path: Path) -> Ontology:
    """One Text2KGBench ontology as a schema; what it does not declare stays open."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    types: dict[str, EntityType] = {}
    for concept in raw["concepts"]:
        key = identifier(concept["label"])
        types[key] = EntityType(key, label=concept["label"].strip())
    relations: dict[str, RelationType] = {}
    for item in raw["relations"]:
        ends = []
        for end in ("domain", "range"):
            label = item[end].strip()
            if label:
                types.setdefault(identifier(label), EntityType(identifier(label), label=label))
            ends.append((identifier(label),) if label else ())
        key = identifier(item["label"])
        known = relations.get(key)
        if known is not None:
            ends = [tuple(dict.fromkeys((*known.domain, *ends[0]))), tuple(dict.fromkeys((*known.range, *ends[1])))]
        relations[key] = RelationType(key, label=item["label"].strip(), domain=ends[0], range=ends[1])
    return Ontology.build(path.stem, types.values(), relations.values())


def identifier(label: str) -> str:
    name = re.sub(r"[^A-Za-z0-9]+", "_", label.strip()).strip("_")
    return name if name[:1].isalpha() else f"T_{name}"


def learn_cues(extractor: SpacyExtractor, schemas: dict[str, Ontology], rows: list[dict]) -> dict[str, Ontology]:
    """Schemas with the phrases that training sentences use for their relations added as cue words.

    A phrase becomes a cue of a relation where at least two training triples stand on it and most of the
    training triples that stand on it are of that relation. Nothing is concluded from missing triples.
    """
    _, results = extract_sentences(extractor, [row["sentence"] for row in rows])
    counts: dict[str, dict[tuple[str, bool], Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for row, result in zip(rows, results, strict=True):
        schema = row["id"].split("_train")[0].removeprefix("ont_")
        gold = {(flat(h), flat(t)): identifier(r) for h, r, t in row["triples"]}
        for triple in result.triples:
            ends = (flat(triple.subject.name), flat(triple.object.name))
            for pair, inverted in ((ends, False), (ends[::-1], True)):
                if pair in gold:
                    counts[schema][(triple.predicate.lower(), inverted)][gold[pair]] += 1
    learnt = {}
    for name, schema in schemas.items():
        cues: dict[tuple[str, bool], list[str]] = defaultdict(list)
        for (phrase, inverted), relations in counts[name].items():
            relation, hits = min(relations.items(), key=lambda item: (-item[1], item[0]))
            if hits >= 2 and hits / sum(relations.values()) >= 0.5:
                cues[(relation, inverted)].append(phrase)
        relations = []
        for item in schema.relations.values():
            relations.append(
                replace(item, cues=tuple(sorted(cues[(item.key, False)])), inverse_cues=tuple(sorted(cues[(item.key, True)])))
            )
        learnt[name] = Ontology.build(name, schema.types.values(), relations)
    return learnt


def flat(name: str) -> str:
    """A name for comparison: letters and digits only, a 1 January as its year."""
    name = re.sub(r"\s*\([^()]*\)$", "", name)
    name = re.sub(r"^01 January (\d{4})$", r"\1", name)
    name = re.sub(r"^(the|a|an)\s+", "", name.lower())
    return re.sub(r"[^\w]+", "", name)


if __name__ == "__main__":
    sys.exit(main())
