"""Embeddings of an Ollama server through /api/embed, at the wished number of dimensions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ollama import AsyncClient, Client

from churon.tools.models.ollama_client import client_options, ollama_errors, server_url
from churon.tools.models.per_loop import PerLoop
from churon.tools.models.vectors import Prefixed, finished


class OllamaEmbeddings(Prefixed):
    """Raises ModelUnreachable, ModelMissing, or ModelError for vectors that are too short.

    langchain-ollama's class would do but for prefixes, the length check and clients per loop.
    """

    def __init__(
        self,
        model: str,
        dimensions: int,
        *,
        query_prefix: str = "",
        document_prefix: str = "",
        base_url: str | None = None,
        keep_alive: str = "10m",
        batch: int = 32,
        timeout: float = 120.0,
        api_key: str | None = None,
    ) -> None:
        self.model, self.dimensions, self.batch = model, dimensions, batch
        self.query_prefix, self.document_prefix = query_prefix, document_prefix
        self.base_url, self._keep_alive = base_url, keep_alive
        self._options = client_options(timeout, api_key)
        self._loops = PerLoop(lambda: AsyncClient(host=server_url(base_url), **self._options))

    def _embed(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = []
        with (
            ollama_errors(self.model, self.base_url),
            Client(host=server_url(self.base_url), **self._options) as client,
        ):
            for part in self._parts(texts):
                vectors += self._finished(client.embed(**self._asked(part)).embeddings, part)
        return vectors

    async def _aembed(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = []
        with ollama_errors(self.model, self.base_url):
            for part in self._parts(texts):
                answer = await self._loops.get().embed(**self._asked(part))
                vectors += self._finished(answer.embeddings, part)
        return vectors

    def _parts(self, texts: Sequence[str]) -> Iterator[Sequence[str]]:
        return (texts[at : at + self.batch] for at in range(0, len(texts), self.batch))

    def _asked(self, texts: Sequence[str]) -> dict[str, Any]:
        return {
            "model": self.model,
            "input": list(texts),
            "dimensions": self.dimensions,
            "keep_alive": self._keep_alive,
        }

    def _finished(
        self, vectors: Sequence[Sequence[float]], texts: Sequence[str]
    ) -> list[list[float]]:
        return finished(vectors, count=len(texts), dimensions=self.dimensions, model=self.model)
