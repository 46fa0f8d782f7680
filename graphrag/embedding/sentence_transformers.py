"""Vectors from a sentence-transformers model (extra `st`)."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from graphrag.errors import ConfigError, MissingDependencyError
from graphrag.interfaces import Floats


class SentenceTransformersEmbedder:
    """Runs a model that sentence-transformers can load, on the CPU or an accelerator.

    Unlike the other embedders a row may differ in its last digits with the texts it is batched
    with, because of padding; texts are embedded one by one to keep builds repeatable on request.

    Args:
        model: Name on the hub or a local folder.
        device: "cpu", "cuda", ...; the library's choice if None.
        batch_size: Texts run together; 1 makes rows independent of each other.
        local_files_only: Never download.
    """

    def __init__(
        self,
        model: str,
        *,
        device: str | None = None,
        batch_size: int = 32,
        local_files_only: bool = False,
    ) -> None:
        if not model:
            raise ConfigError("embedding.model is empty; name a sentence-transformers model")
        self._model_name = model
        self._device = device
        self._batch_size = batch_size
        self._local_files_only = local_files_only

    @property
    def name(self) -> str:
        return f"sentence-transformers-{self._model_name}-{self.dim}"

    @property
    def dim(self) -> int:
        return int(self._model.get_sentence_embedding_dimension())

    def embed(self, texts: Sequence[str]) -> Floats:
        """See `interfaces.Embedder`."""
        rows = np.zeros((len(texts), self.dim), dtype=np.float32)
        filled = [row for row, text in enumerate(texts) if text.strip()]
        if filled:
            rows[filled] = self._model.encode(
                [texts[row] for row in filled],
                batch_size=self._batch_size,
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
        return rows

    @cached_property
    def _model(self) -> Any:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise MissingDependencyError("sentence-transformers", "st") from error
        return SentenceTransformer(
            self._model_name, device=self._device, local_files_only=self._local_files_only
        )
