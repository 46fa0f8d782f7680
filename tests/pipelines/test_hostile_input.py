"""Documents made to hurt: each ends as read or as a failure with a reason, and harms nothing around it."""

import io
import itertools
import json
import os
import random
import resource
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from graphrag.datamodel import Document
from graphrag.documents import list_files, read_file
from graphrag.engine import GraphRAG
from tests.graphrag.extraction.test_injection import poisoned

ROOT = Path(__file__).parent.parent.parent
COUNT = int(os.environ.get("GRAPHRAG_HOSTILE", "100"))
HONEST = {
    "honest-a.txt": "Acme Robotics was founded by Ada Smith in 1999. Acme Robotics is based in Lyon.",
    "honest-b.txt": "Ada Smith was born in Porto. Porto is a city in Portugal.",
}
NAMES = (
    "..", "...", "..\\..\\x", "C:", "C:\\x", "\\\\host\\share", "~", "~root", "%2e%2e%2f", "%00", "con",
    "nul", "aux.txt",
    "-rf", "--help", "$(id)", "`id`", "a;id", "a|id", "a&b", "*", "?", "'", '"', "<b>", "{{x}}", "a\nb",
    "a\tb", "a\rb",
    "\u202etxt.exe", "\u200b", "e\u0301", "é", "\ufeffx", "x" * 240, "𝔘", "\u2028", "a#1", "a b", " ",
    ".hidden", "__proto__",
    "kg.db", "answers.db", ".lock", "=1+1", "@SUM(1)", "file:x", "http:x", "\x7f",
)  # fmt: skip
WATCH = """
import sys
seen = []
inside = sys.argv[1]
def hook(event, arguments):
    if event in ("socket.connect", "os.system", "subprocess.Popen", "pickle.find_class"):
        seen.append((event, str(arguments)[:200]))
    elif event == "open" and isinstance(arguments[0], str) and isinstance(arguments[1], str):
        if set(arguments[1]) & set("wax+") and not arguments[0].startswith((inside, "/dev/null", "/proc")):
            seen.append((event, arguments[0]))
sys.addaudithook(hook)
sys.dont_write_bytecode = True
from pipelines.cli import main
try:
    main(sys.argv[2:])
finally:
    print("\\nWATCHED", seen, file=sys.stderr)
"""


