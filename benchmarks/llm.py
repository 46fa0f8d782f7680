"""What the road through a language model costs and survives, measured.

    python benchmarks/llm.py overhead
    python benchmarks/llm.py throughput --calls 640 --in-flight 64 --latency 1
    python benchmarks/llm.py faults --chunks 1000 --seeds 5
    python benchmarks/llm.py fuzz --answers 10000
    python benchmarks/llm.py tokens DATA
    python benchmarks/llm.py replay DATA

DATA is a folder with recorded answers of real models: ``musique/corpus.jsonl.gz`` with
``musique/openie_gpt-3.5-turbo-1106.jsonl.gz``, and ``replay/christmas_carol_gpt-4o_extraction.json.gz``.
No command reaches any server but its own on loopback.
"""

import argparse
import contextlib
import gzip
import json
import re
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from graphrag.checking import Checker
from graphrag.chunking import SentenceChunker
from graphrag.config import Config
from graphrag.datamodel import Chunk, Document, Extraction, Failure, Mention, Span
from graphrag.engine import GraphRAG
from graphrag.errors import LLMCallError
from graphrag.extraction.grounding import Answer, Grounder, Piece
from graphrag.extraction.llm import LLMExtractor
from graphrag.extraction.locating import Passage
from graphrag.ids import chunk_id, document_id
from graphrag.llm import (
    AnswerError,
    Clock,
    Gate,
    Limits,
    Message,
    OpenAIClient,
    Reply,
    Request,
    ResponseLedger,
    Secret,
    approximate_tokens,
    parse_answer,
)
from graphrag.sentences import sentences
from graphrag.testing.server import ScriptedServer
from graphrag.text import clean
from graphrag.tokens import count_tokens
from ontology import general_ontology


class Instant:
    """A client that answers at once: what remains is the gate's own work."""

    provider, model, structured = "benchmark", "instant", "auto"

    def complete(self, request: Request, *, seconds: float) -> Reply:
        return Reply("{}", prompt_tokens=10, completion_tokens=2)

    def stop(self, seconds: float) -> None: ...

    def close(self) -> None: ...


def overhead(calls: int) -> None:
    """CPU per call of the gate alone, of the SDK alone, and of both together."""
    passage = "Ada Stone founded Acme in Leeds. " * 150  # about 1,200 tokens
    system = Message("system", passage)
    requests = [Request("b", (system, Message("user", f"{n} {passage}"))) for n in range(calls)]
    with tempfile.TemporaryDirectory() as folder:
        for name, ledger in (("no ledger", None), ("ledger", ResponseLedger(Path(folder) / "a.db"))):
            gate = Gate(Instant(), ledger=ledger)  # type: ignore[arg-type]
            cpu, wall = _timed(lambda gate=gate: [gate.ask(request) for request in requests])
            each, lasted = cpu / calls * 1000, wall / calls * 1000
            print(f"gate, {name:<10}       {each:6.3f} ms CPU  {lasted:6.3f} ms wall per call")
        cpu, _ = _timed(lambda: [gate.ask(request) for request in requests])
        print(f"gate, from the ledger   {cpu / calls * 1000:6.3f} ms CPU per call")
        with ScriptedServer(Path(folder), script="graphrag.testing.scripts:echo") as server:
            client = OpenAIClient("scripted", key=Secret("k"), base_url=server.url)
            client.complete(requests[0], seconds=30)
            cpu, _ = _timed(lambda: [client.complete(request, seconds=30) for request in requests])
            print(f"client library          {cpu / calls * 1000:6.3f} ms CPU per call")
            with Gate(client, ledger=ResponseLedger(Path(folder) / "b.db")) as whole:
                cpu2, _ = _timed(lambda: [whole.ask(request) for request in requests])
            both, ours = cpu2 / calls * 1000, (cpu2 - cpu) / calls * 1000
            print(f"gate and client library {both:6.3f} ms CPU per call: {ours:.3f} ours")


