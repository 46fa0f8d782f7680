r"""Loading into Neo4j, and searching there, beside the embedded store and beside a bare loop.

    python benchmarks/neo4j_store.py load KG --uri bolt://host:7687
    python benchmarks/neo4j_store.py grown --uri bolt://host:7687 [--entities 200000 --relations 600000] \
        [--peer PYTHON] [--server-pid PID]
    python benchmarks/neo4j_store.py search KG --uri bolt://host:7687 --questions QUESTIONS.json

`load` pushes a knowledge base into an emptied database and then sends the same rows by a bare UNWIND loop
without digests, counts, manifest or comparison: the price of safety is the ratio of the two. `grown` does
so with made-up entities and relations, in the order loop, ours, ours, loop after a warming run, and with
`--peer`, the Python of an environment that holds neo4j-graphrag, lets that library's own writer load the
same (it needs APOC on the server). `--server-pid`, the process of a server on this machine, compares CPU
time too, which other work here disturbs less than the clock. `search` asks the questions of both stores
and compares the first eight passages. **The database is emptied**; use one made for this.
"""

import argparse
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

from graphrag.engine import GraphRAG
from graphrag.llm.secret import Secret
from graphrag.store.ledger import Ledger
from graphrag.store.neo4j import Connection, Neo4jServer
from graphrag.store.neo4j_rows import EDGE_KINDS, NODE_KINDS, Edge, Node, edge_rows, node_rows
from graphrag.store.neo4j_write import (
    _claim,
    _edge_batches,
    _finish,
    _make_constraints,
    _node_batches,
    _send,
    _still_ours,
    push,
)

sys.path.insert(0, str(Path(__file__).parent))
from neo4j_peer import made_edges, made_nodes

SPLIT = "dev"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("load", "grown", "search"):
        command = commands.add_parser(name)
        if name != "grown":
            command.add_argument("kg", type=Path)
        command.add_argument("--uri", required=True)
    commands.choices["grown"].add_argument("--entities", type=int, default=200_000)
    commands.choices["grown"].add_argument("--relations", type=int, default=600_000)
    commands.choices["grown"].add_argument("--peer", default="")
    commands.choices["grown"].add_argument("--server-pid", type=int)
    commands.choices["search"].add_argument("--questions", type=Path, required=True)
    arguments = parser.parse_args()
    password = os.environ.get("NEO4J_PASSWORD")
    server = Neo4jServer(arguments.uri, password=Secret(password) if password else None)
    if arguments.command == "load":
        load(arguments.kg, server)
    elif arguments.command == "grown":
        rows = (arguments.entities, arguments.relations)
        grown(server, *rows, peer=arguments.peer, server_pid=arguments.server_pid)
    else:
        search(arguments.kg, server, arguments.questions)


def load(kg: Path, server: Neo4jServer) -> None:
    with Ledger.open(kg) as ledger, Connection(server) as connection:
        wipe(connection)
        _make_constraints(connection)
        started, cpu = perf_counter(), process_time()
        raw = raw_loop(
            connection,
            [(kind, list(make())) for kind, make in node_rows(ledger, None).items()],
            [(kind, list(make())) for kind, make in edge_rows(ledger).items()],
        )
        show("raw UNWIND loop", raw, perf_counter() - started, process_time() - cpu)
        wipe(connection)
        started, cpu = perf_counter(), process_time()
        report = push(ledger, connection)
        show("push", sum(report.written.values()), perf_counter() - started, process_time() - cpu)
        started, cpu = perf_counter(), process_time()
        again = push(ledger, connection)
        show("push again", again.changes, perf_counter() - started, process_time() - cpu)


