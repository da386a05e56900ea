"""What vectors go through: texts get prefixes; numbers are counted, checked, cut, of length one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from churon.tools.errors import ModelError

EMPTY = "."
"""Sent in place of an empty text, which servers refuse or leave out of their answer."""
_LOOK = "Check the model with `churon doctor`."


class Prefixed(Embeddings):
    """A server's embeddings: what it is sent are the texts with the model's prefixes."""

    query_prefix: str
    document_prefix: str

    def embed_query(self, text: str) -> list[float]:
        """One unit vector."""
        return self._embed([_sent(self.query_prefix, text)])[0]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One unit vector per text; `[]` for none."""
        return self._embed([_sent(self.document_prefix, text) for text in texts])

    async def aembed_query(self, text: str) -> list[float]:
        """One unit vector."""
        return (await self._aembed([_sent(self.query_prefix, text)]))[0]

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """One unit vector per text; `[]` for none."""
        return await self._aembed([_sent(self.document_prefix, text) for text in texts])

    @abstractmethod
    def _embed(self, texts: list[str]) -> list[list[float]]:
        """Of texts as they are sent."""

    @abstractmethod
    async def _aembed(self, texts: list[str]) -> list[list[float]]:
        """The same for event loops."""


def _sent(prefix: str, text: str) -> str:
    return prefix + (text if text.strip() else EMPTY)


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The rows at length 1; of zeros, zeros."""
    made: NDArray[np.float32] = rows / np.maximum(
        np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12
    )
    return made


def finished(
    vectors: Sequence[Sequence[float]], *, count: int, dimensions: int, model: str
) -> list[list[float]]:
    """`count` vectors of `dimensions` numbers and L2 norm 1.

    A server that ignored the wished size sent longer ones: they are cut, which is what the newer
    servers do (Matryoshka embeddings, arXiv 2205.13147). Raises ModelError for anything else.
    """
    sizes = {len(vector) for vector in vectors}
    if len(vectors) != count or len(sizes) > 1:
        raise ModelError(
            f"{model!r} answered {len(vectors)} vectors {sizes} for {count} texts.", remedy=_LOOK
        )
    if not vectors:
        return []
    if (size := sizes.pop()) < dimensions:
        raise ModelError(
            f"{model!r} makes vectors of {size} numbers, embedding.dimensions is {dimensions}.",
            remedy=f"Set embedding.dimensions to {size} or less.",
        )
    matrix = np.asarray(vectors, dtype=np.float64)[:, :dimensions]
    if not np.isfinite(matrix).all():
        raise ModelError(f"{model!r} answered a vector that is not finite.", remedy=_LOOK)
    with np.errstate(over="ignore"):
        norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    if not (np.isfinite(norms) & (norms > 0)).all():
        raise ModelError(
            f"{model!r} answered a vector without direction: of zeros, or of numbers too large.",
            remedy="Check at its server that the model embeds texts, then ingest again.",
        )
    made: list[list[float]] = (matrix / norms).tolist()
    return made
