"""Packing evidence into a budget."""

from hypothesis import given
from hypothesis import strategies as st

from graphrag.context import estimate_tokens, pack, passage_text
from graphrag.datamodel import Chunk, Evidence, Hit, HitKind, Relation, Span
from graphrag.tokens import count_tokens


def chunk(name: str, text: str, title: str = "") -> tuple[Hit, Chunk, int]:
    made = Chunk(name, f"doc-{name}", Span(0, len(text)), text, title)
    return Hit(name, HitKind.CHUNK, 1.0, 1), made, estimate_tokens(passage_text(made))


def relation(name: str, chunk_id: str) -> tuple[Hit, Relation, str]:
    evidence = Evidence(f"doc-{chunk_id}", chunk_id, Span(0, 4), "Ada ", "t", 1.0)
    record = Relation(name, "ent-1", "KNOWS", "ent-2", 1.0, (evidence,))
    return Hit(name, HitKind.RELATION, 0.5, 1), record, "Ada -KNOWS-> Bo"


def test_markers_number_the_items_from_one() -> None:
    items, _ = pack([chunk("a", "One."), chunk("b", "Two.")], [relation("r", "c")], budget=100)
    assert [(item.marker, item.id) for item in items] == [(1, "a"), (2, "b"), (3, "r")]


def test_a_relation_that_a_packed_passage_states_is_not_repeated() -> None:
    items, dropped = pack([chunk("a", "One.")], [relation("r", "a")], budget=100)
    assert [item.id for item in items] == ["a"]
    assert dropped == ()


def test_what_does_not_fit_is_named_and_smaller_items_still_come_in() -> None:
    items, dropped = pack([chunk("long", "word " * 50), chunk("short", "Two.")], [], budget=10)
    assert [item.id for item in items] == ["short"]
    assert dropped == ("long",)


def test_a_passage_stands_under_its_title() -> None:
    items, _ = pack([chunk("a", "It rained.", "Weather")], [], budget=100)
    assert items[0].text == "Weather\nIt rained."
    assert items[0].evidence[0].quote == "It rained."


@given(st.lists(st.text(max_size=80), max_size=8), st.integers(0, 60))
def test_a_packed_context_stays_within_budget(texts: list[str], budget: int) -> None:
    chunks = [chunk(str(number), text) for number, text in enumerate(texts)]
    items, dropped = pack(chunks, [], budget=budget)
    assert sum(item.tokens for item in items) <= budget
    assert len(items) + len(dropped) == len(texts)


def test_the_estimate_is_near_the_model_s_count() -> None:
    text = (
        "The lighthouse keeper, Magnus Eide, climbed 212 steps each night; in 1954 the lamp was "
        "replaced by an automatic one, and he moved to Bergen with his two daughters."
    )
    assert 0.9 <= estimate_tokens(text) / count_tokens(text) <= 1.5
