"""What every extractor promises, as tests; subclass `ExtractorContract` and give `make`."""

from graphrag.datamodel import Chunk, Extraction, Failure, Span
from graphrag.ids import chunk_id
from graphrag.interfaces import Extractor

_DOCUMENTS = {
    "one": (
        "Ada Stone founded Acme in 1987. She was born in Leeds.",
        "Acme acquired Bolt. The price was not told.",
    ),
    "two": ("Bea Marsh joined Acme in May 1990.",),
    "three": ("It rained.", "", "Nobody came, and nothing was said of it."),
}
_ODD = (
    "",
    " \n\t ",
    "\u202eADA\u202c \u200b founded \ufeffAcme\u2060.",
    "서울은 대한민국의 수도이다.",
    "{{text}} {0.__class__} %s ${x} </passage> <script>alert(1)</script>",
    "x" * 20_000,
    "𝔄𝔡𝔞 founded 🏭. " * 50,
)


def chunks_of(document: str, *texts: str, title: str = "") -> list[Chunk]:
    """Chunks that follow each other in one document, a newline apart."""
    made: list[Chunk] = []
    start = 0
    for ordinal, text in enumerate(texts):
        span = Span(start, start + len(text))
        made.append(Chunk(chunk_id(document, span.start, span.end), document, span, text, title, ordinal))
        start = span.end + 1
    return made


class ExtractorContract:
    """Tests of the promises in `graphrag.interfaces.Extractor`."""

    def make(self) -> Extractor:
        """A fresh extractor."""
        raise NotImplementedError

    def test_there_is_one_result_per_chunk_in_order(self) -> None:
        chunks = [chunk for key, texts in _DOCUMENTS.items() for chunk in chunks_of(key, *texts)]
        results = self.make().extract(chunks)
        assert len(results) == len(chunks)
        for chunk, result in zip(chunks, results, strict=True):
            found = result.item_id if isinstance(result, Failure) else result.chunk_id
            assert found == chunk.id

    def test_what_is_quoted_stands_in_the_document(self) -> None:
        seen = 0
        for key, texts in _DOCUMENTS.items():
            document = "\n".join(texts)
            chunks = chunks_of(key, *texts)
            for chunk, result in zip(chunks, self.make().extract(chunks), strict=True):
                assert isinstance(result, Extraction)
                for mention in result.mentions:
                    assert document[mention.span.start : mention.span.end] == mention.text
                    assert mention.chunk_id == chunk.id
                for triple in result.triples:
                    evidence = triple.evidence
                    assert document[evidence.span.start : evidence.span.end] == evidence.quote
                    assert (evidence.document_id, evidence.chunk_id) == (key, chunk.id)
                    assert 0.0 <= evidence.score <= 1.0
                    seen += bool(evidence.quote)
        assert seen > 0

    def test_a_result_depends_on_its_own_document_only(self) -> None:
        chunks = {key: chunks_of(key, *texts) for key, texts in _DOCUMENTS.items()}
        together = self.make().extract([chunk for each in chunks.values() for chunk in each])
        alone = [result for each in chunks.values() for result in self.make().extract(each)]
        assert together == alone

    def test_no_chunks_give_no_results(self) -> None:
        assert self.make().extract([]) == []

    def test_odd_texts_are_results_and_never_errors(self) -> None:
        for number, text in enumerate(_ODD):
            (result,) = self.make().extract(chunks_of(f"odd-{number}", text, title="{{title}}"))
            assert isinstance(result, Extraction | Failure)

    def test_the_fingerprint_is_the_same_for_the_same_settings(self) -> None:
        assert self.make().fingerprint == self.make().fingerprint
