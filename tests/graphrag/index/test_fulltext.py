import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrag.errors import ConfigError, StoreDamagedError
from graphrag.index.fulltext import BM25Index, analyze
from graphrag.testing.contracts import LexicalIndexContract

_WORDS = ["river", "bridge", "stone", "north", "wall", "강물", "Żuławy"]
_TEXT = st.lists(st.sampled_from(_WORDS), max_size=8).map(" ".join)


class TestBM25Index(LexicalIndexContract):
    def make(self) -> BM25Index:
        return BM25Index()


def by_the_book(texts: list[str], query: str, k1: float = 1.2, b: float = 0.75) -> list[float]:
    """The formula, one text and one word at a time."""
    terms = [analyze(text) for text in texts]
    mean = sum(map(len, terms)) / len(terms) or 1.0
    scores = []
    for own in terms:
        total = 0.0
        for word in analyze(query):
            holding = sum(word in other for other in terms)
            if word not in own:
                continue
            idf = math.log(1 + (len(terms) - holding + 0.5) / (holding + 0.5))
            count = own.count(word)
            total += idf * count * (k1 + 1) / (count + k1 * (1 - b + b * len(own) / mean))
        scores.append(total)
    return scores


@settings(deadline=None)
@given(st.lists(_TEXT, min_size=1, max_size=12), _TEXT)
def test_scores_equal_the_formula(texts: list[str], query: str) -> None:
    index = BM25Index()
    index.add([str(number) for number in range(len(texts))], texts)
    assert index.scores(query).tolist() == pytest.approx(by_the_book(texts, query), rel=1e-5)


_CHANGE = st.tuples(st.integers(0, 6), st.one_of(st.none(), _TEXT))


@settings(deadline=None)
@given(st.lists(_CHANGE, max_size=15), st.lists(st.booleans(), min_size=15, max_size=15))
def test_any_history_equals_a_fresh_index(changes: list[tuple[int, str | None]], looks: list[bool]) -> None:
    index = BM25Index()
    texts: dict[str, str] = {}
    for (member, text), look in zip(changes, looks, strict=False):
        name = f"t{member}"
        if text is None:
            index.remove([name])
            texts.pop(name, None)
        else:
            index.add([name], [text])
            texts[name] = text
        if look:
            index.search(["river"], 3)
    fresh = BM25Index()
    fresh.add(sorted(texts), [texts[name] for name in sorted(texts)])
    queries = [*_WORDS, "stone bridge stone"]
    assert index.search(queries, 5) == fresh.search(queries, 5)
    assert len(index) == len(texts)


def test_history_across_save_and_load_equals_a_fresh_index(tmp_path: Path) -> None:
    index = BM25Index()
    index.add(["a", "b", "c"], ["river stone", "stone wall", "north"])
    index.save(tmp_path / "index")
    loaded = BM25Index()
    loaded.load(tmp_path / "index")
    loaded.remove(["c"])
    loaded.add(["b", "d"], ["bridge", "stone stone north"])
    loaded.save(tmp_path / "index")  # over the files it was mapped from
    again = BM25Index()
    again.load(tmp_path / "index")
    fresh = BM25Index()
    fresh.add(["d", "a", "b"], ["stone stone north", "river stone", "bridge"])
    queries = ["stone", "bridge wall", "north"]
    assert again.search(queries, 3) == loaded.search(queries, 3) == fresh.search(queries, 3)


def test_rows_are_places_in_order_of_insertion() -> None:
    index = BM25Index()
    index.add(["z", "y", "x"], ["river", "stone", "stone river"])
    rows, scores = index.search_rows("river", 5)
    assert rows.tolist() == [0, 2]
    assert scores.tolist() == index.scores("river")[[0, 2]].tolist()
    assert [index.name(row) for row in rows.tolist()] == ["z", "x"]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("The Rivers of Żuławy", ["river", "zuławy"]),
        ("directed, DIRECTOR directs", ["direct", "direct", "direct"]),
        ("in 1999, 3.5 km", ["1999", "3", "5", "km"]),
        ("서울에서 비", ["서울", "울에", "에서", "비"]),
        ("東京タワー2024", ["東京", "京タ", "タワ", "ワー", "2024"]),
        ("ｆｕｌｌ ｗｉｄｔｈ", ["full", "width"]),
        ("", []),
    ],
)
def test_terms_are_folded_stemmed_and_paired(text: str, terms: list[str]) -> None:
    assert analyze(text) == terms


@pytest.mark.parametrize("damage", ["weights.npy", "names_start.npy", "meta.json", "terms.npy"])
@pytest.mark.parametrize("how", ["cut", "gone"])
def test_damage_is_found_when_the_index_is_opened(tmp_path: Path, damage: str, how: str) -> None:
    index = BM25Index()
    index.add(["a", "b"], ["river stone", "stone wall"])
    index.save(tmp_path / "index")
    file = tmp_path / "index" / damage
    if how == "cut":
        file.write_bytes(file.read_bytes()[:-3])
    else:
        file.unlink()
    with pytest.raises(StoreDamagedError, match="rebuild it"):
        BM25Index().load(tmp_path / "index")


def test_an_index_of_other_settings_is_refused(tmp_path: Path) -> None:
    BM25Index(k1=0.9).save(tmp_path / "index")
    with pytest.raises(StoreDamagedError, match=r"its k1 is 0\.9, not 1\.2"):
        BM25Index().load(tmp_path / "index")


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="b in"):
        BM25Index(b=2.0)


def test_a_large_index_finds_the_same_as_the_formula() -> None:
    rng = np.random.default_rng(1)
    words = [f"w{number}" for number in range(300)]
    texts = [" ".join(rng.choice(words, 20)) for _ in range(400)]
    index = BM25Index()
    index.add([f"t{number:04}" for number in range(400)], texts)
    wanted = np.array(by_the_book(texts, "w1 w2 w3"))
    rows, _ = index.search_rows("w1 w2 w3", 10)
    assert wanted[rows] == pytest.approx(np.sort(wanted)[::-1][:10], rel=1e-5)
