"""Quality and speed of extraction without a language model.

::

    python benchmarks/extraction.py open   IN.jsonl > OUT             surface triples
    python benchmarks/extraction.py typed  IN.jsonl --ontologies DIR [--train TRAIN.jsonl] [--join] > OUT
    python benchmarks/extraction.py speed  [IN.jsonl]                 words per CPU second
    python benchmarks/extraction.py table                             the table in docs/extraction.md

IN.jsonl has {"id", "sentence", "ontology"?} per line; OUT is {"id", "sentence", "triples": [{"head",
"relation", "tail", "confidence"}]}. An ontology folder holds one NAME.json each, in the form of Text2KGBench:
{"concepts": [{"label", "qid"}], "relations": [{"label", "pid", "domain", "range"}]}.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from graphrag.checking import Checker
from graphrag.config import Config, ExtractionConfig
from graphrag.datamodel import Chunk, Document, Extraction, Modality, Span
from graphrag.extraction.spacy import SpacyExtractor
from graphrag.learning import Example
from graphrag.models import load_pipeline
from graphrag.reading import learn_model
from ontology import EntityType, Ontology, RelationType

Row = dict[str, Any]  # one parsed JSON line


def main() -> None:
    """Run one of the commands above."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["open", "typed", "speed", "table"])
    parser.add_argument("input", type=Path, nargs="?")
    parser.add_argument("--model", default="en_kg_sm")
    parser.add_argument("--ontologies", type=Path)
    parser.add_argument("--train", type=Path, help="sentences with triples, to learn from")
    parser.add_argument("--min-score", type=float, default=Config().extraction.min_score)
    parser.add_argument("--join", action="store_true", help="extraction.join_distant: join far-off names too")
    arguments = parser.parse_args()
    extractor = SpacyExtractor(arguments.model)
    if arguments.command == "open":
        run_open(extractor, arguments.input)
    elif arguments.command == "typed":
        schemas = read_schemas(arguments.ontologies)
        settings = ExtractionConfig(min_score=arguments.min_score, join_distant=arguments.join)
        with TemporaryDirectory() as folder:
            models: dict[str, str] = {}
            if arguments.train:
                tested = {row["sentence"] for row in read_lines(arguments.input)}
                rows = read_lines(arguments.train)
                models = learn_models(extractor, schemas, rows, tested, Path(folder))
            run_typed(extractor, schemas, arguments.input, settings, models)
    elif arguments.command == "speed":
        run_speed(arguments.model, arguments.input)
    else:
        print("\n".join(table(extractor)))


def read_lines(path: Path) -> list[Row]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def run_open(extractor: SpacyExtractor, path: Path) -> None:
    """Print the surface triples of each sentence."""
    for row in read_lines(path):
        triples = [
            {"head": h, "relation": r, "tail": t, "confidence": c}
            for h, r, t, c in extractor.open_triples(row["sentence"])
        ]
        print(
            json.dumps({"id": row["id"], "sentence": row["sentence"], "triples": triples}, ensure_ascii=False)
        )


def run_typed(
    extractor: SpacyExtractor,
    schemas: dict[str, Ontology],
    path: Path,
    settings: ExtractionConfig,
    models: dict[str, str],
) -> None:
    """Print the triples the ontology accepts of each sentence."""
    for row in typed_predictions(extractor, schemas, read_lines(path), settings, models):
        print(json.dumps(row, ensure_ascii=False))


def typed_predictions(
    extractor: SpacyExtractor,
    schemas: dict[str, Ontology],
    rows: list[Row],
    settings: ExtractionConfig,
    models: dict[str, str],
) -> Iterator[Row]:
    """One prediction record per sentence; `models` are files learnt from examples, by schema."""
    checkers = {}
    for name, schema in schemas.items():
        own = settings.model_copy(update={"learned": models.get(name)})
        checkers[name] = Checker(schema, Config(extraction=own))
    documents, results = extract_sentences(extractor, [row["sentence"] for row in rows])
    for row, document, result in zip(rows, documents, results, strict=True):
        schema = schemas[row["ontology"]]
        triples: dict[tuple[str, str, str], float] = {}
        for item in checkers[row["ontology"]].check(document, [result]):
            if item.accepted:
                label = (schema.relations.get(item.relation) or schema.properties[item.relation]).label
                key = (item.head.name, label, item.tail.name)
                triples[key] = max(item.score, triples.get(key, 0.0))
        yield {
            "id": row["id"],
            "sentence": row["sentence"],
            "triples": [
                {"head": h, "relation": r, "tail": t, "confidence": c} for (h, r, t), c in triples.items()
            ],
        }


