"""The English pipeline that ships with the package, and the door to any other spaCy pipeline.

Typed triples without a language model need a tagger, a parser and an entity recogniser. `en_kg_sm` is ours:
trained from openly licensed treebanks by the scripts in `training/`, small enough to travel in the wheel, so
nothing is ever downloaded. A larger installed spaCy package replaces it by name.
"""

from __future__ import annotations

import hashlib
import importlib
from pathlib import Path

import spacy
from spacy.language import Language

from graphrag.errors import ConfigError

DEFAULT_PIPELINE = "en_kg_sm"

__all__ = ["DEFAULT_PIPELINE", "load_pipeline", "pipeline_digest", "shipped_pipelines"]

_SHIPPED = Path(__file__).parent


def load_pipeline(name: str = DEFAULT_PIPELINE) -> Language:
    """Load the shipped pipeline, or an installed spaCy package, by name.

    Every call builds a new pipeline (about a second), so that callers in threads and processes share nothing.

    Args:
        name: `en_kg_sm` or the name of an installed package such as `en_core_web_trf`. Never a path: a
            settings file must not be able to load code or weights from an arbitrary folder.

    Returns:
        A pipeline ready to call; its sentence boundaries come from the parser.

    Raises:
        ConfigError: If the name is a path, or no such pipeline is shipped or installed.
    """
    if not name.isidentifier():
        raise ConfigError(
            f'spaCy pipeline "{name}" is not a package name; expected {" or ".join(shipped_pipelines())}, '
            f'or an installed package such as "en_core_web_sm" (paths are not accepted)'
        )
    if name in shipped_pipelines():
        return _load_shipped(name)
    if spacy.util.is_package(name):
        return spacy.load(name)
    raise ConfigError(
        f'spaCy pipeline "{name}" is neither shipped ({", ".join(shipped_pipelines())}) nor installed; '
        f'install it with: python -m spacy download {name}, or set the name to "{DEFAULT_PIPELINE}"'
    )


def shipped_pipelines() -> tuple[str, ...]:
    """Name the pipelines inside this package, sorted."""
    return tuple(sorted(found.parent.name for found in _SHIPPED.glob("[a-z]*/meta.json")))


def pipeline_digest(nlp: Language) -> str:
    """Fingerprint everything a pipeline's answers depend on: configuration, tables and weights.

    Returns:
        64 hexadecimal digits; equal for equal pipelines on any machine.
    """
    digest = hashlib.sha256(nlp.config.to_str().encode("utf-8"))
    digest.update(f"{nlp.meta['lang']}_{nlp.meta['name']} {nlp.meta['version']}".encode())
    for name, component in nlp.components:
        if hasattr(component, "to_bytes"):
            digest.update(name.encode("utf-8"))
            digest.update(hashlib.sha256(component.to_bytes(exclude=["vocab"])).digest())
    return digest.hexdigest()


def _load_shipped(name: str) -> Language:
    for module in ("components", "quantities"):  # they register the factories the pipeline's config names
        importlib.import_module(f"graphrag.models.{module}")
    return spacy.load(_SHIPPED / name)
