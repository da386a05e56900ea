"""The case memory on Milvus Lite: found by meaning, replaced, capped, forgotten, kept apart."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from langchain_core.documents import Document
from support.hashing import HashingEmbeddings
from support.world import ListStore, settings

from churon.tools.cases import CaseMemory, case_id
from churon.tools.errors import StoreError
from churon.tools.settings import StoreSettings
from churon.tools.store import Store
from churon.tools.toolkit import Toolkit
from churon.tools.types import PlanStep

FERRY = "Which ferry is larger, the Lumen or the Pado?"
TOWER = "How many years after the tower did the bridge open?"
KOREAN = "파도호와 루멘호 가운데 정원이 더 많은 배는?"
_names = itertools.count()


def steps(*questions: str) -> list[PlanStep]:
    return [
        PlanStep(id=str(n), question=q, depends_on=[], op="lookup", needs_retrieval=True)
        for n, q in enumerate(questions, 1)
    ]


PLAN = [
    *steps("How many people may the Lumen carry?", "How many may the Pado carry?"),
    PlanStep(id="3", question="#1>#2?", depends_on=["1", "2"], op="compare", needs_retrieval=False),
]


class Clock:
    """A minute passes at each look."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@pytest.fixture(scope="module")
def lite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    uri = str(tmp_path_factory.mktemp("cases") / "milvus.db")
    opened = Store.open(StoreSettings(uri=uri, timeout=30), HashingEmbeddings(), 64)
    yield opened
    opened.close()


@pytest.fixture
def memory(lite: Store) -> CaseMemory:
    return CaseMemory(lite, f"m{next(_names)}_cases", clock=Clock())


async def questions(memory: CaseMemory, tenant: str | None = None) -> list[str]:
    return [case["question"] for case in await memory.all(tenant=tenant)]


async def ids(memory: CaseMemory, tenant: str | None = None) -> list[str]:
    return [case["id"] for case in await memory.all(tenant=tenant)]


async def test_before_the_first_case_nothing_is_known_and_nothing_is_made(
    memory: CaseMemory,
) -> None:
    assert await memory.similar(FERRY) == await memory.all() == []
    assert await memory.forget(["x"]) == 0
    assert not memory.store.connection.client.has_collection(memory.collection)


async def test_a_case_comes_back_whole(memory: CaseMemory) -> None:
    await memory.remember(f" {FERRY}\n", PLAN, keep=9)
    assert await memory.all() == await memory.similar(FERRY) == [
        {
            "id": case_id(FERRY, None),
            "question": FERRY,
            "plan": PLAN,
            "language": "en",
            "created": "2026-01-01T00:01:00.000000+00:00",
        }
    ]  # fmt: skip


async def test_the_nearest_come_best_first(memory: CaseMemory) -> None:
    for question in (TOWER, FERRY, KOREAN):
        await memory.remember(question, PLAN, keep=9)
    found = await memory.similar("Which ferry is larger, the Lumen or the Bada?", n=2)
    assert found[0]["question"] == FERRY and len(found) == 2
    nearest = await memory.similar("파도호와 루멘호 가운데 더 빠른 배는?", n=1)
    assert [(case["question"], case["language"]) for case in nearest] == [(KOREAN, "ko")]
    assert len(await memory.similar(FERRY, n=50, ef=1)) == 3


async def test_the_same_question_again_replaces_and_counts_as_new(memory: CaseMemory) -> None:
    await memory.remember(FERRY, PLAN, keep=9)
    await memory.remember(TOWER, PLAN, keep=9)
    again = "which  FERRY is larger, the Lumen or the Ｐado?"
    await memory.remember(again, steps("Another way?"), keep=9)
    assert await questions(memory) == [TOWER, again]
    assert (await memory.similar(FERRY, n=1))[0]["plan"] == steps("Another way?")


async def test_the_oldest_go_beyond_the_cap(memory: CaseMemory) -> None:
    for number in range(6):
        await memory.remember(f"Question {number}?", PLAN, keep=9)
    await memory.remember("Question 0?", PLAN, keep=3)  # asked again, so it is the newest
    assert await questions(memory) == ["Question 4?", "Question 5?", "Question 0?"]
    await memory.remember("Question 4?", PLAN, keep=3)
    assert await questions(memory) == ["Question 5?", "Question 0?", "Question 4?"]


