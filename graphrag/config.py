"""Typed settings: the only home of a default value.

One section per subsystem. YAML lies over the defaults, ``--set section.key=value`` over both. An
unknown key fails with a near match. Secrets never stand here: they come from the environment.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from graphrag.errors import ConfigError
from graphrag.ids import fingerprint


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


def _plain_address(value: str) -> str:
    """An address that carries no secret: it is stored with the knowledge base, and shown."""
    parts = urlsplit(value)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise PydanticCustomError(
            "secret_in_address",
            "an address may hold no user, password or query: it is stored; put the key into the environment",
        )
    return value


def _variable_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,100}", value):
        raise PydanticCustomError(
            "secret_as_name",
            "this is the name of an environment variable, such as OPENAI_API_KEY, and not the key itself",
        )
    return value


Address = Annotated[str, AfterValidator(_plain_address)]
VariableName = Annotated[str, AfterValidator(_variable_name)]


class ChunkingConfig(_Section):
    """How documents are cut."""

    max_tokens: int = Field(300, ge=16, le=8192, description="Largest chunk, in GPT tokens.")
    overlap_tokens: int = Field(0, ge=0, le=1024, description="Whole sentences shared with the chunk before.")


class ExtractionConfig(_Section):
    """Who reads triples out of chunks, and how."""

    name: Literal["spacy", "llm"] = Field("spacy", description="Which extractor.")
    spacy_model: str = Field("en_kg_sm", description="The shipped pipeline, or any installed one by name.")
    min_score: float = Field(0.17, ge=0.0, le=1.0, description="Triples below it go to the quarantine.")
    join_distant: bool = Field(
        False,
        description="Join far-off names by a cue word and their types: more triples, fewer right.",
    )
    learned: str | None = Field(
        None, description="A model that `graphrag ontology learn` made from examples; adds triples."
    )


class OntologyConfig(_Section):
    """Which schema checks the triples."""

    path: str | None = Field(None, description="An ontology file; the shipped general one if absent.")
    open: bool = Field(False, description="No schema: keep surface relations, and say so.")


class EmbeddingConfig(_Section):
    """Who turns texts into vectors."""

    name: Literal["wordllama", "hashing", "http", "sentence-transformers"] = "wordllama"
    model: str = Field("", description="Model name for http and sentence-transformers.")
    base_url: Address = Field("", description="OpenAI-compatible server for http.")
    dim: int = Field(256, ge=8, le=4096)


class CommunitiesConfig(_Section):
    """Hierarchical Leiden."""

    max_size: int = Field(10, ge=2, description="A larger community is divided again.")
    resolution: float = Field(1.0, gt=0)
    seed: int = 0


class SearchSettings(_Section):
    """How passages and the graph around them are searched and weighed (see docs/retrieval.md).

    A path of passages starts at one and goes on to others through the entities they name. Its score is
    the sum of: how well its first passage is anchored in the question, how much of the question's words
    the path as a whole covers, how strong its links are, how near its last passage is in meaning, and a
    price per hop. Each default was chosen by measurement.
    """

    passage_hops: int = Field(
        1, ge=0, le=5, description="Links followed from a first passage; 0 ranks single passages only."
    )
    hops: int = Field(
        3,
        ge=0,
        le=10,
        description="Relations walked from what a question names, and from what passages found name.",
    )
    seeds: int = Field(16, ge=1, description="First passages that paths start from.")
    beam: int = Field(24, ge=1, description="Paths that are followed further after each hop.")
    bridges: int = Field(96, ge=1, description="Links from passages to entities that are followed per hop.")
    passage_hub_cap: int = Field(
        64,
        ge=1,
        description="An entity in more passages is a hub: it leads only to those that plain search found.",
    )
    anchor_cap: int = Field(512, ge=1, description="The same for an entity that the question names.")
    hub_cap: int = Field(
        64, ge=1, description="Neighbours followed from one entity when collecting the graph."
    )
    graph_width: int = Field(
        32, ge=1, description="Entities walked on from in each hop, those with most mass."
    )
    graph_size: int = Field(300, ge=1, description="Entities collected, those with most mass.")
    damping: float = Field(
        0.85, ge=0, lt=1, description="Chance of walking on rather than restarting, in personalized PageRank."
    )
    chunk_restart: float = Field(
        0.5,
        ge=0,
        description="Share of that restarting at the passages found, beside the anchors' share of 1.",
    )
    first_stage: int = Field(100, ge=1, description="Passages taken from keyword and vector search each.")
    sentence_level: float = Field(
        5.0,
        ge=0,
        description="Sentences in the average passage from which on they are ranked by their best one too.",
    )
    start: float = Field(1.0, ge=0, description="Weight of the anchors in a first passage.")
    coverage: float = Field(
        0.45, ge=0, description="Weight of the share of the question's words that a path covers."
    )
    link: float = Field(1.1, ge=0, description="Weight of a link.")
    meaning: float = Field(
        0.0, ge=0, description="Weight of a passage's nearness to the question in vector space."
    )
    last_meaning: float = Field(
        0.4, ge=0, description="The same for each further passage, to what the question says besides names."
    )
    prior: float = Field(0.05, ge=0, description="Weight of a passage's rank in keyword and vector search.")
    mention: float = Field(
        0.35,
        ge=0,
        description="What a passage that only mentions an anchor is worth, beside one that is about it.",
    )
    mention_of_known: float = Field(
        0.65, ge=0, description="Factor on that where some passage is about the anchor."
    )
    lead: float = Field(
        0.85,
        ge=0,
        description="What a passage is worth that is about an entity by its first words, not by its title.",
    )
    reach_mention: float = Field(
        0.65, ge=0, description="What a link is worth that leads to a passage mentioning the entity."
    )
    floor: float = Field(
        0.35, ge=0, description="What a link is worth whose sentence shares nothing with the question."
    )
    sentence_words: float = Field(
        0.7, ge=0, description="Weight of shared words in judging a link's sentence."
    )
    sentence_meaning: float = Field(1.0, ge=0, description="Weight of nearness in vector space there.")
    specificity: float = Field(0.95, ge=0, description="Exponent on an entity's rarity in a link.")
    hop_cost: float = Field(0.85, ge=0, description="Price of the first hop.")
    later_hop_cost: float = Field(1.3, ge=0, description="Price of each further hop.")
    diversity: float = Field(
        0.25,
        ge=0,
        description="Price of starting where paths above started, if the question names several things.",
    )
    lone_diversity: float = Field(
        0.1, ge=0, description="The same where it names one thing, or nothing known."
    )
    follow: float = Field(
        0.1, ge=0, description="Price of each further passage of a path, when passages are put in order."
    )
    likeness: float = Field(
        0.45,
        ge=0,
        description="Similarity from which another word counts as the question's word; 1 for none.",
    )
    like_weight: float = Field(0.95, ge=0, description="What such a word is worth beside the word itself.")
    cue_weight: float = Field(
        0.6,
        ge=0,
        description="The same for a word that the ontology gives for a relation the question names.",
    )
    relation: float = Field(0.25, ge=0, description="Bonus of a link along a relation the question asks for.")
    relation_sentence: float = Field(
        0.15, ge=0, description="Bonus of a link whose sentence states such a relation of something else."
    )


class RetrievalConfig(SearchSettings):
    """Search: what is returned, then how passages and the graph around them are searched and weighed."""

    mode: Literal["auto", "hybrid", "local", "global", "passages"] = "auto"
    k: int = Field(8, ge=1, le=1000, description="Passages returned.")
    level: int | None = Field(
        None, ge=0, description="Community level of global search; from the top down by relevance if empty."
    )
    context_tokens: int = Field(12_000, ge=64, description="Budget of the packed context.")


class TaskSampling(_Section):
    """How answers of one kind of request are sampled; what is left out is as in the section around."""

    temperature: float | None = Field(None, ge=0.0, le=2.0)
    top_p: float | None = Field(None, gt=0.0, le=1.0)
    top_k: int | None = Field(None, ge=1)
    max_tokens: int | None = Field(None, ge=1)
    seed: int | None = None


Task = Literal["extract", "answer", "agent", "report", "resolve", "judge"]


class LLMConfig(_Section):
    """The gate to a model, used only where a model is asked for. Keys come from the environment."""

    model: str = Field("", description="Name of the model, as its server knows it.")
    api: Literal["openai", "anthropic"] = Field(
        "openai", description="Protocol of the server; anthropic needs the extra of that name."
    )
    base_url: Address = Field("", description="The server's address; empty means the maker's own.")
    api_version: str = Field("", description="Given, the server is Azure OpenAI and base_url its endpoint.")
    api_key_env: VariableName = Field(
        "OPENAI_API_KEY", description="Name of the environment variable with the key."
    )
    provider: str = Field("", description="Name in the response ledger; the server's host if empty.")
    structured: Literal["auto", "json_schema", "json_object", "none"] = Field(
        "auto", description="How the server is held to JSON; auto takes the strictest way it knows."
    )
    temperature: float | None = Field(0.0, ge=0.0, le=2.0)
    top_p: float | None = Field(None, gt=0.0, le=1.0)
    top_k: int | None = Field(None, ge=1, description="Not known to OpenAI; vLLM and llama.cpp take it.")
    max_tokens: int = Field(2048, ge=1, description="Longest answer.")
    seed: int | None = 0
    tasks: dict[Task, TaskSampling] = Field(
        default_factory=dict,
        description="Other sampling for one task: extract, answer, agent, report, resolve or judge.",
    )
    max_in_flight: int = Field(8, ge=1, le=512)
    timeout_seconds: float = Field(120.0, gt=0, description="Of one call, from first byte to last.")
    max_attempts: int = Field(8, ge=1, le=100, description="Per request; being told to slow down counts not.")
    outage_seconds: float = Field(900.0, gt=0, description="Give up when nothing succeeded for so long.")
    run_seconds: float | None = Field(None, gt=0, description="Longest run.")
    max_cost: float | None = Field(None, ge=0, description="Budget of a run in US dollars; never passed.")
    max_calls: int | None = Field(None, ge=0, description="Budget of a run in calls.")
    price_prompt: float | None = Field(None, ge=0, description="US dollars per million prompt tokens.")
    price_completion: float | None = Field(None, ge=0, description="US dollars per million answer tokens.")
    prompts: str | None = Field(None, description="Folder with your own prompt files.")
    gleanings: int = Field(1, ge=0, le=5, description="How often to ask for what was left out.")
    call_tokens: int = Field(
        1200, ge=16, description="Chunks of a document are asked about together up to this."
    )
    answer_tokens: int = Field(
        12_000,
        ge=64,
        description="Sources beyond this are asked in parts, then together (map-reduce).",
    )
    extraction: Literal["extract", "judge", "complete"] = Field(
        "extract", description="Let the model read, or only judge what spaCy read, or judge and complete it."
    )
    prefilter: bool = Field(False, description="Ask only about chunks in which spaCy finds two names.")
    examples: str | None = Field(None, description="File of worked examples for the extraction prompt.")
    reports: bool = Field(False, description="Let the model write the community reports after a build.")
    strategy: Literal["zero-shot", "few-shot", "chain-of-thought", "self-consistency", "decomposition"] = (
        Field("zero-shot", description="How answers are asked for.")
    )
    samples: int = Field(5, ge=1, le=50, description="Votes of self-consistency.")
    sample_temperature: float = Field(0.7, ge=0.0, le=2.0, description="Of the votes of self-consistency.")
    agent_steps: int = Field(8, ge=1, le=50, description="Most steps of the agent mode.")
    cypher: bool = Field(False, description="Let the model write reading queries on a graph in Neo4j.")


class BuildConfig(_Section):
    """How a batch runs. Nothing here may change results."""

    workers: int = Field(1, ge=1, le=256)
    batch_documents: int = Field(64, ge=1, description="Documents per transaction.")
    max_failed_share: float = Field(0.2, ge=0.0, le=1.0, description="Stop when more chunks fail.")


class Config(_Section):
    """All settings."""

    chunking: ChunkingConfig = ChunkingConfig()
    extraction: ExtractionConfig = ExtractionConfig()
    ontology: OntologyConfig = OntologyConfig()
    embedding: EmbeddingConfig = EmbeddingConfig()
    communities: CommunitiesConfig = CommunitiesConfig()
    retrieval: RetrievalConfig = RetrievalConfig()
    llm: LLMConfig = LLMConfig()
    build: BuildConfig = BuildConfig()

    def section_fingerprint(self, *sections: str) -> str:
        """SHA-256 over the named sections, to tell whether results made with them still hold."""
        return fingerprint({name: getattr(self, name).model_dump(mode="json") for name in sections})


def load_config(path: Path | None = None, overrides: Sequence[str] = ()) -> Config:
    """Read settings: defaults, then the file, then each ``section.key=value``.

    Raises:
        ConfigError: If the file cannot be read or parsed, a key is unknown or a value is wrong.
    """
    data: dict[str, Any] = {}
    if path is not None:
        data = _read(path)
    for override in overrides:
        _apply(data, override)
    return config_from(data, origin=str(path) if path else "settings")


def config_from(data: Mapping[str, Any], *, origin: str = "settings") -> Config:
    """Check plain data against the sections above.

    Raises:
        ConfigError: As `load_config`.
    """
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        # Not chained: pydantic's own message shows every value, and one may be a key put in a wrong place.
        raise ConfigError(f"{origin}: {_explain(error)}") from None


def stored_config(data: Mapping[str, Any], *, origin: str) -> Config:
    """Settings that a knowledge base was built with; keys that an older version knew are passed over.

    Raises:
        ConfigError: If a value is wrong.
    """
    known = {
        section: {key: value for key, value in values.items() if key in _known_keys((section,))}
        for section, values in data.items()
        if section in Config.model_fields and isinstance(values, Mapping)
    }
    return config_from(known, origin=origin)


def _read(path: Path) -> dict[str, Any]:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f'cannot read the settings file "{path}": {error.strerror}') from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" at line {where.line + 1}" if where is not None else ""
        raise ConfigError(f'"{path}" is not valid YAML{line}; see `graphrag init` for an example') from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f'"{path}" must hold sections such as "retrieval:", not a {type(data).__name__}')
    return data


def _apply(data: dict[str, Any], override: str) -> None:
    name, separator, raw = override.partition("=")
    section, dot, key = name.partition(".")
    if not (separator and dot and section and key):
        raise ConfigError(f'"--set {override}" is not of the form section.key=value, as in retrieval.k=5')
    try:
        value = yaml.safe_load(raw)
    except yaml.YAMLError as error:
        raise ConfigError(f'"--set {override}": "{raw}" is not a valid value') from error
    if not isinstance(data.setdefault(section, {}), dict):
        raise ConfigError(f'section "{section}" must hold keys, not a single value')
    data[section][key] = value


def _explain(error: ValidationError) -> str:
    problems = []
    for item in error.errors(include_url=False, include_input=True):
        where = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            near = difflib.get_close_matches(str(item["loc"][-1]), _known_keys(item["loc"][:-1]), n=1)
            problems.append(f'unknown key "{where}"' + (f', did you mean "{near[0]}"?' if near else ""))
        elif item["type"].startswith("secret_"):
            problems.append(f"{where}: {item['msg']}")
        else:
            problems.append(f"{where} = {item['input']!r}: {item['msg']}")
    return "; ".join(problems)


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    model: type[BaseModel] = Config
    for part in location:
        annotation = model.model_fields[str(part)].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)
