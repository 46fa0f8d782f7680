"""The default embedder: token vectors that come inside the wordllama wheel, averaged.

Only the wheel's two data files are used. Its own loader takes ten times as long to import, looks
for the files in a cache folder and on the network first, and configures logging on the way.
"""

import importlib.util
import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib.metadata import version
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphrag.errors import ConfigError, StoreError
from graphrag.interfaces import Floats

_WEIGHTS = "weights/l2_supercat_256.safetensors"
_TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"
_FULL_DIM = 256
_BATCH_CHARACTERS = 200_000
_MANY_TOKENS = 20_000  # from here on converting the whole table pays
_FEW = 8
_CUT = 100_000  # characters of one text that are looked at: more cannot turn an average


class WordLlamaEmbedder:
    """Mean of static token vectors, unit length; English above all, weak on Korean passages.

    Loading takes about 0.06 s of CPU; then some 10,000 passages of 80 words or 100,000 names a
    second. A text's vector does not depend on the other texts of a call.

    Args:
        dim: 256, or fewer: the first dimensions were trained to serve alone (64, 128).

    References:
        Kusupati et al., "Matryoshka Representation Learning", NeurIPS 2022.
    """

    def __init__(self, dim: int = _FULL_DIM) -> None:
        if not 8 <= dim <= _FULL_DIM:
            raise ConfigError(f"embedding.dim = {dim}: the bundled vectors have 8 to {_FULL_DIM} dimensions")
        self._dim = dim

    @property
    def name(self) -> str:
        return f"wordllama-{version('wordllama')}-l2-supercat-{self._dim}"

    @property
    def dim(self) -> int:
        return self._dim

    def embed(self, texts: Sequence[str]) -> Floats:
        """See `interfaces.Embedder`."""
        rows = np.zeros((len(texts), self._dim), dtype=np.float32)
        for start, end in _batches(texts):
            rows[start:end] = self._embed_batch([text[:_CUT] for text in texts[start:end]])
        return rows

    def _embed_batch(self, texts: list[str]) -> Floats:
        if len(texts) <= _FEW:
            # One by one: waking the tokenizer's threads costs more than a question's words.
            encoded = [self._tokenizer.encode(text, add_special_tokens=False) for text in texts]
        else:
            encoded = self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        tokens = [item.ids if text.strip() else [] for item, text in zip(encoded, texts, strict=True)]
        lengths = np.fromiter(map(len, tokens), dtype=np.intp, count=len(tokens))
        rows = np.zeros((len(texts), self._dim), dtype=np.float32)
        filled = np.flatnonzero(lengths)
        if not len(filled):
            return rows
        flat = np.fromiter(chain.from_iterable(tokens), dtype=np.int32, count=int(lengths.sum()))
        sums = self._sums(flat, np.concatenate([[0], np.cumsum(lengths[filled])]))
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        rows[filled] = np.divide(sums, norms, out=np.zeros_like(sums), where=norms > 0)
        return rows

    def _sums(self, tokens: NDArray[np.int32], bounds: NDArray[np.intp]) -> Floats:
        """(texts, dim) sums of the rows of each text's tokens.

        Rows are added in order on both ways, so a text's sum is the same bits whatever the batch.
        """
        sums: Floats
        if len(tokens) <= _MANY_TOKENS:
            rows = self._weights[tokens, : self._dim].astype(np.float32)  # (tokens, dim)
            # Not `reduceat`: it adds pairwise, and the last bits would differ from the other way.
            sums = np.stack([rows[start:end].sum(axis=0) for start, end in pairwise(bounds)])
        else:
            from scipy.sparse import csr_matrix  # a third of a second to import: only for bulk work

            ones = np.ones(len(tokens), dtype=np.float32)
            texts = csr_matrix((ones, tokens, bounds), shape=(len(bounds) - 1, len(self._table)))
            sums = texts @ self._table  # (texts, tokens) @ (tokens, dim)
        return sums

    @cached_property
    def _table(self) -> Floats:
        """All vectors in float32 (32 MB), for bulk work."""
        return np.ascontiguousarray(self._weights[:, : self._dim], dtype=np.float32)

    @cached_property
    def _weights(self) -> NDArray[np.float16]:
        """(tokens, 256) float16, mapped from the wheel's file: only rows that are used get read."""
        path = _data_file(_WEIGHTS)
        with path.open("rb") as stream:  # safetensors: u64 length, JSON header, data
            size = int.from_bytes(stream.read(8), "little")
            header = json.loads(stream.read(size))
        entry = header["embedding.weight"]
        if entry["dtype"] != "F16" or entry["shape"][1] != _FULL_DIM:
            raise StoreError(f'"{path}" holds {entry["dtype"]} {entry["shape"]}, not float16 x {_FULL_DIM}')
        offset = 8 + size + entry["data_offsets"][0]
        return np.memmap(path, dtype=np.float16, mode="r", offset=offset, shape=tuple(entry["shape"]))

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(_data_file(_TOKENIZER)))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer


def _data_file(name: str) -> Path:
    found = importlib.util.find_spec("wordllama")
    for folder in (found.submodule_search_locations or []) if found else []:
        if (path := Path(folder) / name).is_file():
            return path
    raise ConfigError(
        f'the wordllama package has no "{name}"; install wordllama==0.4.0.post1, or choose another '
        "embedder, as with --set embedding.name=hashing"
    )


def _batches(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Ranges of bounded size, so that memory is too."""
    start, size = 0, 0
    for position, text in enumerate(texts):
        if size and size + len(text) > _BATCH_CHARACTERS:
            yield start, position
            start, size = position, 0
        size += min(len(text), _CUT) + 1
    if start < len(texts):
        yield start, len(texts)
