import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from graphrag.datamodel import Community, Report
from graphrag.errors import DataError, NotFoundError, StoreError, StoreLockedError
from graphrag.interfaces import KnowledgeView
from graphrag.merging import stated_within
from graphrag.store.ledger import Conflict, Decision, Ledger
from tests.graphrag.store.making import Aka, Broken, Says, document

ADA = document(
    "ada",
    [
        Says("Ada Lovelace", "PERSON", "WROTE", "Notes", "WORK"),
        Says("Ada Lovelace", "PERSON", "BORN_ON", "1815", "DATE", literal=True),
        Says("Ada Lovelace", "PERSON", "LIKED", "Tea", None, accepted=False),
    ],
    title="Ada Lovelace",
)
IBM = document(
    "ibm",
    [
        Aka("International Business Machines", "IBM", "acronym", "ORG"),
        Says("IBM", "ORG", "HQ_IN", "Armonk", "LOC"),
    ],
)
LOST = document("lost", [Broken("Gone."), "Rain fell."])


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    made = Ledger.create(tmp_path / "kg", settings={"a": 1}, ontology="", extractor="x")
    made.apply([ADA, IBM, LOST])
    return made


def names(ledger: Ledger) -> set[str]:
    return {entity.name for entity in ledger.entities()}


def test_a_ledger_is_a_knowledge_view(ledger: Ledger) -> None:
    view: KnowledgeView = ledger
    assert view.commit == 1


def test_what_was_said_reads_as_entities_and_relations(ledger: Ledger) -> None:
    assert names(ledger) >= {"Ada Lovelace", "Notes", "1815", "Armonk"}
    wrote = next(relation for relation in ledger.relations() if relation.type == "WROTE")
    subject, other = ledger.entities_by_id([wrote.subject_id, wrote.object_id])
    assert (subject.name, other.name, wrote.weight) == ("Ada Lovelace", "Notes", 1.0)
    (evidence,) = wrote.evidence
    text = ledger.documents_by_id([evidence.document_id])[0].text
    assert text[evidence.span.start : evidence.span.end] == evidence.quote == "Ada Lovelace wrote Notes."


def test_an_acronym_joins_its_name_and_says_why(ledger: Ledger) -> None:
    (found,) = ledger.entities_named("ibm")
    entity = ledger.entities_by_id([found])[0]
    assert entity.aliases == ("International Business Machines",)
    assert [(merge.kind, merge.documents) for merge in ledger.why(found)] == [("acronym", 1)]


def test_a_value_is_a_literal_entity(ledger: Ledger) -> None:
    (found,) = ledger.entities_named("1815")
    entity = ledger.entities_by_id([found])[0]
    assert entity.literal and entity.type == "DATE"


def test_counts_add_up(ledger: Ledger) -> None:
    counts = ledger.counts()
    assert counts["documents"] == 3
    assert counts["triples"] == counts["triples_accepted"] + counts["triples_rejected"] == 4
    assert counts["chunks"] == 7 and counts["chunks_failed"] == 1
    assert counts["relations"] == len(list(ledger.relations()))
    assert counts["entities"] + counts["literals"] == len(list(ledger.entities()))
    assert ledger.rejections() == {"unknown_relation": 1}


def test_rejected_triples_and_failures_are_kept(ledger: Ledger) -> None:
    assert [checked.reason for checked in ledger.quarantine()] == ["unknown_relation"]
    assert [failure.error for failure in ledger.failures()] == ["TimeoutError"]
    assert "lost" in ledger.known() and "lost" not in ledger.fresh()


def test_extractions_come_back_as_they_were(ledger: Ledger) -> None:
    read = {document.key: (document, chunks, results) for document, chunks, results in ledger.extractions()}
    for item in (ADA, IBM, LOST):
        assert read[item.document.key] == (item.document, item.chunks, item.results)


def test_streams_are_sorted(ledger: Ledger) -> None:
    streams: list[Iterable[Any]] = [
        ledger.documents(),
        ledger.chunks(),
        ledger.entities(),
        ledger.relations(),
    ]
    for stream in streams:
        ids = [record.id for record in stream]
        assert ids == sorted(ids) and ids
    for pairs in (ledger.names, ledger.subjects, ledger.mentions):
        rows = list(pairs())
        assert rows == sorted(rows) and rows


