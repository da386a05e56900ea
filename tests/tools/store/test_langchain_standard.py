"""LangChain's standard vector-store tests, all of them, over the view on Milvus Lite."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from langchain_core.vectorstores import VectorStore
from langchain_tests.integration_tests.vectorstores import (
    EMBEDDING_SIZE,
    VectorStoreIntegrationTests,
)

from churon.tools.settings import StoreSettings
from churon.tools.store.milvus import Store
from churon.tools.store.vectorstore import StoreVectorStore


class TestStandard(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, lite_settings: StoreSettings) -> Iterator[VectorStore]:  # type: ignore[override]
        store = Store.open(lite_settings, self.get_embeddings(), EMBEDDING_SIZE)
        asyncio.run(store.upsert([]))
        yield StoreVectorStore(store)
        store.close()
