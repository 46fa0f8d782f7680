"""Numbers, money, shares and measures."""

from __future__ import annotations

import pytest
import spacy
from spacy.tokens import Span

from graphrag.models.quantities import KEY, quantities


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It cost $ 4.5 million last year.", [("$ 4.5 million", "MONEY")]),
        ("It cost €300.", [("€300", "MONEY")]),
        ("They paid 20 euros.", [("20 euros", "MONEY")]),
        ("A rise of 12% was seen.", [("12%", "PERCENT")]),
        ("A rise of 12.5 per cent was seen.", [("12.5 per cent", "PERCENT")]),
        ("It is 40 km long.", [("40 km", "QUANTITY")]),
        ("An area of 1,200 square miles.", [("1,200 square miles", "QUANTITY")]),
        ("The town has 12,400 people.", [("12,400", "NUMBER")]),
        ("Nothing here.", []),
    ],
)
def test_values_are_found(text: str, expected: list[tuple[str, str]]) -> None:
    doc = quantities(spacy.blank("en")(text))
    assert [(span.text, span.label_) for span in doc.spans[KEY]] == expected


def test_numbers_inside_entities_are_left_alone() -> None:
    doc = spacy.blank("en")("She left on 4 May 1990 with 3 bags.")
    doc.set_ents([Span(doc, 3, 6, label="DATE")])
    assert [span.text for span in quantities(doc).spans[KEY]] == ["3"]
