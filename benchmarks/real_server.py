"""A real inference server on random weights: the protocol, and answers that its grammar holds to our schemas.

    pip install gguf
    python benchmarks/real_server.py PATH/TO/llama-server

llama.cpp's server (any build of it) loads a tiny model with random weights that this script writes. What
it says is nonsense, but it is real decoding under a JSON schema: each answer must come through the strict
parser, and the evidence rule must let none of it into a graph. No part of the tests: it needs your binary.
"""

import argparse
import collections
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np

from graphrag.checking import Checker
from graphrag.config import Config
from graphrag.datamodel import Chunk, Document, Extraction, Failure, Span
from graphrag.extraction.llm import LLMExtractor
from graphrag.generation.agent import _SCHEMA as STEP_SCHEMA
from graphrag.generation.agent import Step
from graphrag.generation.citing import Written, answer_schema
from graphrag.ids import chunk_id, document_id
from graphrag.llm import Gate, Limits, Message, OpenAIClient, Request, ResponseLedger, Sampling, Secret
from graphrag.llm.asking import ask_json
from ontology import EntityType, Ontology, RelationType

ONTOLOGY = Ontology.build(
    "firms",
    [EntityType("Person"), EntityType("Organization")],
    [RelationType("FOUNDED", domain=("Person",), range=("Organization",))],
)
WIDTH, HEADS, LAYERS, INNER, CONTEXT = 64, 4, 2, 128, 16_384


def write_model(path: Path, seed: int = 0) -> None:
    """A llama of two layers with random weights, whose tokens are bytes.

    One dimension of its state is held constant, so that a row of the last matrix can favour a token:
    quotation marks and letters, or its strings would never end.
    """
    import gguf

    draw = np.random.default_rng(seed)
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    kinds = gguf.TokenType
    writer.add_token_types([kinds.UNKNOWN, kinds.CONTROL, kinds.CONTROL, *[kinds.BYTE] * 256])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_space_prefix(False)

    def matrix(rows: int, columns: int, scale: float = 0.05) -> Any:
        return draw.normal(0.0, scale, (rows, columns)).astype(np.float32)

    embedding = matrix(len(tokens), WIDTH, 0.3)
    embedding[:, 0] = 4.0
    favour = np.zeros(len(tokens), dtype=np.float32)
    favour[[3 + ord(letter) for letter in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ "]] = 0.4
    favour[[3 + ord(mark) for mark in '"{}']] = 0.9
    output = matrix(len(tokens), WIDTH, 0.2)
    output[:, 0] = favour
    ones = np.ones(WIDTH, dtype=np.float32)
    writer.add_tensor("token_embd.weight", embedding)
    writer.add_tensor("output.weight", output)
    writer.add_tensor("output_norm.weight", ones)
    for layer in range(LAYERS):
        name = f"blk.{layer}."
        writer.add_tensor(name + "attn_norm.weight", ones)
        writer.add_tensor(name + "ffn_norm.weight", ones)
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            writer.add_tensor(f"{name}{part}.weight", matrix(WIDTH, WIDTH))
        writer.add_tensor(name + "ffn_gate.weight", matrix(INNER, WIDTH))
        writer.add_tensor(name + "ffn_up.weight", matrix(INNER, WIDTH))
        writer.add_tensor(name + "ffn_down.weight", matrix(WIDTH, INNER))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def start(server: Path, model: Path, log: Path) -> tuple["subprocess.Popen[bytes]", str]:
    """The server on a free port of the loopback, and its base URL once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        str(server),
        "-m",
        str(model),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "-t",
        "1",
        "-np",
        "2",
    ]
    command += ["-c", str(CONTEXT), "--chat-template", "chatml"]
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream)
    for _ in range(600):
        if process.poll() is not None:
            raise SystemExit(f"the server did not start:\n{log.read_text(errors='replace')[-2000:]}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1) as answer:
                if answer.status == 200:
                    return process, f"http://127.0.0.1:{port}/v1"
        except OSError:
            pass
        time.sleep(0.2)
    process.kill()
    raise SystemExit("the server loaded for two minutes; giving up")


def passages(count: int) -> list[Document]:
    texts = [f"Ada Stone{n} founded Acme{n}. Acme{n} is in Leeds." for n in range(count)]
    return [Document(document_id(f"d{n}", "", text, {}), f"d{n}", text) for n, text in enumerate(texts)]


def extraction(gate: Gate, count: int) -> None:
    """Structured answers through parser, grounding and ontology."""
    documents = passages(count)
    chunks = [
        Chunk(chunk_id(d.id, 0, len(d.text)), d.id, Span(0, len(d.text)), d.text, d.title) for d in documents
    ]
    sampling = Sampling(temperature=0.8, max_tokens=2_000, seed=1)
    results = LLMExtractor(gate, ONTOLOGY, gleanings=0, sampling=sampling).extract(chunks)
    failures = collections.Counter(item.error for item in results if isinstance(item, Failure))
    verdicts: collections.Counter[str] = collections.Counter()
    checker = Checker(ONTOLOGY, Config())
    for document, result in zip(documents, results, strict=True):
        for item in checker.check(document, [result]):
            verdicts["accepted" if item.accepted else str(item.reason)] += 1
    read = sum(isinstance(item, Extraction) for item in results)
    print(f"extraction: {count} passages, {read} read, {dict(failures)} failed; triples: {dict(verdicts)}")


def answers(gate: Gate, count: int) -> None:
    """The other schemas: answers, and the agent's steps with their optional answer."""
    for name, schema, model in (
        ("answer", answer_schema(reasoning=False), Written),
        ("step", STEP_SCHEMA, Step),
    ):
        parsed = again = 0
        for number in range(count):
            sampling = Sampling(temperature=0.8, max_tokens=2_000, seed=number)
            request = Request(name, (Message("user", "Who founded Acme?"),), sampling, schema)
            try:
                again += ask_json(gate, request, model).asked_again
                parsed += 1
            except Exception as error:
                print(f"  {name} {number}: {error}"[:160])
        print(f"{name}: {parsed} of {count} parsed, {again} of them only when asked again")


def edges(gate: Gate) -> None:
    """A stream, and a prompt that does not fit."""
    request = Request("stream", (Message("user", "Hello"),), Sampling(temperature=0.8, max_tokens=64, seed=3))
    pieces = list(gate.stream(request))
    print(f"stream: {len(pieces)} pieces, {len(''.join(pieces))} characters")
    try:
        gate.ask(Request("long", (Message("user", "x " * CONTEXT),), Sampling(max_tokens=16)))
        print("a prompt that does not fit: answered")
    except Exception as error:
        print(
            f"a prompt that does not fit: {type(error).__name__} {getattr(error, 'kind', '')}: {error}"[:200]
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("server", type=Path, help="The llama-server program.")
    parser.add_argument("--count", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_model(folder / "random.gguf")
        process, url = start(options.server, folder / "random.gguf", folder / "server.log")
        try:
            client = OpenAIClient("random", key=Secret(""), base_url=url, connections=2)
            limits = Limits(max_in_flight=2, call_seconds=300.0, max_attempts=2)
            with Gate(client, ledger=ResponseLedger(folder / "answers.db"), limits=limits) as gate:
                extraction(gate, options.count)
                answers(gate, options.count)
                edges(gate)
                usage = gate.usage
                print(f"{usage.calls} calls, {usage.answers} answers, {usage.retries} retries, "
                      f"{usage.prompt_tokens} + {usage.completion_tokens} tokens")  # fmt: skip
        finally:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
