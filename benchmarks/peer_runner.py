"""One rival, measured inside its own environment by `benchmarks/peers.py`; needs nothing of ours.

    PYTHON_OF_THE_RIVAL benchmarks/peer_runner.py NAME CORPUS.jsonl FOLDER --chunks 5000 --more 50

The rival gets a stub model, which answers each extraction prompt with the canned entities and relations of
its chunk, and a stub embedder. Both cost next to nothing, so what is measured is the engine. Tokenizers
that would be downloaded are replaced by one that counts words. Prints one JSON record.
"""

import argparse
import asyncio
import json
import logging
import re
import resource
import sys
import time
import types
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

DIM = 256
_WORDS = np.random.default_rng(0).standard_normal((4096, DIM)).astype(np.float32)
_WORD = re.compile(r"\w+")
_PLACE = re.compile(r"on item (\d+)\.")


@dataclass(frozen=True)
class Canned:
    """What the stub model reads out of a chunk."""

    number: int
    text: str
    entities: list[list[str]]
    relations: list[list[str]]


@dataclass(frozen=True)
class Peer:
    """How a rival is driven: texts in, and a question's context out."""

    insert: Callable[[Sequence[Canned]], Awaitable[None]]
    query: Callable[[str, list[str]], Awaitable[object]]


def embed(texts: Sequence[str]) -> np.ndarray:
    """Unit vectors that are near where words are shared."""
    rows = np.empty((len(texts), DIM), dtype=np.float32)
    for row, text in enumerate(texts):
        words = [crc32(word.encode()) % len(_WORDS) for word in _WORD.findall(text.lower())[:64]] or [0]
        rows[row] = _WORDS[words].sum(axis=0)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class WordCodec:
    """Stands for a token table: a token is a word with the blank before it."""

    name = "words"

    def __init__(self) -> None:
        self._number: dict[str, int] = {}
        self._word: list[str] = []

    def encode(self, text: str, **_: object) -> list[int]:
        found = []
        for word in re.findall(r"\s*\S+|\s+", text):
            if word not in self._number:
                self._number[word] = len(self._word)
                self._word.append(word)
            found.append(self._number[word])
        return found

    def encode_batch(self, texts: list[str], **_: object) -> list[list[int]]:
        return [self.encode(text) for text in texts]

    def decode(self, tokens: Sequence[int], **_: object) -> str:
        return "".join(self._word[token] for token in tokens)

    def decode_batch(self, batch: Sequence[Sequence[int]], **_: object) -> list[str]:
        return [self.decode(tokens) for tokens in batch]


def without_downloads() -> None:
    """Put a word counter where tiktoken would fetch a table."""
    module = types.ModuleType("tiktoken")
    codec = WordCodec()
    module.Encoding = WordCodec  # type: ignore[attr-defined]
    module.encoding_for_model = module.get_encoding = lambda *_: codec  # type: ignore[attr-defined]
    module.list_encoding_names = lambda: ["words"]  # type: ignore[attr-defined]
    sys.modules["tiktoken"] = module


class Model:
    """The stub: canned answers by the number that stands in each chunk's text."""

    def __init__(self, canned: dict[int, Canned]) -> None:
        self.canned = canned
        self.calls = 0

    def chunk_in(self, prompt: str) -> Canned | None:
        self.calls += 1
        at = prompt.rfind("on item ")
        found = _PLACE.match(prompt, at) if at >= 0 else None
        return self.canned.get(int(found.group(1))) if found else None


