"""What a run needs to ask a model: the key from the environment, the gate, and what depends on it."""

import os
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from graphrag.config import Config
from graphrag.datamodel import Document, Failure
from graphrag.documents import read_documents
from graphrag.errors import ConfigError
from pipelines.knowledge import place_of

if TYPE_CHECKING:
    from graphrag.datamodel import Answer
    from graphrag.engine import GraphRAG
    from graphrag.extraction.llm import LLMExtractor
    from graphrag.filters import Filters
    from graphrag.generation.judge import Judge
    from graphrag.generation.pairs import PairJudge
    from graphrag.interfaces import Extractor
    from graphrag.llm import Gate
    from ontology import Ontology


class Ask(Protocol):
    """Answers a question; the arguments are those of `GraphRAG.ask`."""

    def __call__(
        self, question: str, *, mode: str | None = None, k: int | None = None, trace: bool = False
    ) -> "Answer": ...


Hear = Callable[[str], object]
"""Is told each statement of an answer as it comes."""


LEDGER = "answers.db"
"""Name of the response ledger inside a knowledge base's folder."""


def query_config(
    base: "GraphRAG", config_path: Path | None, overrides: tuple[str, ...], *, asks: bool
) -> Config:
    """Settings for asking a model about a knowledge base: the user's, or else those stored with it.

    Args:
        asks: Whether a model will be asked.

    Raises:
        ConfigError: If stored settings would send a key to a server that the user has not named. A
            knowledge base may come from somebody else, and so may what it says about servers and
            environment variables.
    """
    from graphrag.config import LLMConfig, load_config

    if config_path is not None or overrides:
        return load_config(config_path, overrides)
    stored, usual = base.config.llm, LLMConfig()
    for key in ("api", "base_url", "api_key_env", "api_version"):
        named = getattr(stored, key)
        if asks and named != getattr(usual, key):
            raise ConfigError(
                f'the knowledge base itself names llm.{key} = "{named}"; if you trust it, say so: '
                f"--set llm.model={stored.model} --set llm.{key}={named}, or give your --config"
            )
    return base.config


def use_search_settings(base: "GraphRAG", config: Config) -> None:
    """Search `base` with what `config` says about retrieval, over what is stored with it."""
    said = config.retrieval.model_dump(include=config.retrieval.model_fields_set)
    retrieval = base.config.retrieval.model_copy(update=said)
    base.config = base.config.model_copy(update={"retrieval": retrieval})


@contextmanager
def open_model(config: Config, folder: Path | None, *, max_cost: float | None = None) -> Iterator["Gate"]:
    """The gate to the configured model, closed on leaving. Nothing is sent before somebody asks.

    Args:
        folder: Where the response ledger lives; None keeps no answers.
        max_cost: Budget in US dollars, over the settings' own.

    Raises:
        ConfigError: If no model is named, or its key is not in the environment.
    """
    from graphrag.llm.secret import Secret
    from graphrag.llm.setup import open_gate

    settings = config.llm
    gate = open_gate(
        settings,
        key=Secret(os.environ.get(settings.api_key_env, "")),
        ledger=folder / LEDGER if folder is not None else None,
        max_cost=max_cost,
        proxy=_proxy(settings.base_url),
    )
    with gate:
        yield gate


@contextmanager
def open_extractor(
    config: Config, ontology: "Ontology | None", folder: Path | None, *, max_cost: float | None = None
) -> Iterator["LLMExtractor | None"]:
    """The extractor that asks the configured model; None where the settings name another one.

    Raises:
        ConfigError: As `open_model`.
    """
    if config.extraction.name != "llm":
        yield None
        return
    with open_model(config, folder, max_cost=max_cost) as gate:
        yield model_extractor(config, ontology, gate)


