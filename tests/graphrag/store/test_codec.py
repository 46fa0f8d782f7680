import hypothesis.strategies as st
import pytest
from hypothesis import given

from graphrag.datamodel import CheckedTriple, Extraction, Link, Modality, Triple
from graphrag.store.codec import (
    decode_results,
    decode_verdicts,
    encode_results,
    encode_verdicts,
    pack,
    unpack,
)
from tests.graphrag.store.making import Broken, Says, document

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
).filter(lambda value: isinstance(value, list | dict))


@given(plain)
def test_plain_data_comes_back(value: object) -> None:
    assert unpack(pack(value)) == value


def test_large_data_is_compressed() -> None:
    assert len(pack(["the same words"] * 1000)) < 200


@pytest.mark.parametrize("raw", [b"", b"x", b"[1, 2", b"\x78\x01garbage"])
def test_damaged_bytes_are_a_value_error(raw: bytes) -> None:
    with pytest.raises(ValueError):
        unpack(raw)


def test_every_field_of_an_extraction_comes_back() -> None:
    item = document("a", [Says("Ada", "PERSON", "MET", "Bob", None), Broken("Gone.")])
    result = item.results[0]
    assert isinstance(result, Extraction)
    first, second = result.mentions
    odd = type(first)(
        first.chunk_id, first.span, "she", "Ada Lovelace", "film director", 0.25, Link.PRONOUN, "1815", True
    )
    triple = Triple(odd, "met", second, result.triples[0].evidence, Modality.REPORTED)
    whole = Extraction(result.chunk_id, (first, odd, second), (triple, result.triples[0]), (), "ko")
    raw = encode_results(item.document, item.chunks, (whole, item.results[1]))
    assert decode_results(item.document, raw) == (item.chunks, (whole, item.results[1]))


def test_every_field_of_a_verdict_comes_back_even_for_a_triple_of_its_own() -> None:
    item = document("a", [Says("Ada", "PERSON", "MET", "Bob", None)])
    (checked,) = item.triples
    triple = checked.triple
    other = Triple(triple.object, "was met by", triple.subject, triple.evidence)
    odd = CheckedTriple(
        "tri-x",
        other,
        "reject",
        "MET",
        "Person",
        "Place",
        True,
        True,
        ("inverse: turned",),
        "why",
        "words",
        0.5,
    )
    raw = encode_verdicts(item.document, item.results, (checked, odd))
    assert decode_verdicts(item.document, item.results, raw) == (checked, odd)
