"""Names that break careless systems, through the door and out of every export unharmed.

GRAPHRAG_NAMES=300 takes all of them; a small base is checked otherwise.
"""

import csv
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import pytest
import rdflib

from graphrag import GraphRAG
from graphrag.names import normal_form, split_qualifier
from graphrag.text import clean_line
from pipelines.cypher import literal
from pipelines.export import export
from tests.graphrag.store.making import Says, document

COUNT = int(os.environ.get("GRAPHRAG_NAMES", "60"))
PIECES = [
    "\x00", "\x01", "\x1b[31m", "\x7f", "\x85", "\x9f", "\ufffe", "\uffff", "\ud800", "\udfff", "\ufeff",
    "Ångström", "A\u030angstro\u0308m", "ＦＵＬＬ", "İstanbul ı", "Straße ẞ", "\u202eevil\u202c",
    "\u2066x\u2069", "zero\u200bwidth\u200d", "👩‍👩‍👧‍👦", "❤\ufe0f", "Z" + "\u0301" * 50, "\ue000private",
    "삼성전자(주)", "שלום", "'); DROP TABLE facts;--", '"quoted" \\" \\u0060', "</script><b>&amp;",
    "{{7*7}} ${x} %s", "=1+1", "`tick``s", "]]>", "\r\nline\ttab", "\u2028\u2029", "аpple", "\u0130\u0307",
]  # fmt: skip
FRAMES = ["{}", "Company {}", "{} Ltd", "{0}{0}", "a{}b", "- {} -", "{} 1998", "({})", "Dr. {}"]


def raw_names(count: int) -> list[str]:
    """Distinct raw names; every piece comes before a frame is used again."""
    names = [frame.format(piece) for frame in FRAMES for piece in PIECES]
    return [*names[: count - 1], "long " + "x" * 100_000]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("names") / "kg"
    # The door: what is left of a name when everything no text may hold is gone; nothing is no name.
    names = sorted({clean_line(raw, max_length=200_000) for raw in raw_names(COUNT)} - {""})
    items = [
        document(f"{n}", [Says(name, "ORG", "KNOWS", "Ada Smith", "PERSON")]) for n, name in enumerate(names)
    ]
    with GraphRAG.create(folder) as base:
        base.view.apply(items)
        # What stands in brackets at the end tells things of one name apart, and is no part of it.
        yield base, [name for name in names if not split_qualifier(name)[1]]


def of_jsonl(path: Path) -> set[str]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    return {name for row in rows if row["kind"] == "entity" for name in (row["name"], *row["aliases"])}


def of_graphml(path: Path) -> set[str]:
    nodes = nx.read_graphml(path).nodes(data=True)
    return {name for _, data in nodes for name in (data["name"], *json.loads(data.get("aliases", "[]")))}


def of_csv(path: Path) -> set[str]:
    csv.field_size_limit(10**7)
    with (path / "entities.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    plain = {row["name"].removeprefix("'") for row in rows}
    return plain | {alias for row in rows for alias in json.loads(row["aliases"])}


def of_html(path: Path) -> set[str]:
    page = path.read_text(encoding="utf-8")
    blocks = re.findall(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)
    data = next(found for found in map(json.loads, blocks) if isinstance(found, dict) and "name" in found)
    return {*data["name"], *(alias for aliases in data["aliases"].values() for alias in aliases)}


def of_turtle(path: Path) -> set[str]:
    graph = rdflib.Graph().parse(path, format="turtle")
    return {str(value) for value in graph.objects() if isinstance(value, rdflib.Literal)}


READERS: dict[str, Callable[[Path], set[str]]] = {
    "jsonl": of_jsonl,
    "graphml": of_graphml,
    "csv": of_csv,
    "html": of_html,
    "turtle": of_turtle,
}


@pytest.mark.parametrize("form", READERS)
def test_every_name_comes_out_of_every_export(base, tmp_path, form):
    kg, names = base
    out = tmp_path / f"out.{form}"
    export(kg, form, out)
    assert set(names) - READERS[form](out) == set()


def test_a_script_of_statements_holds_names_as_plain_ascii(base, tmp_path):
    kg, names = base
    export(kg, "cypher", tmp_path / "out.cypher")
    script = (tmp_path / "out.cypher").read_text(encoding="ascii")
    assert [name for name in names if literal(name) not in script] == []
    assert all(line.endswith(";") for line in script.rstrip("\n").split("\n"))


def test_equal_names_are_one_thing_and_alike_letters_of_two_scripts_are_not(base):
    kg, _ = base
    assert len({entity.id for entity in kg.entities("Ångström")}) == 1
    assert kg.entities("Ångström") == kg.entities("A\u030angstro\u0308m")
    assert normal_form("аpple") != normal_form("apple")
    assert kg.view.verify() == []
