from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrag import GraphRAG, make_document
from graphrag.communities import community_levels, find_communities, refresh_communities
from graphrag.config import Config
from graphrag.graph.communities import communities_at
from graphrag.store.ledger import Decision, Ledger
from tests.graphrag.store.making import Says, document

NOTES = {
    "acme": "Acme Robotics was founded by Ada Smith in 1999. Acme Robotics is based in Lyon.",
    "borealis": "Borealis Ltd. was founded by Maria Jones. Borealis Ltd. is based in Oslo.",
    "walk": "Near the Silver Lake stands the Old Mill.",
}


@pytest.fixture
def base(tmp_path):
    with GraphRAG.create(tmp_path / "kg") as base:
        base.add([make_document(text, key=key) for key, text in NOTES.items()])
        yield base


def test_every_thing_with_a_name_is_in_one_community_of_each_level(base):
    communities = find_communities(base.view, base.config.communities)
    things = sorted(entity.id for entity in base.view.entities() if not entity.literal)
    for level in range(max(item.level for item in communities) + 1):
        members = [name for item in communities_at(communities, level) for name in item.entity_ids]
        assert sorted(members) == things


def test_values_are_in_no_community(base):
    values = {entity.id for entity in base.view.entities() if entity.literal}
    assert values
    for community in find_communities(base.view, base.config.communities):
        assert not values & set(community.entity_ids)


def test_two_worlds_are_two_communities(base):
    homes = {}
    for community in communities_at(find_communities(base.view, base.config.communities), 0):
        homes |= dict.fromkeys(community.entity_ids, community.id)
    acme, borealis = base.entity("Acme Robotics").id, base.entity("Borealis Ltd.").id
    assert homes[acme] == homes[base.entity("Ada Smith").id]
    assert homes[acme] != homes[borealis]


def test_things_without_relations_join_what_they_are_named_with(base):
    homes = {}
    for community in communities_at(find_communities(base.view, base.config.communities), 0):
        homes |= dict.fromkeys(community.entity_ids, community.id)
    assert homes[base.entity("Silver Lake").id] == homes[base.entity("Old Mill").id]


def test_a_change_reports_anew_only_where_it_happened(base):
    total, anew = refresh_communities(base.view, base.config, base.ontology)
    assert total == anew > 0
    before = {community.id for community in base.view.communities()}
    base.add(make_document("Borealis Ltd. acquired Fjord Software in 2015.", key="deal"))
    total, anew = refresh_communities(base.view, base.config, base.ontology)
    after = {community.id for community in base.view.communities()}
    assert 0 < anew < total
    assert anew >= len(after - before)


def test_reports_after_a_change_equal_those_of_a_fresh_base(base, tmp_path):
    base.refresh()
    base.add(make_document("Borealis Ltd. acquired Fjord Software in 2015.", key="deal"))
    base.refresh()
    with GraphRAG.create(tmp_path / "fresh") as fresh:
        fresh.add(make_document("Borealis Ltd. acquired Fjord Software in 2015.", key="deal"))
        fresh.add([make_document(text, key=key) for key, text in NOTES.items()])
        fresh.refresh()
        ids = [community.id for community in base.view.communities()]
        assert ids == [community.id for community in fresh.view.communities()]
        assert base.view.reports_by_id(ids) == fresh.view.reports_by_id(ids)


def test_the_levels_part_all_things_and_tell_their_quality(base: GraphRAG) -> None:
    assert community_levels(base.view) == []
    refresh_communities(base.view, base.config, base.ontology)
    levels = community_levels(base.view)
    assert [row["level"] for row in levels] == list(range(len(levels)))
    assert levels[0]["communities"] >= levels[-1]["communities"] > 0
    assert all(-0.5 <= row["modularity"] <= 1.0 for row in levels)