def nano_graphrag(folder: Path, model: Model) -> Peer:
    """nano-graphrag with its own stores: NetworkX and JSON files, NanoVectorDB."""
    from nano_graphrag import GraphRAG, QueryParam
    from nano_graphrag._utils import wrap_embedding_func_with_attrs

    report = json.dumps(
        {"title": "Group", "summary": "A group.", "rating": 5.0, "rating_explanation": "", "findings": []}
    )

    async def chat(
        prompt: str, system_prompt: object = None, history_messages: object = (), **rest: Any
    ) -> str:
        chunk = None if "report" in prompt[:600].lower() else model.chunk_in(prompt)
        if "response_format" in rest:
            return report
        if chunk is None:
            return "no"
        lines = [
            f'("entity"<|>"{n.upper()}"<|>"{t}"<|>"{n} is named in {chunk.number}.")'
            for n, t in chunk.entities
        ]
        lines += [
            f'("relationship"<|>"{h.upper()}"<|>"{t.upper()}"<|>"{sentence}"<|>5)'
            for h, t, _, sentence in chunk.relations
        ]
        return "##".join(lines) + "<|COMPLETE|>"

    @wrap_embedding_func_with_attrs(embedding_dim=DIM, max_token_size=8192)
    async def vectors(texts: list[str]) -> np.ndarray:
        return embed(texts)

    rag = GraphRAG(
        working_dir=str(folder),
        best_model_func=chat,
        cheap_model_func=chat,
        embedding_func=vectors,
        entity_extract_max_gleaning=0,
        enable_llm_cache=False,
    )

    async def insert(chunks: Sequence[Canned]) -> None:
        await rag.ainsert([chunk.text for chunk in chunks])

    async def query(question: str, names: list[str]) -> object:
        return await rag.aquery(question, QueryParam(mode="local", only_need_context=True))

    return Peer(insert, query)


def nano_graphrag_bare(folder: Path, model: Model) -> Peer:
    """nano-graphrag without its communities and reports: graph and vectors alone."""
    import nano_graphrag.graphrag as module
    from nano_graphrag._storage import NetworkXStorage

    async def nothing(*_: object, **__: object) -> None:
        return None

    module.generate_community_report = nothing
    NetworkXStorage.clustering = nothing
    return nano_graphrag(folder, model)


def fast_graphrag(folder: Path, model: Model) -> Peer:
    """fast-graphrag with its own stores: igraph, hnswlib and pickles."""
    from fast_graphrag import GraphRAG, QueryParam
    from fast_graphrag._llm._base import BaseEmbeddingService, BaseLLMService
    from fast_graphrag._models import TQueryEntities
    from fast_graphrag._services._information_extraction import DefaultInformationExtractionService
    from fast_graphrag._types import TEntity, TGraph, TRelation

    asked: list[str] = []

    class Chat(BaseLLMService):
        async def send_message(  # type: ignore[override]
            self, prompt: str, system_prompt: object = None, history_messages: Any = None,
            response_model: Any = None, **rest: Any,
        ) -> tuple[Any, list[dict[str, str]]]:  # fmt: skip
            if response_model is TQueryEntities:
                return TQueryEntities(named=list(asked), generic=[]), []
            if response_model is not TGraph:
                return response_model(description="A group.", answer="", grouped_facts=[]), []
            chunk = model.chunk_in(prompt)
            if chunk is None or history_messages:
                return TGraph(entities=[], relationships=[]), []
            return TGraph(
                entities=[
                    TEntity(n.upper(), t, f"{n} is named in {chunk.number}.") for n, t in chunk.entities
                ],
                relationships=[TRelation(h.upper(), t.upper(), s) for h, t, _, s in chunk.relations],
            ), []

    class Vectors(BaseEmbeddingService):
        async def encode(self, texts: list[str], model: object = None) -> Any:
            return embed(texts)

    class Extraction(DefaultInformationExtractionService):
        async def _gleaning(self, llm: Any, initial_graph: Any, history: Any) -> Any:
            return initial_graph

    rag = GraphRAG(
        working_dir=str(folder),
        domain="people and organisations",
        example_queries="Who works with whom?",
        entity_types=["PERSON", "ORG"],
        config=GraphRAG.Config(
            llm_service=Chat(model="stub"),
            embedding_service=Vectors(embedding_dim=DIM, model="stub"),
            information_extraction_service_cls=Extraction,
        ),
    )

    async def insert(chunks: Sequence[Canned]) -> None:
        await rag.async_insert([chunk.text for chunk in chunks], show_progress=False)

    async def query(question: str, names: list[str]) -> object:
        asked[:] = names
        if not rag.__dict__.setdefault("_opened", False):
            await rag.state_manager.query_start()
            rag.__dict__["_opened"] = True
        return await rag.async_query(question, QueryParam(only_context=True))

    return Peer(insert, query)


