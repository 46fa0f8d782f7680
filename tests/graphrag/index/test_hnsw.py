import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from graphrag.errors import DataError, StoreDamagedError
from graphrag.index.exact import ExactIndex
from graphrag.index.hnsw import HNSWIndex
from graphrag.testing.contracts import VectorIndexContract


class TestScan(VectorIndexContract):
    def make(self, dim: int) -> HNSWIndex:
        return HNSWIndex(dim)


class TestGraph(VectorIndexContract):
    exact = False

    def make(self, dim: int) -> HNSWIndex:
        return HNSWIndex(dim, exact_below=30, ef_search=30)


def unit_rows(count: int, dim: int, seed: int) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def test_the_graph_finds_what_a_scan_finds() -> None:
    vectors, queries = unit_rows(3000, 32, seed=1), unit_rows(100, 32, seed=2)
    ids = [f"v{number:05}" for number in range(3000)]
    graph, oracle = HNSWIndex(32, exact_below=0), ExactIndex(32)
    for index in (graph, oracle):
        index.add(ids, vectors)
    found, scores = graph.search(queries, 10)
    wanted, right = oracle.search(queries, 10)
    hits = sum(len(set(a) & set(b)) for a, b in zip(found, wanted, strict=True))
    assert hits >= 0.98 * 1000
    assert all(a[0] <= b[0] for a, b in zip(scores, right, strict=True))


