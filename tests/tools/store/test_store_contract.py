"""What a store does, over Milvus Lite and over a real server."""

from __future__ import annotations

import asyncio

import pytest
from langchain_core.documents import Document

from churon.tools.errors import StoreError
from churon.tools.store.milvus import Store

TEXTS = {
    "seoul": "The observatory on Namsan opened in 1969 above the city of Seoul.",
    "busan": "Busan harbour moves most of the containers of the peninsula.",
    "tea": "Boseong grows green tea on terraced hills by the sea.",
    "stars": "Stars burn hydrogen; an observatory measures their light.",
}
KOREAN = "해인사는 팔만대장경을 보관하고 있는 경상남도의 절이다."


def passage(id_: str, text: str, **metadata: object) -> Document:
    return Document(id=id_, page_content=text, metadata={"document": f"{id_}.md", **metadata})


async def filled(store: Store, **where: str) -> None:
    documents = [
        passage(id_, text, title=id_, page=page, start=0, end=len(text), chunk=0)
        for page, (id_, text) in enumerate(TEXTS.items())
    ]
    await store.upsert(documents, **where)


def ids(found: list[Document]) -> list[str]:
    return [str(document.id) for document in found]


async def test_the_passage_comes_back_whole_and_scored(store: Store) -> None:
    await filled(store)
    found = await store.search("observatory on Namsan in Seoul", k=2, ef=10)
    assert ids(found)[0] == "seoul"
    best = found[0]
    assert best.page_content == TEXTS["seoul"]
    expected = {"document": "seoul.md", "title": "seoul", "page": 0, "start": 0, "chunk": 0}
    assert expected.items() <= best.metadata.items()
    assert 0 < best.metadata["dense_score"] <= 1.0001
    assert best.metadata["retrieval_score"] >= found[1].metadata["retrieval_score"]


async def test_bm25_finds_what_shares_a_word_and_only_that(store: Store) -> None:
    await filled(store)
    if store.degraded:
        assert store.degraded == ("bm25_unavailable",)
        with pytest.raises(StoreError, match="full-text"):
            await store.search("observatory", k=4, ef=10, mode="bm25")
        return
    found = await store.search("observatory", k=4, ef=10, mode="bm25")
    assert sorted(ids(found)) == ["seoul", "stars"]
    assert all(document.metadata["bm25_score"] > 0 for document in found)
    assert all(document.metadata["dense_score"] is None for document in found)
    assert await store.search("zeppelin", k=4, ef=10, mode="bm25") == []


async def test_korean_particles_and_endings_do_not_hide_a_word(store: Store) -> None:
    if store.degraded:
        pytest.skip("this server has no full-text search")
    await filled(store)
    await store.upsert([passage("haein", KOREAN, title="해인사")])
    found = await store.search("팔만대장경이 보관된 곳", k=3, ef=10, mode="bm25")
    assert ids(found)[0] == "haein"


async def test_a_title_counts_as_words_of_the_passage(store: Store) -> None:
    if store.degraded:
        pytest.skip("this server has no full-text search")
    await store.upsert([passage("a", "It has nine rooms.", title="Hanok guide")])
    assert ids(await store.search("hanok", k=1, ef=10, mode="bm25")) == ["a"]


async def test_upsert_replaces_and_never_doubles(store: Store) -> None:
    await filled(store)
    await store.upsert([passage("tea", "old"), passage("tea", "Coffee from Gangneung.")])
    assert await store.count() == len(TEXTS)
    assert [d.page_content for d in await store.get(["tea"])] == ["Coffee from Gangneung."]


async def test_get_keeps_the_order_asked_for_and_leaves_out_what_is_missing(store: Store) -> None:
    await filled(store)
    assert ids(await store.get(["tea", "nothing", "busan", "tea"])) == ["tea", "busan"]
    assert await store.get([]) == []


async def test_documents_are_all_of_them_in_order_of_id(store: Store) -> None:
    assert await store.documents() == []
    await filled(store)
    everything = await store.documents()
    assert ids(everything) == sorted(TEXTS)
    assert everything == await store.get(sorted(TEXTS))
    assert ids(await store.documents(filter={"document": ["tea.md", "none.md"]})) == ["tea"]
    wanted = {str(one.id): one.metadata["document"] for one in everything}
    assert await store.sources(tenant="") == wanted and not await store.sources(tenant="lee")


