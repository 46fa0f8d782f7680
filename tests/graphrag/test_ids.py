import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrag.ids import canonical_json, chunk_id, content_id, document_id, fingerprint, relation_id

FIELDS = st.lists(st.text(), min_size=1, max_size=4)


@given(FIELDS, FIELDS)
def test_different_fields_give_different_ids(one, other):
    assert (content_id("x", *one) == content_id("x", *other)) == (one == other)


def test_an_id_is_the_same_on_any_machine():
    written = b"12\x1fOrganization5\x1fapple"
    assert content_id("ent", "Organization", "apple") == f"ent-{hashlib.sha256(written).hexdigest()[:32]}"


def test_moving_a_letter_between_fields_changes_the_id():
    assert content_id("x", "ab", "c") != content_id("x", "a", "bc")


def test_any_edit_of_a_document_changes_its_id():
    base = document_id("k", "t", "text", {"a": 1})
    edits = [
        document_id("k2", "t", "text", {"a": 1}),
        document_id("k", "t2", "text", {"a": 1}),
        document_id("k", "t", "text2", {"a": 1}),
        document_id("k", "t", "text", {"a": 2}),
    ]
    assert len({base, *edits}) == 5


def test_metadata_order_does_not_matter():
    assert document_id("k", "", "x", {"a": 1, "b": 2}) == document_id("k", "", "x", {"b": 2, "a": 1})


def test_ids_tell_their_kind():
    assert chunk_id("doc-1", 0, 5).startswith("chk-")
    assert relation_id("a", "KNOWS", "b").startswith("rel-")


def test_canonical_json_refuses_what_json_cannot_say():
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"x": float("nan")})


def test_equal_data_has_an_equal_fingerprint():
    assert fingerprint({"b": [1, 2], "a": "é"}) == fingerprint({"a": "é", "b": [1, 2]})
