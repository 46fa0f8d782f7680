"""Turn trained weights into the folder that ships: `graphrag/models/en_kg_sm`.

    python training/pack.py DATA_FOLDER TRAINED_FOLDER [--target graphrag/models/en_kg_sm] [--version 1.0.0]

The lemma table is learnt here (seconds). Weights go to half precision. The folder is written beside the
target and renamed into its place.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import spacy
from spacy.language import Language

sys.path.insert(0, str(Path(__file__).parent.parent))

from data import load_passages
from lemmas import learn_lemmas

import graphrag.models.components
import graphrag.models.quantities  # noqa: F401

TARGET = Path(__file__).parent.parent / "graphrag" / "models" / "en_kg_sm"
DOCUMENTS = ("LICENSE", "MODEL_CARD.md")
PARTS = {
    "encoder": ("embed.", "mix.", "shared."),
    "parser": ("syntax.", "tag.", "morph.", "start.", "arc.", "rel."),
    "ner": ("entity.", "ner."),
}


def main() -> None:
    """Build the pipeline and swap it in."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("trained", type=Path)
    parser.add_argument("--target", type=Path, default=TARGET)
    parser.add_argument("--version", default="1.0.0")
    arguments = parser.parse_args()
    nlp = build(arguments.data, arguments.trained, arguments.version)
    beside = arguments.target.with_name(f".{arguments.target.name}.new")
    shutil.rmtree(beside, ignore_errors=True)
    nlp.to_disk(beside)
    for name in DOCUMENTS:
        if (arguments.target / name).is_file():
            shutil.copy(arguments.target / name, beside / name)
    old = arguments.target.with_name(f".{arguments.target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if arguments.target.exists():
        arguments.target.rename(old)
    beside.rename(arguments.target)
    shutil.rmtree(old, ignore_errors=True)
    size = sum(file.stat().st_size for file in arguments.target.rglob("*") if file.is_file())
    print(f"{arguments.target}: {size:,} bytes")


def build(data: Path, trained: Path, version: str) -> Language:
    """Assemble the pipeline from `train.py`'s output."""
    labels = json.loads((trained / "labels.json").read_text(encoding="utf-8"))
    vocabulary = json.loads((trained / "vocabulary.json").read_text(encoding="utf-8"))
    with np.load(trained / "weights.npz", allow_pickle=False) as arrays:
        weights = {key: arrays[key] for key in arrays.files}
    nlp = spacy.blank("en")
    nlp.meta.update(
        name="kg_sm",
        version=version,
        description="English tags, trees, lemmas and entities, trained on openly licensed treebanks",
        license="CC-BY-SA-4.0",
    )
    tables = {
        "encoder": {
            "vocabulary": {
                "words": vocabulary["index"], "casing": vocabulary["casing"], "rows": vocabulary["rows"],
            }
        },
        "parser": {key: labels[key] for key in ("tags", "morphs", "deps")},
        "ner": {"ents": labels["ents"]},
    }  # fmt: skip
    for name, prefixes in PARTS.items():
        component = nlp.add_pipe(f"graphrag_{name}", name=name)
        own = {key: value for key, value in weights.items() if key.startswith(prefixes)}
        component.set_state(own, tables[name])  # type: ignore[attr-defined]
    lemmatizer = nlp.add_pipe("graphrag_lemmatizer", name="lemmatizer", after="parser")
    lemmatizer.set_state({}, learn_lemmas(load_passages(data, "train")))  # type: ignore[attr-defined]
    nlp.add_pipe("graphrag_quantities", name="quantities")
    nlp.add_pipe("doc_cleaner", config={"attrs": {"tensor": None}})
    return nlp


if __name__ == "__main__":
    main()
