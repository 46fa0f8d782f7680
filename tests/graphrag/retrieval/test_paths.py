"""Chains of passages."""

from itertools import islice, pairwise
from typing import Any

import numpy as np
import pytest

from graphrag.config import SearchSettings
from graphrag.embedding.wordllama import WordLlamaEmbedder
from graphrag.index.snapshot import SearchIndex
from graphrag.linking import Cues
from graphrag.retrieval.passages import passage_ranking
from graphrag.retrieval.paths import PathList, find_paths, in_order
from graphrag.retrieval.question import Thesaurus, prepare_questions

SETTINGS = SearchSettings()
QUESTION = "Where does the director of Silent Harbor live?"


def search(
    index: SearchIndex, embedder: WordLlamaEmbedder, cues: Cues, settings: SearchSettings = SETTINGS
) -> PathList:
    thesaurus = Thesaurus(index, embedder)
    [question] = prepare_questions(
        index, embedder, [QUESTION], thesaurus=thesaurus, cues=cues, settings=settings
    )
    prior = passage_ranking(index, question, settings)
    return find_paths(index, question, prior, settings, plain=prior[0])


def order(paths: PathList, settings: SearchSettings = SETTINGS) -> list[tuple[int, float]]:
    return [
        (row, score)
        for row, score, _ in in_order(paths, diversity=settings.diversity, follow=settings.follow)
    ]


def keys(index: SearchIndex, world: Any, rows: tuple[int, ...] | list[int]) -> list[str]:
    chunks = world.chunks_by_id(index.chunk_ids.take(list(rows)))
    return [world.documents_by_id([chunk.document_id])[0].key for chunk in chunks]


def test_a_path_tells_by_which_entity_it_went(
    index: SearchIndex, world: Any, embedder: WordLlamaEmbedder, cues: Cues
) -> None:
    paths = search(index, embedder, cues)
    best = next(
        paths.path(place)
        for _, _, place in in_order(paths, diversity=0, follow=0)
        if len(paths.chunks(place)) > 1
    )
    assert keys(index, world, best.chunks) == ["film", "kowal"]
    assert index.entity_names.take(best.bridges) == ["Marta Kowal"]
    start, end = index.sentence_span[best.sentences[0]].tolist()
    assert (
        "directed by Marta Kowal" in world.chunks_by_id([index.chunk_ids[best.chunks[0]]])[0].text[start:end]
    )


def test_each_passage_comes_once_and_scores_fall(
    index: SearchIndex, embedder: WordLlamaEmbedder, cues: Cues
) -> None:
    found = order(search(index, embedder, cues))
    rows = [row for row, _ in found]
    assert len(set(rows)) == len(rows)
    assert all(first >= second for (_, first), (_, second) in pairwise(found))


def test_the_first_few_do_not_depend_on_how_many_are_taken(
    index: SearchIndex, embedder: WordLlamaEmbedder, cues: Cues
) -> None:
    paths = search(index, embedder, cues)
    some = list(islice(in_order(paths, diversity=0.3, follow=0.1), 3))
    assert some == list(in_order(paths, diversity=0.3, follow=0.1))[:3]


def test_diversity_lets_other_starts_in(index: SearchIndex, embedder: WordLlamaEmbedder, cues: Cues) -> None:
    paths = search(index, embedder, cues)

    def starts(diversity: float) -> int:
        best = list(islice(in_order(paths, diversity=diversity, follow=0.0), 4))
        return len({paths.chunks(place)[0] for _, _, place in best})

    assert starts(10.0) >= starts(0.0)


def test_no_path_visits_a_passage_twice(index: SearchIndex, embedder: WordLlamaEmbedder, cues: Cues) -> None:
    paths = search(index, embedder, cues, SETTINGS.model_copy(update={"passage_hops": 3}))
    for level in paths.levels:
        assert all(len(set(row)) == len(row) for row in level.chunks.tolist())
    assert len(paths.levels) > 2


def test_passages_that_are_not_allowed_are_on_no_path(
    index: SearchIndex, world: Any, embedder: WordLlamaEmbedder, cues: Cues
) -> None:
    [question] = prepare_questions(
        index, embedder, [QUESTION], thesaurus=Thesaurus(index, embedder), cues=cues, settings=SETTINGS
    )
    allowed = np.ones(len(index.chunk_ids), dtype=np.bool_)
    [film] = [row for row in range(len(allowed)) if keys(index, world, [row]) == ["film"]]
    allowed[film] = False
    prior = passage_ranking(index, question, SETTINGS, allowed=allowed)
    paths = find_paths(index, question, prior, SETTINGS, plain=prior[0], allowed=allowed)
    assert all(film not in level.chunks for level in paths.levels)


@pytest.mark.parametrize("hub_cap", [0, 1, 64])
def test_a_hub_still_leads_to_what_plain_search_found(
    index: SearchIndex, world: Any, embedder: WordLlamaEmbedder, cues: Cues, hub_cap: int
) -> None:
    settings = SETTINGS.model_copy(update={"passage_hub_cap": hub_cap})
    rows = [row for row, _ in order(search(index, embedder, cues, settings), settings)]
    assert keys(index, world, rows)[:2] == ["film", "kowal"]
