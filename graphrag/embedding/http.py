"""Vectors from an OpenAI-compatible ``/v1/embeddings`` server (OpenAI, Azure, Ollama, vLLM, ...)."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from graphrag.errors import ConfigError, LLMFatalError
from graphrag.interfaces import Floats

_OPENAI = "https://api.openai.com/v1"


class HTTPEmbedder:
    """Asks a server for vectors, in batches, and makes them unit length.

    Args:
        model: The server's name for its model.
        base_url: Address up to and including ``/v1``; OpenAI's own if empty.
        api_key: Sent as a bearer token. The library reads no environment variables; the command
            line passes the key on. Local servers take any.
        dim: Length of a vector; found out with one request if None.
        batch_size: Texts in one request.
        timeout_seconds: For one attempt.
        max_retries: Further attempts after a broken connection, 429 or 5xx.
    """

    def __init__(
        self,
        model: str,
        base_url: str = "",
        *,
        api_key: str = "",
        dim: int | None = None,
        batch_size: int = 64,
        timeout_seconds: float = 60.0,
        max_retries: int = 4,
    ) -> None:
        if not model:
            raise ConfigError("embedding.model is empty; name the server's embedding model")
        self._model = model
        self._base_url = base_url or _OPENAI
        self._api_key = api_key
        self._known_dim = dim
        self._batch_size = batch_size
        self._timeout_seconds = timeout_seconds
        self._max_retries = max_retries

    @property
    def name(self) -> str:
        return f"http-{self._model}-{self.dim}"

    @property
    def dim(self) -> int:
        if self._known_dim is None:
            self._known_dim = len(self._request(["dimension"])[0])
        return self._known_dim

    def embed(self, texts: Sequence[str]) -> Floats:
        """See `interfaces.Embedder`. Blank texts are not sent.

        Raises:
            LLMFatalError: If the server refuses, cannot be reached, or answers with something else
                than one finite vector of `dim` numbers for each text.
        """
        rows = np.zeros((len(texts), self.dim), dtype=np.float32)
        filled = [row for row, text in enumerate(texts) if text.strip()]
        for start in range(0, len(filled), self._batch_size):
            batch = filled[start : start + self._batch_size]
            rows[batch] = self._checked(self._request([texts[row] for row in batch]))
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        unit: Floats = np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)
        return unit

    def _checked(self, vectors: list[list[float]]) -> Floats:
        if any(len(vector) != self.dim for vector in vectors):
            lengths = sorted({len(vector) for vector in vectors})
            raise LLMFatalError(
                f'embedding model "{self._model}" gave vectors of {lengths} numbers instead of {self.dim}'
            )
        rows = np.asarray(vectors, dtype=np.float32)
        if not np.isfinite(rows).all():
            raise LLMFatalError(f'embedding model "{self._model}" gave numbers that are not finite')
        return rows

    def _request(self, texts: list[str]) -> list[list[float]]:
        import openai

        try:
            answer = self._client.embeddings.create(model=self._model, input=texts, encoding_format="float")
        except openai.APIStatusError as error:
            raise LLMFatalError(
                f'embedding server {self._base_url} refused model "{self._model}" with status '
                f"{error.status_code}; check embedding.model, embedding.base_url and the key"
            ) from error
        except openai.OpenAIError as error:
            raise LLMFatalError(
                f"embedding server {self._base_url} cannot be reached: {type(error).__name__}; "
                "is it running, and is embedding.base_url right?"
            ) from error
        data = sorted(answer.data or [], key=lambda item: item.index)
        if [item.index for item in data] != list(range(len(texts))):
            raise LLMFatalError(
                f'embedding model "{self._model}" gave {len(data)} vectors for {len(texts)} texts'
            )
        return [item.embedding for item in data]

    @cached_property
    def _client(self) -> Any:
        import openai

        return openai.OpenAI(
            api_key=self._api_key or "none",
            base_url=self._base_url,
            timeout=self._timeout_seconds,
            max_retries=self._max_retries,
        )
