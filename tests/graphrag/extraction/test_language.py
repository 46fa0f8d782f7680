"""The language of a text is told by script and common words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrag.extraction.language import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The mill was built by Ann Lee.", "en"),
        ("Ann Lee", "en"),
        ("Virgil Records handled Lee's release.", "en"),
        ("Die Mühle wurde von Anna gebaut und ist heute ein Museum.", "de"),
        ("Le moulin a été construit par Anne et il est fermé.", "fr"),
        ("El molino fue construido por Ana en la ciudad.", "es"),
        ("Malom épült a folyó partján, amely később múzeummá vált.", "und"),
        ("방앗간은 강가에 있다.", "ko"),
        ("HBM 메모리는 GPU와 함께 쓰인다", "ko"),
        ("水車小屋は川のそばにある。", "ja"),
        ("磨坊在河边。", "zh"),
        ("Мельница стоит у реки.", "ru"),
        ("Млин стоїть біля річки.", "uk"),
        ("الطاحونة بجانب النهر", "ar"),
        ("12345 ... !", "und"),
        ("", "und"),
    ],
)
def test_languages(text: str, language: str) -> None:
    assert detect_language(text) == language


@given(st.text(max_size=300))
def test_any_text_has_a_code(text: str) -> None:
    assert 2 <= len(detect_language(text)) <= 3
