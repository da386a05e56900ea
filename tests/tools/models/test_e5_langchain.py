"""e5 passes LangChain's standard tests for embeddings."""

from __future__ import annotations

from pathlib import Path

import pytest
from langchain_tests.integration_tests import EmbeddingsIntegrationTests

from churon.tools.models.e5 import E5Embeddings

pytestmark = pytest.mark.models


class TestE5Embeddings(EmbeddingsIntegrationTests):
    """The suite builds a model in each test, so that it gets a folder that is converted already."""

    @pytest.fixture(autouse=True)
    def _folder(self, e5: E5Embeddings, models_folder: Path) -> None:
        type(self).folder = models_folder

    folder: Path

    @property
    def embeddings_class(self) -> type[E5Embeddings]:
        return E5Embeddings

    @property
    def embedding_model_params(self) -> dict[str, object]:
        return {"folder": self.folder, "threads": 1}
