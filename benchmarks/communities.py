"""Hierarchical Leiden: ours beside graspologic-native's and leidenalg alone, in one run.

    python benchmarks/communities.py --power-law 300000 1000000
    python benchmarks/communities.py --knowledge-base KG

graspologic-native is installed from the package registry into a folder that is deleted after. All
figures are CPU seconds, the least of `--repeats` runs; ours includes sorting, checks and ids, the others'
the bare call.
Modularity is of the top level, by one function for all.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from graphrag.graph.communities import communities_at, hierarchical_communities, membership, modularity

_PEER = """
import json, sys, time
import graspologic_native as native
folder, max_size, repeats = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
edges = []
for line in open(f"{folder}/edges.tsv"):
    a, b, weight = line.split()
    edges.append((a, b, float(weight)))
cpu = float("inf")
for _ in range(repeats):
    started = time.process_time()
    found = native.hierarchical_leiden(
        edges=edges, starting_communities=None, resolution=1.0, randomness=0.001, iterations=1,
        use_modularity=True, max_cluster_size=max_size, seed=0xDEADBEEF,
    )
    cpu = min(cpu, time.process_time() - started)
top = {item.node: item.cluster for item in found if item.level == 0}
finest = {item.node: item.cluster for item in found if item.is_final_cluster}
json.dump({"cpu": cpu, "top": top, "finest": finest}, open(f"{folder}/native.json", "w"))
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--power-law", nargs=2, type=int, metavar=("NODES", "EDGES"))
    source.add_argument("--knowledge-base", type=Path, metavar="KG")
    parser.add_argument(
        "--mixing", type=float, default=0.3, help="share of power-law edges that leave their group"
    )
    parser.add_argument("--max-size", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-leidenalg", action="store_true", help="spare its minutes on a million edges")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.power_law:
        ids, source_rows, target_rows, weights = power_law(*options.power_law, mixing=options.mixing)
    else:
        ids, source_rows, target_rows, weights = knowledge_base(options.knowledge_base)
    rows = {"ours": ours(ids, source_rows, target_rows, weights, options.max_size, options.repeats)}
    rows["graspologic-native"] = native(
        ids, source_rows, target_rows, weights, options.max_size, options.repeats
    )
    if not options.no_leidenalg:
        rows["leidenalg, top level only"] = leidenalg_alone(ids, source_rows, target_rows, weights)
    if options.json:
        print(json.dumps({"nodes": len(ids), "edges": len(source_rows), "results": rows}))
        return
    print(f"{len(ids):,} nodes, {len(source_rows):,} edges, max size {options.max_size}")
    for name, row in rows.items():
        print(f"  {name:28}" + "  ".join(f"{key} {value}" for key, value in row.items()))


def ours(
    ids: list[str],
    source: NDArray[np.int64],
    target: NDArray[np.int64],
    weights: NDArray[np.float64],
    max_size: int,
    repeats: int,
) -> dict[str, object]:
    import igraph  # noqa: F401 - loaded before the clock starts, as the peers' libraries are
    import scipy.sparse.csgraph  # noqa: F401

    cpu = float("inf")
    for _ in range(repeats):
        started = time.process_time()
        found = hierarchical_communities(ids, source, target, weights, max_size=max_size)
        cpu = min(cpu, time.process_time() - started)
    top, finest = communities_at(found, 10**6), communities_at(found, 0)
    return {
        "cpu_s": round(cpu, 3),
        "top_modularity": round(modularity(len(ids), source, target, weights, membership(ids, top)), 4),
        "communities": len(found),
        "levels": dict(sorted(Counter(item.level for item in found).items())),
        "finest": len(finest),
        "largest_finest": max(len(item.entity_ids) for item in finest),
        "entities_in_oversized": sum(len(i.entity_ids) for i in finest if len(i.entity_ids) > max_size),
        "covered": sum(len(item.entity_ids) for item in finest) / len(ids),
    }


def native(
    ids: list[str],
    source: NDArray[np.int64],
    target: NDArray[np.int64],
    weights: NDArray[np.float64],
    max_size: int,
    repeats: int,
) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        with (Path(folder) / "edges.tsv").open("w") as stream:
            for a, b, weight in zip(source.tolist(), target.tolist(), weights.tolist(), strict=True):
                if a != b:
                    stream.write(f"{a} {b} {weight}\n")
        python = f"{folder}/venv/bin/python"
        subprocess.run([sys.executable, "-m", "venv", f"{folder}/venv"], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "graspologic-native"], check=True)
        subprocess.run([python, "-c", _PEER, folder, str(max_size), str(repeats)], check=True)
        answer = json.loads((Path(folder) / "native.json").read_text())
    # Nodes it has not seen (no edges) are communities of their own.
    top = np.array([answer["top"].get(str(row), -1 - row) for row in range(len(ids))])
    sizes = Counter(answer["finest"].values())
    return {
        "cpu_s": round(answer["cpu"], 3),
        "top_modularity": round(modularity(len(ids), source, target, weights, top), 4),
        "finest": len(sizes),
        "largest_finest": max(sizes.values()),
        "entities_in_oversized": sum(size for size in sizes.values() if size > max_size),
        "covered": len(answer["finest"]) / len(ids),
    }