async def test_the_new_case_stays_under_a_clock_that_went_back(memory: CaseMemory) -> None:
    await memory.remember("Later?", PLAN, keep=1)
    korea = timezone(timedelta(hours=9))
    early = CaseMemory(
        memory.store, memory.collection, clock=lambda: datetime(2026, 1, 1, 8, 0, tzinfo=korea)
    )
    await early.remember("Earlier?", PLAN, keep=1)
    assert [case["created"] for case in await early.all()] == ["2025-12-31T23:00:00.000000+00:00"]
    assert await questions(memory) == ["Earlier?"]


async def test_forgetting_says_how_many_there_were(memory: CaseMemory) -> None:
    for question in (FERRY, TOWER, KOREAN):
        await memory.remember(question, PLAN, keep=9)
    assert await memory.forget([case_id(FERRY, None), "unknown"]) == 1
    assert await questions(memory) == [TOWER, KOREAN]
    assert FERRY not in [case["question"] for case in await memory.similar(FERRY, n=9)]
    assert await memory.forget(await ids(memory)) == 2
    assert await memory.all() == await memory.similar(FERRY) == []


async def test_tenants_neither_see_nor_cap_nor_forget_each_others_cases(
    memory: CaseMemory,
) -> None:
    for tenant in (None, "a", "b"):
        await memory.remember(FERRY, steps(f"{tenant}'s?"), keep=1, tenant=tenant)
    await memory.remember(TOWER, PLAN, keep=1)
    assert await questions(memory) == [TOWER]
    for tenant in ("a", "b"):
        found = await memory.similar(FERRY, n=9, tenant=tenant)
        assert [case["plan"] for case in found] == [steps(f"{tenant}'s?")]
    assert await memory.forget([case_id(FERRY, "a")]) == 0
    assert await memory.forget(await ids(memory, "a"), tenant="a") == 1
    assert await questions(memory, "b") == [FERRY]
    assert await memory.similar(FERRY, tenant="c") == []


async def test_where_tenancy_is_on_every_call_needs_a_tenant(lite: Store) -> None:
    strict = Store.open(lite.settings.model_copy(update={"tenancy": True}), HashingEmbeddings(), 64)
    memory = CaseMemory(strict, f"m{next(_names)}_cases")
    try:
        calls: list[Any] = [memory.similar(FERRY), memory.all(), memory.forget(["x"])]
        for call in [*calls, memory.remember(FERRY, PLAN, keep=1)]:
            with pytest.raises(StoreError, match="tenant"):
                await call
        await memory.remember(FERRY, PLAN, keep=1, tenant="a")
        assert await questions(memory, "a") == [FERRY]
    finally:
        strict.close()


async def test_passages_in_a_collection_of_that_name_are_no_cases(memory: CaseMemory) -> None:
    await memory.store.upsert([Document(id="p1", page_content=FERRY)], collection=memory.collection)
    assert await memory.similar(FERRY) == await memory.all() == []
    await memory.remember(TOWER, PLAN, keep=1)
    assert await memory.forget(await ids(memory)) == 1
    assert await memory.store.count(collection=memory.collection) == 1


async def test_a_failing_milvus_is_no_empty_memory(
    memory: CaseMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    await memory.remember(FERRY, PLAN, keep=9)

    def down(*_: object, **__: object) -> None:
        raise ConnectionRefusedError("port 19530")

    monkeypatch.setattr(memory.store.connection.client, "query", down)
    for call in (memory.similar(FERRY), memory.all()):
        with pytest.raises(StoreError, match="port 19530"):
            await call


async def test_the_toolkit_opens_it_beside_the_passages_at_first_use() -> None:
    store: Any = ListStore([])
    async with Toolkit(settings(), store=store) as toolkit:
        memory = await toolkit.cases()
        assert memory is await toolkit.cases()
        assert (memory.store, memory.collection) == (store, "churon_cases")
    given = CaseMemory(store, "mine")
    assert await Toolkit(cases=given).cases() is given
