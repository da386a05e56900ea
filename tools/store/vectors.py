"""Embeddings as the store needs them: checked and of unit length, so that IP is the cosine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from langchain_core.embeddings import Embeddings

from churon.tools.errors import ModelUnreachable, StoreError


@dataclass(frozen=True)
class UnitEmbeddings(Embeddings):
    """Wraps an embedding model; raises StoreError where a vector has another length or no value."""

    model: Embeddings
    dimensions: int

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One unit vector per text."""
        with _unreachable():
            vectors = self.model.embed_documents(texts)
        return self._unit(vectors, len(texts))

    def embed_query(self, text: str) -> list[float]:
        """The unit vector of a question."""
        with _unreachable():
            vector = self.model.embed_query(text)
        return self._unit([vector], 1)[0]

    def _unit(self, vectors: Sequence[Sequence[float]], wanted: int) -> list[list[float]]:
        lengths = {len(vector) for vector in vectors} - {self.dimensions}
        if lengths or len(vectors) != wanted:
            got = f"{max(lengths)} dimensions" if lengths else f"{len(vectors)} vectors"
            raise StoreError(
                f"The embedding model gave {got}, not {wanted} vectors of {self.dimensions}.",
                remedy="Set embedding.dimensions to what the model gives.",
            )
        array = np.asarray(vectors, dtype=np.float32).reshape(wanted, self.dimensions)
        if not np.isfinite(array).all():
            raise StoreError(
                "The embedding model gave a vector with NaN or infinity.",
                remedy="Check the model with `churon doctor`.",
            )
        norms = np.linalg.norm(array, axis=1, keepdims=True)
        unit: list[list[float]] = (array / np.where(norms > 0, norms, 1)).tolist()
        return unit


@contextmanager
def _unreachable() -> Iterator[None]:
    # A foreign model's connection error must not pass for one of Milvus
    try:
        yield
    except OSError as error:
        raise ModelUnreachable(
            f"The embedding model does not answer: {error}.", remedy="Check its server."
        ) from error