def lightrag(folder: Path, model: Model) -> Peer:
    """LightRAG with its own stores: NetworkX and JSON files, NanoVectorDB."""
    from lightrag import LightRAG, QueryParam
    from lightrag.utils import EmbeddingFunc, Tokenizer

    async def chat(
        prompt: str, system_prompt: object = None, history_messages: object = None, **rest: Any
    ) -> str:
        chunk = model.chunk_in(prompt)
        if chunk is None or history_messages:
            return "<|COMPLETE|>"
        lines = [f"entity<|#|>{n}<|#|>{t}<|#|>{n} is named in {chunk.number}." for n, t in chunk.entities]
        lines += [f"relation<|#|>{h}<|#|>{t}<|#|>{words}<|#|>{s}" for h, t, words, s in chunk.relations]
        return "\n".join([*lines, "<|COMPLETE|>"])

    async def vectors(texts: list[str], **_: object) -> np.ndarray:
        return embed(texts)

    rag = LightRAG(
        working_dir=str(folder),
        llm_model_func=chat,
        embedding_func=EmbeddingFunc(embedding_dim=DIM, func=vectors, max_token_size=8192),
        tokenizer=Tokenizer("words", WordCodec()),
        entity_extract_max_gleaning=0,
        enable_llm_cache=False,
        enable_llm_cache_for_entity_extract=False,
        # A description longer than this is sent to the model; the others do without such calls too.
        force_llm_summary_on_merge=10**9,
        summary_context_size=10**9,
        summary_max_tokens=10**9,
    )
    ready: list[bool] = []

    async def insert(chunks: Sequence[Canned]) -> None:
        if not ready:
            await rag.initialize_storages()
            ready.append(True)
        await rag.ainsert(
            [chunk.text for chunk in chunks],
            ids=[f"doc-{chunk.number}" for chunk in chunks],
            file_paths=[f"{chunk.number}.txt" for chunk in chunks],
        )

    async def query(question: str, names: list[str]) -> object:
        param = QueryParam(
            mode="mix", only_need_context=True, enable_rerank=False, ll_keywords=names,
            hl_keywords=["works together"],
        )  # fmt: skip
        return await rag.aquery(question, param=param)

    return Peer(insert, query)


