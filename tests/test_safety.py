"""Documents and model output are data: what could run them is not in the code at all."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FORBIDDEN_MODULES = {"pickle", "cPickle", "marshal", "shelve", "joblib", "dill", "diskcache"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_METHODS = {
    ("yaml", "load"),
    ("yaml", "unsafe_load"),
    ("yaml", "full_load"),
    ("torch", "load"),
    ("os", "system"),
}
FILES = [
    path
    for package in ("ontology", "graphrag", "pipelines")
    for path in sorted((ROOT / package).rglob("*.py"))
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_can_run_what_it_reads(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name.partition(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [(node.module or "").partition(".")[0]]
        assert not FORBIDDEN_MODULES & set(names), f"line {node.lineno} imports {names}"
        if isinstance(node, ast.Call):
            check_call(node)


def check_call(node: ast.Call) -> None:
    function = node.func
    if isinstance(function, ast.Name):
        assert function.id not in FORBIDDEN_CALLS, f"line {node.lineno} calls {function.id}"
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        assert (function.value.id, function.attr) not in FORBIDDEN_METHODS, f"line {node.lineno}"
        if function.attr == "load" and function.value.id in {"np", "numpy"}:
            allowed = [word for word in node.keywords if word.arg == "allow_pickle"]
            assert all(isinstance(word.value, ast.Constant) and word.value.value is False for word in allowed)