def throughput(calls: int, in_flight: int, latency: float) -> None:
    """Calls per second with many in flight, against a server that takes its time."""
    with tempfile.TemporaryDirectory() as folder:
        with ScriptedServer(Path(folder), script="graphrag.testing.scripts:echo", delay=latency) as server:
            client = OpenAIClient("scripted", key=Secret("k"), base_url=server.url, connections=in_flight)
            limits = Limits(max_in_flight=in_flight)
            with Gate(client, ledger=ResponseLedger(Path(folder) / "a.db"), limits=limits) as gate:
                gate.ask(Request("b", (Message("user", "first, alone"),)))
                requests = [Request("b", (Message("user", f"passage {n} " * 300),)) for n in range(calls)]
                cpu, wall = _timed(lambda: list(gate.map(gate.ask, requests)))
        ideal, each = calls / in_flight * latency, cpu / calls * 1000
        print(f"{calls} calls, {in_flight} in flight, {latency:g} s each: {calls / wall:.1f} calls/s")
        print(f"{wall:.1f} s in all, {ideal:.1f} s at best; {each:.1f} ms CPU per call")


FAULTS = {"429": 0.05, "429-seconds": 0.05, "500": 0.03, "502": 0.02, "503": 0.03}
FAULTS |= {"silence": 0.05, "reset": 0.03, "garbage": 0.02, "cut": 0.02}


def faults(chunks: int, seeds: int) -> None:
    """Extraction at 30 % faults against the same without any."""
    made = [_made_up(n) for n in range(chunks)]
    with tempfile.TemporaryDirectory() as folder, ScriptedServer(Path(folder)) as server:
        whole, _ = _extract(server, made, Path(folder) / "calm.db")
        for seed in range(1, seeds + 1):
            before = len(server.requests())
            server.plan(faults=FAULTS, seed=seed, wait=2.0)
            results, gate = _extract(server, made, Path(folder) / f"{seed}.db")
            requests = server.requests()[before:]
            failed = sum(isinstance(result, Failure) for result in results)
            print(f"seed {seed}: {'equal' if results == whole else 'DIFFERENT'}, {failed} failed, "
                  f"{len(requests)} requests = {len(requests) / chunks:.2f} per chunk, "
                  f"{sum(bool(r.fault) for r in requests)} faults, {gate.usage.lost} lost")  # fmt: skip


def _extract(
    server: ScriptedServer, chunks: list[Chunk], ledger: Path
) -> tuple[list[Extraction | Failure], Gate]:
    client = OpenAIClient("scripted", key=Secret("k"), base_url=server.url, connections=32)
    limits = Limits(max_in_flight=32, call_seconds=20.0)
    gate = Gate(client, ledger=ResponseLedger(ledger), limits=limits, clock=Clock(0.02))
    with gate:
        return LLMExtractor(gate, None, gleanings=0).extract(chunks), gate


def _made_up(number: int) -> Chunk:
    text = f"Ada Number{number} founded Company{number}. She lives there. Bea joined Company{number}."
    document = f"doc-{number}"
    return Chunk(chunk_id(document, 0, len(text)), document, Span(0, len(text)), text)


def outages() -> None:
    """Requests that reach a server which says "slow down" for a minute of the gate's clock; eight workers."""
    with tempfile.TemporaryDirectory() as folder, ScriptedServer(Path(folder)) as server:
        for kind in ("429", "429-seconds", "429-date"):
            server.plan(always="", wait=20.0)
            client = OpenAIClient("scripted", key=Secret("k"), base_url=server.url)
            with Gate(client, limits=Limits(max_in_flight=8), clock=Clock(0.05)) as gate:
                warm = [Request("b", (Message("user", f"{kind} warm {n}"),)) for n in range(8)]
                asked = [Request("b", (Message("user", f"{kind} {n}"),)) for n in range(8)]
                list(gate.map(gate.ask, warm))
                before = len(server.requests())
                server.plan(always=kind)
                healing = threading.Timer(60 * 0.05, lambda: server.plan(always=""))
                healing.start()
                answered = len(list(gate.map(gate.ask, asked)))
                healing.join()
                refused = sum(bool(request.fault) for request in server.requests()[before:])
                waited = gate.usage.waited_seconds
            print(f"{kind:<12} {refused} requests refused, {answered} of 8 answered, waited {waited:.0f} s")