def _zip(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def _injection(draw: random.Random, number: int) -> tuple[str, bytes]:
    texts = poisoned()
    return f"i{number}.txt", texts[number % len(texts)].encode("utf-8", "replace")


def _named(draw: random.Random, number: int) -> tuple[str, bytes]:
    """An attack as the id and title of a line: no file could be called so."""
    name = f"{NAMES[number % len(NAMES)]}{number if number >= len(NAMES) else ''}"
    line = {
        "id": f"../../{name}" if number % 3 else name,
        "title": name,
        "text": f"Bea Marsh founded Bolt {number}.",
    }
    return f"n{number}.jsonl", json.dumps(line).encode()


def _encoded(draw: random.Random, number: int) -> tuple[str, bytes]:
    text = "Bea Marsh founded Bolt. Ünïcödé ©."
    raw = [
        b"\xff\xfe" + text.encode("utf-16-be")[:-1], b"\xef\xbb\xbf" + text.encode("latin-1"),
        text.encode("utf-16"),
        text.encode("utf-8")[:-1], b"\xc3" * 200, text.encode("utf-32"), b"\xed\xa0\x80" * 50,
        b"\xfe\xff\xd8\x00",
        text.encode("utf-7"), text.encode("cp1252") + bytes(range(128, 160)),
    ][number % 10]  # fmt: skip
    return f"e{number}.txt", raw + (b"x" * (number // 10) if number % 2 else b"")


def _archive(draw: random.Random, number: int) -> tuple[str, bytes]:
    xml = b'<?xml version="1.0"?><w:document xmlns:w="x"><w:body/></w:document>'
    bomb = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><a>&b;</a>'
    kinds: list[Callable[[], tuple[str, bytes]]] = [
        lambda: ("docx", _zip(("word/document.xml", b" " * (66 * 2**20)))),
        lambda: ("docx", _zip(("word/document.xml", xml), ("../../evil.txt", b"x"))),
        lambda: ("docx", _zip(("word/document.xml", bomb))),
        lambda: ("docx", _zip(*((f"x{n}", b"") for n in range(300)))),
        lambda: ("docx", _zip(("word/document.xml", xml))[: draw.randrange(20, 120)]),
        lambda: ("docx", b"PK\x03\x04" + draw.randbytes(400)),
        lambda: ("pdf", b"%PDF-1.4\n" + draw.randbytes(400)),
        lambda: ("pdf", b"%PDF-1.7\n1 0 obj <</Type /Catalog /Pages 1 0 R>> endobj trailer <</Root 1 0 R>>"),
        lambda: ("pdf", b"%PDF-1.4\n" + b"[" * 5_000 + b"\ntrailer <</Root 1 0 R>>\n%%EOF"),
        lambda: ("xlsx", _zip(("xl/workbook.xml", bomb))),
    ]
    suffix, raw = kinds[number % len(kinds)]()
    return f"z{number}.{suffix}", raw


def _xml(draw: random.Random, number: int) -> tuple[str, bytes]:
    inner = [
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><x/>',
        b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]><x/>',
        b'<x xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="/etc/passwd"/></x>',
        b"<a>" * 20_000,
        b'<?xml version="1.0" encoding="nonsense"?><x/>',
    ][number % 6]
    form = number // 6 % 3
    if form == 0:
        return f"x{number}.docx", _zip(("word/document.xml", inner), ("[Content_Types].xml", inner))
    return f"x{number}.{'html' if form == 1 else 'md'}", inner + b"\n<p>Bea Marsh founded Bolt.</p>"


def _page(draw: random.Random, number: int) -> tuple[str, bytes]:
    script = ["<script>fetch('http://127.0.0.1:9')</script>", "<img src=http://127.0.0.1:9 onerror=x>",
              "<svg onload=x>",
              "<iframe src=file:///etc/passwd>",
              "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9'>",
              "<div>" * 3_000, "<!--" * 500,
              "<style>@import 'http://127.0.0.1:9'</style>"][number % 8]  # fmt: skip
    return f"p{number}.html", f"<title>{script}</title>{script}<p>Bea Marsh founded Bolt.</p>".encode()


def _deep(draw: random.Random, number: int) -> tuple[str, bytes]:
    kinds = [
        ("jsonl", "[" * 50_000), ("jsonl", '{"a":' * 10_000 + "1" + "}" * 10_000), ("jsonl", '{"text": NaN}'),
        ("jsonl", '{"text": "a", "metadata": {"x": 1e999}, "id": 99999999999999999999999}'),
        ("csv", "text\n" + '"' * 20_001), ("csv", "text," * 5_000 + "\n" + "a," * 5_000), ("csv",
        "text\n=cmd|' /C calc'!A0"),
    ]  # fmt: skip
    suffix, text = kinds[number % len(kinds)]
    return f"d{number}.{suffix}", text.encode()


def _huge(draw: random.Random, number: int) -> tuple[str, bytes]:
    kinds = ["a" * 100_000, "A" * 50_000 + " founded " + "B" * 50_000, "\u0301" * 20_000, "(" * 20_000,
             "a-" * 20_000,
             "Mr. " * 5_000, "1" * 50_000, "王" * 20_000, "\u202e" * 10_000 + "x",
             "x\n" * 20_000]  # fmt: skip
    return f"h{number}.txt", kinds[number % 10].encode()


def _polyglot(draw: random.Random, number: int) -> tuple[str, bytes]:
    kinds = [
        ("html", b"%PDF-1.4\n<p>Bea Marsh founded Bolt.</p>"), ("pdf", b"<html><p>x</p></html>"), ("txt",
        _zip(("a", b"b"))),
        ("md", b"GIF89a<script>x</script> Bea Marsh founded Bolt."), ("jsonl", b"PK\x03\x04{}"), ("csv",
        b"\x1f\x8b text"),
    ]  # fmt: skip
    suffix, raw = kinds[number % len(kinds)]
    return f"g{number}.{suffix}", raw


def _binary(draw: random.Random, number: int) -> tuple[str, bytes]:
    return f"b{number}.txt", draw.randbytes(2_000)


def _empty(draw: random.Random, number: int) -> tuple[str, bytes]:
    raw = [b"", b" ", b"\n\n", b"\xef\xbb\xbf", b"\x00", b".", "\u200b".encode(), b"\t\r\n"][number % 8]
    return f"y{number}.{('txt', 'md', 'html', 'jsonl', 'csv')[number // 8 % 5]}", raw


MAKERS = (  # in thousandths
    (200, _injection), (150, _named), (100, _encoded), (100, _archive), (100, _xml), (80, _page), (70,
    _deep), (50, _huge),
    (50, _polyglot), (50, _binary), (50, _empty),
)  # fmt: skip


def write_hostile(folder: Path, count: int) -> int:
    """Write the documents; how many files that made."""
    draw = random.Random(13)
    written = 0
    for share, maker in MAKERS:
        for number in range(share * count // 1000):
            name, raw = maker(draw, number)
            (folder / name).write_bytes(raw)
            written += 1
    return written


def listing(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.lstat().st_size for path in sorted(folder.rglob("*"))}


def build(folder: Path, kg: Path) -> tuple[int, str]:
    command = [sys.executable, "-c", WATCH, str(kg), "build", str(folder), "--out", str(kg)]
    command += ["--set", "build.max_failed_share=1.0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, env={**os.environ, "TMPDIR": str(kg)})
    return done.returncode, done.stderr.decode()


def test_hostile_documents_are_read_or_refused_and_harm_nothing(tmp_path: Path) -> None:
    sources, calm = tmp_path / "a" / "docs", tmp_path / "b" / "docs"
    for folder in (sources, calm):
        folder.mkdir(parents=True)
        for name, text in HONEST.items():
            (folder / name).write_text(text, encoding="utf-8")
    written = write_hostile(sources, COUNT)
    assert written == COUNT
    before = listing(tmp_path)
    slowest = 0.0
    files = list_files([sources])
    outcomes: Counter[str] = Counter(ignored=len(files.ignored))
    for file in files.files:
        started = time.process_time()
        items = list(read_file(file))
        slowest = max(slowest, time.process_time() - started)
        assert items, file.key
        for item in items:
            outcomes["read" if isinstance(item, Document) else "refused"] += 1
            assert isinstance(item, Document) or item.message
    assert slowest <= 10.0
    assert outcomes["read"] + outcomes["refused"] + outcomes["ignored"] >= written + len(HONEST)
    code, errors = build(sources, tmp_path / "kg")
    assert code == 3, errors[-2000:]
    assert "WATCHED []" in errors
    assert "Traceback" not in errors
    report = json.loads((tmp_path / "kg" / "report.json").read_text(encoding="utf-8"))
    documents = report["documents"]
    assert documents["seen"] == documents["added"] + documents["failed"]
    assert documents["added"] == outcomes["read"] or documents["failed"] > outcomes["refused"]  # doubled ids
    assert documents["seen"] == outcomes["read"] + outcomes["refused"]
    after = {name: size for name, size in listing(tmp_path).items() if not name.startswith("kg")}
    assert after == before
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    assert memory < 2 * 2**30
    assert build(calm, tmp_path / "calm")[0] == 0
    with GraphRAG.open(tmp_path / "kg") as both, GraphRAG.open(tmp_path / "calm") as alone:
        assert facts_of(both, "honest") == facts_of(alone, "honest") != set()
    print(
        f"\n{written} hostile files: {dict(outcomes)}; slowest {slowest:.2f} s CPU; {memory / 2**20:.0f} MB"
    )


def facts_of(base: GraphRAG, prefix: str) -> set[tuple[str, str, str]]:
    """What documents of that name state, in their own words."""
    keys = {document.id for document in base.view.documents() if document.key.startswith(prefix)}
    return {
        (relation.type, item.quote, item.document_id)
        for relation in base.view.relations()
        for item in relation.evidence
        if item.document_id in keys
    }


def test_three_hundred_names_touch_no_file(tmp_path: Path) -> None:
    sources = tmp_path / "docs"
    sources.mkdir()
    attacks = [
        f"{prefix}{name}"
        for name, prefix in itertools.product(NAMES, ("", "../", "../../../../tmp/", "/", "a/../../", "./"))
    ]
    chosen = attacks[:300]
    lines = [
        {"id": name, "title": name, "text": f"Bea Marsh founded Bolt {n}."} for n, name in enumerate(chosen)
    ]
    (sources / "n.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    outside = listing(tmp_path)
    kg = tmp_path / "kg"
    code, errors = build(sources, kg)
    assert code in (0, 3), errors[-2000:]
    assert "WATCHED []" in errors
    with GraphRAG.open(kg, write=True) as base:
        held = [document.key for document in base.view.documents()]
        failed = json.loads((kg / "report.json").read_text(encoding="utf-8"))["documents"]["failed"]
        assert len(held) + failed == len(chosen) == 300
        assert all("\n" not in key and "\x00" not in key for key in held)
        for key in held[::7]:
            assert base.remove([key])
    assert {name: size for name, size in listing(tmp_path).items() if not name.startswith("kg")} == outside
    kept = {path.name for path in kg.rglob("*") if path.is_file()}
    assert not any(part in name for name in kept for part in ("txt", "passwd", "share", "proto"))


@pytest.mark.parametrize("kind", ["symlink", "hardlink", "fifo", "device", "folder link"])
def test_what_is_no_file_of_the_folder_is_left_alone(tmp_path: Path, kind: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("Bea Marsh founded Secret.", encoding="utf-8")
    sources = tmp_path / "docs"
    sources.mkdir()
    target = sources / "x.txt"
    match kind:
        case "symlink":
            target.symlink_to(outside / "secret.txt")
        case "hardlink":
            target.hardlink_to(outside / "secret.txt")
        case "fifo":
            os.mkfifo(target)
        case "device":
            target.symlink_to("/dev/zero")
        case _:
            (sources / "more").symlink_to(outside)
    found = list_files([sources])
    # A hard link is a file like any other: nothing tells it from one.
    assert len(found.files) == (1 if kind == "hardlink" else 0)
    assert len(found.failures) == (1 if kind in ("symlink", "fifo", "device") else 0)
    assert (outside / "secret.txt").exists()