def model_extractor(config: Config, ontology: "Ontology | None", gate: "Gate") -> "LLMExtractor":
    """The extractor that the settings describe, asking through `gate`."""
    from graphrag.extraction.describing import load_examples
    from graphrag.extraction.llm import LLMExtractor
    from graphrag.llm.setup import sampling_of
    from graphrag.registry import load

    settings = config.llm
    draft: Extractor | None = None
    if settings.prefilter or settings.extraction != "extract":
        draft = load("extractor:spacy")(config.extraction.spacy_model)
    return LLMExtractor(
        gate,
        ontology,
        gleanings=settings.gleanings,
        call_tokens=settings.call_tokens,
        sampling=sampling_of(settings, "extract"),
        mode=settings.extraction,
        draft=draft,
        prefilter=settings.prefilter,
        examples=load_examples(Path(settings.examples)) if settings.examples else (),
        prompts=Path(settings.prompts) if settings.prompts else None,
    )


def estimate(config: Config, ontology: "Ontology | None", sources: Sequence[Path], kg: Path) -> str:
    """What a build would ask and pay, in words, from the real prompts; nothing is sent.

    Documents that the knowledge base holds unchanged, and answers already paid for, count as free.
    """
    from graphrag.llm import Estimate
    from graphrag.registry import make_chunker

    folder = kg if (kg / LEDGER).exists() else None
    chunker = make_chunker(config)
    read = failed = skipped = 0
    with open_model(config, folder) as gate:
        extractor = model_extractor(config, ontology, gate)
        fresh = _fresh(kg, config, extractor)
        total = Estimate(0, 0, 0, 0, 0.0 if gate.price is not None else None)
        for item in read_documents(sources):
            if not isinstance(item, Document):
                failed += 1
            elif fresh.get(item.key) == item.id:
                skipped += 1
            else:
                read += 1
                total += extractor.estimate(chunker.split(item))
    cost = "no price known; set llm.price_prompt and llm.price_completion"
    if total.cost is not None:
        cost = f"about {total.cost:.4f} US dollars"
    return (
        f"{read:,} documents to read, {skipped:,} unchanged, {failed:,} unreadable\n"
        f"{total.calls:,} calls to {config.llm.model}, {total.cached:,} more already answered\n"
        f"about {total.prompt_tokens:,} prompt tokens and {total.completion_tokens:,} answer tokens: {cost}"
    )


def write_reports(base: "GraphRAG", config: Config, gate: "Gate") -> tuple[Failure, ...]:
    """Let the model write the reports of all communities; those that it could not write.

    Reports whose facts are unchanged cost nothing: their answers are in the ledger.
    """
    from graphrag.generation.report_writer import ReportWriter
    from graphrag.llm.setup import sampling_of

    settings = config.llm
    prompts = Path(settings.prompts) if settings.prompts else None
    writer = ReportWriter(gate, sampling=sampling_of(settings, "report"), prompts=prompts)
    communities = list(base.view.communities())
    known = base.view.reported()
    kept = [community.id for community in communities if community.id in known]
    previous = {report.community_id: report for report in base.view.reports_by_id(kept)}
    made = writer.write(base.view, communities, previous=previous)
    base.view.set_communities(communities, made.reports)
    return made.failures


