"""Questions about the whole: which communities are chosen, what they say, what is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from graphrag.datamodel import Community, Context
from graphrag.embedding.wordllama import WordLlamaEmbedder
from graphrag.errors import DataError
from graphrag.generation.extractive import ExtractiveGenerator
from graphrag.generation.verification import verify
from graphrag.ids import content_id
from graphrag.index.builder import build_search_index
from graphrag.reports import make_reports
from graphrag.retrieval.global_ import GlobalRetriever, map_batch

STRIKE = "A strike closed the harbour, and the dockers of {a} marched against {b} for higher wages."
LOOMS = "The looms of {a} were bought by {b}, who wove linen and dyed wool for the market."
OPERA = "The composer {a} wrote an opera for {b}, and the orchestra played it every winter."
TOPICS = {
    "Harbour": ("Dane Line", "Orla Quay", STRIKE),
    "Weaving": ("Aldwick Mill", "Rosa Venn", LOOMS),
    "Music": ("Piet Hals", "Salt Choir", OPERA),
}


def community(view: Any, level: int, parent: str | None, names: Iterable[str]) -> Community:
    ids = tuple(sorted(view.entity_id(name) for name in names))
    return Community(content_id("com", str(level), *ids), level, parent, ids)


@pytest.fixture
def view(memory_view: Callable[..., Any]) -> Any:
    texts, types, facts, groups = {}, {}, [], []
    for topic, (first, second, sentence) in TOPICS.items():
        names = []
        for number in range(3):
            a, b = f"{first} {number}", f"{second} {number}"
            quote = sentence.format(a=a, b=b)
            texts[f"{topic}{number}.md"] = (a, quote)
            types |= {a: "Thing", b: "Thing"}
            facts.append((f"{topic}{number}.md", a, "TIED_TO", b, quote))
            names.append((a, b))
        groups.append(names)
    made = memory_view(texts, types=types, facts=facts)
    roots = [community(made, 1, None, (name for pair in group for name in pair)) for group in groups]
    leaves = [
        community(made, 0, root.id, pair) for root, group in zip(roots, groups, strict=True) for pair in group
    ]
    made.set_communities([*roots, *leaves], make_reports(made, [*roots, *leaves]))
    return made


@pytest.fixture
def retrieve(view: Any, tmp_path: Path) -> Callable[..., Context]:
    embedder = WordLlamaEmbedder()
    index = build_search_index(view, embedder, tmp_path)

    def search(question: str, *, k: int = 8, **settings: Any) -> Context:
        return GlobalRetriever(view, index, embedder, **settings).retrieve(question, k=k, trace=True)

    return search


def topics(view: Any, context: Context) -> set[str]:
    titles = {document.id: document.key.rstrip("0123456789.md") for document in view.documents()}
    return {titles[item.evidence[0].document_id] for item in context.items}


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("How did strikes and wages affect the docks?", "Harbour"),
        ("What was woven from linen and wool?", "Weaving"),
        ("Which operas were played by orchestras?", "Music"),
    ],
)
def test_the_communities_that_bear_on_the_question_are_chosen(
    view: Any, retrieve: Callable[..., Context], question: str, topic: str
) -> None:
    context = retrieve(question)
    assert topics(view, context) == {topic}
    assert context.coverage == pytest.approx(1 / 3, abs=0.01)


def test_an_overview_looks_at_everything_and_speaks_of_every_theme(
    view: Any, retrieve: Callable[..., Context]
) -> None:
    context = retrieve("What are the main themes of the documents?")
    assert context.coverage == 1.0
    assert topics(view, context) == {"Harbour", "Weaving", "Music"}
    answer = ExtractiveGenerator(view).answer("What are the main themes of the documents?", context)
    assert answer.text.count("**") == 2 * len(answer.communities)


def test_a_static_level_looks_at_the_whole_level(retrieve: Callable[..., Context]) -> None:
    context = retrieve("How did strikes affect the docks?", level=0)
    assert len(context.trace["communities"]) == 9
    assert context.coverage == 1.0


def test_every_point_is_an_exact_quotation_with_its_community(
    view: Any, retrieve: Callable[..., Context]
) -> None:
    question = "How did strikes and wages affect the docks?"
    answer = ExtractiveGenerator(view).answer(question, retrieve(question))
    checked = verify(answer, view)
    assert checked.is_clean
    assert checked.precision == 1.0
    known = {community.id for community in view.communities()}
    assert set(answer.communities) <= known
    assert answer.coverage is not None


def test_points_keep_within_the_budget(retrieve: Callable[..., Context]) -> None:
    context = retrieve("How did strikes and wages affect the docks?", budget_tokens=80)
    assert 0 < context.tokens <= 80


def test_a_question_about_nothing_in_the_collection_abstains(
    view: Any, retrieve: Callable[..., Context]
) -> None:
    context = retrieve("xyzzy")
    answer = ExtractiveGenerator(view).answer("xyzzy", context)
    assert answer.abstained or verify(answer, view).is_clean


def test_fewer_passages_are_a_prefix_of_more(retrieve: Callable[..., Context]) -> None:
    question = "How did strikes and wages affect the docks?"
    assert retrieve(question, k=2).hits == retrieve(question, k=3).hits[:2]


class Threads:
    """An `Executor` over a thread pool."""

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        with ThreadPoolExecutor(4) as pool:
            return iter(list(pool.map(function, items)))


def test_workers_change_nothing(retrieve: Callable[..., Context]) -> None:
    question = "How did strikes and wages affect the docks?"
    assert retrieve(question, executor=Threads()).items == retrieve(question).items


def test_a_task_can_travel_to_another_process(view: Any, tmp_path: Path) -> None:
    import pickle

    embedder = WordLlamaEmbedder()
    retriever = GlobalRetriever(view, build_search_index(view, embedder, tmp_path), embedder)
    score = retriever._score(retriever._prepare("How did strikes affect the docks?"))
    tasks = list(retriever._tasks(retriever.themes.cut(0), score))
    assert [map_batch(pickle.loads(pickle.dumps(task))) for task in tasks] == [
        map_batch(task) for task in tasks
    ]


def test_every_level_parts_the_collection(view: Any, tmp_path: Path) -> None:
    embedder = WordLlamaEmbedder()
    themes = GlobalRetriever(view, build_search_index(view, embedder, tmp_path), embedder).themes
    for level in (0, 1, 2):
        rows = themes.cut(level)
        assert themes.sizes[rows].sum() == 9
        assert (themes.lift(rows) >= 0).all()


def test_without_communities_nothing_is_found(memory_view: Callable[..., Any], tmp_path: Path) -> None:
    bare = memory_view({"a.md": ("Alone", "Alone stands here.")}, types={"Alone": "Thing"})
    embedder = WordLlamaEmbedder()
    context = GlobalRetriever(bare, build_search_index(bare, embedder, tmp_path), embedder).retrieve(
        "What stands here?"
    )
    assert context.items == ()
    assert ExtractiveGenerator(bare).answer("What stands here?", context).abstained


def test_a_budget_of_nothing_is_refused(retrieve: Callable[..., Context]) -> None:
    with pytest.raises(DataError, match="positive budget"):
        retrieve("What?", budget_tokens=0)
