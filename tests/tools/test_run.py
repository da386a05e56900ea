"""A run's searches: both languages get a place, equal ones are made once."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document
from support.world import ListStore, world

from churon.tools.account import no_account
from churon.tools.run import Run, interleaved

ENGLISH = [f"Ferry number {n} leaves." for n in range(30)]
KOREAN = ["배는 정오에 떠납니다.", "개는 무료입니다."]


def run(store: ListStore, **context: object) -> Run:
    toolkit = world(lambda step, prompt: "", store=store, **context)
    return toolkit.run("r", None, no_account())


async def test_either_language_gets_its_best_passages_in_the_questions_first() -> None:
    store = ListStore([*ENGLISH, *KOREAN])
    found = await run(store, cross_language=True, k1=6).search("배는 언제 떠납니까?", None)
    texts = [document.page_content for document in found]
    assert texts[0] == KOREAN[0] and len(texts) == 6
    assert set(KOREAN) < set(texts)
    assert [call["filter"]["detected_language"] for call in store.asked] == ["ko", "en"]


async def test_one_language_fills_all_places_where_the_other_has_none() -> None:
    found = await run(ListStore(ENGLISH), cross_language=True, k1=20).search("ferry", None)
    assert len(found) == 20


async def test_a_filter_on_the_language_is_kept() -> None:
    store = ListStore([*ENGLISH, *KOREAN])
    found = await run(store, cross_language=True).search("ferry", {"detected_language": "ko"})
    assert {document.page_content for document in found} == set(KOREAN)
    assert len(store.asked) == 1


async def test_equal_searches_at_once_are_made_once() -> None:
    store = ListStore(ENGLISH)
    hands = run(store)
    found = await asyncio.gather(*(hands.search(q, None) for q in ["a  b", "a b", " a b"]))
    assert len(store.asked) == 1 and found[0] == found[1] == found[2]
    usage = hands.usage()
    assert (usage["searches"], usage["cache_hits"]) == (1, 2)


@given(st.lists(st.lists(st.integers(), max_size=5), max_size=4))
def test_interleaving_loses_nothing_and_keeps_each_order(lists: list[list[int]]) -> None:
    named = [
        [Document(id=f"{n}/{place}", page_content=str(x)) for place, x in enumerate(one)]
        for n, one in enumerate(lists)
    ]
    mixed = interleaved(named)
    assert len(mixed) == sum(map(len, lists))
    for n, one in enumerate(named):
        assert [d for d in mixed if str(d.id).startswith(f"{n}/")] == one
