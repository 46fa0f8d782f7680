"""What the training configs name: the word list callback and the augmenter. Pass to `spacy train --code`."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.training import Example

sys.path.insert(0, str(Path(__file__).parent))

from augmentation import Augmenter  # noqa: E402

import graphrag.models.components  # noqa: E402,F401
from graphrag.models.embedding import set_known_words  # noqa: E402


@spacy.registry.callbacks("training.known_words.v1")
def known_words(path: str) -> Callable[[Language], Language]:
    """Hand the word list of `convert.py` to every embedding of the freshly initialised pipeline."""

    def apply(nlp: Language) -> Language:
        words = json.loads(Path(path).read_text(encoding="utf-8"))
        counts = {word: numbers[0] for word, numbers in words.items()}
        casing = {word: (numbers[1], numbers[2]) for word, numbers in words.items()}
        for _, component in nlp.components:
            if getattr(component, "model", None) is not None:
                set_known_words(component.model, counts, casing)
        return nlp

    return apply


@spacy.registry.augmenters("training.vary.v1")
def vary(seed: int, names: str | None = None) -> Callable[[Language, Example], Iterator[Example]]:
    """Vary each example's surface; `names` is a JSON file of label -> single names to put in."""
    inventory = json.loads(Path(names).read_text(encoding="utf-8")) if names else {}
    augmenter = Augmenter(random.Random(seed), inventory)  # noqa: S311

    def apply(nlp: Language, example: Example) -> Iterator[Example]:
        reference = augmenter.vary(example.reference)
        if reference is example.reference:
            yield example
        else:
            yield Example(nlp.make_doc(reference.text), reference)

    return apply