async def test_more_documents_than_one_request_takes_and_hostile_ids(store: Store) -> None:
    wanted = [f'{number * 7 % 1100:04}" or pk != "가\\' for number in range(1100)]
    await store.upsert([passage(id_, "x") for id_ in wanted], tenant='a"')
    await store.upsert([passage("0", "of another tenant")], tenant="b")
    assert ids(await store.documents(tenant='a"')) == sorted(wanted)
    assert ids(await store.documents(tenant="b")) == ["0"]
    assert ids(await store.documents()) == sorted(["0", *wanted])


async def test_delete_says_how_many_there_were(store: Store) -> None:
    await filled(store)
    assert await store.delete(["tea", "nothing"]) == 1
    assert await store.delete(["tea"]) == 0
    assert await store.count() == len(TEXTS) - 1
    assert "tea" not in ids(await store.search("green tea", k=4, ef=10))


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ({"document": "tea.md"}, ["tea"]),
        ({"document": ["tea.md", "busan.md"]}, ["busan", "tea"]),
        ({"page": 1}, ["busan"]),
        ({"page": [0, 3]}, ["seoul", "stars"]),
        ({"title": ["tea", "none"], "chunk": 0}, ["tea"]),
        ({"page": 1, "title": "tea"}, []),
        ({"absent": "x"}, []),
    ],
)
async def test_a_filter_holds_for_every_mode(
    store: Store, filter: dict[str, object], expected: list[str]
) -> None:
    await filled(store)
    for mode in ("hybrid", "dense"):
        found = await store.search("the observatory", k=9, ef=10, mode=mode, filter=filter)
        assert sorted(ids(found)) == expected


async def test_tenants_see_their_own_passages_of_the_same_id(store: Store) -> None:
    await store.upsert([passage("x", "Secret of A.")], tenant="a")
    await store.upsert([passage("x", "Secret of B.")], tenant="b")
    for tenant, text in (("a", "Secret of A."), ("b", "Secret of B.")):
        found = await store.search("secret", k=5, ef=10, tenant=tenant)
        assert [d.page_content for d in found] == [text]
        assert found[0].metadata["tenant"] == tenant
        assert [d.page_content for d in await store.get(["x"], tenant=tenant)] == [text]
    assert await store.delete(["x"], tenant="a") == 1
    assert await store.count(tenant="a") == 0
    assert await store.count(tenant="b") == 1
    await store.upsert([passage("x", "Nobody's.")])
    assert await store.delete(["x"]) == 1
    assert await store.count(tenant="b") == 1


async def test_k_above_ef_still_gives_k(store: Store) -> None:
    await store.upsert([passage(f"p{i:03}", f"sentence number {i}") for i in range(120)])
    assert len(await store.search("sentence", k=110, ef=1)) == 110


async def test_equal_scores_come_in_order_of_id(store: Store) -> None:
    await store.upsert([passage(id_, "the very same words") for id_ in ("c", "a", "d", "b")])
    found = await store.search("the very same words", k=4, ef=10)
    assert ids(found) == ["a", "b", "c", "d"]


async def test_other_collections_are_apart(store: Store) -> None:
    other = f"{store.settings.collection}_other"
    await filled(store)
    await store.upsert([passage("tea", "Other tea.")], collection=other)
    assert await store.count(collection=other) == 1
    assert await store.count() == len(TEXTS)


async def test_searches_and_writes_may_run_at_once(store: Store) -> None:
    await filled(store)

    async def write(number: int) -> None:
        await store.upsert([passage(f"n{number}", f"note {number} on the observatory")])

    async def read() -> list[Document]:
        return await store.search("observatory", k=3, ef=10)

    results = await asyncio.gather(*(job for n in range(8) for job in (write(n), read())))
    assert all(len(found) == 3 for found in results if found is not None)
    assert await store.count() == len(TEXTS) + 8


def test_one_store_serves_several_event_loops(store: Store) -> None:
    asyncio.run(filled(store))
    first, second = (asyncio.run(store.search("tea", k=1, ef=10)) for _ in range(2))
    assert first == second
