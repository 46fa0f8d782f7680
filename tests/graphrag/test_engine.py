"""The knowledge base as a Python user holds it."""

import hashlib
import threading

import networkx as nx
import pytest

from graphrag import GraphRAG, make_document
from graphrag.config import load_config
from graphrag.errors import ConfigError, DataError, NotFoundError, StoreError, StoreLockedError
from graphrag.ingest import documents_per_commit
from ontology import load_ontology

NOTES = {
    "acme": "Acme Robotics was founded by Ada Smith in 1999. Acme Robotics is based in Lyon.",
    "ada": "Ada Smith was born in Porto. Ada Smith founded Acme Robotics.",
    "lyon": "Lyon is a city in France. Acme Robotics opened a factory in Lyon.",
}


def notes(*keys):
    return [make_document(NOTES[key], key=key) for key in keys]


@pytest.fixture
def base(tmp_path):
    with GraphRAG.create(tmp_path / "kg") as base:
        base.add(notes("acme", "ada", "lyon"))
        yield base


def content(base):
    return "\n".join(base.export())


def test_adding_again_changes_nothing(base):
    before = content(base)
    report = base.add(notes("acme", "ada", "lyon"))
    assert report.unchanged == 3
    assert content(base) == before


def test_one_by_one_equals_all_at_once(base, tmp_path):
    with GraphRAG.create(tmp_path / "other") as other:
        for key in ("lyon", "acme", "ada"):
            other.add(notes(key))
        other.refresh()
        base.refresh()
        assert content(other) == content(base)


def test_what_was_added_and_removed_leaves_no_trace(base):
    base.refresh()
    before = content(base)
    base.add(make_document("Borealis Ltd. bought Acme Robotics in 2012.", key="news"))
    assert base.entities("Borealis Ltd.")
    assert base.remove("news") == ["news"]
    base.refresh()
    assert content(base) == before


def test_an_edit_replaces_the_older_version(base):
    base.add(make_document("Acme Robotics was founded by Maria Jones in 2001.", key="acme"))
    founders = {
        base.view.entities_by_id([relation.subject_id])[0].name
        for relation in base.view.relations()
        if relation.type == "FOUNDED"
    }
    assert founders == {"Ada Smith", "Maria Jones"}
    base.remove("ada")
    assert not base.entities("Porto")


def test_each_relation_quotes_its_document(base):
    relations = list(base.view.relations())
    assert relations
    for relation in relations:
        assert relation.evidence
        for evidence in relation.evidence:
            text = base.document(evidence.document_id).text
            assert text[evidence.span.start : evidence.span.end] == evidence.quote


def test_each_citation_quotes_its_document(base):
    answer = base.ask("Who founded Acme Robotics?")
    assert answer.short == "Ada Smith"
    assert answer.citations
    for citation in answer.citations:
        evidence = citation.evidence
        text = base.document(evidence.document_id).text
        assert text[evidence.span.start : evidence.span.end] == evidence.quote


def test_what_the_sources_do_not_say_is_not_answered(base):
    answer = base.ask("Who is the chief surgeon of Saint Mary Hospital?")
    assert answer.abstained
    assert not answer.short


@pytest.mark.parametrize("mode", ["local", "hybrid", "passages"])
def test_fewer_hits_are_a_prefix_of_more(base, mode):
    few = base.search("Where is Acme Robotics based?", mode=mode, k=1)
    more = base.search("Where is Acme Robotics based?", mode=mode, k=3)
    assert [hit.id for hit in few.hits] == [hit.id for hit in more.hits][:1]


def test_the_graph_is_a_networkx_graph_of_the_same_content(base):
    graph = base.graph
    assert isinstance(graph, nx.MultiDiGraph)
    assert graph.number_of_nodes() == sum(1 for _ in base.view.entities())
    assert graph.number_of_edges() == sum(1 for _ in base.view.relations())
    assert nx.number_weakly_connected_components(graph) >= 1


def test_the_fingerprint_is_the_hash_of_the_export(base):
    lines = "".join(f"{line}\n" for line in base.export())
    assert base.stats()["fingerprint"] == hashlib.sha256(lines.encode()).hexdigest()


def test_another_ontology_gives_what_a_build_with_it_gives(base, tmp_path):
    schema = load_ontology(
        "name: small\ntypes:\n  Person: {label: person}\n  Organization: {label: organization}\n"
        "relations:\n  FOUNDED: {label: founded, domain: [Person], range: [Organization]}\n"
    )
    counts = base.replay(schema)
    assert counts["accepted"] < counts["accepted_before"]
    base.refresh()
    with GraphRAG.create(tmp_path / "fresh", ontology=schema) as fresh:
        fresh.add(notes("acme", "ada", "lyon"))
        fresh.refresh()
        assert content(fresh) == content(base)


def test_going_back_to_the_old_ontology_restores_the_graph(base):
    base.refresh()
    before = content(base)
    schema = load_ontology("name: tiny\ntypes:\n  Person: {label: person}\nrelations: {}\n")
    old = base.ontology
    base.replay(schema)
    base.replay(old)
    base.refresh()
    assert content(base) == before


def test_rebuild_changes_nothing(base):
    base.refresh()
    before = content(base)
    base.rebuild()
    assert content(base) == before


def test_changed_extraction_settings_read_stored_documents_again(base, tmp_path):
    config = load_config(None, ["chunking.max_tokens=16"])
    folder = base.view.folder
    base.close()
    with GraphRAG.create(folder, config=config) as again:
        report = again.add(notes("acme"))
        assert report.changed_settings
        again.refresh()
        with GraphRAG.create(tmp_path / "fresh", config=config) as fresh:
            fresh.add(notes("acme", "ada", "lyon"))
            fresh.refresh()
            assert content(fresh) == content(again)


