"""The store with the real embedding model: words need not match, nor the language.

Dense search only: across languages BM25 knows no word but the function words of the wrong passage.
"""

from __future__ import annotations

from pathlib import Path

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
}


@pytest.mark.models
async def test_a_question_finds_the_passage_in_the_other_language(
    lite_settings: StoreSettings, models_folder: Path
) -> None:
    try:
        model = E5Embeddings(models_folder)
    except ModelMissing as missing:
        pytest.skip(str(missing))
    store = Store.open(lite_settings, model, 384)
    try:
        await store.upsert([Document(id=i, page_content=text) for i, text in PASSAGES.items()])
        for question, expected in {
            "Which temple keeps the Tripitaka woodblocks?": "temple",
            "컨테이너는 주로 어느 항구를 지나는가?": "harbour",
            "terraced green tea fields by the sea": "tea",
        }.items():
            found = await store.search(question, k=1, ef=10, mode="dense")
            assert [document.id for document in found] == [expected]
    finally:
        store.close()
