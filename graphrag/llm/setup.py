"""From settings to an open gate: the one place that knows both."""

from pathlib import Path

from graphrag.config import LLMConfig, Task, TaskSampling
from graphrag.errors import ConfigError
from graphrag.llm.admission import Limits
from graphrag.llm.anthropic import AnthropicClient
from graphrag.llm.client import ChatClient, OpenAIClient
from graphrag.llm.clock import Clock
from graphrag.llm.gate import Gate
from graphrag.llm.ledger import ResponseLedger
from graphrag.llm.messages import Sampling
from graphrag.llm.pricing import price_of
from graphrag.llm.secret import Secret


def open_gate(
    settings: LLMConfig,
    *,
    key: Secret,
    ledger: Path | None,
    max_cost: float | None = None,
    proxy: str | None = None,
    clock: Clock | None = None,
) -> Gate:
    """A gate to the model that the settings name. Nothing is sent yet.

    Args:
        key: Read from the environment by the caller; may be empty for servers that want none.
        ledger: File of the response ledger; None keeps no answers.
        max_cost: Budget in US dollars, over the settings' own.

    Raises:
        ConfigError: If no model is named, OpenAI's own server is meant and no key is there, or a
            budget is set for a model without a known price.
        StoreError: If the ledger cannot be opened.
    """
    if not settings.model:
        raise ConfigError("no model is named; set llm.model, for example --set llm.model=gpt-4o-mini")
    if not key and not settings.base_url:
        raise ConfigError(
            f"the environment variable {settings.api_key_env} holds no key for {settings.api}; set it, "
            "or set llm.base_url to a server of your own"
        )
    client = _client(settings, key, proxy)
    limits = Limits(
        max_in_flight=settings.max_in_flight,
        call_seconds=settings.timeout_seconds,
        max_attempts=settings.max_attempts,
        outage_seconds=settings.outage_seconds,
        run_seconds=settings.run_seconds,
        max_cost=settings.max_cost if max_cost is None else max_cost,
        max_calls=settings.max_calls,
    )
    price = price_of(settings.model, prompt=settings.price_prompt, completion=settings.price_completion)
    kept = ResponseLedger(ledger) if ledger is not None else None
    try:
        return Gate(client, ledger=kept, limits=limits, price=price, clock=clock)
    except ConfigError:
        if kept is not None:
            kept.close()
        raise


def _client(settings: LLMConfig, key: Secret, proxy: str | None) -> ChatClient:
    if settings.api == "anthropic":
        if settings.api_key_env == "OPENAI_API_KEY":
            raise ConfigError("set llm.api_key_env=ANTHROPIC_API_KEY, so that no other server's key is sent")
        return AnthropicClient(
            settings.model,
            key=key,
            base_url=settings.base_url,
            provider=settings.provider,
            structured=settings.structured,
            connections=settings.max_in_flight,
            proxy=proxy,
        )
    return OpenAIClient(
        settings.model,
        key=key,
        base_url=settings.base_url,
        api_version=settings.api_version,
        provider=settings.provider,
        structured=settings.structured,
        connections=settings.max_in_flight,
        proxy=proxy,
    )


def sampling_of(settings: LLMConfig, task: Task, *, max_tokens: int | None = None) -> Sampling:
    """How the settings want answers to one kind of request sampled.

    Args:
        max_tokens: For a task whose answers are short, where the settings name no number for it.
    """
    own = settings.tasks.get(task, TaskSampling())
    chosen = {name: getattr(settings, name) for name in TaskSampling.model_fields}
    if max_tokens is not None:
        chosen["max_tokens"] = min(max_tokens, settings.max_tokens)
    return Sampling(**{**chosen, **own.model_dump(exclude_unset=True)})