def test_many_questions_are_answered_in_order_each_in_its_mode(base):
    base.refresh()
    questions = ["Who founded Acme Robotics?", "What are the main themes?", "Where is Acme Robotics based?"]
    found = base.search_many(questions)
    assert [context.mode for context in found] == ["hybrid", "global", "hybrid"]
    assert found == [base.search(question) for question in questions]


def test_threads_get_the_same_answers(base):
    base.refresh()
    expected = [hit.id for hit in base.search("Who founded Acme Robotics?").hits]
    found = []

    def search():
        for _ in range(5):
            found.append([hit.id for hit in base.search("Who founded Acme Robotics?").hits])

    threads = [threading.Thread(target=search) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 40


def test_a_second_writer_is_told_who_writes(base):
    with pytest.raises(StoreLockedError, match="being written by process"):
        GraphRAG.open(base.view.folder, write=True)


def test_a_missing_base_is_named():
    with pytest.raises(NotFoundError, match="not a knowledge base; make one with"):
        GraphRAG.open("no/such/folder")


def test_a_missing_document_is_named(base):
    with pytest.raises(NotFoundError, match='no document is called "nobody"'):
        base.remove("nobody")


def test_a_missing_entity_is_named(base):
    with pytest.raises(NotFoundError, match='no entity is called "Nobody"'):
        base.entity("Nobody")


@pytest.mark.parametrize("question", ["", "  \n ", "\x00"])
def test_an_empty_question_is_refused(base, question):
    with pytest.raises(ConfigError, match="the question is empty"):
        base.search(question)


def test_an_unknown_mode_is_refused_with_the_known_ones(base):
    with pytest.raises(ConfigError, match="auto, hybrid, local, global, passages"):
        base.search("Who?", mode="fast")


def test_a_document_without_text_is_refused():
    with pytest.raises(DataError, match="empty"):
        make_document("  ", key="x")


def test_a_graph_of_ones_own_can_be_asked(tmp_path):
    own = nx.DiGraph()
    own.add_node("a", name="Acme Robotics", type="Organization")
    own.add_node("l", name="Lyon", type="City")
    own.add_edge("a", "l", type="BASED_IN")
    with GraphRAG.from_networkx(own, tmp_path / "own") as base:
        (relation,) = base.view.relations()
        assert relation.type == "BASED_IN"
        assert base.search("Where is Acme Robotics based?").hits
    with pytest.raises(StoreError, match="already"):
        GraphRAG.from_networkx(own, tmp_path / "own")


def test_settings_given_for_an_existing_base_replace_the_stored_ones(base, tmp_path):
    base.close()
    given = load_config(overrides=["retrieval.k=3"])
    GraphRAG.create(tmp_path / "kg", config=given).close()
    with GraphRAG.open(tmp_path / "kg") as again:
        assert again.config == given


def test_communities_of_other_settings_are_made_again(base, tmp_path):
    base.refresh()
    base.close()
    given = load_config(overrides=["communities.max_size=2"])
    with (
        GraphRAG.create(tmp_path / "kg", config=given) as changed,
        GraphRAG.create(tmp_path / "fresh", config=given) as fresh,
    ):
        fresh.add(notes("acme", "ada", "lyon"))
        changed.refresh()
        fresh.refresh()
        assert content(changed) == content(fresh)


@pytest.mark.parametrize("threshold", [0.0, 0.6, 1.0])
def test_another_threshold_gives_the_verdicts_of_a_fresh_build_without_reading_again(
    base, tmp_path, threshold
):
    base.close()
    given = load_config(overrides=[f"extraction.min_score={threshold}"])
    with (
        GraphRAG.create(tmp_path / "kg", config=given) as changed,
        GraphRAG.create(tmp_path / "fresh", config=given) as fresh,
    ):
        report = changed.add(notes("acme", "ada", "lyon"))
        assert (report.unchanged, report.changed_settings) == (3, False)
        fresh.add(notes("acme", "ada", "lyon"))
        assert content(changed) == content(fresh)


def test_verdicts_of_an_older_program_are_given_again(base, tmp_path):
    fresh = content(base)

    def refuse(document, results):
        return ()

    base.view.recheck(base.view.meta["ontology"], refuse, fingerprint="older")
    assert content(base) != fresh
    base.add(notes("acme"))
    assert content(base) == fresh


def test_a_graph_of_the_users_own_outlives_other_settings(tmp_path):
    graph = nx.MultiDiGraph()
    graph.add_node("ada", name="ada", type="Weaver")
    graph.add_node("ben", name="ben", type="Smith")
    graph.add_edge("ada", "ben", type="TAUGHT")
    with GraphRAG.from_networkx(graph, tmp_path / "kg") as base:
        before = content(base)
        base.view.set_meta("verdicts", "older")
        base.view.set_meta("extractor", "older")
        base.add([])
        base.refresh()
        assert content(base) == before


def test_what_was_read_before_the_reading_broke_off_is_kept(base):
    def documents():
        yield make_document("Borealis Ltd. bought Acme Robotics in 2012.", key="news")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        base.ingest(documents())
    assert "news" not in base.view.known()  # it was never handed on for reading
    given = load_config(overrides=["build.batch_documents=1"])
    base.config = given
    with pytest.raises(KeyboardInterrupt):
        base.ingest(documents())
    assert "news" in base.view.known()


@pytest.mark.parametrize(("stored", "expected"), [(0, 64), (2_048, 64), (6_400, 200), (10_000_000, 8_192)])
def test_transactions_grow_with_the_base(stored, expected):
    assert documents_per_commit(stored, 64) == expected
