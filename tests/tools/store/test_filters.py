"""Quoting: hostile values are values, on Milvus Lite itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document
from support.hashing import HashingEmbeddings

from churon.tools.errors import StoreError
from churon.tools.settings import StoreSettings
from churon.tools.store.filters import expression
from churon.tools.store.milvus import Store

HOSTILE = [
    'a" or tenant != "zz',
    "a' or 1 == 1 or '",
    "a\\",
    '\\" or tenant != "',
    "a\nb",
    "%",
    "한글",
]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
_numbers = count()


def test_the_spelling() -> None:
    filter = {"document": "a.md", "page": [1, 2], "score": 0.5, "flag": True}
    assert expression(filter, 't"') == (
        'tenant == "t\\"" and document in ["a.md"] and '
        '(metadata["page"] == 1 or metadata["page"] == 2) and '
        'metadata["score"] == 0.5 and metadata["flag"] == true'
    )
    assert expression(None) == expression({}) == ""


@pytest.mark.parametrize("field", ["a b", 'a" or "', "1a", "", "a.b", "meta]", "é", "x" * 201])
def test_a_field_that_is_no_identifier_is_refused(field: str) -> None:
    with pytest.raises(StoreError, match="identifier"):
        expression({field: 1})


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), 2**63, None, {"a": 1}, b"a", [1, [2]], [], "\ud800"]
)
def test_a_value_without_exact_spelling_is_refused(value: object) -> None:
    with pytest.raises(StoreError):
        expression({"field": value})  # type: ignore[dict-item]


def test_a_text_column_is_not_compared_with_a_number() -> None:
    with pytest.raises(StoreError, match="holds text"):
        expression({"document": 3})


@pytest.fixture(scope="module")
def one_store(lite: str) -> Iterator[Store]:
    store = Store.open(StoreSettings(uri=lite, collection="hostile"), HashingEmbeddings(8), 8)
    asyncio.run(store.upsert([]))
    yield store
    store.close()


@given(value=TEXTS, other=TEXTS)
@example(value=HOSTILE[0], other="a")
@example(value=HOSTILE[3], other="zz")
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_text_matches_itself_and_nothing_else(one_store: Store, value: str, other: str) -> None:
    async def check() -> None:
        run = next(_numbers)  # metadata of this example only
        texts = {f"{run}a": value, f"{run}b": other + "!"}
        await one_store.upsert(
            [
                Document(id=id_, page_content="x", metadata={"run": run, "v": v, "document": v})
                for id_, v in texts.items()
            ]
        )
        for field in ("v", "document"):
            found = await one_store.search(
                "x", k=5, ef=9, mode="dense", filter={"run": run, field: value}
            )
            wanted = {id_ for id_, text in texts.items() if text == value}
            assert {document.id for document in found} == wanted

    asyncio.run(check())


@pytest.mark.parametrize("tenant", HOSTILE)
async def test_a_hostile_tenant_sees_only_its_own(
    lite_settings: StoreSettings, tenant: str
) -> None:
    with_tenants = lite_settings.model_copy(update={"tenancy": True})
    store = Store.open(with_tenants, HashingEmbeddings(), 64)
    try:
        await store.upsert([Document(id="1", page_content="victim's secret")], tenant="victim")
        for mode in ("hybrid", "dense", "bm25"):
            assert await store.search("secret", k=9, ef=9, mode=mode, tenant=tenant) == []
        assert await store.get(["1"], tenant=tenant) == []
        assert await store.delete(["1"], tenant=tenant) == 0
        await store.upsert([Document(id="1", page_content="own secret")], tenant=tenant)
        found = await store.search("secret", k=9, ef=9, tenant=tenant)
        assert [document.page_content for document in found] == ["own secret"]
        assert await store.count(tenant="victim") == 1
    finally:
        store.close()


async def test_tenancy_refuses_calls_without_a_tenant(lite_settings: StoreSettings) -> None:
    store = Store.open(lite_settings.model_copy(update={"tenancy": True}), HashingEmbeddings(), 64)
    try:
        for call in (
            store.search("q", k=1, ef=1),
            store.search("q", k=1, ef=1, tenant=""),
            store.upsert([]),
            store.delete(["1"]),
            store.get(["1"]),
            store.count(),
        ):
            with pytest.raises(StoreError, match="tenant"):
                await call
    finally:
        store.close()