@contextmanager
def open_answerer(
    base: "GraphRAG",
    config: Config,
    kind: str,
    *,
    hear: Hear | None = None,
    filters: "Filters | None" = None,
) -> Iterator["Ask"]:
    """How questions are answered: "quote" (no model), "llm" or "agent".

    Args:
        config: Its `llm` section names model and strategy.
        hear: Told the statements of "llm" while the model still writes.
        filters: What may be looked at; not for "agent".

    Raises:
        ConfigError: As `open_model`, or if what is asked for cannot be heard while it comes, or the agent
            is given filters.
    """
    if hear is not None and (kind != "llm" or config.llm.strategy in ("self-consistency", "decomposition")):
        raise ConfigError(
            "only one model's one answer can be shown while it comes: use --answerer llm and the strategy "
            "zero-shot, few-shot or chain-of-thought, or leave --stream out"
        )
    if kind == "quote":
        yield partial(base.ask, filters=filters)
        return
    if kind == "agent" and filters is not None:
        raise ConfigError("the agent looks things up anywhere; to filter, take --answerer quote or llm")
    search = partial(base.search, filters=filters)
    from graphrag.generation.agent import Agent
    from graphrag.generation.chat import ChatAnswerer
    from graphrag.llm.setup import sampling_of

    settings = config.llm
    folder = base.view.folder if os.access(base.view.folder, os.W_OK) else None
    prompts = Path(settings.prompts) if settings.prompts else None
    with open_model(config, folder) as gate:
        agent = Agent(
            gate,
            base.view,
            search=base.search,
            steps=settings.agent_steps,
            sampling=sampling_of(settings, "agent"),
            prompts=prompts,
        )
        chat = ChatAnswerer(
            gate,
            base.view,
            strategy=settings.strategy,
            sampling=sampling_of(settings, "answer"),
            call_tokens=settings.answer_tokens,
            samples=settings.samples,
            sample_temperature=settings.sample_temperature,
            search=search,
            prompts=prompts,
        )

        def ask(
            question: str, *, mode: str | None = None, k: int | None = None, trace: bool = False
        ) -> "Answer":
            if kind == "agent":
                return agent.answer(question)
            context = search(question, mode=mode, k=k, trace=trace)
            if hear is not None:
                for statement in chat.statements(question, context):
                    hear(statement)
            return chat.answer(question, context)

        yield ask


@contextmanager
def open_judge(base: "GraphRAG", config: Config, *, wanted: bool) -> Iterator["Judge | None"]:
    """The configured model as judge of answers; None where none is wanted.

    Raises:
        ConfigError: As `open_model`.
    """
    if not wanted:
        yield None
        return
    from graphrag.generation.judge import Judge
    from graphrag.llm.setup import sampling_of

    folder = base.view.folder if os.access(base.view.folder, os.W_OK) else None
    prompts = Path(config.llm.prompts) if config.llm.prompts else None
    with open_model(config, folder) as gate:
        yield Judge(gate, sampling=sampling_of(config.llm, "judge", max_tokens=400), prompts=prompts)


@contextmanager
def open_pair_judge(base: "GraphRAG", config: Config) -> Iterator["PairJudge"]:
    """The configured model as judge of whether two entities are one.

    Raises:
        ConfigError: As `open_model`.
    """
    from graphrag.generation.pairs import PairJudge
    from graphrag.llm.setup import sampling_of

    folder = base.view.folder if os.access(base.view.folder, os.W_OK) else None
    prompts = Path(config.llm.prompts) if config.llm.prompts else None
    with open_model(config, folder) as gate:
        yield PairJudge(gate, sampling=sampling_of(config.llm, "resolve", max_tokens=300), prompts=prompts)


def _fresh(kg: Path, config: Config, extractor: "Extractor") -> dict[str, str]:
    """Key and id of documents that a build would skip."""
    from graphrag.engine import GraphRAG
    from graphrag.ingest import Ingest

    if not (kg / "kg.db").exists():
        return {}
    with GraphRAG.open(place_of(kg), extractor=extractor) as base:
        if base.view.meta["extractor"] != Ingest.fingerprint_of(config, extractor):
            return {}
        return dict(base.view.fresh())


def lend_embedding_key(base: "GraphRAG", *, trusted: bool) -> None:
    """Give a base whose vectors come from a server the key in the environment.

    Args:
        trusted: Whether the settings are the user's own words in this run. Settings that came with a
            knowledge base may name any server, and do not get the key unless they name none.
    """
    settings = base.config.embedding
    if settings.name == "http" and (trusted or not settings.base_url):
        base.use_api_key(os.environ.get("OPENAI_API_KEY", ""))


def _proxy(base_url: str) -> str | None:
    """The proxy that the environment names for the model's server, as other tools take it."""
    from urllib.parse import urlsplit

    parts = urlsplit(base_url or "https://api.openai.com/v1")  # the makers' own are all reached by https
    if parts.hostname is None or urllib.request.proxy_bypass(parts.hostname):
        return None
    if parts.hostname in ("localhost", "127.0.0.1", "::1"):
        return None
    return urllib.request.getproxies().get(parts.scheme)