def deadlines(calls: int) -> None:
    """How long calls to a server that never answers, drips or is late last beside their deadline of 2 s."""
    with tempfile.TemporaryDirectory() as folder, ScriptedServer(Path(folder)) as server:
        for kind in ("silence", "drip", "late"):
            client = OpenAIClient("scripted", key=Secret("k"), base_url=server.url, connections=calls)
            limits = Limits(max_in_flight=calls, call_seconds=2.0, max_attempts=1, breaker_failures=1_000)
            with Gate(client, limits=limits) as gate:
                server.plan(always="")
                gate.ask(Request("b", (Message("user", f"hello {kind}"),)))
                server.plan(always=kind, wait=0.2 if kind == "drip" else 60.0)

                def lasted(number: int, gate: Gate = gate, kind: str = kind) -> float:
                    request = Request("b", (Message("user", f"{kind} {number}"),))
                    started = time.monotonic()
                    with contextlib.suppress(LLMCallError):
                        gate.ask(request)
                    return time.monotonic() - started

                seconds = sorted(gate.map(lasted, range(calls)))
            print(f"{kind:<8} {calls} calls: {seconds[0]:.2f} to {seconds[-1]:.2f} s")


def fuzz(answers: int) -> None:
    """Hostile answers through parser, grounding and ontology."""
    from tests.graphrag.extraction.test_hostile_answers import fuzz as run

    seen: list[str] = []
    dangerous = {"compile", "exec", "pickle.find_class", "os.system", "subprocess.Popen", "socket.connect"}
    run(60)  # what is imported on first use is imported before the watch begins
    main_thread = threading.get_ident()

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in dangerous and threading.get_ident() == main_thread:
            seen.append(event)

    def work() -> None:
        outcomes, triples = run(answers, seed=1)
        print(f"answers: {dict(outcomes.most_common())}\ntriples: {dict(triples.most_common())}")

    sys.addaudithook(hook)
    cpu, _ = _timed(work)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{answers} answers in {cpu:.1f} s CPU, peak {memory:.0f} MB; dangerous events: {dict(Counter(seen))}"
    )