names = st.sampled_from(["Ada", "Bob", "Cara", "Dan", "Eve", "Finn", "Gus", "Hal", "Ada Lind", "A. Lind"])
statements = st.builds(
    Says,
    head=names,
    head_type=st.sampled_from(["PERSON", "PERSON", "ORG", None]),
    relation=st.sampled_from(["KNOWS", "SPOUSE_OF", "FOUNDED"]),
    tail=names,
    tail_type=st.sampled_from(["PERSON", "PERSON", "ORG", None]),
)
SCHEMA = """
name: few
types: {PERSON: {}, ORG: {}}
relations: {KNOWS: {}, SPOUSE_OF: {symmetric: true}, FOUNDED: {}}
"""


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcdef"), st.lists(statements, max_size=4), st.sampled_from(["", "", "refresh"])
        ),
        min_size=2,
        max_size=8,
    ),
    st.lists(st.tuples(st.sampled_from(["merge", "split"]), names, names), max_size=2),
)
def test_communities_and_reports_after_changes_are_those_of_a_fresh_base(changes, decided):
    """A document without statements is removed; only some of the steps are followed by a refresh."""
    config = Config(communities={"max_size": 3})
    with TemporaryDirectory() as folder:
        meta = {"settings": {}, "ontology": SCHEMA, "extractor": "x"}
        with Ledger.create(Path(folder) / "kg", **meta) as ledger:
            held = {}
            for key, said, refresh in changes:
                if said:
                    held[key] = document(key, said)
                    ledger.apply([held[key]])
                elif key in held:
                    del held[key]
                    ledger.apply((), [key])
                if refresh:
                    refresh_communities(ledger, config, None)
            decisions = [Decision(*item) for item in decided if item[1] != item[2]]
            for decision in decisions:
                ledger.decide([decision], require_names=False)
            refresh_communities(ledger, config, None)
            with Ledger.create(Path(folder) / "fresh", **meta) as fresh:
                fresh.apply(list(held.values()))
                for decision in decisions:
                    fresh.decide([decision], require_names=False)
                refresh_communities(fresh, config, None)
                assert list(ledger.communities()) == list(fresh.communities())
                ids = sorted(fresh.reported())
                assert sorted(ledger.reported()) == ids
                assert ledger.reports_by_id(ids) == fresh.reports_by_id(ids)
            assert ledger.verify() == []


def test_a_name_shown_otherwise_is_so_in_the_reports_of_its_neighbours(tmp_path):
    """The community next door has neither the entity nor a changed relation, and yet speaks of it."""

    def knows(head, tail):
        return Says(head, "PERSON", "KNOWS", tail, "PERSON")

    triangles = [
        ("Ada lind", "Bob"),
        ("Bob", "Cara"),
        ("Cara", "Ada lind"),
        ("Xi", "Yo"),
        ("Yo", "Zed"),
        ("Zed", "Xi"),
    ]
    said = [document(f"d{turn}", [knows(*pair) for pair in triangles]) for turn in range(3)]
    said.append(document("crossing", [knows("Ada lind", "Xi")]))
    more = [document(f"m{turn}", [knows("Ada Lind", "Bob"), knows("Ada Lind", "Cara")]) for turn in range(9)]
    config = Config(communities={"max_size": 3})
    meta = {"settings": {}, "ontology": SCHEMA, "extractor": "x"}
    with (
        Ledger.create(tmp_path / "kg", **meta) as ledger,
        Ledger.create(tmp_path / "fresh", **meta) as fresh,
    ):
        ledger.apply(said)
        refresh_communities(ledger, config, None)
        ledger.apply(more)
        refresh_communities(ledger, config, None)
        fresh.apply([*more, *said])
        refresh_communities(fresh, config, None)
        ids = sorted(fresh.reported())
        assert sorted(ledger.reported()) == ids
        assert ledger.reports_by_id(ids) == fresh.reports_by_id(ids)
        [zed] = ledger.entities_named("zed")
        [ada] = ledger.entities_named("ada lind")
        [beside] = [item.id for item in ledger.communities() if zed in item.entity_ids and item.level == 0]
        assert ada not in next(item for item in ledger.communities() if item.id == beside).entity_ids
        assert "Ada Lind knows Xi" in ledger.reports_by_id([beside])[0].summary


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(statements, min_size=1, max_size=4), max_size=6))
def test_the_light_graph_is_that_of_the_records(said):
    with (
        TemporaryDirectory() as folder,
        Ledger.create(Path(folder) / "kg", settings={}, ontology=SCHEMA, extractor="x") as ledger,
    ):
        ledger.apply([document(f"d{number}", items) for number, items in enumerate(said)])
        assert ledger.things() == [item.id for item in ledger.entities() if not item.literal]
        light, full = Counter(), Counter()
        for one, other, weight in ledger.ties():
            light[frozenset((one, other))] += weight
        things = set(ledger.things())
        for item in ledger.relations():
            ends = frozenset((item.subject_id, item.object_id))
            if len(ends) == 2 and ends <= things:
                full[ends] += item.weight
        assert light == full


@pytest.mark.parametrize("part", ["relations", "properties"])
def test_other_words_for_types_make_other_reports(base, part):
    base.add(make_document("Acme Robotics has 250 employees. Ada Smith was born on 3 May 1961.", key="more"))
    base.refresh()
    before = [base.view.reports_by_id([item.id])[0].summary for item in base.view.communities()]
    known = getattr(base.ontology, part)
    words = {key: replace(item, label=f"{item.label} indeed") for key, item in known.items()}
    base.replay(replace(base.ontology, **{part: words}))
    base.refresh()
    after = [base.view.reports_by_id([item.id])[0].summary for item in base.view.communities()]
    assert len(before) == len(after)
    assert any("indeed" in text for text in after)
