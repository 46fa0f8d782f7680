"""Every regular expression in the code, on hostile strings of 100 kB: none takes long."""

import ast
import importlib
import itertools
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STRINGS = int(os.environ.get("GRAPHRAG_STRINGS", "6"))
SIZE = 100_000
LIMIT = 0.1  # twice what it should be: the machine may be busy with other things
PIECES = (
    "a", " ", "A", "0", ".", "-", "'", '"', "_", "(", "[", "{", "<", "#", "*", "`", ":", "/", "\\",
    "&", "=", "+", "|", "?", "\xe9", "\u738b", "\n", "\t", "\r", "\x00", "\u200b", "\u3000", "\u2028",
    "Mr. ", "A. ", "Aa ", "1,", "1.", "a-", "x'", " \n", "a\n", "\n\n", "((", "))", "{{a}}", "<a ",
    "<!--", "a@", "http://", "www.", "#1", "[1]", "```", "---\n", "~~~", "January ", "of the ", "and ",
    "$1 ", "19", "1990s ", "5 %", ", ", "; ", "! ", "...", "\u2026", "\u201c", "\xab", "&amp;", "\\u",
    "None", "%s", "St. ", "U.S. ", "Ltd. ", "born in ", "van der ", "the ", "The ", "It ", "who ",
    "(a) ", "a)", " a", "  ", "a b ", "ab", "aB", "Ab1 ", "1a", "__", "**", "![", "](", "| ", "a|",
    "e\u0301", "\u3002", "- ", "\xe9 ",
)  # fmt: skip


def patterns() -> Iterator[tuple[str, re.Pattern[str], str]]:
    """Name, pattern and method for every compiled pattern of a module, by the way it is used there."""
    for package in ("ontology", "graphrag", "pipelines"):
        for path in sorted((ROOT / package).rglob("*.py")):
            source = path.read_text(encoding="utf-8")
            if "re.compile" not in source or path.name == "__main__.py":
                continue
            module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
            used: dict[str, set[str]] = {}
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                    used.setdefault(node.value.id, set()).add(node.attr)
            for name, value in sorted(vars(module).items()):
                if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                    for method in sorted(used.get(name, set()) & set(RUN)) or ["search"]:
                        yield f"{module.__name__}:{name}.{method}", value, method


def _drain(found: Iterator[object]) -> None:
    for _ in found:
        pass


RUN = {
    "match": lambda pattern, text: pattern.match(text),
    "fullmatch": lambda pattern, text: pattern.fullmatch(text),
    "search": lambda pattern, text: pattern.search(text),
    "finditer": lambda pattern, text: _drain(pattern.finditer(text)),
    "findall": lambda pattern, text: _drain(pattern.finditer(text)),
    "split": lambda pattern, text: pattern.split(text),
    "sub": lambda pattern, text: pattern.sub("", text),
}


def strings(count: int) -> list[str]:
    """One piece again and again, with an odd end that makes a match fail late; then pairs of pieces."""
    singles = (piece * (SIZE // len(piece)) + end for end in ("\x01", "") for piece in PIECES)
    pairs = ((a + b) * (SIZE // len(a + b)) + "\x01" for a, b in itertools.pairwise(PIECES))
    made = [*singles, *pairs]
    return made[:: max(1, len(made) // count)][:count]


class TooSlowError(Exception):
    """A pattern that has had all the time it may take."""


def _over(signum: int, frame: object) -> None:
    raise TooSlowError


def seconds_of(pattern: re.Pattern[str], method: str, text: str) -> float:
    """CPU seconds of one use, ended where it takes ten times too long."""
    previous = signal.signal(signal.SIGVTALRM, _over)
    signal.setitimer(signal.ITIMER_VIRTUAL, 10 * LIMIT)
    started = time.process_time()
    try:
        RUN[method](pattern, text)
    except TooSlowError:
        pass
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, previous)
    return time.process_time() - started


@pytest.mark.parametrize(("name", "pattern", "method"), patterns(), ids=lambda value: str(value)[:90])
def test_a_pattern_is_quick_on_hostile_strings(name: str, pattern: re.Pattern[str], method: str) -> None:
    for text in strings(STRINGS):
        # The best of three: the machine may be busy with other things.
        seconds = min(itertools.islice(_until_quick(pattern, method, text), 3))
        assert seconds <= LIMIT, f"{name}: {seconds:.2f} s on {text[:20]!r}"


def _until_quick(pattern: re.Pattern[str], method: str, text: str) -> Iterator[float]:
    seconds = 1.0
    while seconds > LIMIT:
        seconds = seconds_of(pattern, method, text)
        yield seconds