def tokens(data: Path) -> None:
    """The fast count of tokens against the exact one."""
    ratios, fast, exact = [], 0, 0
    for name in ("2wiki", "musique", "hotpot"):
        for number, line in enumerate(read_lines(data / name / "corpus.jsonl.gz")):
            if number % 25 == 0:
                about, true = approximate_tokens(line["text"]), count_tokens(line["text"])
                ratios.append(about / true)
                fast, exact = fast + about, exact + true
    ratios.sort()
    low, high = ratios[len(ratios) // 20], ratios[-len(ratios) // 20]
    print(f"{len(ratios)} passages: in total {fast / exact:.3f} of the exact count")
    print(f"median {statistics.median(ratios):.3f}, 9 of 10 within {low:.2f} to {high:.2f}")


class Recorded:
    """Recorded answers in the place of a model: strict parser, grounding and all.

    Args:
        answers: What was answered to each passage.
        names: Names that were recorded for each passage beside its answer.
    """

    fingerprint = "recorded-1"

    def __init__(self, answers: Mapping[str, str], names: Mapping[str, Sequence[str]] | None = None) -> None:
        self._answers = answers
        self._names = names or {}
        self.parsed: Counter[str] = Counter()

    def extract(self, chunks: Sequence[Chunk]) -> list[Extraction | Failure]:
        return [self._read(chunk) for chunk in chunks]

    def _read(self, chunk: Chunk) -> Extraction | Failure:
        try:
            parsed = parse_answer(self._answers[chunk.text], Answer)
        except AnswerError as error:
            self.parsed[error.code] += 1
            return Failure("extract", chunk.id, error.code, str(error))
        self.parsed[parsed.repair or "clean"] += 1
        grounder = Grounder((Piece(chunk, 0, len(chunk.text)),), None, "recorded")
        made = tuple(grounder.triple(record) for record in parsed.value.triples)
        mentions = tuple(m for t in made if t.evidence.quote for m in (t.subject, t.object))
        return Extraction(chunk.id, (*mentions, *self._named(chunk)), made)

    def _named(self, chunk: Chunk) -> Iterator[Mention]:
        passage = Passage(chunk.text)
        for name in self._names.get(chunk.text, ()):
            if (found := passage.find_name(name)) is not None:
                start, end = found.span.start, found.span.end
                span = Span(chunk.span.start + start, chunk.span.start + end)
                yield Mention(chunk.id, span, chunk.text[start:end], chunk.text[start:end])


def replay(data: Path) -> None:
    """Recorded answers of GPT-3.5 and GPT-4o through parser, grounding, ontology and store."""
    for name, documents, answers, noise in (openie(data), _carol(data)):
        print(f"\n{name}: {len(documents)} passages")
        print(
            "  faults of the answers:", ", ".join(f"{count} {fault}" for fault, count in noise.most_common())
        )
        for mode, ontology in (("general ontology", general_ontology()), ("open", None)):
            recorded = Recorded(answers)
            checker = Checker(ontology, Config())
            verdicts: Counter[str] = Counter()
            for document in documents:
                chunk = _whole(document)
                for item in checker.check(document, recorded.extract([chunk])):
                    verdicts[item.decision if item.accepted else f"reject: {item.reason}"] += 1
            print(f"  {mode}: parsed {dict(recorded.parsed)}")
            for verdict, count in sorted(verdicts.items(), key=lambda pair: (-pair[1], pair[0])):
                print(f"    {count:6,}  {verdict}")
        with tempfile.TemporaryDirectory() as folder:
            started = time.process_time()
            with recorded_base(Path(folder) / "kg", documents, Recorded(answers)) as base:
                cpu = time.process_time() - started
                stats = base.stats()
        print(f"  graph (open): {stats['entities']:,} entities, {stats['relations']:,} relations, "
              f"{stats['evidence']:,} pieces of evidence in {cpu:.1f} s CPU")  # fmt: skip


def recorded_base(folder: Path, documents: list[Document], extractor: Recorded) -> GraphRAG:
    """What was recorded as a knowledge base in open mode, without passages of more than one chunk."""
    longest = min(8192, max(len(document.text) for document in documents))
    config = Config.model_validate({"chunking": {"max_tokens": longest}, "ontology": {"open": True}})
    kept = [d for d in documents if len(SentenceChunker(max_tokens=longest).split(d)) == 1]
    base = GraphRAG.create(folder, config=config, extractor=extractor)
    base.add(kept)
    return base


def openie(data: Path) -> tuple[str, list[Document], dict[str, str], Counter[str]]:
    """Recorded open triples: title, passages, the answer to each text, and the answers' faults."""
    texts = {row["id"]: row for row in read_lines(data / "musique" / "corpus.jsonl.gz")}
    documents, answers, noise = [], {}, Counter[str]()
    for row in read_lines(data / "musique" / "openie_gpt-3.5-turbo-1106.jsonl.gz"):
        passage = texts[row["id"]]
        document = _document(row["id"], passage["text"], passage["title"])
        if document.text not in answers:
            documents.append(document)
        records = []
        for parts in row["triples"]:
            if len(parts) != 3 or not all(isinstance(part, str) for part in parts):
                noise["triples without exactly three parts"] += 1
                continue
            records.append(_record(document, *map(clean, parts), noise))
        answers[document.text] = json.dumps(
            {"triples": [r for r in records if r], "aliases": []}, ensure_ascii=False
        )
    return "GPT-3.5, open triples", documents, answers, noise


def openie_names(data: Path) -> dict[str, list[str]]:
    """The names recorded beside the open triples, by the text of the passage."""
    texts = {row["id"]: row["text"] for row in read_lines(data / "musique" / "corpus.jsonl.gz")}
    return {
        clean(texts[row["id"]]).strip(): [clean(name) for name in row["entities"] if name.strip()]
        for row in read_lines(data / "musique" / "openie_gpt-3.5-turbo-1106.jsonl.gz")
    }


_TUPLE = re.compile(
    r'\(\s*"(entity|relationship)"(.*?)\)\s*(?:##|<\|COMPLETE\|>|$)', re.DOTALL | re.MULTILINE
)


def _carol(data: Path) -> tuple[str, list[Document], dict[str, str], Counter[str]]:
    with gzip.open(
        data / "replay" / "christmas_carol_gpt-4o_extraction.json.gz", "rt", encoding="utf-8"
    ) as stream:
        rows = json.load(stream)
    documents, answers, noise = [], {}, Counter[str]()
    for number, row in enumerate(rows):
        document = _document(f"carol-{number:02d}", row["chunk"], "")
        documents.append(document)
        records, seen = [], set()
        for text in (row["extraction"], row["gleaning"]):
            if "<|COMPLETE|>" not in text:
                noise["answers that never say they are complete"] += 1
            if "**" in text or "```" in text:
                noise["answers with headings or fences nobody asked for"] += 1
            for kind, body in _TUPLE.findall(text):
                parts = [part.strip().strip('"') for part in body.split("<|>")][1:]
                if tuple(parts[:2]) in seen and kind == "relationship":
                    noise["relations repeated when asked for what was left out"] += 1
                    continue
                if kind == "relationship" and len(parts) >= 3:
                    seen.add(tuple(parts[:2]))
                    records.append(_record(document, clean(parts[0]), "related to", clean(parts[1]), noise))
                elif kind == "relationship":
                    noise["records with parts missing"] += 1
        answers[document.text] = json.dumps(
            {"triples": [r for r in records if r], "aliases": []}, ensure_ascii=False
        )
    return "GPT-4o, tuples with gleaning", documents, answers, noise


def _record(
    document: Document, subject: str, relation: str, target: str, noise: Counter[str]
) -> dict[str, str] | None:
    """The recorded triple with the shortest sentence that holds both ends; these models gave no quotes."""
    passage = Passage(document.text)
    for end in (subject, target):
        found = passage.find_name(end) if end.strip() else None
        if not end.strip():
            noise["empty ends"] += 1
        elif found is None:
            in_title = Passage(document.title).find_name(end) is not None
            noise[
                "names that stand in the title only"
                if in_title
                else "names that stand nowhere in the passage"
            ] += 1
        elif not found.exact:
            noise["names printed otherwise than in the passage"] += 1
    if subject.lower() == target.lower():
        noise["relations of a thing with itself"] += 1
    if len(target.split()) > 6:
        noise["clauses in the place of a name"] += 1
    best = _stating(document, subject, target) if subject.strip() and target.strip() else ""
    return {"quote": best, "subject": subject, "relation": relation, "object": target}


def _stating(document: Document, subject: str, target: str) -> str:
    """The shortest run of at most three sentences in which both ends stand, or the title holds one; or "".

    Models quote two sentences where the second says "it": one alone would judge the recording, not us.
    """
    title = Passage(document.title)
    in_title = [title.find_name(end) is not None for end in (subject, target)]
    if all(in_title):
        in_title[1] = False  # a passage must state something of its own
    spans = list(sentences(document.text))
    best = ""
    for first in range(len(spans)):
        for last in range(first, min(first + 3, len(spans))):
            text = document.text[spans[first].start : spans[last].end]
            inside = Passage(text)
            held = (
                known or inside.find_name(end) for known, end in zip(in_title, (subject, target), strict=True)
            )
            if all(held) and (not best or len(text) < len(best)):
                best = text
    return best


def _document(key: str, text: str, title: str) -> Document:
    text, title = clean(text).strip(), clean(title)
    return Document(document_id(key, title, text, {}), key, text, title)


def _whole(document: Document) -> Chunk:
    span = Span(0, len(document.text))
    return Chunk(chunk_id(document.id, 0, span.end), document.id, span, document.text, document.title)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            if line.strip():
                yield json.loads(line)


def _timed(work: Any) -> tuple[float, float]:
    cpu, wall = time.process_time(), time.monotonic()
    work()
    return time.process_time() - cpu, time.monotonic() - wall


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("overhead").add_argument("--calls", type=int, default=300)
    many = commands.add_parser("throughput")
    many.add_argument("--calls", type=int, default=640)
    many.add_argument("--in-flight", type=int, default=64)
    many.add_argument("--latency", type=float, default=1.0)
    faulty = commands.add_parser("faults")
    faulty.add_argument("--chunks", type=int, default=1000)
    faulty.add_argument("--seeds", type=int, default=5)
    commands.add_parser("outages")
    commands.add_parser("deadlines").add_argument("--calls", type=int, default=20)
    commands.add_parser("fuzz").add_argument("--answers", type=int, default=10_000)
    for name in ("tokens", "replay"):
        commands.add_parser(name).add_argument("data", type=Path)
    options = parser.parse_args()
    match options.command:
        case "overhead":
            overhead(options.calls)
        case "throughput":
            throughput(options.calls, options.in_flight, options.latency)
        case "faults":
            faults(options.chunks, options.seeds)
        case "outages":
            outages()
        case "deadlines":
            deadlines(options.calls)
        case "fuzz":
            fuzz(options.answers)
        case "tokens":
            tokens(options.data)
        case "replay":
            replay(options.data)


if __name__ == "__main__":
    main()
