"""The shipped pipeline: how it is found, what it promises, and that it travels with its licence."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import spacy
from spacy.language import Language

import graphrag.models
from graphrag.errors import ConfigError
from graphrag.models import load_pipeline, pipeline_digest, shipped_pipelines

FOLDER = Path(graphrag.models.__file__).parent / "en_kg_sm"


@pytest.fixture(scope="module")
def nlp() -> Language:
    return load_pipeline()


def test_the_default_pipeline_is_shipped() -> None:
    assert "en_kg_sm" in shipped_pipelines()


@pytest.mark.parametrize("name", ["/tmp/model", "../en_kg_sm", "./en_kg_sm", "", "models/en_kg_sm"])
def test_a_path_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="is not a package name"):
        load_pipeline(name)


def test_an_unknown_name_says_how_to_install_it() -> None:
    with pytest.raises(ConfigError, match="python -m spacy download en_core_none_xl"):
        load_pipeline("en_core_none_xl")


def test_two_loads_share_nothing(nlp: Language) -> None:
    assert load_pipeline().vocab is not nlp.vocab


def test_entity_labels(nlp: Language) -> None:
    labels = set(nlp.get_pipe("ner").labels)  # type: ignore[attr-defined]
    assert {"PERSON", "ORG", "LOC", "DATE", "EVENT", "WORK", "NORP", "MISC"} == labels


def test_the_tree_uses_universal_dependencies(nlp: Language) -> None:
    labels = set(nlp.get_pipe("parser").labels)  # type: ignore[attr-defined]
    assert {"nsubj", "nsubj:pass", "obj", "obl", "obl:agent", "nmod", "appos", "acl:relcl", "flat"} <= labels


def test_the_folder_is_small_enough_for_the_wheel() -> None:
    size = sum(file.stat().st_size for file in FOLDER.rglob("*") if file.is_file())
    assert size <= 15_000_000


def test_the_licence_and_the_model_card_travel_with_the_model() -> None:
    licence = (FOLDER / "LICENSE").read_text(encoding="utf-8")
    for source in ("English Web Treebank", "GUM", "Re-DocRED", "CrossNER", "wikigold", "CC BY-SA 4.0"):
        assert source in licence
    assert (FOLDER / "MODEL_CARD.md").is_file()


TEXTS = [
    "Apple announced a new phone. Tim Cook, the chief executive, spoke in California in 2015.",
    "\n\n  Two lines\nand a tab\t; naïve café — “quoted” words…  ",
    "한국어 문장입니다. It is mixed with English 👍🏽.",
    "",
]


@pytest.mark.parametrize("text", TEXTS)
def test_tokens_quote_the_text_exactly(nlp: Language, text: str) -> None:
    doc = nlp(text)
    assert all(text[t.idx : t.idx + len(t.text)] == t.text for t in doc)
    assert "".join(token.text_with_ws for token in doc) == text
    assert all(text[e.start_char : e.end_char] == e.text for e in doc.ents)


def test_batches_do_not_change_results(nlp: Language) -> None:
    texts = [*TEXTS, "The treaty was signed by the king of Spain."] * 5
    alone = [_annotation(nlp, text) for text in texts]
    together = [doc.to_json() for doc in nlp.pipe(texts, batch_size=7)]
    assert alone == together


def _annotation(nlp: Language, text: str) -> dict[str, object]:
    return nlp(text).to_json()


def test_a_passive_agent_is_found(nlp: Language) -> None:
    doc = nlp("The opera was written by Giuseppe Verdi.")
    written = next(token for token in doc if token.text == "written")
    labels = {token.dep_: token.text for token in written.children}
    assert labels["nsubj:pass"] == "opera"
    assert written.lemma_ == "write"


def test_a_subject_and_object_are_found(nlp: Language) -> None:
    doc = nlp("The museum bought three paintings in 1998.")
    bought = next(token for token in doc if token.text == "bought")
    labels = {token.dep_: token.text for token in bought.children}
    assert (labels["nsubj"], labels["obj"]) == ("museum", "paintings")


def test_sentences_are_split(nlp: Language) -> None:
    doc = nlp("She studied law in Paris. Her brother moved to London. They never met again.")
    assert len(list(doc.sents)) == 3


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("He left in 1998 to work for Nordlab Ltd. Lena Marsh succeeded him.", 2),
        ("In 2001 it was renamed Fenix Corp. Two years later it was sold.", 2),
        ("Shares of General Widgets Corp. Class A fell.", 1),
        ("They said Ford Motor Co. Chairman Bill Ford would retire.", 1),
        ("The deal with Brandt & Co. Holdings was signed in Bern.", 1),
    ],
)
def test_the_dot_of_a_legal_form_ends_a_sentence_between_two_clauses(
    nlp: Language, text: str, sentences: int
) -> None:
    assert len(list(nlp(text).sents)) == sentences


def test_equal_pipelines_have_equal_digests(nlp: Language) -> None:
    assert pipeline_digest(load_pipeline()) == pipeline_digest(nlp)


def test_a_changed_weight_changes_the_digest() -> None:
    changed = load_pipeline()
    before = pipeline_digest(changed)
    changed.get_pipe("ner").weights["ner.b"][0] += 1  # type: ignore[attr-defined]
    assert pipeline_digest(changed) != before


def test_a_pipeline_survives_bytes(nlp: Language) -> None:
    again = spacy.blank("en")
    for name, factory in (
        ("encoder", "graphrag_encoder"),
        ("parser", "graphrag_parser"),
        ("ner", "graphrag_ner"),
    ):
        pipe = again.add_pipe(factory, name=name)
        pipe.from_bytes(nlp.get_pipe(name).to_bytes())  # type: ignore[attr-defined]
    text = TEXTS[0]
    assert [(t.dep_, t.head.i, t.ent_type_) for t in again(text)] == [
        (t.dep_, t.head.i, t.ent_type_) for t in nlp(text)
    ]


def test_the_parser_without_the_encoder_says_what_to_do() -> None:
    crippled = load_pipeline()
    crippled.disable_pipe("encoder")
    with pytest.raises(ConfigError, match='keep the component "encoder" enabled'):
        crippled("A sentence.")


def test_white_space_tokens_hang_on_the_word_before(nlp: Language) -> None:
    doc = nlp("One line\n\nAnother line here.")
    space = next(token for token in doc if token.is_space)
    assert (space.head.text, space.dep_, space.pos_) == ("line", "dep", "SPACE")
    assert doc[space.i + 1].is_sent_start


def test_a_text_without_sentence_ends_is_cut(nlp: Language) -> None:
    doc = nlp("word " * 2000)
    assert max(len(sentence) for sentence in doc.sents) <= 251


def test_only_white_space_is_read(nlp: Language) -> None:
    assert [token.dep_ for token in nlp(" \n ")] == ["ROOT"]


def test_loading_takes_seconds_at_most() -> None:
    began = time.process_time()
    load_pipeline()
    assert time.process_time() - began < 10
