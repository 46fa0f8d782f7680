"""Vectors from a model's server through the gate: its limits, retries, pauses and budget hold here too."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from graphrag.errors import LLMFatalError
from graphrag.interfaces import Floats
from graphrag.llm.gate import Gate


class GatedEmbedder:
    """Asks for vectors in batches, side by side, and makes them unit length.

    Args:
        gate: To a server of embeddings; its client's model is the one that is asked.
        dim: Length of a vector; found out with one request if None.
        batch_size: Texts in one request.
    """

    def __init__(self, gate: Gate, *, dim: int | None = None, batch_size: int = 64) -> None:
        self._gate = gate
        self._given_dim = dim
        self._batch_size = batch_size

    @property
    def name(self) -> str:
        return f"http-{self._gate.client.model}-{self.dim}"

    @cached_property
    def dim(self) -> int:
        return self._given_dim or len(self._gate.embed(["dimension"])[0])

    def embed(self, texts: Sequence[str]) -> Floats:
        """See `interfaces.Embedder`. Blank texts are not sent.

        Raises:
            LLMCallError, LLMFatalError, BudgetError: As `Gate.embed`; also where vectors are not
                finite or not of `dim` numbers.
        """
        rows = np.zeros((len(texts), self.dim), dtype=np.float32)
        filled = [row for row, text in enumerate(texts) if text.strip()]
        batches = [
            filled[start : start + self._batch_size] for start in range(0, len(filled), self._batch_size)
        ]
        found = self._gate.map(lambda batch: self._gate.embed([texts[row] for row in batch]), batches)
        for batch, vectors in zip(batches, found, strict=True):
            rows[batch] = self._checked(vectors)
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        unit: Floats = np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)
        return unit

    def _checked(self, vectors: list[list[float]]) -> Floats:
        model = self._gate.client.model
        lengths = sorted({len(vector) for vector in vectors})
        if lengths != [self.dim]:
            raise LLMFatalError(
                f'"{model}" gave vectors of {lengths} numbers, expected {self.dim}; set embedding.dim'
            )
        rows = np.asarray(vectors, dtype=np.float32)
        if not np.isfinite(rows).all():
            raise LLMFatalError(f'"{model}" gave vectors with numbers that are not finite')
        return rows