def test_look_ups_keep_the_order_asked_for(ledger: Ledger) -> None:
    pairs: list[tuple[Callable[[], Iterable[Any]], Callable[[list[str]], list[Any]]]] = [
        (ledger.documents, ledger.documents_by_id),
        (ledger.chunks, ledger.chunks_by_id),
        (ledger.entities, ledger.entities_by_id),
        (ledger.relations, ledger.relations_by_id),
    ]
    for stream, look_up in pairs:
        records = list(stream())[::-1]
        assert look_up([record.id for record in records]) == records
        with pytest.raises(NotFoundError, match="nothing-like-it"):
            look_up(["nothing-like-it"])


def test_relations_within_chunks_are_told_by_those_alone(tmp_path: Path) -> None:
    pairs = [("Ada", "Bob"), ("Bob", "Cara"), ("Cara", "Ada")]
    documents = []
    for number in range(12):
        head, tail = pairs[number % 3][:: 1 if number % 2 else -1]
        kinds = ["SPOUSE_OF", "KNOWS", "SPOUSE_OF"][: 1 + number % 3]
        said = [Says(head, "PERSON", kind, tail, "PERSON") for kind in kinds]
        documents.append(document(f"d{number}", said))
    schema = "name: s\ntypes:\n  Person: {}\nrelations:\n  SPOUSE_OF: {symmetric: true}\n  KNOWS: {}\n"
    with Ledger.create(tmp_path / "kg", settings={}, ontology=schema, extractor="x") as ledger:
        ledger.apply(documents)
        relations = list(ledger.relations())
        chunks = [chunk.id for chunk in ledger.chunks()]
        assert max(len(relation.evidence) for relation in relations) > 1
        for some in ([], chunks[:1], chunks[2:5], chunks[::3], [*chunks, "chk-unknown"]):
            for asked in (relations, relations[::-2], relations[:1] * 2):
                ids = [*(relation.id for relation in asked), "rel-unknown"]
                expected = stated_within(dict.fromkeys(asked), some)
                assert ledger.relations_within(ids, some) == expected


def test_the_title_names_the_subject(ledger: Ledger) -> None:
    (ada,) = ledger.entities_named("ada lovelace")
    assert list(ledger.subjects()) == [(ADA.document.id, ada)]


def test_relations_of_an_entity_are_those_at_either_end(ledger: Ledger) -> None:
    (notes,) = ledger.entities_named("notes")
    assert [relation.type for relation in ledger.relations_of(notes)] == ["WROTE"]


def test_documents_are_found_by_key_id_title_and_source(ledger: Ledger) -> None:
    for name in ("ada", ADA.document.id, "Ada Lovelace", "ada.txt"):
        assert [document.key for document in ledger.find_documents(name)] == ["ada"]


def test_removal_leaves_no_trace(ledger: Ledger) -> None:
    before = ledger.fingerprint()
    extra = document("x", [Says("IBM", "ORG", "BOUGHT", "Ada Lovelace", "PERSON"), Aka("IBM", "Notes")])
    ledger.apply([extra])
    assert ledger.fingerprint() != before
    ledger.apply((), ["x"])
    assert ledger.fingerprint() == before


def test_the_same_document_again_changes_nothing(ledger: Ledger) -> None:
    commit = ledger.commit
    ledger.apply([ADA])
    assert ledger.commit == commit


def test_an_edit_leaves_no_fact_whose_evidence_is_gone(ledger: Ledger) -> None:
    ledger.apply([document("ada", [Says("Ada Lovelace", "PERSON", "MET", "Charles Babbage", "PERSON")])])
    assert {relation.type for relation in ledger.relations()} == {"MET", "HQ_IN"}
    assert "Notes" not in names(ledger)


def test_the_order_and_grouping_of_documents_do_not_matter(tmp_path: Path, ledger: Ledger) -> None:
    with Ledger.create(tmp_path / "other", settings={}, ontology="", extractor="y") as other:
        for item in (LOST, IBM, ADA):
            other.apply([item])
        assert other.fingerprint() == ledger.fingerprint()