def grown(server: Neo4jServer, entities: int, relations: int, *, peer: str, server_pid: int | None) -> None:
    """The writer alone, on rows of the usual shape, against the loop."""
    with Connection(server) as connection:
        for name in ("raw", "ours"):
            run_grown(connection, name, entities // 10, relations // 10, server_pid)
        seconds: dict[str, float] = defaultdict(float)
        cpu: dict[str, float] = defaultdict(float)
        for name in ("raw", "ours", "ours", "raw"):
            wall, used = run_grown(connection, name, entities, relations, server_pid)
            seconds[name] += wall
            cpu[name] += used
        print(f"ours is {seconds['raw'] / seconds['ours']:.0%} of the bare loop by the clock")
        if server_pid:
            print(f"ours is {cpu['raw'] / cpu['ours']:.0%} of it by the CPU time of server and client")
        if peer:
            wipe(connection)
            before = cpu_of(server_pid)
            script = Path(__file__).with_name("neo4j_peer.py")
            command = [peer, str(script), server.uri, str(entities), str(relations)]
            subprocess.run(command, check=True)
            if server_pid:
                print(f"  CPU of the server {cpu_of(server_pid) - before:.1f} s")


def cpu_of(pid: int | None) -> float:
    """CPU seconds that a process has used; 0 for none."""
    if pid is None:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run_grown(
    connection: Connection, name: str, entities: int, relations: int, server_pid: int | None
) -> tuple[float, float]:
    """Seconds by the clock, and CPU seconds of client and server."""
    entity, relation = NODE_KINDS[2], EDGE_KINDS[1]
    nodes = (Node(key, (kind,), held) for key, kind, held in made_nodes(entities))
    edges = (Edge(*row) for row in made_edges(entities, relations))
    wipe(connection)
    _make_constraints(connection)
    started, cpu, before = perf_counter(), process_time(), cpu_of(server_pid)
    if name == "raw":
        count = raw_loop(connection, [(entity, nodes)], [(relation, edges)])
    else:
        # What a push does once it has seen that nothing is there yet.
        marks = {"run": "benchmark", "complete": False}
        connection.write(lambda transaction: _claim(transaction, marks, None))
        count = 0
        for batches in (_node_batches(entity, nodes, {}, []), _edge_batches(relation, edges, {})):
            for batch in batches:

                def work(transaction: Any, batch: Any = batch) -> int:
                    _still_ours(transaction, "benchmark")
                    return _send(transaction, batch, batch.rows)

                written = connection.write(work)
                assert written == len(batch.rows)
                count += written
        connection.write(lambda transaction: _finish(transaction, "benchmark", {**marks, "complete": True}))
    seconds, cpu, there = perf_counter() - started, process_time() - cpu, cpu_of(server_pid) - before
    show("raw UNWIND loop" if name == "raw" else "digests, counts, marks", count, seconds, cpu)
    if server_pid:
        print(f"  CPU of the server {there:.1f} s", flush=True)
    return seconds, cpu + there


def raw_loop(connection: Connection, nodes: Any, edges: Any) -> int:
    """What one would write on a napkin: UNWIND, MERGE, 5,000 rows at a time."""
    count = 0
    for kind, rows in nodes:
        groups: dict[Any, list[Any]] = defaultdict(list)
        for node in rows:
            groups[node.labels].append({"id": node.id, "props": node.properties})
        for labels, items in groups.items():
            more = f", n:{':'.join(labels)}" if labels else ""
            query = (
                f"UNWIND $rows AS row MERGE (n:{kind.label} {{id: row.id}}) SET n += row.props{more} "
                "RETURN count(*) AS written"
            )
            count += send(connection, query, items)
    for kind, rows in edges:
        groups = defaultdict(list)
        for edge in rows:
            groups[edge.type].append(
                {"s": edge.start, "t": edge.end, "id": edge.key, "props": edge.properties}
            )
        for name, items in groups.items():
            key = "" if kind.type else " {id: row.id}"
            query = (
                f"UNWIND $rows AS row MATCH (a:{kind.start} {{id: row.s}}), (b:{kind.end} {{id: row.t}}) "
                f"MERGE (a)-[r:{name}{key}]->(b) SET r += row.props RETURN count(*) AS written"
            )
            count += send(connection, query, items)
    return count


def send(connection: Connection, query: str, rows: list[Any]) -> int:
    count = 0
    for start in range(0, len(rows), 5000):
        part = rows[start : start + 5000]
        count += connection.write(
            lambda transaction, part=part: transaction.run(query, rows=part).single(strict=True)["written"]
        )
    return count


def search(kg: Path, server: Neo4jServer, questions: Path) -> None:
    asked = [item for item in json.loads(questions.read_text()) if item.get("split", SPLIT) == SPLIT]
    with TemporaryDirectory() as folder, GraphRAG.open(kg) as embedded:
        place = Neo4jServer(server.uri, password=server.password, cache=Path(folder))
        with GraphRAG.open(place) as remote:
            for mode in ("hybrid", "local"):
                compare(mode, embedded, remote, asked)


def compare(mode: str, embedded: GraphRAG, remote: GraphRAG, asked: list[Any]) -> None:
    walls: dict[str, list[float]] = defaultdict(list)
    cpus: dict[str, list[float]] = defaultdict(list)
    same = 0
    for warm in (True, False):
        for item in asked[:3] if warm else asked:
            found = {}
            for name, base in (("embedded", embedded), ("neo4j", remote)):
                started, cpu = perf_counter(), process_time()
                context = base.search(item["question"], mode=mode, k=8)
                if not warm:
                    walls[name].append((perf_counter() - started) * 1000)
                    cpus[name].append((process_time() - cpu) * 1000)
                found[name] = (context.hits, context.entities, context.relations, context.paths)
            same += not warm and found["embedded"] == found["neo4j"]
    print(f"{mode}: {same} of {len(asked)} questions give the same ranked passages, entities, facts, paths")
    for name in walls:
        print(
            f"  {name:9} median {median(walls[name]):7.1f} ms wall, {median(cpus[name]):7.1f} ms client CPU"
        )


def wipe(connection: Connection) -> None:
    connection.schema("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS")


def show(name: str, rows: int, seconds: float, cpu: float) -> None:
    print(
        f"{name:24} {rows:>9,} rows {seconds:8.1f} s {rows / seconds:>9,.0f} rows/s, client CPU {cpu:.1f} s"
    )


if __name__ == "__main__":
    main()
