"""What the store costs, extraction left out: canned triples in, a durable graph with provenance out.

    python benchmarks/engine.py costs              # CPU per chunk and per update, 5,000 to 50,000 chunks
    python benchmarks/engine.py names              # resolution of 100,000 and 1,000,000 names
    python benchmarks/engine.py scale              # 1,000,000 entities, 3,000,000 relations
    python benchmarks/engine.py shapes             # hubs, cycles, alias chains ...: ten times as much of each
    python benchmarks/engine.py peers              # five rivals, see benchmarks/peers.py

CPU seconds (`time.process_time`) are of the calls to the store alone; making the input is not counted.
Memory is the peak of the whole process. Each line is one JSON record.
"""

import argparse
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

from graphrag.datamodel import (
    Alias,
    CheckedTriple,
    Chunk,
    Document,
    Evidence,
    Extraction,
    Mention,
    Span,
    Triple,
)
from graphrag.ids import chunk_id, content_id, document_id
from graphrag.ingest import documents_per_commit
from graphrag.store.ledger import IngestedDocument, Ledger

FIRST = [
    "Ada",
    "Ben",
    "Cara",
    "Dan",
    "Eva",
    "Finn",
    "Gina",
    "Hugo",
    "Iris",
    "Jack",
    "Kira",
    "Liam",
    "Mona",
    "Nils",
    "Olga",
    "Paul",
    "Quin",
    "Rosa",
    "Sven",
    "Tara",
]
SYLLABLES = (
    "ba be bi bo ka ke ki ko la le li lo ma me mi mo na ne ni no ra re ri ro sa se si so ta te to va ve vo"
)
ENDINGS = ["Labs", "Works", "Group", "Inc.", "Systems", "Press", "Institute"]
BATCH = 64


def name_of(number: int, chance: random.Random) -> tuple[str, str]:
    """A person or an organisation, with its type."""
    word = "".join(chance.choice(SYLLABLES.split()) for _ in range(chance.randint(3, 5))).capitalize()
    if number % 2:
        return f"{chance.choice(FIRST)} {word}", "PERSON"
    return f"{word} {chance.choice(ENDINGS)}", "ORG"


def corpus(count: int, *, facts: int = 8, fresh: float = 2.0, seed: int = 0) -> Iterator[IngestedDocument]:
    """Documents of one chunk each; names recur as in text: a few often, most seldom.

    Args:
        facts: Triples in each chunk, joining about as many entities.
        fresh: New names in each chunk, on average.
    """
    chance = random.Random(seed)
    names = [name_of(number, chance) for number in range(40)]
    for number in range(count):
        while len(names) < 40 + fresh * (number + 1):
            names.append(name_of(len(names), chance))
        newest = names[-max(1, round(fresh)) :]
        picked = [
            names[min(int(chance.paretovariate(0.6)), len(names) - 1)]
            if chance.random() < 0.4
            else chance.choice(names)
            for _ in range(facts - len(newest))
        ]
        yield _document(number, list(dict.fromkeys([*newest, *picked])), facts)


Thing = tuple[str, str]


def _document(number: int, picked: list[Thing], facts: int) -> IngestedDocument:
    count = len(picked)
    return stated(number, [(picked[place % count], picked[(place + 1) % count]) for place in range(facts)])


def stated(
    number: int,
    pairs: Sequence[tuple[Thing, Thing | None]],
    *,
    title: str = "",
    aliases: Sequence[tuple[Thing, str]] = (),
) -> IngestedDocument:
    """A document that states one fact for each pair, and that things are also called otherwise.

    Args:
        pairs: Without a second thing the text breaks off, and the triple, which lacks an end, is rejected.
    """
    key = f"doc-{number:07}"
    sentences = []
    for head, tail in pairs:
        other = tail[0] if tail else ""
        sentences.append((head, tail, f"{head[0]} works together with {other} on item {number}."))
    called = [f"{thing[0]} ({alias})." for thing, alias in aliases]
    text = " ".join([*(sentence for _, _, sentence in sentences), *called])
    document = Document(document_id(key, title, text, {}), key, text, title, key)
    chunk = Chunk(chunk_id(document.id, 0, len(text)), document.id, Span(0, len(text)), text, title)
    mentions: list[Mention] = []
    triples: list[Triple] = []
    checked: list[CheckedTriple] = []
    start = 0
    for head, tail, sentence in sentences:
        one = Mention(chunk.id, Span(start, start + len(head[0])), head[0], head[0], head[1])
        mentions.append(one)
        if tail is not None:
            other_start = start + sentence.rindex(tail[0])
            span = Span(other_start, other_start + len(tail[0]))
            two = Mention(chunk.id, span, tail[0], tail[0], tail[1])
            mentions.append(two)
        else:
            two = Mention(chunk.id, Span(start, start), "", "", None)
        evidence = Evidence(
            document.id, chunk.id, Span(start, start + len(sentence)), sentence, "canned", 0.9
        )
        triple = Triple(one, "works together with", two, evidence)
        triples.append(triple)
        name = content_id("tri", chunk.id, str(start))
        if tail is not None:
            checked.append(CheckedTriple(name, triple, "accept", "WORKS_WITH", head[1], tail[1], score=0.85))
        else:
            checked.append(CheckedTriple(name, triple, "reject", "WORKS_WITH", reason="empty_argument"))
        start += len(sentence) + 1
    also: list[Alias] = []
    for (thing, alias), sentence in zip(aliases, called, strict=True):
        full = Span(start, start + len(thing[0]))
        mentions.append(Mention(chunk.id, full, thing[0], thing[0], thing[1]))
        span = Span(full.end + 2, full.end + 2 + len(alias))
        also.append(Alias(thing[0], alias, "aka", chunk.id, span))
        start += len(sentence) + 1
    result = Extraction(chunk.id, tuple(mentions), tuple(triples), tuple(also))
    return IngestedDocument(document, (chunk,), (result,), tuple(checked))


