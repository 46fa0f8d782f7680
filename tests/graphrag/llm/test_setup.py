from pathlib import Path

import pytest

from graphrag.config import LLMConfig
from graphrag.errors import ConfigError
from graphrag.llm import Sampling, Secret
from graphrag.llm.setup import open_gate, sampling_of


def test_settings_become_a_gate(tmp_path: Path) -> None:
    settings = LLMConfig(model="gpt-4o-mini", max_in_flight=3, timeout_seconds=7, max_attempts=2)
    with open_gate(settings, key=Secret("k"), ledger=tmp_path / "a.db", max_cost=1.5) as gate:
        assert gate.limits.max_in_flight == 3
        assert gate.limits.call_seconds == 7
        assert gate.limits.max_attempts == 2
        assert gate.limits.max_cost == 1.5
        assert gate.price is not None
        assert gate.client.model == "gpt-4o-mini"
    assert (tmp_path / "a.db").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (LLMConfig(), r"set llm\.model"),
        (LLMConfig(model="m"), "OPENAI_API_KEY holds no key"),
        (LLMConfig(model="m", base_url="http://127.0.0.1:1/v1", max_cost=1.0), r"set llm\.price_prompt"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_sent(
    tmp_path: Path, settings: LLMConfig, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        open_gate(settings, key=Secret(""), ledger=tmp_path / "a.db")


def test_sampling_follows_the_settings() -> None:
    sampling = sampling_of(LLMConfig(temperature=0.4, top_k=9, seed=None), "answer", max_tokens=5)
    assert (sampling.temperature, sampling.top_k, sampling.seed, sampling.max_tokens) == (0.4, 9, None, 5)


def test_a_task_may_be_sampled_in_its_own_way() -> None:
    settings = LLMConfig.model_validate(
        {"temperature": 0.2, "max_tokens": 900, "tasks": {"judge": {"temperature": None, "max_tokens": 50}}}
    )
    assert sampling_of(settings, "answer") == Sampling(temperature=0.2, max_tokens=900, seed=0)
    assert sampling_of(settings, "judge", max_tokens=400) == Sampling(temperature=None, max_tokens=50, seed=0)
    assert sampling_of(settings, "resolve", max_tokens=300).max_tokens == 300
    with pytest.raises(ValueError, match="tasks"):
        LLMConfig.model_validate({"tasks": {"poetry": {}}})