def test_an_unknown_key_is_refused_and_nothing_is_removed(ledger: Ledger) -> None:
    with pytest.raises(NotFoundError, match='"nobody"'):
        ledger.apply((), ["ada", "nobody"])
    assert "ada" in ledger.known()


def test_a_key_that_comes_twice_is_refused(ledger: Ledger) -> None:
    with pytest.raises(DataError, match='"ada" comes twice'):
        ledger.apply([ADA], ["ada"])


def test_a_split_and_a_merge_survive_updates(ledger: Ledger) -> None:
    ledger.decide([Decision("split", "IBM", "International Business Machines")])
    assert (
        len({*ledger.entities_named("international business machines"), *ledger.entities_named("armonk")})
        == 2
    )
    assert ledger.entities_by_id(ledger.entities_named("armonk"))[0].name == "Armonk"
    split = {tuple(ledger.entities_by_id([e])[0].aliases) for e in ledger.entities_named("ibm")}
    assert split == {()}
    ledger.apply([document("more", [Aka("International Business Machines", "IBM", "acronym", "ORG")])])
    assert names(ledger) >= {"IBM", "International Business Machines"}
    ledger.decide([Decision("merge", "International Business Machines", "IBM")])
    assert len(ledger.entities_named("ibm")) == 1
    assert ledger.why(ledger.entities_named("ibm")[0])[0].kind == "user"


def test_a_decision_on_an_unknown_name_is_refused(ledger: Ledger) -> None:
    with pytest.raises(NotFoundError, match='"Nobody"'):
        ledger.decide([Decision("merge", "IBM", "Nobody")])


def test_conflicts_with_a_functional_relation_are_shown(ledger: Ledger) -> None:
    again = [Says("Ada Lovelace", "PERSON", "BORN_ON", "1816", "DATE", literal=True)]
    ledger.apply([document("other", again)])
    (conflict,) = ledger.conflicts(["BORN_ON"])
    assert isinstance(conflict, Conflict)
    assert {entity.name for entity in ledger.entities_by_id(conflict.object_ids)} == {"1815", "1816"}


def test_communities_belong_to_a_commit(ledger: Ledger) -> None:
    members = tuple(entity.id for entity in ledger.entities())
    community = Community("com-1", 0, None, members)
    report = Report("com-1", "Title", "Summary", (), "basis")
    ledger.set_communities([community], [report])
    assert list(ledger.communities()) == [community]
    assert ledger.reports_by_id(["com-1"]) == [report]
    assert any('"kind":"report"' in line for line in ledger.export())
    ledger.apply((), ["lost"])
    assert ledger.communities_commit < ledger.commit
    assert not any('"kind":"report"' in line for line in ledger.export())
    with pytest.raises(StoreError, match="do not fit"):
        ledger.set_communities([community], [report], commit=1)


def test_settings_can_be_changed_and_the_ontology_only_by_recheck(ledger: Ledger) -> None:
    ledger.set_meta("extractor", "new")
    assert ledger.meta["extractor"] == "new"
    with pytest.raises(StoreError, match="recheck"):
        ledger.set_meta("ontology", "")


def test_a_reader_sees_one_commit_until_it_refreshes(ledger: Ledger) -> None:
    with Ledger.open(ledger.folder) as reader:
        before = list(reader.export())
        ledger.apply((), ["ada"])
        assert list(reader.export()) == before
        reader.refresh()
        assert "ada" not in reader.known()


def test_a_reader_cannot_write(ledger: Ledger) -> None:
    with Ledger.open(ledger.folder) as reader, pytest.raises(StoreError, match="open for reading"):
        reader.apply((), ["ada"])


def test_the_second_writer_is_told_who_holds_the_lock(ledger: Ledger) -> None:
    with pytest.raises(StoreLockedError, match=f"process {os.getpid()} on .*, started "):
        Ledger.open(ledger.folder, write=True)
    ledger.close()
    Ledger.open(ledger.folder, write=True).close()