def leidenalg_alone(
    ids: list[str], source: NDArray[np.int64], target: NDArray[np.int64], weights: NDArray[np.float64]
) -> dict[str, object]:
    import igraph
    import leidenalg

    proper = source != target
    graph = igraph.Graph(len(ids), edges=np.column_stack((source[proper], target[proper])))
    started = time.process_time()
    found = leidenalg.find_partition(
        graph, leidenalg.ModularityVertexPartition, weights=weights[proper].tolist(), n_iterations=2, seed=0
    )
    cpu = time.process_time() - started
    quality = modularity(len(ids), source, target, weights, np.array(found.membership))
    return {"cpu_s": round(cpu, 3), "top_modularity": round(quality, 4)}


def power_law(
    nodes: int, edges: int, *, mixing: float, seed: int = 0
) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Planted groups of power-law sizes among nodes of power-law degrees (exponent 2.3)."""
    rng = np.random.default_rng(seed)
    pull = np.minimum((1 - rng.random(nodes)) ** (-1 / 1.3), nodes**0.5)
    sizes = np.clip(20 * (1 - rng.random(nodes)) ** (-1 / 1.5), 10, 2000).astype(int)
    group = np.repeat(np.arange(len(sizes)), sizes)[:nodes]
    rng.shuffle(group)
    chance = pull / pull.sum()
    source, target = rng.choice(nodes, edges, p=chance), rng.choice(nodes, edges, p=chance)
    order = np.argsort(group, kind="stable")
    heaped = np.concatenate(([0.0], np.cumsum(pull[order])))
    bounds = heaped[np.searchsorted(group[order], np.arange(group.max() + 2))]
    stay = np.flatnonzero(rng.random(edges) > mixing)
    own = group[source[stay]]
    drawn = bounds[own] + rng.random(len(stay)) * (bounds[own + 1] - bounds[own])
    target[stay] = order[np.minimum(np.searchsorted(heaped[1:], drawn), nodes - 1)]
    return [f"ent-{row:08}" for row in range(nodes)], source, target, np.ones(edges)


def knowledge_base(
    folder: Path,
) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Entities that are no values, and the relations between them."""
    from graphrag.store.ledger import Ledger

    with Ledger.open(folder) as view:
        ids = [entity.id for entity in view.entities() if not entity.literal]
        row = {name: place for place, name in enumerate(ids)}
        ends = [
            (row[relation.subject_id], row[relation.object_id], relation.weight)
            for relation in view.relations()
            if relation.subject_id in row and relation.object_id in row
        ]
    source, target, weights = zip(*ends, strict=True)
    return ids, np.array(source), np.array(target), np.array(weights, dtype=np.float64)


if __name__ == "__main__":
    main()
