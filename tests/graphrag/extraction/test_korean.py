"""Korean is read where its extra is installed: names, plain statements, and how they are put."""

import pytest

from graphrag.datamodel import Chunk, Extraction, Modality, Span
from graphrag.extraction.spacy import SpacyExtractor

pytest.importorskip("kiwipiepy")

from graphrag.extraction.korean import read_korean


def _read(text: str, offset: int = 0) -> Extraction:
    return read_korean(Chunk("c", "d", Span(offset, offset + len(text)), text))


def _facts(text: str) -> set[tuple[str, str, str, Modality]]:
    return {(t.subject.name, t.predicate, t.object.name, t.modality) for t in _read(text).triples}


def test_a_verb_with_marked_object() -> None:
    assert ("애플", "인수했다", "비츠", Modality.ASSERTED) in _facts("애플은 2014년에 비츠를 인수했다.")


def test_a_copula() -> None:
    assert ("삼성전자", "이다", "기업", Modality.ASSERTED) in _facts("삼성전자는 대한민국의 기업이다.")


def test_a_negated_verb_is_no_fact() -> None:
    assert {m for *_, m in _facts("삼성전자는 애플을 인수하지 않았다.")} == {Modality.NEGATED}


def test_english_terms_stay_names() -> None:
    assert {"HBM3E 메모리", "GPU"} <= {m.name for m in _read("HBM3E 메모리는 GPU와 함께 쓰인다.").mentions}


def test_a_year_is_a_value() -> None:
    mention = next(m for m in _read("회사는 2014년에 문을 열었다.").mentions if m.type == "DATE")
    assert (mention.text, mention.value) == ("2014년", "2014")


def test_spans_quote_the_document() -> None:
    text = "애플은 2014년에 비츠를 인수했다."
    for mention in _read(text, 7).mentions:
        assert text[mention.span.start - 7 : mention.span.end - 7] == mention.text


def test_the_extractor_reads_korean_chunks(extractor: SpacyExtractor) -> None:
    text = "홍길동은 서울에서 태어났다."
    result = extractor.extract([Chunk("c", "d", Span(0, len(text)), text)])[0]
    assert isinstance(result, Extraction)
    assert (result.language, len(result.triples)) == ("ko", 1)
