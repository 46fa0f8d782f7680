"""The doors between packages open one way; this reads the imports and keeps watch."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "ontology": {"ontology"},
    "graphrag": {"graphrag", "ontology"},
    "pipelines": {"pipelines", "graphrag", "ontology"},
}
# Inside graphrag: a module may import those of its own layer's parents, never upwards.
FOUNDATION = {"datamodel", "errors", "ids", "interfaces", "text", "progress", "config", "names", "sentences"}
TOP = {"engine", "ingest", "reading", "registry"}


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; name the module in full"
            found.add(node.module or "")
    return found


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_packages_import_only_downwards(package):
    ours = set(MAY_IMPORT)
    for path in sources(package):
        for name in imports_of(path):
            top = name.partition(".")[0]
            assert top not in ours or top in MAY_IMPORT[package], f"{path.relative_to(ROOT)} imports {name}"


def test_the_foundation_imports_nothing_above_itself():
    for path in sources("graphrag"):
        if path.parent.name != "graphrag" or path.stem not in FOUNDATION:
            continue
        for name in imports_of(path):
            if name.startswith("graphrag."):
                assert name.split(".")[1] in FOUNDATION, f"{path.name} imports {name}"


def test_only_the_top_imports_the_engine():
    for path in sources("graphrag"):
        relative = path.relative_to(ROOT / "graphrag")
        if relative.parts[0].removesuffix(".py") in TOP | {"__init__"}:
            continue
        for name in imports_of(path):
            parts = name.split(".")
            assert parts[0] != "graphrag" or len(parts) < 2 or parts[1] not in TOP, (
                f"{relative} imports {name}"
            )


def test_the_library_reads_no_environment_and_prints_nothing():
    for package in ("ontology", "graphrag"):
        for path in sources(package):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}:
                    pytest.fail(f"{path.relative_to(ROOT)}:{node.lineno} reads the environment")
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                    pytest.fail(f"{path.relative_to(ROOT)}:{node.lineno} prints")
