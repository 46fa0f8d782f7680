"""Turn the CoNLL-U training data into spaCy corpora: one for syntax, one for entities, and the word list.

    python training/convert.py DATA_FOLDER CORPUS_FOLDER

DATA_FOLDER holds `{ewt,gum,redocred,crossner,wikigold}-{train,dev}.conllu.gz`. The gold tokenisation is
kept; spaCy's own alignment maps it to the run-time tokenizer while training and scoring.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import spacy
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

SYNTAX_SOURCES = ("ewt", "gum")
ENTITY_SOURCES = ("gum", "redocred", "crossner", "wikigold")
UNER_LABELS = {"PER": "PERSON", "ORG": "ORG", "LOC": "LOC"}


@dataclass
class Block:
    """One paragraph: token columns with heads counted from the paragraph's first token."""

    words: list[str] = field(default_factory=list)
    spaces: list[bool] = field(default_factory=list)
    lemmas: list[str] = field(default_factory=list)
    pos: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    morphs: list[str] = field(default_factory=list)
    heads: list[int] = field(default_factory=list)
    deps: list[str] = field(default_factory=list)
    ents: list[str] = field(default_factory=list)
    starts: list[bool] = field(default_factory=list)


def read_blocks(path: Path) -> Iterator[Block]:
    """Yield the paragraphs of a gzip'd CoNLL-U file, in order."""
    block, first = Block(), 0
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            line = line.rstrip("\n")
            if line.startswith(("# newdoc", "# newpar")):
                if block.words:
                    yield block
                block, first = Block(), 0
            elif not line:
                first = len(block.words)
            elif not line.startswith("#"):
                _add_token(block, line.split("\t"), first)
    if block.words:
        yield block


def _add_token(block: Block, columns: list[str], first: int) -> None:
    misc = dict(part.split("=", 1) for part in columns[9].split("|") if "=" in part)
    index = len(block.words)
    block.words.append(columns[1])
    block.spaces.append("SpaceAfter" not in misc)
    block.lemmas.append(columns[2])
    block.pos.append("" if columns[3] == "_" else columns[3])
    block.tags.append("" if columns[4] == "_" else columns[4])
    block.morphs.append("" if columns[5] == "_" else columns[5])
    head = columns[6]
    block.heads.append(index if head in ("_", "0") else first + int(head) - 1)
    block.deps.append("" if columns[7] == "_" else "ROOT" if columns[7] == "root" else columns[7])
    block.ents.append(_entity(misc))
    block.starts.append(index == first)


def _entity(misc: dict[str, str]) -> str:
    """Return an IOB tag, or "" where the annotation says nothing."""
    if "NER" in misc:
        return "" if misc["NER"] == "-" else misc["NER"]
    if "UNER" in misc and misc["UNER"] != "O":
        prefix, label = misc["UNER"].split("-", 1)
        return f"{prefix}-{UNER_LABELS[label]}"
    return "O" if "UNER" in misc else ""


def to_doc(block: Block, vocab: Vocab, *, syntax: bool, entities: bool) -> Doc:
    """Build the reference document of a paragraph with the chosen layers."""
    if not syntax:
        return Doc(
            vocab,
            words=block.words,
            spaces=block.spaces,
            sent_starts=block.starts,  # type: ignore[arg-type]
            ents=_repaired(block.ents) if entities else None,
        )
    return Doc(
        vocab,
        words=block.words,
        spaces=block.spaces,
        tags=block.tags,
        pos=block.pos,
        morphs=block.morphs,
        lemmas=block.lemmas,
        heads=block.heads,
        deps=block.deps,
        ents=_repaired(block.ents) if entities else None,
    )


def _repaired(ents: list[str]) -> list[str]:
    """Make an I- that follows another label (or nothing) a B-: spaCy refuses the sequence otherwise."""
    fixed: list[str] = []
    for tag in ents:
        previous = fixed[-1] if fixed else "O"
        if tag.startswith("I-") and previous[2:] != tag[2:]:
            tag = f"B-{tag[2:]}"
        fixed.append(tag)
    return fixed


def count_words(blocks: Iterable[Block]) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Count forms, and their capitalised and lower-case uses away from sentence starts."""
    counts: Counter[str] = Counter()
    capitalised: Counter[str] = Counter()
    lower: Counter[str] = Counter()
    nlp = spacy.blank("en")
    for block in blocks:
        for index, word in enumerate(block.words):
            form = nlp.vocab[word].norm_.lower()
            counts[form] += 1
            if not block.starts[index] and word[:1].isalpha():
                (lower if word == word.lower() else capitalised)[form] += 1
    return counts, capitalised, lower


def main() -> None:
    """Write the corpora and the word list."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("corpus", type=Path)
    arguments = parser.parse_args()
    arguments.corpus.mkdir(parents=True, exist_ok=True)
    vocab = spacy.blank("en").vocab
    for split in ("train", "dev"):
        for layer, sources in (("syntax", SYNTAX_SOURCES), ("entities", ENTITY_SOURCES)):
            docs = DocBin(store_user_data=False)
            for source in sources:
                for block in read_blocks(arguments.data / f"{source}-{split}.conllu.gz"):
                    is_syntax = layer == "syntax"
                    docs.add(to_doc(block, vocab, syntax=is_syntax, entities=not is_syntax))
            docs.to_disk(arguments.corpus / f"{layer}-{split}.spacy")
    every = sorted({*SYNTAX_SOURCES, *ENTITY_SOURCES})
    counts, capitalised, lower = count_words(
        block for source in every for block in read_blocks(arguments.data / f"{source}-train.conllu.gz")
    )
    words = {w: [n, capitalised[w], lower[w]] for w, n in sorted(counts.items()) if n >= 2}
    (arguments.corpus / "words.json").write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
