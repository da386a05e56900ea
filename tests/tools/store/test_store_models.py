"""The store with the real embedding model: its scores are the model's cosines, in its order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from langchain_core.documents import Document

from churon.tools.errors import ModelMissing
from churon.tools.models.e5 import E5Embeddings
from churon.tools.settings import StoreSettings
from churon.tools.store import Store

PASSAGES = {
    "temple": "해인사는 고려 시대의 목판인 팔만대장경을 보관하고 있다.",
    "harbour": "Most of the containers of the peninsula pass through the harbour of Busan.",
    "tea": "보성의 차밭은 바다가 보이는 언덕에 층층이 놓여 있다.",
    "stars": "Stars burn hydrogen, and an observatory measures their light.",
}


@pytest.mark.models
async def test_dense_scores_are_the_models_cosines(
    lite_settings: StoreSettings, models_folder: Path
) -> None:
    try:
        model = E5Embeddings(models_folder)
    except ModelMissing as missing:
        pytest.skip(str(missing))
    vectors = np.array(model.embed_documents(list(PASSAGES.values())))
    store = Store.open(lite_settings, model, 384)
    try:
        await store.upsert([Document(id=i, page_content=text) for i, text in PASSAGES.items()])
        for question in ("팔만대장경은 어느 절에 있나?", "Which port ships most containers?"):
            cosines = vectors @ np.array(model.embed_query(question))
            found = await store.search(question, k=4, ef=10, mode="dense")
            assert [d.id for d in found] == [list(PASSAGES)[i] for i in np.argsort(-cosines)]
            scores = [document.metadata["dense_score"] for document in found]
            assert np.allclose(scores, np.sort(cosines)[::-1], atol=2e-3)
            assert (await store.search(question, k=1, ef=10))[0].id in ("temple", "harbour")
    finally:
        store.close()
