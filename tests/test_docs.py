"""What the documentation says is there, is there; what is there is documented."""

import importlib.util
import re
from pathlib import Path

import pytest

import graphrag
from graphrag.config import Config, load_config
from pipelines.cli import _COMMANDS

ROOT = Path(__file__).parent.parent
DOCS = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


def generator():
    spec = importlib.util.spec_from_file_location("config_docs", ROOT / "tools" / "config_docs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("command", sorted(_COMMANDS))
def test_every_command_is_documented(command):
    assert f"`graphrag {command}" in (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


def test_the_settings_page_is_what_the_settings_say():
    assert (ROOT / "docs" / "configuration.md").read_text(
        encoding="utf-8"
    ) == generator().configuration_md(), "run: .venv/bin/python tools/config_docs.py"


def test_the_default_settings_file_is_what_the_settings_say():
    path = ROOT / "configs" / "default.yaml"
    assert path.read_text(encoding="utf-8") == generator().default_yaml(), (
        "run: .venv/bin/python tools/config_docs.py"
    )
    assert load_config(path) == Config()


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda path: path.name)
def test_every_shipped_settings_file_is_valid(path):
    assert load_config(path)


@pytest.mark.parametrize("page", DOCS, ids=lambda path: path.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_the_public_names_are_documented():
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    for name in graphrag.__all__:
        assert f"`{name}" in text, name


def test_the_readme_example_runs(tmp_path, monkeypatch):
    source = (ROOT / "README.md").read_text(encoding="utf-8")
    example = re.search(r"```python\n(.*?)```", source, re.DOTALL)[1]
    assert 'GraphRAG.build("examples/demo/articles", "kg")' in example
    example = example.replace('"examples/demo/articles"', repr(str(ROOT / "examples/demo/articles")))
    monkeypatch.chdir(tmp_path)
    script = tmp_path / "example.py"
    script.write_text(example, encoding="utf-8")
    import subprocess
    import sys

    done = subprocess.run([sys.executable, script], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Tim Cook" in done.stdout
    assert "MultiDiGraph" in done.stdout