def microsoft_graphrag(folder: Path, model: Model) -> Peer:
    """Microsoft GraphRAG, standard method, with its own stores: Parquet and LanceDB."""
    import pandas as pd
    from graphrag.api import build_index, local_search
    from graphrag.config.models.graph_rag_config import GraphRagConfig
    from graphrag_llm.completion.completion import LLMCompletion
    from graphrag_llm.completion.completion_factory import register_completion
    from graphrag_llm.embedding.embedding import LLMEmbedding
    from graphrag_llm.embedding.embedding_factory import register_embedding
    from graphrag_llm.tokenizer import tokenizer_factory
    from graphrag_llm.tokenizer.tokenizer import Tokenizer
    from graphrag_llm.types import LLMEmbedding as Vector
    from graphrag_llm.types import LLMEmbeddingResponse, LLMEmbeddingUsage
    from graphrag_llm.utils import create_completion_response, structure_completion_response

    report = json.dumps(
        {"title": "Group", "summary": "A group.", "rating": 5.0, "rating_explanation": "", "findings": []}
    )

    class Stub:
        def __init__(self, *, tokenizer: Any, metrics_store: Any, **_: object) -> None:
            self._tokenizer, self._metrics_store = tokenizer, metrics_store

        @property
        def metrics_store(self) -> Any:
            return self._metrics_store

        @property
        def tokenizer(self) -> Any:
            return self._tokenizer

    class Chat(Stub, LLMCompletion):
        def completion(self, /, **kwargs: Any) -> Any:
            wanted = kwargs.get("response_format")
            if wanted is not None:
                response = create_completion_response(report)
                response.formatted_response = structure_completion_response(report, wanted)
                return response
            said = kwargs["messages"]
            prompt = said if isinstance(said, str) else str(said[-1]["content"])
            chunk = model.chunk_in(prompt) if "-Steps-" in prompt else None
            if chunk is None:
                return create_completion_response("A group.")
            lines = [
                f'("entity"<|>{n.upper()}<|>{t}<|>{n} is named in {chunk.number}.)' for n, t in chunk.entities
            ]
            lines += [
                f'("relationship"<|>{h.upper()}<|>{t.upper()}<|>{s}<|>5)' for h, t, _, s in chunk.relations
            ]
            return create_completion_response("##".join(lines) + "<|COMPLETE|>")

        async def completion_async(self, /, **kwargs: Any) -> Any:
            response = self.completion(**kwargs)
            if not kwargs.get("stream"):
                return response

            async def nothing() -> Any:
                for part in ():
                    yield part

            return nothing()

    class Vectors(Stub, LLMEmbedding):
        def embedding(self, /, **kwargs: Any) -> Any:
            rows = [
                Vector(object="embedding", embedding=row.tolist(), index=place)
                for place, row in enumerate(embed(kwargs["input"]))
            ]
            usage = LLMEmbeddingUsage(prompt_tokens=0, total_tokens=0)
            return LLMEmbeddingResponse(object="list", data=rows, model="stub", usage=usage)

        async def embedding_async(self, /, **kwargs: Any) -> Any:
            return self.embedding(**kwargs)

    class Words(WordCodec, Tokenizer):
        def __init__(self, **_: object) -> None:
            WordCodec.__init__(self)

    register_completion("stub", Chat)
    register_embedding("stub", Vectors)
    for kind in ("litellm", "tiktoken"):
        tokenizer_factory.register_tokenizer(kind, Words, scope="singleton")
    stub = {"type": "stub", "model_provider": "stub", "model": "stub", "api_key": "none", "metrics": None}
    names = ("entity_description", "community_full_content", "text_unit_text")
    config = GraphRagConfig.model_validate(
        {
            "completion_models": {"default_completion_model": stub},
            "embedding_models": {"default_embedding_model": stub},
            "output_storage": {"type": "file", "base_dir": str(folder / "output")},
            "update_output_storage": {"type": "file", "base_dir": str(folder / "update")},
            "cache": {"type": "none"},
            "reporting": {"type": "file", "base_dir": str(folder / "logs")},
            "vector_store": {
                "type": "lancedb",
                "db_uri": str(folder / "lancedb"),
                "vector_size": DIM,
                "index_schema": {name: {"index_name": name, "vector_size": DIM} for name in names},
            },
            "extract_graph": {"max_gleanings": 0, "entity_types": ["person", "org"]},
            "extract_claims": {"enabled": False},
        }
    )
    tables: dict[str, Any] = {}

    async def insert(chunks: Sequence[Canned]) -> None:
        rows = pd.DataFrame(
            {
                "id": [f"doc-{chunk.number}" for chunk in chunks],
                "text": [chunk.text for chunk in chunks],
                "title": [str(chunk.number) for chunk in chunks],
                "human_readable_id": [chunk.number for chunk in chunks],
                "creation_date": "2026-01-01",
                "raw_data": None,
            }
        )
        update = (folder / "output" / "entities.parquet").exists()
        for result in await build_index(config, is_update_run=update, input_documents=rows):
            if result.error is not None:
                raise result.error
        tables.clear()

    async def query(question: str, names: list[str]) -> object:
        if not tables:
            for name in ("entities", "communities", "community_reports", "text_units", "relationships"):
                tables[name] = pd.read_parquet(folder / "output" / f"{name}.parquet")
        _, context = await local_search(
            config, **tables, covariates=None, community_level=2, response_type="text", query=question
        )
        return context

    return Peer(insert, query)


