"""Names by shape: few, and surely names."""

import pytest

from graphrag.extraction.shapes import names_by_shape


@pytest.mark.parametrize(
    ("text", "language", "names"),
    [
        ("HBM3E 메모리는 GPU와 쓰인다", "ko", ["HBM3E", "GPU"]),
        ("Мы купили Acme Mill вчера", "ru", ["Acme Mill"]),
        ("Le moulin de Marie Curie est fermé", "fr", ["Marie Curie"]),
        ("Die Mühle und das Haus", "de", []),
        ("磨坊在河边", "zh", []),
        ("le moulin est fermé", "fr", []),
    ],
)
def test_names(text: str, language: str, names: list[str]) -> None:
    assert [text[start:end] for start, end in names_by_shape(text, language)] == names
