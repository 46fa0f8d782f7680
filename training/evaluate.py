"""Score spaCy pipelines on the development parts: trees, tags, lemmas, entities, speed and size.

    python training/evaluate.py DATA_FOLDER PIPELINE [PIPELINE ...] [--json OUT]

A PIPELINE is a name for `graphrag.models.load_pipeline` or the folder of a spaCy pipeline. Every paragraph is
given as raw text, so the run-time tokenizer and sentence splitter are part of what is measured. Attachment
scores leave punctuation out, as spaCy's scorer does; entities count when both borders and the type are right.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import spacy
from data import SOURCES, Passage, bioes, read_documents
from spacy.language import Language
from spacy.scorer import Scorer
from spacy.tokens import Doc
from spacy.training import Example

sys.path.insert(0, str(Path(__file__).parent.parent))

import graphrag.models
import graphrag.models.components
import graphrag.models.quantities

TREE_SOURCES = ("ewt", "gum")
RELATIONS = (
    "nsubj",
    "nsubj:pass",
    "obj",
    "obl",
    "obl:agent",
    "nmod",
    "appos",
    "acl",
    "acl:relcl",
    "conj",
    "flat",
)
KINDS = ("PERSON", "ORG", "LOC", "DATE", "EVENT", "WORK", "NORP", "MISC")
SHARED_KINDS = {"ewt": {"PERSON", "ORG", "LOC"}}  # the kinds a source annotates, where not all

_TOKEN = {
    "tag": lambda token, _: token.tag_,
    "pos": lambda token, _: token.pos_,
    "morph": lambda token, _: str(token.morph),
    "lemma": lambda token, _: token.lemma_,
}


def main() -> None:
    """Print one table, a row per measure and a column per pipeline."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("pipelines", nargs="+")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    results = {}
    for name in arguments.pipelines:
        nlp = spacy.load(name) if Path(name).is_dir() else graphrag.models.load_pipeline(name)
        results[name] = evaluate(nlp, arguments.data)
    rows = list(dict.fromkeys(key for result in results.values() for key in result))
    print("| measure | " + " | ".join(results) + " |\n|---|" + "---|" * len(results))
    for row in rows:
        print(f"| {row} | " + " | ".join(_shown(result.get(row)) for result in results.values()) + " |")
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1), encoding="utf-8")


def evaluate(nlp: Language, data: Path) -> dict[str, float]:
    """Measure one pipeline on every source under `data`."""
    results: dict[str, float] = {}
    every, own, first_single = Counter[str](), Counter[str](), Counter[str]()
    kinds: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    seconds, words = 0.0, 0
    for source in SOURCES:
        paragraphs = [p for doc in read_documents(data / f"{source}-dev.conllu.gz") for p in _paragraphs(doc)]
        texts = [_text(p) for p in paragraphs]
        began = time.process_time()
        docs = list(nlp.pipe(texts, batch_size=64))
        spent = time.process_time() - began
        read = sum(len(p.words) for p in paragraphs)
        seconds, words = seconds + spent, words + read
        results[f"words per CPU second {source} ({read // len(texts)} words a text)"] = read / spent
        if source in TREE_SOURCES:
            results.update(_trees(source, docs, paragraphs))
        found = Counter[str]()
        for doc, paragraph in zip(docs, paragraphs, strict=True):
            _count_entities(doc, paragraph, SHARED_KINDS.get(source, set(KINDS)), found, kinds, first_single)
        results[f"NER F1 {source}"] = _f1(found)
        every.update(found)
        if source not in SHARED_KINDS:
            own.update(found)
    results["NER F1 all but ewt"] = _f1(own)
    results["NER F1 all"] = _f1(every)
    results["NER precision all"] = every["right"] / max(1, every["right"] + every["extra"])
    results["NER recall all"] = every["right"] / max(1, every["right"] + every["missed"])
    results.update({f"NER F1 {kind}": _f1(kinds[kind]) for kind in KINDS})
    for kind in ("PERSON", "ORG"):
        total = first_single[f"{kind} total"]
        results[f"recall of one-word {kind} at sentence start (n={total})"] = first_single[kind] / max(
            1, total
        )
    results["words per CPU second, all"] = words / seconds
    return results