def cpu_of(work: Callable[[], object]) -> float:
    """CPU seconds of a call."""
    before = time.process_time()
    work()
    return time.process_time() - before


def load(ledger: Ledger, items: Iterator[IngestedDocument], count: int, *, stored: int = 0) -> float:
    """Apply `count` documents in transactions as a build makes them; CPU seconds of the store alone."""
    spent = 0.0
    while count > 0:
        size = documents_per_commit(stored, BATCH)
        batch = list(islice(items, min(size, count)))
        if not batch:
            break
        spent += cpu_of(lambda batch=batch: ledger.apply(batch))  # type: ignore[misc]
        count -= len(batch)
        stored += len(batch)
    return spent


def peak_megabytes() -> int:
    """Most memory this process has held; without its parent's where the system tells them apart."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def measure_costs(folder: Path, chunks: int) -> dict[str, object]:
    """Build, 1 % more, one document changed, one removed, all at one size."""
    items = corpus(chunks + chunks // 100 + 1)
    with Ledger.create(folder, settings={}, ontology="", extractor="canned") as ledger:
        build = load(ledger, items, chunks)
        peak = peak_megabytes()
        more = load(ledger, items, chunks // 100, stored=chunks)
        (last,) = items
        edited = IngestedDocument(last.document, last.chunks, last.results, last.triples[:4])
        one = cpu_of(lambda: ledger.apply([last]))
        edit = cpu_of(lambda: ledger.apply([edited]))
        removal = cpu_of(lambda: ledger.apply((), [last.document.key]))
        counts = ledger.counts()
    size = (folder / "kg.db").stat().st_size
    return {
        "chunks": chunks,
        "entities": counts["entities"],
        "relations": counts["relations"],
        "ms_per_chunk": round(1000 * build / chunks, 3),
        "one_percent_more_s": round(more, 3),
        "one_document_added_s": round(one, 4),
        "one_document_edited_s": round(edit, 4),
        "one_document_removed_s": round(removal, 4),
        "peak_mb": peak,
        "file_mb": size // 1_000_000,
    }


def measure_names(folder: Path, count: int) -> dict[str, object]:
    """Resolution of distinct names, ten to a document, with nothing else in it."""
    per_document = 10

    def documents() -> Iterator[IngestedDocument]:
        chance = random.Random(1)
        seen: set[str] = set()
        for number in range(count // per_document):
            picked: list[tuple[str, str]] = []
            while len(picked) < per_document:
                candidate = name_of(len(seen), chance)
                if candidate[0] not in seen:
                    seen.add(candidate[0])
                    picked.append(candidate)
            yield _named(number, picked)

    with Ledger.create(folder, settings={}, ontology="", extractor="canned") as ledger:
        spent = load(ledger, documents(), count // per_document)
        entities = ledger.counts()["entities"]
        (pairs,) = ledger._db.execute("SELECT count(*) FROM spellings").fetchone()
    return {
        "names": count,
        "entities": entities,
        "near_identical_pairs": pairs,
        "cpu_s": round(spent, 1),
        "us_per_name": round(1e6 * spent / count, 1),
        "peak_mb": peak_megabytes(),
    }


def _named(number: int, picked: list[tuple[str, str]]) -> IngestedDocument:
    key = f"doc-{number:07}"
    text = "; ".join(name for name, _ in picked)
    document = Document(document_id(key, "", text, {}), key, text, "", key)
    chunk = Chunk(chunk_id(document.id, 0, len(text)), document.id, Span(0, len(text)), text)
    mentions = []
    start = 0
    for name, kind in picked:
        mentions.append(Mention(chunk.id, Span(start, start + len(name)), name, name, kind))
        start += len(name) + 2
    return IngestedDocument(document, (chunk,), (Extraction(chunk.id, tuple(mentions)),), ())


def measure_scale(folder: Path, chunks: int) -> dict[str, object]:
    """A large base: load, open, verify, and one change."""
    items = corpus(chunks + 1, fresh=2.7)
    with Ledger.create(folder, settings={}, ontology="", extractor="canned") as ledger:
        spent = load(ledger, items, chunks)
        peak = peak_megabytes()
        (last,) = items
        one = cpu_of(lambda: ledger.apply([last]))
        removal = cpu_of(lambda: ledger.apply((), [last.document.key]))
        counts = ledger.counts()
    opened = subprocess.run(
        [sys.executable, __file__, "open", "--folder", str(folder)],
        capture_output=True,
        check=True,
        text=True,
    )
    return {
        "chunks": chunks,
        "entities": counts["entities"],
        "relations": counts["relations"],
        "load_cpu_s": round(spent, 1),
        "load_peak_mb": peak,
        "one_document_added_s": round(one, 4),
        "one_document_removed_s": round(removal, 4),
        "file_mb": (folder / "kg.db").stat().st_size // 1_000_000,
        **json.loads(opened.stdout),
    }


def measure_shapes(folder: Path, count: int, only: Sequence[str] = ()) -> dict[str, object]:
    """How much longer ten times as many facts of each shape take; beyond 15 would tell of a square."""
    from shapes import SHAPES, shaped

    ratios: dict[str, float] = {}
    cpu: dict[str, float] = {}
    for shape in only or SHAPES:
        spent = []
        for size in (count, 10 * count):
            place = folder / f"{shape}-{size}"
            with Ledger.create(place, settings={}, ontology="", extractor="canned") as ledger:
                spent.append(load(ledger, shaped(shape, size), size // 10))
                ids = [entity.id for entity in islice(ledger.entities(), 50)]
                spent[-1] += cpu_of(lambda ids=ids: [ledger.relations_of(name) for name in ids])  # type: ignore[misc]
                counts = ledger.counts()
            if shape == "missing ends" and counts["triples_rejected"] != size // 2:
                raise SystemExit(f"{counts['triples_rejected']} triples rejected, {size // 2} have no end")
            shutil.rmtree(place)
        ratios[shape] = round(spent[1] / spent[0], 1)
        cpu[shape] = round(spent[1], 2)
    worst = max(ratios.values())
    return {
        "facts": [count, 10 * count],
        "shapes": len(ratios),
        "worst_ratio": worst,
        "ratio": ratios,
        "cpu_s": cpu,
        "peak_mb": peak_megabytes(),
    }


def measure_open(folder: Path) -> dict[str, object]:
    """In a fresh process: opening, and a first look-up by name."""
    before = peak_megabytes()
    started = time.perf_counter()
    cpu = time.process_time()
    with Ledger.open(folder) as ledger:
        opened, opened_cpu = time.perf_counter() - started, time.process_time() - cpu
        (name, *_) = ledger.entities_named("ada bababa") or [next(iter(ledger.entities())).id]
        ledger.relations_of(name)
        looked_up = time.perf_counter() - started - opened
    return {
        "open_s": round(opened, 4),
        "open_cpu_s": round(opened_cpu, 4),
        "first_look_up_s": round(looked_up, 4),
        "open_peak_mb": peak_megabytes(),
        "of_which_python_and_imports_mb": before,
    }


def measure_verify(folder: Path) -> dict[str, object]:
    """`verify` of an existing base."""
    with Ledger.open(folder) as ledger:
        problems: list[str] = []
        spent = cpu_of(lambda: problems.extend(ledger.verify()))
    return {"problems": len(problems), "verify_cpu_s": round(spent, 1), "peak_mb": peak_megabytes()}


def main() -> None:
    """Measure what is asked for and print one JSON record per line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["costs", "names", "scale", "open", "verify", "peers", "shapes"])
    parser.add_argument("--sizes", type=int, nargs="*", help="chunks or names")
    parser.add_argument("--only", nargs="*", default=(), metavar="NAME", help="some of the shapes or rivals")
    parser.add_argument("--folder", type=Path, help="where the base is made, or lies; kept")
    args = parser.parse_args()
    if args.what in ("open", "verify"):
        print(json.dumps((measure_open if args.what == "open" else measure_verify)(args.folder)))
        return
    if args.what == "peers":
        from peers import run

        for found in run(args.folder or Path("build/peers"), args.sizes or (), args.only):
            print(json.dumps(found), flush=True)
        return
    kinds: dict[str, tuple[Callable[[Path, int], dict[str, object]], list[int]]] = {
        "costs": (measure_costs, [5_000, 20_000, 50_000]),
        "names": (measure_names, [100_000, 1_000_000]),
        "scale": (measure_scale, [420_000]),
        "shapes": (partial(measure_shapes, only=args.only), [300]),
    }
    measure, sizes = kinds[args.what]
    for size in args.sizes or sizes:
        place = args.folder or Path(tempfile.mkdtemp(prefix="graphrag-engine-"))
        print(
            json.dumps(
                {"measured": args.what, **measure(place / "kg" if args.folder is None else place, size)}
            ),
            flush=True,
        )
        if args.folder is None:
            shutil.rmtree(place)


if __name__ == "__main__":
    main()