def test_the_same_calls_give_the_same_graph(tmp_path: Path) -> None:
    vectors = unit_rows(500, 16, seed=1)
    for name in ("one", "two"):
        index = HNSWIndex(16, exact_below=0)
        index.add([str(number) for number in range(500)], vectors)
        index.save(tmp_path / name)
    for file in ("graph.hnsw", "vectors.npy", "ids.npy", "meta.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


_STEP = st.tuples(st.sampled_from(["add", "remove"]), st.lists(st.integers(0, 12), min_size=1, max_size=6))


@settings(max_examples=60, deadline=None)
@given(st.lists(_STEP, max_size=12), st.sampled_from([0, 5, 1000]))
def test_any_changes_leave_what_the_oracle_holds(
    steps: list[tuple[str, list[int]]], exact_below: int
) -> None:
    index, oracle = HNSWIndex(4, exact_below=exact_below, ef_search=4), ExactIndex(4)
    for number, (what, members) in enumerate(steps):
        ids = [f"v{member}" for member in members]
        for target in (index, oracle):
            if what == "add":
                target.add(ids, unit_rows(len(ids), 4, seed=number))
            else:
                target.remove(ids)
        # More than ef_search results are scanned for: exact whatever state the graph is in.
        assert index.search(unit_rows(2, 4, seed=99), 13) == oracle.search(unit_rows(2, 4, seed=99), 13)
        index.search(unit_rows(1, 4, seed=99), 2)
    assert len(index) == len(oracle)


def test_a_worn_graph_still_finds_what_is_left() -> None:
    index = HNSWIndex(16, exact_below=10, ef_search=20)
    vectors = unit_rows(200, 16, seed=1)
    ids = [f"v{number:03}" for number in range(200)]
    index.add(ids, vectors)
    index.search(vectors[:1], 1)
    for start in range(0, 160, 20):
        index.remove(ids[start : start + 20])
        assert index.search(vectors[start : start + 20], 1)[0] != [[name] for name in ids[start : start + 20]]
    assert index.search(vectors[160:], 1)[0] == [[name] for name in ids[160:]]


def test_a_saved_graph_follows_changes_without_being_built_again(tmp_path: Path) -> None:
    vectors, ids = unit_rows(1200, 16, seed=3), [f"v{number:04}" for number in range(1200)]
    before = np.arange(0, 1000)
    index = HNSWIndex(16, exact_below=10, ef_search=64)
    index.add([ids[row] for row in before], vectors[before])
    for start in (40, 80, 120):  # 40 go at the front, 40 come at the end, and rows are in another order
        index.save(tmp_path / "index")
        size = (tmp_path / "index" / "graph.hnsw").stat().st_size
        index = HNSWIndex(16, exact_below=10, ef_search=64)
        index.load(tmp_path / "index")
        after = np.roll(np.arange(start, 1000 + start), start)
        source = np.array([np.flatnonzero(before == row)[0] if row in before else -1 for row in after])
        index.follow([ids[row] for row in after], vectors[after], source)
        before = after
        index.save(tmp_path / "index")
        assert (tmp_path / "index" / "graph.hnsw").stat().st_size > size  # dead nodes are still in it
    oracle = ExactIndex(16)
    oracle.add([ids[row] for row in before], vectors[before])
    queries = unit_rows(100, 16, seed=4)
    found, wanted = index.search(queries, 10)[0], oracle.search(queries, 10)[0]
    assert sum(len(set(a) & set(b)) for a, b in zip(found, wanted, strict=True)) >= 980
    rows, _ = index.search_rows(queries[:1], 10)
    assert [index.name(int(row)) for row in rows[0]] == found[0]


def test_a_graph_that_has_followed_many_changes_is_built_again(tmp_path: Path) -> None:
    vectors, ids = unit_rows(400, 8, seed=3), [f"v{number:04}" for number in range(400)]
    index, fresh = (HNSWIndex(8, exact_below=10) for _ in range(2))
    index.add(ids[:200], vectors[:200])
    index.save(tmp_path / "index")
    source = np.append(np.arange(100, 200), np.full(200, -1))
    index.follow(ids[100:], vectors[100:], source)
    fresh.add(ids[100:], vectors[100:])
    for name, one in (("index", index), ("fresh", fresh)):
        one.save(tmp_path / name)
    for file in ("graph.hnsw", "labels.npy", "meta.json"):
        assert (tmp_path / "index" / file).read_bytes() == (tmp_path / "fresh" / file).read_bytes()


def test_rows_are_places_in_order_of_insertion() -> None:
    index = HNSWIndex(16)
    vectors = unit_rows(20, 16, seed=1)
    index.add([f"v{number}" for number in range(20)], vectors)
    rows, scores = index.search_rows(vectors[3:5], 25)
    assert rows[:, 0].tolist() == [3, 4]
    assert index.name(3) == "v3"
    assert rows[0, 20:].tolist() == [-1] * 5
    assert np.isneginf(scores[0, 20:]).all()


def test_zero_vectors_score_zero() -> None:
    index = HNSWIndex(4)
    index.add(["empty"], np.zeros((1, 4), dtype=np.float32))
    assert index.search(unit_rows(1, 4, seed=1), 1) == ([["empty"]], [[0.0]])


@pytest.mark.parametrize(
    ("rows", "message"),
    [(np.zeros((2, 4)), "expected"), (np.zeros((1, 3)), "expected"), (np.full((1, 4), np.nan), "finite")],
)
def test_wrong_vectors_are_refused(rows: NDArray[np.float32], message: str) -> None:
    with pytest.raises(DataError, match=message):
        HNSWIndex(4).add(["a"], rows.astype(np.float32))


@pytest.mark.parametrize(
    "damage", ["cut graph", "flip graph", "no vectors", "no meta", "bad meta", "cut ids", "dim"]
)
def test_damage_is_found_when_the_index_is_opened(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "index"
    index = HNSWIndex(8, exact_below=0)
    index.add([str(number) for number in range(50)], unit_rows(50, 8, seed=1))
    index.save(path)
    graph = path / "graph.hnsw"
    raw = bytearray(graph.read_bytes())
    match damage:
        case "cut graph":
            graph.write_bytes(raw[:-100])
        case "flip graph":
            raw[len(raw) // 2] ^= 1
            graph.write_bytes(raw)
        case "no vectors":
            (path / "vectors.npy").unlink()
        case "no meta":
            (path / "meta.json").unlink()
        case "bad meta":
            (path / "meta.json").write_text(json.dumps({"version": 99, "dim": 8}))
        case "cut ids":
            (path / "ids_start.npy").write_bytes((path / "ids_start.npy").read_bytes()[:-16])
    loaded = HNSWIndex(4 if damage == "dim" else 8, exact_below=0)
    with pytest.raises(StoreDamagedError, match="rebuild it"):
        loaded.load(path)
    assert len(loaded) == 0
