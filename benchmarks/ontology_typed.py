"""Whether what is accepted lies in the ontology, by a check that knows nothing of ours.

    python benchmarks/ontology_typed.py SENTENCES.jsonl ONTOLOGIES [--limit N]

SENTENCES has {"sentence", "ontology"} per line; ONTOLOGIES holds NAME.json in the form of Text2KGBench:
{"concepts": [{"label"}], "relations": [{"label", "domain", "range"}]}. Each is written as YAML of ours and
loaded from it. Every accepted triple is then held against the JSON file alone: its relation must be listed
there, its head typed as the domain and its tail as the range, or be a value where the range is empty.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from graphrag.config import load_config
from graphrag.documents import make_document
from graphrag.reading import reader_for
from graphrag.registry import make_extractor
from ontology import load_ontology


def key_of(label: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", label).strip("_")


def as_yaml(name: str, source: dict[str, Any]) -> str:
    """A Text2KGBench ontology in our format; a concept only named as domain or range is declared too."""
    labels = {concept["label"] for concept in source["concepts"]}
    labels |= {
        end for relation in source["relations"] for end in (relation["domain"], relation["range"]) if end
    }
    types = {key_of(label): {"label": label} for label in sorted(labels)}
    relations: dict[str, Any] = {}
    for relation in source["relations"]:
        # One that is listed twice, with two domains, is one relation with both.
        entry = relations.setdefault(
            f"{key_of(relation['label'])}_{relation['pid']}", {"label": relation["label"], "range": "string"}
        )
        if relation["domain"]:
            entry["domain"] = sorted({*entry.get("domain", ()), key_of(relation["domain"])})
        if relation["range"]:
            known = () if entry["range"] == "string" else entry["range"]
            entry["range"] = sorted({*known, key_of(relation["range"])})
    return yaml.safe_dump({"name": name, "types": types, "relations": relations}, sort_keys=False)


def fault(source: dict[str, Any], relation: str, head: str | None, tail: str | None, is_value: bool) -> str:
    """What the JSON file has against an accepted triple; "" for nothing."""
    declared = [r for r in source["relations"] if relation == f"{key_of(r['label'])}_{r['pid']}"]
    if not declared:
        return "relation"
    of_head = [row for row in declared if not row["domain"] or head == key_of(row["domain"])]
    if not of_head:
        return "domain"
    for row in of_head:
        if is_value if not row["range"] else tail == key_of(row["range"]) and not is_value:
            return ""
    return "range"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sentences", type=Path)
    parser.add_argument("ontologies", type=Path)
    parser.add_argument("--limit", type=int)
    arguments = parser.parse_args()
    sources = {file.stem: json.loads(file.read_text("utf-8")) for file in arguments.ontologies.glob("*.json")}
    names = {re.sub(r"^\d+_", "", stem): stem for stem in sources} | {stem: stem for stem in sources}
    config = load_config(None, ["extraction.min_score=0"])
    extractor = make_extractor(config, None)
    readers = {
        stem: reader_for(config, load_ontology(as_yaml(stem, source)), extractor)
        for stem, source in sources.items()
    }
    rows = [json.loads(line) for line in arguments.sentences.read_text("utf-8").splitlines()]
    counts: Counter[str] = Counter()
    by_ontology: dict[str, list[Any]] = {}
    for number, row in enumerate(rows[: arguments.limit]):
        document = make_document(row["sentence"], key=str(number))
        by_ontology.setdefault(names[row["ontology"]], []).append(document)
    for stem, documents in sorted(by_ontology.items()):
        for item in readers[stem].read(documents):
            for checked in item.triples:
                if not checked.accepted:
                    counts["rejected"] += 1
                    continue
                found = fault(
                    sources[stem],
                    checked.relation,
                    checked.subject_type,
                    checked.object_type,
                    checked.literal,
                )
                counts[f"outside: {found}" if found else "accepted and inside"] += 1
    for name, count in counts.most_common():
        print(f"{count:>7,}  {name}")


if __name__ == "__main__":
    main()
