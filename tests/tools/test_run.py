"""A run's searches, both languages in them; what its critic and its budget are told."""

from __future__ import annotations

import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.messages import HumanMessage
from support.scripted import Reply, scripted_port
from support.world import ListStore, world

from churon.tools.account import no_account
from churon.tools.models.base import Want
from churon.tools.models.labels import RELEVANCE
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


async def test_a_users_filter_holds_in_both_languages() -> None:
    store = ListStore(ENGLISH)
    await run(store, cross_language=True).search("ferry", {"document": "3.md"})
    assert [call["filter"] for call in store.asked] == [
        {"document": "3.md", "detected_language": "en"},
        {"document": "3.md", "detected_language": "ko"},
    ]


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


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        ({"Y": 0.6, "N": 0.2}, []),
        ({"Maybe": 0.6, "Y": 0.2, "N": 0.1}, ["critic:relevance:low_coverage"]),
    ],
)
async def test_a_reading_of_little_mass_is_told(shares: dict[str, float], told: list[str]) -> None:
    top = [(token, math.log(share)) for token, share in shares.items()]
    toolkit = world(lambda step, prompt: Reply(top[0][0], logprobs=[top]))
    hands = toolkit.run("r", None, no_account())
    await hands.distribution([HumanMessage("?")], RELEVANCE)
    assert hands.ledger()["degraded"] == told


async def test_a_call_may_write_no_more_than_the_budget_has_left() -> None:
    port = scripted_port(lambda messages, kwargs: "word " * 200)
    toolkit = world(lambda step, prompt: "", port=port, limits={"tokens": 100})
    hands = toolkit.run("r", None, no_account())
    await hands.complete([HumanMessage("one two three")], Want(max_tokens=500))
    assert port.model.calls[0]["max_tokens"] == 100
    assert hands.usage()["tokens"] == 103  # the prompt's own words are the only overshoot
