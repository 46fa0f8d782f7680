"""Writes docs/configuration.md and configs/default.yaml from the settings themselves.

Run it after a change of graphrag/config.py: ``.venv/bin/python tools/config_docs.py``.
"""

from pathlib import Path

from pydantic import BaseModel

from graphrag.config import Config
from pipelines.starter import settings_text

ROOT = Path(__file__).parent.parent
HEAD = """\
# Settings

Made from `graphrag/config.py` by `tools/config_docs.py`. A settings file has one section per
subsystem; an unknown key fails with a near match. `--set SECTION.KEY=VALUE` overrides one setting.
`graphrag init` writes a commented file. Keys to a model's server are never settings: they come from
the environment.
"""


def configuration_md() -> str:
    """Every section as a table."""
    parts = [HEAD]
    for name, field in Config.model_fields.items():
        section = field.annotation
        assert isinstance(section, type) and issubclass(section, BaseModel)
        parts.append(
            f"## `{name}`\n\n{(section.__doc__ or '').strip()}\n\n| key | default | meaning |\n|---|---|---|"
        )
        for key, setting in section.model_fields.items():
            default = "" if setting.default in (None, "") else f"`{setting.default}`"
            parts[-1] += f"\n| `{name}.{key}` | {default} | {setting.description or ''} |"
    return "\n".join(part + "\n" for part in parts)


def default_yaml() -> str:
    """Every setting at its default, commented out."""
    text = settings_text().replace("ontology:\n  path: ontology.yaml\n", "# ontology:\n#   path: null\n")
    return text.replace(
        "# Settings of graphrag.", "# Settings for a laptop: the defaults, no server, no key."
    )


if __name__ == "__main__":
    (ROOT / "docs" / "configuration.md").write_text(configuration_md(), encoding="utf-8")
    (ROOT / "configs" / "default.yaml").write_text(default_yaml(), encoding="utf-8")