def extract_sentences(
    extractor: SpacyExtractor, sentences: list[str]
) -> tuple[list[Document], list[Extraction]]:
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
            ends = [
                tuple(dict.fromkeys((*known.domain, *ends[0]))),
                tuple(dict.fromkeys((*known.range, *ends[1]))),
            ]
        relations[key] = RelationType(key, label=item["label"].strip(), domain=ends[0], range=ends[1])
    return Ontology.build(path.stem, types.values(), relations.values())


def identifier(label: str) -> str:
    name = re.sub(r"[^A-Za-z0-9]+", "_", label.strip()).strip("_")
    return name if name[:1].isalpha() else f"T_{name}"


def learn_models(
    extractor: SpacyExtractor, schemas: dict[str, Ontology], rows: list[Row], tested: set[str], folder: Path
) -> dict[str, str]:
    """A model for each schema, learnt from training sentences not among those tested, by its file."""
    triples: dict[tuple[str, str], list[tuple[str, str, str]]] = defaultdict(list)
    for row in rows:
        schema = row["id"].split("_train")[0].removeprefix("ont_")
        if schema in schemas and row["sentence"] not in tested:
            # A sentence stands on as many rows as it has triples.
            triples[schema, row["sentence"]] += [
                (plain(h), identifier(r), plain(t)) for h, r, t in row["triples"]
            ]
    files = {}
    for name, schema in schemas.items():
        examples = [Example(text, tuple(found)) for (own, text), found in triples.items() if own == name]
        if examples:
            files[name] = str(folder / f"{name}.json")
            learn_model(schema, examples, extractor).save(Path(files[name]))
    return files


def plain(name: str) -> str:
    """A name of the training data as a text would have it: no bracket behind it, a 1 January as its year."""
    return re.sub(r"^01 January (\d{4})$", r"\1", re.sub(r"\s*\([^()]*\)$", "", name)) or name


def run_speed(model: str, path: Path | None) -> None:
    """Print words per CPU second of the pipeline alone and of extraction, and what a second process gains.

    CPU seconds, so that other work on the machine counts little. What two processes gain is given by the
    wall, which wants two idle cores, and by the CPU seconds of the busier one against those of one alone.
    """
    sentences = [row["sentence"] for row in read_lines(path)] if path else list(SENTENCES) * 40
    texts = [" ".join(sentences[start : start + 8]) for start in range(0, len(sentences), 8)]
    chunks = [Chunk(f"chk-{i}", f"doc-{i}", Span(0, len(text)), text) for i, text in enumerate(texts)]
    words = sum(len(text.split()) for text in texts)
    nlp = load_pipeline(model)
    extractor = SpacyExtractor(nlp)
    extractor.extract(chunks[:20])
    alone = cpu_seconds(lambda: list(nlp.pipe(texts)))
    single = cpu_seconds(lambda: [nlp(text) for text in texts])
    whole = cpu_seconds(lambda: extractor.extract(chunks))
    print(f"{words:,} words in {len(texts)} documents")
    print(f"pipeline alone  {words / alone:9,.0f} words per CPU second")
    print(f"  one text a call {words / single:7,.0f} words per CPU second")
    print(f"extraction      {words / whole:9,.0f} words per CPU second = {alone / whole:.0%} of the pipeline")
    seconds, busiest = {}, {}
    halves = [chunks[0::2], chunks[1::2]]
    for workers in (1, 2):
        with ProcessPoolExecutor(
            workers, get_context("spawn"), initializer=start_worker, initargs=(model,)
        ) as pool:
            list(pool.map(work, [chunks[:4]] * 4))  # loads the pipelines
            begin = time.perf_counter()
            spent: defaultdict[int, float] = defaultdict(float)
            for process, cpu in pool.map(work, halves):
                spent[process] += cpu
            seconds[workers] = time.perf_counter() - begin
            busiest[workers] = max(spent.values())
            memory = max(pool.map(resident_megabytes, range(2)))
    print(f"two processes   {seconds[1] / seconds[2]:9.2f} times as fast as one by the wall")
    print(f"                {busiest[1] / busiest[2]:9.2f} times by CPU seconds of the busier one")
    print(f"memory          {memory:9,.0f} MB at most in a worker")


