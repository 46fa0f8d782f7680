"""Triples without an end, and graphs without anything in them."""

from dataclasses import replace
from pathlib import Path

import pytest

from graphrag.checking import Checker
from graphrag.config import Config
from graphrag.datamodel import Extraction
from graphrag.errors import DataError
from graphrag.registry import make_ontology
from graphrag.store.ledger import IngestedDocument, Ledger
from graphrag.store.networkx import to_networkx
from tests.graphrag.store.making import Says, document


def without_an_end(key: str, *, tail: bool) -> IngestedDocument:
    """A document of two statements, the second of which names only one of its ends."""
    item = document(
        key,
        [
            Says("Ada Lovelace", "PERSON", "MET", "Charles Babbage", "PERSON"),
            Says("Ada Lovelace", "PERSON", "MET", "Mary Somerville", "PERSON"),
        ],
    )
    last = item.results[1]
    assert isinstance(last, Extraction)
    (triple,) = last.triples
    if tail:
        triple = replace(triple, object=replace(triple.object, name=" "))
    else:
        triple = replace(triple, subject=replace(triple.subject, name=""))
    return replace(item, results=(item.results[0], replace(last, triples=(triple,))))


@pytest.mark.parametrize("tail", [False, True])
@pytest.mark.parametrize("schema", [False, True])
def test_a_triple_without_an_end_is_rejected_and_counted(tmp_path: Path, tail: bool, schema: bool) -> None:
    item = without_an_end("a", tail=tail)
    ontology = make_ontology(Config()) if schema else None
    checked = Checker(ontology, Config()).check(item.document, item.results)
    assert len(checked) == 2
    with Ledger.create(tmp_path / "kg", settings={}, ontology="", extractor="") as ledger:
        ledger.apply([replace(item, triples=checked)])
        counts = ledger.counts()
        assert counts["triples_accepted"] + counts["triples_rejected"] == 2
        assert checked[1].decision == "reject"
        assert checked[1].id in {found.id for found in ledger.quarantine()}
        assert ledger.verify() == []


def test_a_triple_accepted_without_an_end_is_refused_whole(tmp_path: Path) -> None:
    item = without_an_end("a", tail=True)
    last = item.results[1]
    assert isinstance(last, Extraction)
    bad = replace(item, triples=(replace(item.triples[1], triple=last.triples[0]),))
    with Ledger.create(tmp_path / "kg", settings={}, ontology="", extractor="") as ledger:
        with pytest.raises(DataError, match="one end has no name"):
            ledger.apply([bad])
        assert ledger.known() == {}


def test_an_empty_graph_is_a_graph(tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "kg", settings={}, ontology="", extractor="") as ledger:
        assert ledger.verify() == []
        assert ledger.counts()["entities"] == ledger.counts()["relations"] == 0
        assert len(to_networkx(ledger)) == 0
        before = list(ledger.export())
        ledger.rebuild()
        assert list(ledger.export()) == before
