import pytest
import yaml

from graphrag.config import Config, load_config
from graphrag.errors import ConfigError
from pipelines.starter import settings_text


def test_a_file_lies_over_the_defaults_and_set_over_both(tmp_path):
    path = tmp_path / "settings.yaml"
    path.write_text("retrieval:\n  k: 5\n  hops: 1\n")
    config = load_config(path, ["retrieval.k=7"])
    assert (config.retrieval.k, config.retrieval.hops, config.chunking) == (7, 1, Config().chunking)


def test_an_unknown_key_is_named_with_a_near_match():
    with pytest.raises(ConfigError, match=r'unknown key "retrieval\.hop", did you mean "hops"\?'):
        load_config(None, ["retrieval.hop=2"])


def test_an_unknown_section_is_named_with_a_near_match():
    with pytest.raises(ConfigError, match=r'unknown key "retrival", did you mean "retrieval"\?'):
        load_config(None, ["retrival.k=2"])


def test_a_wrong_value_is_named():
    with pytest.raises(ConfigError, match=r"chunking\.max_tokens = 'many'"):
        load_config(None, ["chunking.max_tokens=many"])


@pytest.mark.parametrize("override", ["k=5", "retrieval.k", "=5", ".k=5", "retrieval.=5"])
def test_a_malformed_override_shows_the_form(override):
    with pytest.raises(ConfigError, match=r"section\.key=value"):
        load_config(None, [override])


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="cannot read the settings file"):
        load_config(tmp_path / "none.yaml")


def test_broken_yaml_names_the_line(tmp_path):
    path = tmp_path / "settings.yaml"
    path.write_text("retrieval:\n  k: [1\n")
    with pytest.raises(ConfigError, match="not valid YAML at line"):
        load_config(path)


def test_yaml_that_would_run_code_is_refused(tmp_path):
    path = tmp_path / "settings.yaml"
    path.write_text("retrieval: !!python/object/apply:os.system ['true']\n")
    with pytest.raises(ConfigError, match="not valid YAML"):
        load_config(path)


def test_settings_that_change_no_result_do_not_change_the_fingerprint():
    one = load_config(None, ["build.workers=1"])
    other = load_config(None, ["build.workers=8"])
    assert one.section_fingerprint("chunking", "extraction") == other.section_fingerprint(
        "chunking", "extraction"
    )


def test_the_starter_file_is_valid_and_shows_every_default(tmp_path):
    text = settings_text()
    path = tmp_path / "graphrag.yaml"
    path.write_text(text)
    assert load_config(path).ontology.path == "ontology.yaml"
    shown = yaml.safe_load(
        "\n".join(
            line.removeprefix("# ") if line.startswith("# ") and ":" in line else ""
            for line in shown_lines(text)
        )
    )
    assert set(shown) <= set(Config.model_fields)


def shown_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.rstrip(":").removeprefix("# ").isidentifier()]