def cpu_seconds(run: Callable[[], object]) -> float:
    begin = time.process_time()
    run()
    return time.process_time() - begin


_worker: list[SpacyExtractor] = []


def start_worker(model: str) -> None:
    _worker.append(SpacyExtractor(model))


def work(chunks: list[Chunk]) -> tuple[int, float]:
    return os.getpid(), cpu_seconds(lambda: _worker[0].extract(chunks))


def resident_megabytes(_: int) -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# Written for this table: styles a reader meets, traps included.
SENTENCES = (
    "Marie Dubois founded Lumina in 2009.",
    "Lumina was acquired by Northwind Corp for $3.5 billion in March 2019.",
    "Northwind's CEO Anders Holm resigned on 4 May 2021.",
    "The Silent Harbour is a 1994 Norwegian drama film directed by Ingrid Solberg and starring Lars "
    "Moe and Eva Lund.",
    "Ingrid Solberg (born 12 June 1951) is a Norwegian film director and screenwriter.",
    "Global Seed Network (GSN) is a non-profit organisation based in Nairobi.",
    "She studied physics at the University of Oslo and later worked for CERN.",
    "The capital of Kenya is Nairobi.",
    "Its headquarters are in Basel, Switzerland.",
    "The company did not acquire Zenith Labs.",
    "Analysts expect that Northwind will buy Zenith Labs next year.",
    "According to the minister, the bridge was built by Hartmann AG.",
    "If Lumina sells its stake, Northwind may leave the market.",
    "The bridge, which was designed by Otto Brandt, connects Linz with the island of Werth.",
    "Born in Vienna, Otto Brandt moved to London in 1938 and joined the Royal Academy.",
    "Version 4.2 of the parser adds support for streaming and fixes two memory leaks.",
    "The A7 chip contains 1.2 billion transistors and was manufactured by TSMC.",
    "Helena Ruiz, a Spanish novelist, won the Planeta Prize in 1998 and 2004.",
    "Helena Ruiz's first novel, The Glass River, was published by Tusquets.",
    "Jan Novak was named president of the Czech Academy of Sciences.",
    "Jan Novak and his brother Petr run a brewery in Brno.",
    "The drug reduces the risk of stroke by 12 percent.",
    "The treaty was signed by France, Spain and Portugal in Lisbon on 3 July 1850.",
    "The Elbe rises in the Giant Mountains and flows into the North Sea.",
    "Tokio Hotel is a German rock band, formed in Magdeburg in 2001.",
    "No member of the council supported the plan.",
    "Did Northwind buy Zenith Labs?",
    "Mayor Lena Fischer opened the museum, praising its architect, Paul Weiss.",
    "Kestrel, formerly known as Hawk Systems, sells drones to farmers in Kansas.",
    "Sales rose 8 % to 40 million euros, the firm said.",
)


def table(extractor: SpacyExtractor) -> Iterator[str]:
    """Markdown rows: each sentence with what was read of it."""
    yield "| sentence | read as |"
    yield "|---|---|"
    _, results = extract_sentences(extractor, list(SENTENCES))
    for sentence, result in zip(SENTENCES, results, strict=True):
        shown = []
        for triple in result.triples:
            target = (
                triple.object.name
                if triple.object.value is None
                else f"{triple.object.name} = {triple.object.value}"
            )
            mode = "" if triple.modality is Modality.ASSERTED else f" *({triple.modality.value})*"
            shown.append(f"{triple.subject.name} · {triple.predicate} · {target}{mode}")
        shown += [f"{a.name} = {a.alias} ({a.kind})" for a in result.aliases]
        yield f"| {sentence} | {'<br>'.join(shown) or '(nothing)'} |"


if __name__ == "__main__":
    main()
