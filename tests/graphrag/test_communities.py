import pytest

from graphrag import GraphRAG, make_document
from graphrag.communities import community_levels, find_communities, refresh_communities
from graphrag.graph.communities import communities_at

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
