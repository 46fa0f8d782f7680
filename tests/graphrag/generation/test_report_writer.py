from collections.abc import Callable
from dataclasses import replace

from graphrag.engine import GraphRAG
from graphrag.generation.report_writer import ReportWriter
from graphrag.llm import Gate

MakeGate = Callable[[str], Gate]


def test_a_written_report_says_only_what_it_quotes(firms: GraphRAG, gate_to: MakeGate) -> None:
    communities = list(firms.view.communities())
    made = ReportWriter(gate_to("reporting")).write(firms.view, communities)
    assert not made.failures
    assert [report.community_id for report in made.reports] == [community.id for community in communities]
    for report in made.reports:
        assert report.findings
        assert "Mallory" not in report.title  # no source and no member has that name
        assert report.summary == "A group of firms."
        for finding in report.findings:
            assert finding.relation_ids
            assert "1999" not in finding.text
            assert "Mallory" not in finding.text
            for evidence in finding.evidence:
                text = firms.document(evidence.document_id).text
                assert text[evidence.span.start : evidence.span.end] == evidence.quote
        assert [finding.rank for finding in report.findings] == sorted(
            (finding.rank for finding in report.findings), reverse=True
        )


def test_an_unchanged_report_is_kept_and_not_paid_for(firms: GraphRAG, gate_to: MakeGate) -> None:
    communities = list(firms.view.communities())
    first = ReportWriter(gate_to("reporting")).write(firms.view, communities)
    gate = gate_to("reporting")
    previous = {report.community_id: report for report in first.reports}
    again = ReportWriter(gate).write(firms.view, communities, previous=previous)
    assert again.reports == first.reports
    assert again.kept == len(communities)
    assert gate.usage.calls == 0
    stale = {key: replace(report, basis="other") for key, report in previous.items()}
    ReportWriter(gate).write(firms.view, communities, previous=stale)
    assert gate.usage.calls == len(communities)


def test_where_the_model_fails_the_quoted_report_stands_in_and_it_is_said(
    firms: GraphRAG, gate_to: MakeGate
) -> None:
    communities = list(firms.view.communities())
    for script, reason in (("mumbling", "LLMCallError:unreadable"), ("inventive", "LLMCallError:unreadable")):
        made = ReportWriter(gate_to(script)).write(firms.view, communities)
        assert len(made.reports) == len(communities)
        assert all(report.findings for report in made.reports)
        assert {failure.error for failure in made.failures} == {reason}
        assert {failure.item_id for failure in made.failures} == {community.id for community in communities}