def test_a_failed_change_leaves_everything_as_it_was(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ledger.fingerprint()

    def fail(change: int) -> None:
        raise RuntimeError("stop")

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "_stamp", fail)
        with pytest.raises(RuntimeError, match="stop"):
            ledger.apply(
                [document("new", [Says("New Name", "PERSON", "MET", "Ada Lovelace", "PERSON")])], ["ibm"]
            )
    assert ledger.fingerprint() == before
    ledger.apply([document("new", [Says("New Name", "PERSON", "MET", "Ada Lovelace", "PERSON")])])
    assert ledger.verify() == []


def test_files_are_for_the_owner_alone(ledger: Ledger) -> None:
    assert stat.S_IMODE(ledger.folder.stat().st_mode) == 0o700
    for path in ledger.folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_a_folder_is_not_taken_twice(ledger: Ledger) -> None:
    ledger.close()
    with pytest.raises(StoreError, match="holds a knowledge base already"):
        Ledger.create(ledger.folder, settings={}, ontology="", extractor="")


def test_nothing_is_not_a_knowledge_base(tmp_path: Path) -> None:
    assert not Ledger.exists(tmp_path)
    with pytest.raises(NotFoundError, match="graphrag build"):
        Ledger.open(tmp_path)


def test_names_that_break_careless_systems_round_trip(tmp_path: Path) -> None:
    hostile = [
        "Robert'); DROP TABLE facts;--",
        "İstanbul",
        "👩‍👩‍👧 Bakery",
        "\u202eevil",
        "{{7*7}}",
        "a\tb",
        "x" * 5000,
        "%s %n",
    ]
    items = [
        document(f"{n}", [Says(name, "ORG", "KNOWS", "Ada", "PERSON")]) for n, name in enumerate(hostile)
    ]
    with Ledger.create(tmp_path / "kg", settings={}, ontology="", extractor="") as ledger:
        ledger.apply(items)
        assert names(ledger) == {*hostile, "Ada"}
        assert ledger.verify() == []


def test_a_relation_that_holds_both_ways_is_one_edge_with_all_its_evidence(tmp_path: Path) -> None:
    schema = "name: s\ntypes:\n  Person: {}\nrelations:\n  SPOUSE_OF: {symmetric: true}\n  KNOWS: {}\n"

    def said(head: str, relation: str, tail: str) -> Says:
        return Says(head, "Person", relation, tail, "Person")

    with Ledger.create(tmp_path / "kg", settings={}, ontology=schema, extractor="x") as ledger:
        ledger.apply([document("a", [said("Ada", "SPOUSE_OF", "Bob"), said("Ada", "KNOWS", "Bob")])])
        ledger.apply([document("b", [said("Bob", "SPOUSE_OF", "Ada"), said("Bob", "KNOWS", "Ada")])])
        married = [relation for relation in ledger.relations() if relation.type == "SPOUSE_OF"]
        assert [(r.weight, len(r.evidence), r.subject_id < r.object_id) for r in married] == [(2.0, 2, True)]
        assert sum(relation.type == "KNOWS" for relation in ledger.relations()) == 2
        (ada,) = ledger.entities_named("ada")
        assert [r.id for r in ledger.relations_of(ada)] == [r.id for r in ledger.relations()]
        ledger.apply((), ["a"])
        (left,) = [relation for relation in ledger.relations() if relation.type == "SPOUSE_OF"]
        assert left.id == married[0].id and left.weight == 1.0
        assert ledger.verify() == []


def test_a_merge_takes_the_homograph_that_fits(tmp_path: Path) -> None:
    def stated(name: str, kind: str) -> Says:
        return Says(name, kind, "R", "Amman", "LOC", stated=True)

    with Ledger.create(tmp_path / "kg", settings={}, ontology="", extractor="x") as ledger:
        ledger.apply(
            [
                document("a", [stated("Jordan", "LOC")]),
                document("b", [stated("Jordan", "PERSON")]),
                document("c", [stated("Hashemite Kingdom", "LOC")]),
            ]
        )
        assert len(ledger.entities_named("jordan")) == 2
        ledger.decide([Decision("merge", "Jordan", "Hashemite Kingdom")])
        assert len(ledger.entities_named("jordan")) == 2
        (kingdom,) = ledger.entities_by_id(ledger.entities_named("hashemite kingdom"))
        assert (kingdom.type, kingdom.aliases) == ("Place", ("Jordan",))
