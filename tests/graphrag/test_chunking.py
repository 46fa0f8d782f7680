import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrag.chunking import SentenceChunker
from graphrag.datamodel import Span
from graphrag.errors import ConfigError
from graphrag.sentences import sentences
from graphrag.testing.contracts import ChunkerContract
from graphrag.tokens import fits_tokens

_SENTENCES = st.sampled_from(
    ["It rains.", "The wind blows from the west, and it is cold.", "# Weather\n", "Nobody\nknows.", "\n\n",
     "A list:\n- one\n- two\n", "비가 온다.", "x" * 70, "word " * 40]
)  # fmt: skip


class TestSentenceChunker(ChunkerContract):
    def make(self) -> SentenceChunker:
        return SentenceChunker(max_tokens=40)


class TestOverlappingChunker(ChunkerContract):
    def make(self) -> SentenceChunker:
        return SentenceChunker(max_tokens=40, overlap_tokens=15)


def chunk_texts(text: str, **options: int) -> list[str]:
    return [text[span.start : span.end] for span in SentenceChunker(**options).spans(text)]


@given(st.lists(_SENTENCES, max_size=30), st.sampled_from([0, 8]))
def test_chunks_cover_the_text_within_the_limit(parts: list[str], overlap: int) -> None:
    text = " ".join(parts)
    spans = SentenceChunker(max_tokens=24, overlap_tokens=overlap).spans(text)
    uncovered = list(text)
    for span in spans:
        assert fits_tokens(text[span.start : span.end], 24)
        uncovered[span.start : span.end] = [" "] * (span.end - span.start)
    assert not "".join(uncovered).strip()


@given(st.lists(_SENTENCES, max_size=30))
def test_chunks_without_overlap_are_whole_sentences(parts: list[str]) -> None:
    text = " ".join(parts)
    whole = [span for span in sentences(text) if fits_tokens(text[span.start : span.end], 24)]
    chunks = SentenceChunker(max_tokens=24).spans(text)
    for sentence in whole:
        assert any(chunk.start <= sentence.start and sentence.end <= chunk.end for chunk in chunks)


def test_a_short_text_is_one_chunk_without_the_blanks_around() -> None:
    assert SentenceChunker().spans("\n  It rains. It pours. \n") == [Span(3, 22)]


def test_a_heading_goes_with_what_follows() -> None:
    filler = "The wind blows from the west today. " * 3
    chunks = chunk_texts(f"{filler}\n\n# Rain\n\n{filler}", max_tokens=32)
    assert not any(chunk.rstrip().endswith("# Rain") for chunk in chunks)


def test_a_full_chunk_ends_at_a_paragraph_end_when_that_is_near() -> None:
    text = "One is here. Two is here. Three is here.\n\nFour is here. Five is here. Six is here."
    assert chunk_texts(text, max_tokens=18)[0].endswith("Three is here.")


def test_overlap_repeats_whole_sentences() -> None:
    text = " ".join(f"Thing {number} happened here." for number in range(20))
    first, second, *_ = chunk_texts(text, max_tokens=30, overlap_tokens=6)
    last = first.split(". ")[-1]
    assert second.startswith(last)


def test_a_long_sentence_is_cut_after_clauses() -> None:
    text = "a clause of some words, " * 30 + "the end."
    assert all(chunk.endswith((",", ".")) for chunk in chunk_texts(text, max_tokens=20))


def test_a_long_word_is_cut_between_characters_and_keeps_accents_on_letters() -> None:
    chunks = chunk_texts("e\u0301" * 400, max_tokens=16)
    assert "".join(chunks) == "e\u0301" * 400
    assert all(chunk.startswith("e") for chunk in chunks)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"max_tokens": 3}, "at least 16"), ({"max_tokens": 20, "overlap_tokens": 11}, "between 0 and half")],
)
def test_impossible_settings_are_refused(options: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SentenceChunker(**options)
