"""Embeddings of any OpenAI-compatible endpoint, at the wished number of dimensions."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from churon.tools.models.openai_client import (
    api_key_for,
    async_http_client,
    openai_errors,
    openai_package,
)
from churon.tools.models.per_loop import PerLoop
from churon.tools.models.vectors import Prefixed, finished

if TYPE_CHECKING:
    from langchain_openai import OpenAIEmbeddings as ServedEmbeddings


_OF_SIZE = re.compile(r"dimension|matryoshka", re.IGNORECASE)


class OpenAIEmbeddings(Prefixed):
    """Embeddings behind /v1/embeddings: unit vectors of the wished size."""

    def __init__(
        self,
        model: str,
        dimensions: int,
        *,
        query_prefix: str = "",
        document_prefix: str = "",
        base_url: str | None = None,
        batch: int = 32,
        timeout: float = 120.0,
        api_key: SecretStr | None = None,
    ) -> None:
        """Imports the package: seconds. Raises ModelMissing, SettingsError."""
        self.model, self.dimensions, self.base_url = model, dimensions, base_url
        self.query_prefix, self.document_prefix = query_prefix, document_prefix
        self._given: dict[str, Any] = {
            "model": model,
            "dimensions": dimensions,
            "base_url": base_url,
            "chunk_size": batch,
            "timeout": timeout,
            "check_embedding_ctx_length": False,  # else it sends OpenAI's token ids
        }
        self._secret = api_key
        self._changing = threading.Lock()
        self._refused: type[Exception] = openai_package()[1].BadRequestError
        self._sync = self._served()
        self._loops = PerLoop(self._served)

    def _served(self) -> ServedEmbeddings:
        package, _ = openai_package()
        client = async_http_client(self.base_url, self._given["timeout"])
        key = api_key_for(self.base_url, self._secret)
        served: ServedEmbeddings = package.OpenAIEmbeddings(
            **self._given, api_key=key, http_async_client=client
        )
        return served

    def _embed(self, texts: list[str]) -> list[list[float]]:
        sent = "dimensions" in self._given
        with openai_errors(self.model, self.base_url):
            try:
                vectors = self._sync.embed_documents(texts) if texts else []
            except self._refused as error:
                self._ask_plainly(error, sent)
                vectors = self._sync.embed_documents(texts)
            return self._finished(vectors, len(texts))

    async def _aembed(self, texts: list[str]) -> list[list[float]]:
        sent = "dimensions" in self._given
        with openai_errors(self.model, self.base_url):
            try:
                vectors = await self._loops.get().aembed_documents(texts) if texts else []
            except self._refused as error:
                self._ask_plainly(error, sent)
                vectors = await self._loops.get().aembed_documents(texts)
            return self._finished(vectors, len(texts))

    def _ask_plainly(self, error: Exception, sent: bool) -> None:
        """From now on without a number of dimensions, which servers refuse of models that have one
        alone; any other error is raised again.
        """
        if not sent or not _OF_SIZE.search(str(error)):
            raise error
        with self._changing:  # several calls may be refused at once
            if self._given.pop("dimensions", None) is not None:
                self._sync, self._loops = self._served(), PerLoop(self._served)

    def _finished(self, vectors: list[list[float]], count: int) -> list[list[float]]:
        return finished(vectors, count=count, dimensions=self.dimensions, model=self.model)
