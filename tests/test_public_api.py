"""What users import is there, and importing it stays cheap."""

import subprocess
import sys

import graphrag


def test_every_public_name_can_be_imported():
    for name in graphrag.__all__:
        assert getattr(graphrag, name) is not None


def test_dir_lists_the_public_names():
    assert dir(graphrag) == sorted(graphrag.__all__)


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(graphrag, "no_such_name")


def test_help_loads_no_heavy_library():
    code = (
        "import sys\n"
        "from pipelines.cli import cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'spacy', 'numpy', 'networkx', 'igraph', 'rdflib', 'openai', 'pydantic', 'rich', 'neo4j'}\n"
        "print('LOADED', sorted(heavy & set(sys.modules)))\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "LOADED []" in out
    assert "build" in out