def hipporag(folder: Path, model: Model) -> Peer:
    """HippoRAG 2 with its own stores: igraph, Parquet and JSON.

    It asks for torch, transformers and vLLM, of which it uses here only torch's matrix product and top-k, for
    synonyms: numpy does them in their place.
    """
    _in_place_of_torch()
    import hipporag  # noqa: F401
    from hipporag.utils.config_utils import BaseConfig
    from hipporag.utils.misc_utils import NerRawOutput, TripleRawOutput

    module: Any = sys.modules["hipporag.HippoRAG"]  # the package gives the class the module's name

    class Chat:
        def infer(self, messages: Any, **_: object) -> tuple[str, dict[str, object], bool]:
            said = messages[-1]["content"]
            start = said.index("[[ ## fact_before_filter ## ]]") + 31
            facts = said[start : said.index("\n\nRespond with")]
            answer = f"[[ ## fact_after_filter ## ]]\n{facts}\n\n[[ ## completed ## ]]"
            return answer, {"finish_reason": "stop"}, False

    class Vectors:
        def __init__(self, **_: object) -> None: ...

        def batch_encode(self, texts: Any, **_: object) -> np.ndarray:
            return embed([texts] if isinstance(texts, str) else texts)

    class OpenIE:
        def __init__(self, **_: object) -> None: ...

        def batch_openie(self, chunks: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
            named: dict[str, Any] = {}
            said: dict[str, Any] = {}
            for key, row in chunks.items():
                chunk = model.chunk_in(row["content"])
                assert chunk is not None
                named[key] = NerRawOutput(key, "", [name for name, _ in chunk.entities], {})
                said[key] = TripleRawOutput(key, "", [[h, w, t] for h, t, w, _ in chunk.relations], {})
            return named, said

    module._get_llm_class = lambda _: Chat()
    module._get_embedding_model_class = lambda **_: Vectors
    module.OpenIE = OpenIE
    rag = module.HippoRAG(BaseConfig(save_dir=str(folder), llm_name="stub", embedding_model_name="stub"))

    async def insert(chunks: Sequence[Canned]) -> None:
        rag.ready_to_retrieve = False
        rag.index([chunk.text for chunk in chunks])

    async def query(question: str, names: list[str]) -> object:
        return rag.retrieve([question], num_to_retrieve=8)

    return Peer(insert, query)


def _in_place_of_torch() -> None:
    class Tensor(np.ndarray):
        def size(self, axis: int) -> int:  # type: ignore[override]
            return int(self.shape[axis])

        def same(self, *_: object) -> Any:
            return self

        to = cpu = clone = detach = same

        def numpy(self) -> np.ndarray:
            return np.asarray(self)

    def topk(values: Any, k: int, **_: object) -> tuple[Any, Any]:
        best = np.argpartition(-values, k - 1, axis=1)[:, :k] if k < values.shape[1] else None
        if best is None:
            best = np.broadcast_to(np.arange(k), values.shape)
        scores = np.take_along_axis(values, best, axis=1)
        order = np.argsort(-scores, axis=1)
        found = np.take_along_axis(np.asarray(scores), order, axis=1), np.take_along_axis(best, order, axis=1)
        return found[0].view(Tensor), np.ascontiguousarray(found[1]).view(Tensor)

    class Stub(types.ModuleType):
        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            return type(name, (), {})

    torch = Stub("torch")
    torch.device = str  # type: ignore[attr-defined]
    torch.float32 = np.float32  # type: ignore[attr-defined]
    cuda = Stub("torch.cuda")
    cuda.is_available = lambda: False  # type: ignore[attr-defined]
    cuda.empty_cache = lambda: None  # type: ignore[attr-defined]
    torch.cuda = cuda  # type: ignore[attr-defined]
    torch.tensor = lambda rows, dtype: np.asarray(rows, dtype).view(Tensor)  # type: ignore[attr-defined]
    torch.mm = lambda a, b: a @ b  # type: ignore[attr-defined]
    torch.topk = topk  # type: ignore[attr-defined]
    torch.cat = lambda parts, dim: np.concatenate(parts, axis=dim).view(Tensor)  # type: ignore[attr-defined]
    nn = Stub("torch.nn")
    nn.functional = Stub("torch.nn.functional")  # type: ignore[attr-defined]
    nn.functional.normalize = lambda rows, dim: (  # type: ignore[attr-defined]
        rows / np.linalg.norm(rows, axis=dim, keepdims=True)
    )
    torch.nn = nn  # type: ignore[attr-defined]
    sys.modules |= {"torch": torch, "torch.cuda": cuda, "torch.nn": nn, "torch.nn.functional": nn.functional}
    for name in ("transformers", "litellm", "gritlm", "boto3", "botocore", "botocore.exceptions", "vllm"):
        sys.modules[name] = Stub(name)


PEERS: dict[str, tuple[str, Callable[[Path, Model], Peer]]] = {
    "nano-graphrag": ("nano-graphrag", nano_graphrag),
    "nano-graphrag, no communities": ("nano-graphrag", nano_graphrag_bare),
    "fast-graphrag": ("fast-graphrag", fast_graphrag),
    "microsoft-graphrag": ("graphrag", microsoft_graphrag),
    "hipporag": ("hipporag", hipporag),
    "lightrag": ("lightrag-hku", lightrag),
}


def read(path: Path) -> list[Canned]:
    """The canned corpus."""
    with path.open(encoding="utf-8") as lines:
        return [Canned(**json.loads(line)) for line in lines]


async def measure(name: str, corpus: list[Canned], folder: Path, chunks: int, more: int) -> dict[str, object]:
    """Build, 1 % more, then questions."""
    package, make = PEERS[name]
    model = Model({item.number: item for item in corpus})
    # What is imported and compiled on first use is no cost of the engine.
    warm = make(folder / "warm", model)
    await warm.insert(corpus[-8:])
    peer = make(folder / "measured", model)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    spent = []
    for part in (corpus[:chunks], corpus[chunks : chunks + more]):
        started = time.process_time()
        await peer.insert(part)
        spent.append(time.process_time() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    asked = []
    for item in corpus[: chunks : max(1, chunks // 50)]:
        head, tail, _, _ = item.relations[0]
        started = time.process_time()
        context = await peer.query(f"How does {head} work together with {tail}?", [head, tail])
        asked.append(time.process_time() - started)
        assert context is not None
    return {
        "engine": name,
        "version": version(package),
        "chunks": chunks,
        "ms_per_chunk": round(1000 * spent[0] / chunks, 2),
        "one_percent_more_s": round(spent[1], 2),
        "query_ms_median": round(1000 * float(np.median(asked[1:])), 2),
        "query_ms_first": round(1000 * asked[0], 1),
        "peak_mb": peak,
        "of_which_imports_mb": before,
    }


def main() -> None:
    """Measure one rival."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(PEERS))
    parser.add_argument("corpus", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--chunks", type=int, required=True)
    parser.add_argument("--more", type=int, required=True)
    args = parser.parse_args()
    without_downloads()
    logging.disable(logging.WARNING)
    out = sys.stdout
    sys.stdout = sys.stderr  # rivals print their progress
    found = asyncio.run(measure(args.name, read(args.corpus), args.folder, args.chunks, args.more))
    print(json.dumps(found), file=out)


if __name__ == "__main__":
    main()
