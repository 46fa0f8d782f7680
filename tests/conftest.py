"""What many tests share: small corpora, and one built knowledge base per session."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "examples" / "demo"

# Deadlines measure the machine, not the code: these are shared and noisy.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")


@dataclass(frozen=True)
class Outcome:
    """What a run of the command line gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def graphrag(*arguments: object, stdin: bytes = b"") -> Outcome:
    """Run the command line in a process of its own, as a user would."""
    done = subprocess.run(
        [sys.executable, "-m", "pipelines", *map(str, arguments)], input=stdin, capture_output=True, cwd=ROOT
    )
    return Outcome(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))


@pytest.fixture(scope="session")
def run() -> Callable[..., Outcome]:
    return graphrag


@pytest.fixture(scope="session")
def demo_kg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo corpus, built once per session; only for reading."""
    kg = tmp_path_factory.mktemp("demo") / "kg"
    outcome = graphrag("build", DEMO / "articles", "--out", kg)
    assert outcome.code == 0, outcome.err
    return kg


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Five short documents about things that hang together."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    texts = {
        "acme.txt": "Acme Robotics was founded by Ada Smith in 1999. Acme Robotics is based in Lyon.",
        "ada.md": "# Ada Smith\n\nAda Smith was born in Porto. She founded Acme Robotics and leads it.",
        "lyon.txt": "Lyon is a city in France. Acme Robotics opened a factory in Lyon.",
        "porto.html": "<html><title>Porto</title><body><p>Porto is a city in Portugal.</p></body></html>",
        "news.jsonl": json.dumps(
            {"id": "n1", "title": "Borealis", "text": "Borealis Ltd. acquired Acme Robotics in 2010."}
        )
        + "\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
