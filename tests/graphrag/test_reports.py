"""Community reports: what they say, and when they are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from graphrag.datamodel import Community
from graphrag.ids import content_id
from graphrag.reports import gather, make_reports

TEXTS = {
    "mill.md": (
        "Aldwick Mill",
        "Aldwick Mill was founded by Rosa Venn in 1884. It stands in Harlow.\n\n"
        "Rosa Venn was born in Harlow. She married Karl Odd.",
    ),
    "odd.md": ("Karl Odd", "Karl Odd designed the Harlow Bridge. The bridge crosses the river Lim."),
}
TYPES = {
    "Aldwick Mill": "Organization",
    "Rosa Venn": "Person",
    "Karl Odd": "Person",
    "Harlow": "Place",
    "Harlow Bridge": "Place",
    "Lim": "Place",
    "Lonely Rock": "Place",
}
FACTS = [
    ("mill.md", "Rosa Venn", "FOUNDED", "Aldwick Mill", "Aldwick Mill was founded by Rosa Venn in 1884."),
    ("mill.md", "Aldwick Mill", "LOCATED_IN", "Harlow", "It stands in Harlow."),
    ("mill.md", "Rosa Venn", "BORN_IN", "Harlow", "Rosa Venn was born in Harlow."),
    ("mill.md", "Rosa Venn", "SPOUSE", "Karl Odd", "She married Karl Odd."),
    ("odd.md", "Karl Odd", "DESIGNED", "Harlow Bridge", "Karl Odd designed the Harlow Bridge."),
]


def community(view: Any, *names: str, level: int = 0) -> Community:
    ids = tuple(sorted(view.entity_id(name) for name in names))
    return Community(content_id("com", *ids), level, None, ids)


@pytest.fixture
def view(memory_view: Callable[..., Any]) -> Any:
    return memory_view(TEXTS, types=TYPES, facts=FACTS)


def test_the_title_names_the_most_connected_members(view: Any) -> None:
    [report] = make_reports(view, [community(view, "Rosa Venn", "Aldwick Mill", "Harlow", "Karl Odd")])
    assert report.title.startswith("Rosa Venn")


def test_every_finding_quotes_its_source_and_names_its_relations(view: Any) -> None:
    [report] = make_reports(view, [community(view, *TYPES)])
    assert report.findings
    documents = {document.id: document for document in view.documents()}
    for finding in report.findings:
        assert finding.relation_ids
        for evidence in finding.evidence:
            text = documents[evidence.document_id].text
            assert text[evidence.span.start : evidence.span.end] == evidence.quote
            assert finding.text.endswith(evidence.quote)


def test_a_pronoun_is_led_by_the_name_it_stands_for(view: Any) -> None:
    [report] = make_reports(view, [community(view, "Aldwick Mill", "Harlow")])
    assert "It stands in Harlow." in [finding.text.split(": ")[-1] for finding in report.findings]
    spouse = make_reports(view, [community(view, "Rosa Venn")])[0]
    assert any(finding.text == "She married Karl Odd." for finding in spouse.findings)


def test_findings_cover_all_relations_before_they_repeat_one(view: Any) -> None:
    whole = community(view, *TYPES)
    [report] = make_reports(view, [whole])
    said = {relation_id for finding in report.findings for relation_id in finding.relation_ids}
    assert said == {relation.id for relation in view.relations()}


def test_ranks_fall_and_the_first_is_one(view: Any) -> None:
    [report] = make_reports(view, [community(view, *TYPES)])
    ranks = [finding.rank for finding in report.findings]
    assert ranks[0] == 1.0
    assert ranks == sorted(ranks, reverse=True)


def test_the_summary_speaks_the_words_of_the_ontology(view: Any) -> None:
    [report] = make_reports(
        view,
        [community(view, "Rosa Venn", "Aldwick Mill")],
        label=lambda key: f"<{key}>",
        type_label=str.upper,
    )
    assert "Rosa Venn <FOUNDED> Aldwick Mill." in report.summary
    assert "Rosa Venn (PERSON)" in report.summary


def test_an_isolated_entity_gets_a_report_that_claims_nothing(view: Any) -> None:
    [report] = make_reports(view, [community(view, "Lonely Rock")])
    assert report.title == "Lonely Rock"
    assert report.findings == ()


def test_an_unchanged_report_is_kept_whoever_wrote_it(view: Any) -> None:
    from dataclasses import replace

    chosen = [community(view, "Rosa Venn", "Karl Odd")]
    [report] = make_reports(view, chosen)
    written = replace(report, summary="Written by someone else.")
    [kept] = make_reports(view, chosen, previous={report.community_id: written})
    assert kept is written


def test_an_edit_inside_the_community_makes_a_new_report(memory_view: Callable[..., Any], view: Any) -> None:
    chosen = [community(view, "Rosa Venn", "Karl Odd"), community(view, "Harlow Bridge", "Lim")]
    before = make_reports(view, chosen)
    fewer = memory_view(TEXTS, types=TYPES, facts=FACTS[:3] + FACTS[4:])
    after = make_reports(fewer, chosen, previous={report.community_id: report for report in before})
    assert after[0] != before[0]
    assert after[1] is before[1]


def test_reports_do_not_hang_on_the_order_of_communities(view: Any) -> None:
    chosen = [
        community(view, "Rosa Venn", "Karl Odd"),
        community(view, "Harlow", "Lim"),
        community(view, "Lonely Rock"),
    ]
    assert make_reports(view, chosen) == make_reports(view, chosen[::-1])[::-1]


def test_material_holds_what_touches_the_members_only(view: Any) -> None:
    [material] = gather(view, [community(view, "Harlow Bridge")])
    assert [relation.type for relation in material.relations] == ["DESIGNED"]
    assert set(material.names.values()) == {"Harlow Bridge", "Karl Odd"}