def _paragraphs(document: Passage) -> Iterable[Passage]:
    borders = [0, *(i for i, kind in enumerate(document.breaks) if kind), len(document.words)]
    return [document.cut(begin, end) for begin, end in pairwise(borders)]


def _text(paragraph: Passage) -> str:
    return "".join(w + " " * s for w, s in zip(paragraph.words, paragraph.spaces, strict=True)).strip()


def _trees(source: str, docs: list[Doc], paragraphs: list[Passage]) -> dict[str, float]:
    examples = []
    for doc, p in zip(docs, paragraphs, strict=True):
        gold = Doc(
            doc.vocab, words=p.words, spaces=[*p.spaces[:-1], False], tags=p.tags, pos=p.pos, morphs=p.feats,
            lemmas=p.lemmas, heads=p.heads, deps=p.deps,
        )  # fmt: skip
        examples.append(Example(doc, gold))
    scores: dict[str, float] = {}
    for name, attribute in (("XPOS", "tag"), ("UPOS", "pos"), ("features", "morph"), ("lemma", "lemma")):
        accuracy = Scorer.score_token_attr(examples, attribute, getter=_TOKEN[attribute])
        scores[f"{source} {name}"] = accuracy[f"{attribute}_acc"]
    sentences = Scorer.score_spans(examples, "sents", getter=lambda doc, _: doc.sents)
    scores[f"{source} sentences F1"] = sentences["sents_f"]
    deps = Scorer.score_deps(
        examples,
        "dep",
        getter=lambda token, _: token.dep_,
        head_getter=lambda token, _: token.head,
        ignore_labels=("punct",),
    )
    scores[f"{source} UAS"], scores[f"{source} LAS"] = deps["dep_uas"], deps["dep_las"]
    for label in RELATIONS:
        scores[f"{source} {label} F1"] = deps["dep_las_per_type"].get(label, {"f": 0.0})["f"]
    return scores


def _count_entities(
    doc: Doc,
    paragraph: Passage,
    kinds: set[str],
    found: Counter[str],
    by_kind: dict[str, Counter[str]],
    first_single: Counter[str],
) -> None:
    """Compare spans of characters; a prediction that touches unannotated words is neither right nor wrong."""
    offsets, at = [], 0
    for word, space in zip(paragraph.words, paragraph.spaces, strict=True):
        offsets.append((at, at + len(word)))
        at += len(word) + space
    gold: set[tuple[int, int, str]] = set()
    begin, unknown = 0, set[int]()
    for index, tag in enumerate(bioes(paragraph.ents)):
        begin = index if tag[:1] in ("B", "S") else begin
        if tag[:1] in ("E", "S") and tag[2:] in kinds:
            gold.add((offsets[begin][0], offsets[index][1], tag[2:]))
            if tag[:1] == "S" and paragraph.starts[index] and tag[2:] in ("PERSON", "ORG"):
                first_single[f"{tag[2:]} total"] += 1
                first_single[tag[2:]] += any(
                    (e.start_char, e.end_char, e.label_) == (*offsets[index], tag[2:]) for e in doc.ents
                )
        elif not tag:
            unknown.update(range(*offsets[index]))
    predicted = {
        (e.start_char, e.end_char, e.label_)
        for e in doc.ents
        if e.label_ in kinds and unknown.isdisjoint(range(e.start_char, e.end_char))
    }
    for name, spans in (
        ("right", gold & predicted),
        ("extra", predicted - gold),
        ("missed", gold - predicted),
    ):
        found[name] += len(spans)
        for _, _, kind in spans:
            by_kind[kind][name] += 1


def _f1(counts: Counter[str]) -> float:
    total = 2 * counts["right"] + counts["extra"] + counts["missed"]
    return 2 * counts["right"] / total if total else 0.0


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}" if value > 2 else f"{100 * value:.1f}"


if __name__ == "__main__":
    main()
