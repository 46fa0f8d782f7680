"""Whether suggestions keep their promise: paste the best into the schema, replay, count.

    python benchmarks/ontology_suggest.py KG [--top 5]

KG is a knowledge base, which is copied and stays as it is. The YAML of each suggestion is pasted into the
schema's own YAML as a person would do it, the quarantine is replayed once against the result, and of the
triples that were rejected before, those are counted that each suggested relation now holds.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from graphrag import GraphRAG
from ontology import dump_ontology, load_ontology
from pipelines.schema import suggest


def pasted(schema: str, suggestions: list[dict[str, Any]]) -> str:
    """A schema's YAML with the entries of the suggestions in it, replacing those of the same key."""
    whole = yaml.safe_load(schema)
    for suggestion in suggestions:
        for section, entries in yaml.safe_load(suggestion["yaml"]).items():
            whole[section].update(entries)
    text: str = yaml.safe_dump(whole, sort_keys=False, allow_unicode=True)
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kg", type=Path)
    parser.add_argument("--top", type=int, default=5)
    arguments = parser.parse_args()
    start = time.process_time()
    suggestions = suggest(str(arguments.kg), limit=arguments.top)["suggestions"]
    print(f"suggest: {time.process_time() - start:.1f} s CPU")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "kg"
        shutil.copytree(arguments.kg, copy)
        with GraphRAG.open(copy, write=True) as base:
            if base.ontology is None:
                raise SystemExit(f"{arguments.kg} was built in open mode: nothing was rejected")
            quarantined = {triple.id for triple in base.quarantine()}
            edges = Counter(relation.type for relation in base.view.relations())
            schema = load_ontology(pasted(dump_ontology(base.ontology), suggestions))
            start = time.process_time()
            counts = base.replay(schema)
            print(f"replay: {time.process_time() - start:.1f} s CPU, without reading a text again")
            left = {triple.id for triple in base.quarantine()}
            after = Counter(relation.type for relation in base.view.relations())
    print(f"accepted {counts['accepted_before']:,} -> {counts['accepted']:,} triples")
    print(f"left the quarantine: {len(quarantined - left):,}; newly in it: {len(left - quarantined):,}\n")
    print("| suggestion | seen | promised | edges of the relation before | after | example |")
    print("|---|---|---|---|---|---|")
    for item in suggestions:
        key = item["key"]
        print(
            f"| {item['kind']} `{key}` | {item['seen']} | {item['admits']} | {edges[key]} | {after[key]} | "
            f"{item['examples'][0].split(') in: ')[0].removeprefix('(')} |"
        )


if __name__ == "__main__":
    main()
