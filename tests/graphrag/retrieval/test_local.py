"""The three retrievers over a small world."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from graphrag.datamodel import Context
from graphrag.embedding.hashing import HashingEmbedder
from graphrag.embedding.wordllama import WordLlamaEmbedder
from graphrag.errors import RetrievalError
from graphrag.filters import Filters
from graphrag.index.builder import build_search_index
from graphrag.index.snapshot import SearchIndex
from graphrag.linking import Cues
from graphrag.retrieval import HybridRetriever, LocalRetriever, PassageRetriever, SearchSettings

RETRIEVERS = [PassageRetriever, LocalRetriever, HybridRetriever]
QUESTIONS = [
    "Where was the CEO of the company that invented the iPhone born?",
    "Where does the director of Silent Harbor live?",
    "How is sourdough made?",
    "Which film came first, Silent Harbor or Stone Bridge?",
    "qwertz",
    "애플은 누가 만들었나?",
]


def keys(context: Context, world: Any) -> list[str]:
    chunks = world.chunks_by_id([hit.id for hit in context.hits])
    return [world.documents_by_id([chunk.document_id])[0].key for chunk in chunks]


@pytest.fixture
def hybrid(world: Any, index: SearchIndex, embedder: WordLlamaEmbedder, cues: Cues) -> HybridRetriever:
    return HybridRetriever(world, index, embedder, cues=cues)


@pytest.mark.parametrize("retriever", [LocalRetriever, HybridRetriever])
def test_the_second_hop_follows_the_first(
    retriever: type[LocalRetriever], world: Any, index: SearchIndex, embedder: WordLlamaEmbedder, cues: Cues
) -> None:
    search = retriever(world, index, embedder, cues=cues)
    context = search.retrieve("Where does the director of Silent Harbor live?", k=3)
    assert keys(context, world)[:2] == ["film", "kowal"]


def test_both_things_compared_come_first(hybrid: HybridRetriever, world: Any) -> None:
    context = hybrid.retrieve("Which film came first, Silent Harbor or Stone Bridge?", k=2)
    assert set(keys(context, world)) == {"film", "other"}


def test_a_name_with_a_slip_is_still_linked(hybrid: HybridRetriever, world: Any) -> None:
    context = hybrid.retrieve("Who directed Slient Harbor?", k=2)
    assert keys(context, world)[0] == "film"
    assert [(anchor.words, anchor.how) for anchor in context.query.anchors] == [("Slient Harbor", "typo")]


def test_a_path_explains_itself(hybrid: HybridRetriever, world: Any) -> None:
    context = hybrid.retrieve("Who is the CEO of the company that invented the iPhone?")
    assert "iPhone <-INVENTED- Apple <-CEO_OF- Tim Cook" in [path.text for path in context.paths]


def test_a_path_s_steps_are_relations_between_its_entities(hybrid: HybridRetriever, world: Any) -> None:
    for path in hybrid.retrieve(QUESTIONS[0]).paths:
        for step, (start, end) in zip(path.steps, pairwise(path.entity_ids), strict=True):
            relation = world.relations_by_id([step.relation_id])[0]
            ends = (relation.subject_id, relation.object_id)
            assert ends == ((start, end) if step.forward else (end, start))


def test_a_passage_without_a_title_is_found(hybrid: HybridRetriever, world: Any) -> None:
    assert keys(hybrid.retrieve("How is sourdough made?", k=1), world) == ["bread"]


def test_the_subject_of_the_question_leads_the_entities(hybrid: HybridRetriever, world: Any) -> None:
    context = hybrid.retrieve("Who directed Silent Harbor?")
    names = [world.entities_by_id([hit.id])[0].name for hit in context.entities]
    assert names[0] == "Silent Harbor"
    assert "2007" not in names


def test_relations_the_question_asks_for_come_first(hybrid: HybridRetriever, world: Any) -> None:
    context = hybrid.retrieve("Who directed Silent Harbor?")
    first = world.relations_by_id([context.relations[0].id])[0]
    assert first.type == "DIRECTED"
    assert first.object_id == world.entity_id("Silent Harbor")


@pytest.mark.parametrize("retriever", RETRIEVERS)
@pytest.mark.parametrize("question", QUESTIONS)
def test_asking_for_k_is_a_prefix_of_asking_for_more(
    retriever: type[LocalRetriever],
    question: str,
    world: Any,
    index: SearchIndex,
    embedder: WordLlamaEmbedder,
    cues: Cues,
) -> None:
    search = retriever(world, index, embedder, cues=cues)
    longest = [hit.id for hit in search.retrieve(question, k=10).hits]
    for k in range(1, 10):
        assert [hit.id for hit in search.retrieve(question, k=k).hits] == longest[:k]


@pytest.mark.parametrize("retriever", RETRIEVERS)
@pytest.mark.parametrize("question", QUESTIONS)
def test_hits_are_ranked_distinct_and_never_rise_in_score(
    retriever: type[LocalRetriever],
    question: str,
    world: Any,
    index: SearchIndex,
    embedder: WordLlamaEmbedder,
) -> None:
    hits = retriever(world, index, embedder).retrieve(question, k=10).hits
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert len({hit.id for hit in hits}) == len(hits)
    assert all(first.score >= second.score for first, second in pairwise(hits))


def test_items_quote_their_documents_exactly(hybrid: HybridRetriever, world: Any) -> None:
    context = hybrid.retrieve(QUESTIONS[0])
    assert context.items
    for item in context.items:
        for evidence in item.evidence:
            document = world.documents_by_id([evidence.document_id])[0]
            assert document.text[evidence.span.start : evidence.span.end] == evidence.quote


def test_a_small_budget_is_kept(world: Any, index: SearchIndex, embedder: WordLlamaEmbedder) -> None:
    context = HybridRetriever(world, index, embedder, budget=30).retrieve(QUESTIONS[1])
    assert 0 < context.tokens <= 30
    assert context.tokens == sum(item.tokens for item in context.items)


def test_many_questions_give_what_each_gives_alone(hybrid: HybridRetriever) -> None:
    assert hybrid.retrieve_many(QUESTIONS) == [hybrid.retrieve(question) for question in QUESTIONS]


def test_threads_see_the_same_results(hybrid: HybridRetriever) -> None:
    alone = [hybrid.retrieve(question) for question in QUESTIONS]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(hybrid.retrieve, QUESTIONS * 16))
    assert together == alone * 16


def test_the_trace_is_plain_data_and_tells_anchors_paths_mass_and_shares(hybrid: HybridRetriever) -> None:
    trace = hybrid.retrieve(QUESTIONS[1], trace=True).trace
    assert json.loads(json.dumps(trace)) == trace
    assert trace["anchors"][0]["entity"] == "Silent Harbor"  # type: ignore[index]
    assert {"anchors", "relation_types", "paths", "graph", "budget", "cpu"} <= set(trace)
    shares = [item["share"] for item in trace["budget"]["items"]]  # type: ignore[index]
    assert sum(shares) == pytest.approx(1.0, abs=1e-3)


def test_without_a_trace_the_trace_is_empty(hybrid: HybridRetriever) -> None:
    assert not hybrid.retrieve(QUESTIONS[0]).trace


def test_tracing_changes_no_result(hybrid: HybridRetriever) -> None:
    traced = hybrid.retrieve(QUESTIONS[0], trace=True)
    assert replace(traced, trace={}) == hybrid.retrieve(QUESTIONS[0])


@pytest.mark.parametrize("retriever", RETRIEVERS)
def test_document_filters_hold_for_every_hit(
    retriever: type[LocalRetriever], world: Any, index: SearchIndex, embedder: WordLlamaEmbedder
) -> None:
    filters = Filters(metadata={"kind": ["company", "person"]})
    context = retriever(world, index, embedder).retrieve(QUESTIONS[0], filters=filters)
    assert set(keys(context, world)) == {"apple", "cook"}


def test_document_filters_hold_for_relations_entities_and_paths(hybrid: HybridRetriever, world: Any) -> None:
    """What only documents that are left out say is neither walked nor shown nor quoted."""
    filters = Filters(metadata={"kind": ["company", "product"]})
    context = hybrid.retrieve(QUESTIONS[0] + " Where was Tim Cook born?", filters=filters)
    relations = world.relations_by_id([hit.id for hit in context.relations])
    assert {relation.type for relation in relations} == {"INVENTED", "RELEASED_ON", "CEO_OF"}
    names = {entity.name for entity in world.entities_by_id([hit.id for hit in context.entities])}
    assert names == {"iPhone", "Apple", "Tim Cook"}
    assert not any("BORN_IN" in path.text or "DIRECTED" in path.text for path in context.paths)
    quoted = {evidence.document_id for item in context.items for evidence in item.evidence}
    allowed = {document.id for document in world.documents() if document.key in ("apple", "phone")}
    assert quoted <= allowed


def test_a_name_that_only_other_documents_know_is_no_anchor(hybrid: HybridRetriever) -> None:
    filters = Filters(documents=("phone", "apple"))
    anchors = hybrid.retrieve("Did Marta Kowal use an iPhone?", filters=filters).query.anchors
    assert [anchor.words for anchor in anchors] == ["iPhone"]


def test_relation_filters_hold_in_the_walk(hybrid: HybridRetriever, world: Any) -> None:
    context = hybrid.retrieve(QUESTIONS[0], filters=Filters(relation_types=("INVENTED",)))
    relations = world.relations_by_id([hit.id for hit in context.relations])
    assert {relation.type for relation in relations} == {"INVENTED"}


def test_entity_filters_hold_for_anchors_and_what_is_met(hybrid: HybridRetriever, world: Any) -> None:
    context = hybrid.retrieve("Who directed Silent Harbor?", filters=Filters(entity_types=("Person",)))
    met = [*context.query.entity_ids, *(hit.id for hit in context.entities)]
    assert {entity.type for entity in world.entities_by_id(met)} == {"Person"}


def test_a_question_without_names_is_anchored_by_meaning(hybrid: HybridRetriever, world: Any) -> None:
    context = hybrid.retrieve("Which gadget can ring and take pictures?")
    assert {anchor.how for anchor in context.query.anchors} == {"embedding"}
    assert "iPhone" in [entity.name for entity in world.entities_by_id(context.query.entity_ids)]


def test_an_index_of_another_embedder_is_refused(world: Any, index: SearchIndex) -> None:
    with pytest.raises(RetrievalError, match="graphrag rebuild"):
        HybridRetriever(world, index, HashingEmbedder(dim=64))


def test_an_empty_knowledge_base_finds_nothing(
    memory_view: Callable[..., Any], embedder: WordLlamaEmbedder, tmp_path: Path
) -> None:
    empty = memory_view({})
    context = HybridRetriever(empty, build_search_index(empty, embedder, tmp_path), embedder).retrieve("Who?")
    assert (context.hits, context.items, context.entities, context.paths) == ((), (), (), ())


def test_zero_hops_rank_single_passages(world: Any, index: SearchIndex, embedder: WordLlamaEmbedder) -> None:
    search = HybridRetriever(world, index, embedder, settings=SearchSettings(passage_hops=0))
    trace = search.retrieve(QUESTIONS[1], trace=True).trace
    assert all(len(path["chunks"]) == 1 for path in trace["paths"])  # type: ignore[union-attr]


def test_a_relation_that_many_passages_state_is_packed_with_the_nearest_of_them(
    memory_view: Callable[..., Any], embedder: WordLlamaEmbedder, tmp_path: Path
) -> None:
    said = {f"d{number}": f"Ada Quill met Bob Reed on day {number} of the fair." for number in range(40)}
    said["d25"] = "Ada Quill met Bob Reed while painting old ships."
    texts = {key: ("", text) for key, text in said.items()}
    view = memory_view(
        {**texts, "quill": ("Ada Quill", "Ada Quill is known for painting old ships.")},
        types={"Ada Quill": "Person", "Bob Reed": "Person"},
        facts=[(key, "Ada Quill", "MET", "Bob Reed", text) for key, text in said.items()],
    )
    search = HybridRetriever(view, build_search_index(view, embedder, tmp_path), embedder)
    context = search.retrieve("What is Ada Quill painting?", k=1)
    _, relation = context.items
    assert keys(context, view) == ["quill"]
    assert said["d25"] in [evidence.quote for evidence in relation.evidence]
    assert len(relation.evidence) == 3
