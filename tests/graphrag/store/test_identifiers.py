"""Only names that cannot mean anything else in a query get into one."""

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrag.store.identifiers import identifier, label, relationship

ALLOWED = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
ROOT = Path(__file__).parents[3]
NASTY = [
    "A`",
    "A\\u0060",
    "A\n",
    "A B",
    "Ａ",
    "",
    "1A",
    "a" * 64,
    "A:B",
    "A|B",
    "A)--(b",
    "A\x00",
    "a.b",
    "é",
]


@given(st.text())
def test_whatever_comes_in_an_identifier_goes_out(text):
    for name in (identifier(text, fallback="X"), label(text), relationship(text)):
        assert ALLOWED.fullmatch(name)


@pytest.mark.parametrize("name", NASTY)
def test_what_is_not_a_plain_name_is_replaced(name):
    assert identifier(name, fallback="X") == "X"
    assert label(name) == "Entity"


@pytest.mark.parametrize("name", ["__Entity__", "__KnowledgeBase__", "__x"])
def test_names_of_the_store_are_not_taken(name):
    assert label(name) == "Entity"
    assert relationship(name) == "RELATED_TO"


def test_surface_words_become_a_readable_type():
    assert relationship("was founded by") == "WAS_FOUNDED_BY"
    assert relationship("FOUNDED_BY") == "FOUNDED_BY"
    assert relationship("!!") == "RELATED_TO"


def test_every_label_and_type_of_a_row_comes_from_the_allow_list():
    """Rows are the only way of names from data into statements: each is made by `label` or `relationship`."""
    tree = ast.parse((ROOT / "graphrag/store/neo4j_rows.py").read_text(encoding="utf-8"))
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if getattr(call.func, "id", "") == "Edge":
            kind = call.args[2]
            made = isinstance(kind, ast.Call) and getattr(kind.func, "id", "") == "relationship"
            assert made or isinstance(kind, ast.Constant) or getattr(kind, "id", "") == "kind", call.lineno
        if getattr(call.func, "id", "") == "Node":
            assert isinstance(call.args[1], ast.Tuple | ast.Subscript), call.lineno
    source = ast.unparse(tree)
    assert "label(key) for key in" in source
    assert re.findall(r"_edge\([^,]+, ([^,]+),", source.replace("_edge(start: str", "")) != []


def test_statements_take_nothing_else_from_outside():
    """In braces stand constants of a kind, labels and types of the allow-list, and fixed text."""
    known = {
        "kind.label", "kind.start", "kind.end", "kind.type", "name", "key", "add", "remove", "held", "exact",
        "DIGEST", "_pattern(kind)", "_pattern(edge_kind)", "_pattern(RELATION)", "'|'.join(names)",
        "':'.join(old)", "':'.join(labels)", "which", "where", "int(dim)",
        "' or '.join(map(repr, _INDEXES))",
    }  # fmt: skip
    files = sorted((ROOT / "graphrag" / "store").glob("neo4j*.py"))
    assert len(files) >= 8
    for node in (node for path in files for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))):
        if isinstance(node, ast.JoinedStr):
            text = ast.unparse(node)
            if re.search(r"\b(MATCH|MERGE|CREATE|DELETE|REMOVE|CALL|DROP)\b", text):
                for part in (part for part in node.values if isinstance(part, ast.FormattedValue)):
                    name = ast.unparse(part.value)
                    constant = re.fullmatch(r"_?[A-Z]+(\.label)?", name)
                    assert constant or name in known, f"line {node.lineno}: {name}"
