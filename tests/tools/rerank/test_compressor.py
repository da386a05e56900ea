"""The compressor's door, with a scripted scorer."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable, Sequence
from contextvars import Context, copy_context

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.documents import BaseDocumentCompressor, Document

from churon.tools.errors import ModelMissing, RerankError
from churon.tools.rerank.compressor import CALLERS, RerankCompressor
from churon.tools.rerank.scorer import abandoned


class Scripted:
    """A scorer whose score is a function of the text."""

    name = "scripted"

    def __init__(self, rule: Callable[[str], float], calibrated: bool = False) -> None:
        self.rule = rule
        self.calibrated = calibrated
        self.closed = 0
        self.threads: set[int] = set()

    def score(
        self, query: str, documents: Sequence[Document], top_n: int | None = None
    ) -> list[float]:
        self.threads.add(threading.get_ident())
        return [self.rule(document.page_content) for document in documents]

    def probability(self, score: float) -> float | None:
        return 1 / (1 + math.exp(-score)) if self.calibrated else None

    def close(self) -> None:
        self.closed += 1


def passages(*texts: str) -> list[Document]:
    return [Document(text, id=f"p{n}", metadata={"n": n}) for n, text in enumerate(texts)]


def texts(documents: Sequence[Document]) -> list[str]:
    return [document.page_content for document in documents]


def test_is_langchains_compressor_best_first_and_cut() -> None:
    compressor = RerankCompressor(scorer=Scripted(len), top_n=2)
    assert isinstance(compressor, BaseDocumentCompressor)
    kept = compressor.compress_documents(passages("aa", "aaaa", "a", "aaa"), "q")
    assert texts(kept) == ["aaaa", "aaa"]
    assert [document.metadata["rerank_score"] for document in kept] == [4.0, 3.0]
    assert all(isinstance(document.metadata["rerank_score"], float) for document in kept)


async def test_async_equals_sync_and_top_n_can_be_given() -> None:
    compressor = RerankCompressor(scorer=Scripted(len), top_n=2)
    documents = passages("aa", "aaaa", "a", "aaa")
    assert await compressor.acompress_documents(documents, "q") == list(
        compressor.compress_documents(documents, "q")
    )
    assert texts(await compressor.rerank("q", documents, 3)) == ["aaaa", "aaa", "aa"]
    assert len(await compressor.rerank("q", documents, 99)) == 4
    with pytest.raises(RerankError, match="top_n=0"):
        await compressor.rerank("q", documents, 0)


async def test_no_documents_is_an_empty_list_without_a_call() -> None:
    scorer = Scripted(len)
    compressor = RerankCompressor(scorer=scorer)
    assert compressor.compress_documents([], "q") == []
    assert await compressor.rerank("q", []) == []
    assert not scorer.threads


async def test_inputs_stay_as_they_are_down_to_nested_metadata() -> None:
    shared = {"pages": [1, 2]}
    documents = [Document("text", id="a", metadata={"nested": shared, "relevance_prior": 0.9})]
    (kept,) = await RerankCompressor(scorer=Scripted(len)).rerank("q", documents)
    kept.metadata["nested"]["pages"].append(3)
    assert documents[0].metadata == {"nested": {"pages": [1, 2]}, "relevance_prior": 0.9}
    assert "relevance_prior" not in kept.metadata  # another reranker's prior is not passed on


def test_a_calibrated_scorer_adds_the_prior() -> None:
    compressor = RerankCompressor(scorer=Scripted(lambda text: 0.0, calibrated=True))
    (kept,) = compressor.compress_documents(passages("x"), "q")
    assert kept.metadata["relevance_prior"] == 0.5


document_lists = st.lists(
    st.builds(
        Document,
        st.sampled_from(["", "a", "ab", "가나", "🙂", "ab "]),
        id=st.sampled_from([None, "x", "y"]),
        metadata=st.dictionaries(st.sampled_from(["p", "q"]), st.integers(0, 2), max_size=2),
    ),
    max_size=8,
)


@given(document_lists, st.randoms(use_true_random=False), st.integers(1, 9))
@settings(max_examples=200, deadline=None)
def test_input_order_never_changes_the_ranking(documents, random, top_n) -> None:  # type: ignore[no-untyped-def]
    compressor = RerankCompressor(scorer=Scripted(len), top_n=top_n)
    shuffled = random.sample(documents, len(documents))
    ranked = compressor.compress_documents(documents, "q")
    assert ranked == compressor.compress_documents(shuffled, "q")
    assert len(ranked) == min(top_n, len(documents))


async def test_ten_thousand_passages_and_a_very_long_one() -> None:
    documents = passages(*(f"{n}" for n in range(9_999)), "긴 글 🙂 " * 15_000)
    started = time.perf_counter()
    kept = await RerankCompressor(scorer=Scripted(len), top_n=5).rerank("질문 q 🙂", documents)
    assert time.perf_counter() - started < 5
    assert kept[0].id == "p9999"


async def test_the_event_loop_keeps_running_while_scoring() -> None:
    entered, release = threading.Event(), threading.Event()

    def wait(text: str) -> float:
        entered.set()
        assert release.wait(10)
        return 1.0

    compressor = RerankCompressor(scorer=Scripted(wait))
    task = asyncio.create_task(compressor.rerank("q", passages("a")))
    while not entered.is_set():  # noqa: ASYNC110 - set by a thread
        await asyncio.sleep(0.001)
    assert not task.done()  # we got here while the scorer was still blocked
    release.set()
    assert texts(await task) == ["a"]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_scores_that_are_no_numbers_are_refused(bad: float) -> None:
    with pytest.raises(RerankError, match=str(bad)):
        RerankCompressor(scorer=Scripted(lambda text: bad)).compress_documents(passages("a"), "q")


def test_failures_become_rerank_errors_and_ours_pass_through() -> None:
    def crash(text: str) -> float:
        raise RuntimeError("out of memory")

    def missing(text: str) -> float:
        raise ModelMissing("gone")

    with pytest.raises(RerankError, match="out of memory"):
        RerankCompressor(scorer=Scripted(crash)).compress_documents(passages("a"), "q")
    with pytest.raises(ModelMissing):
        RerankCompressor(scorer=Scripted(missing)).compress_documents(passages("a"), "q")


def test_a_scorer_that_loses_passages_is_refused() -> None:
    scorer = Scripted(len)
    scorer.score = lambda query, documents, top_n: [1.0]  # type: ignore[method-assign]
    with pytest.raises(RerankError, match=r"1 scores for 2 .* to go on without it"):
        RerankCompressor(scorer=scorer).compress_documents(passages("a", "b"), "q")


async def test_a_call_that_is_given_up_is_told_to_the_scorer() -> None:
    entered, told = threading.Event(), threading.Event()

    def wait(text: str) -> float:
        given_up = abandoned.get()
        assert given_up is not None and not given_up.is_set()
        entered.set()
        if given_up.wait(10):
            told.set()
        return 1.0

    compressor = RerankCompressor(scorer=Scripted(wait))
    task = asyncio.create_task(compressor.rerank("q", passages("a")))
    await asyncio.to_thread(entered.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(told.wait, 10)


async def test_calls_that_wait_when_it_closes_fail_and_are_not_cancelled() -> None:
    entered, release = threading.Event(), threading.Event()

    def wait(text: str) -> float:
        entered.set()
        assert release.wait(10)
        return 1.0

    compressor = RerankCompressor(scorer=Scripted(wait))
    calls = [asyncio.create_task(compressor.rerank("q", passages("a"))) for _ in range(CALLERS + 3)]
    await asyncio.to_thread(entered.wait, 10)
    await asyncio.sleep(0)
    closing = asyncio.create_task(asyncio.to_thread(compressor.close))
    done, _ = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED, timeout=10)
    assert len(done) >= 1  # the ones outside, while the others are still with the scorer
    release.set()
    await closing
    ended = await asyncio.gather(*calls, return_exceptions=True)
    failed = [one for one in ended if isinstance(one, BaseException)]
    assert len(failed) == 3
    assert all(isinstance(one, RerankError) and "closed" in str(one) for one in failed)


async def test_close_releases_once_and_later_calls_are_errors() -> None:
    scorer = Scripted(len)
    compressor = RerankCompressor(scorer=scorer)
    compressor.close()
    compressor.close()
    assert scorer.closed == 1
    with pytest.raises(RerankError, match="closed"):
        await compressor.rerank("q", passages("a"))
    with pytest.raises(RerankError, match="closed"):
        compressor.compress_documents(passages("a"), "q")


def test_metadata_that_cannot_be_copied_is_named() -> None:
    compressor = RerankCompressor(scorer=Scripted(len))
    given = [Document("a", id="p1", metadata={"lock": threading.Lock()})]
    with pytest.raises(RerankError, match=r"'p1' cannot be copied: .*Keep plain data"):
        compressor.compress_documents(given, "q")


async def test_close_between_the_check_and_the_call_is_an_error_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compressor = RerankCompressor(scorer=Scripted(len))

    def closing() -> Context:  # as another thread may at this moment
        compressor.close()
        return copy_context()

    monkeypatch.setattr("churon.tools.rerank.compressor.copy_context", closing)
    with pytest.raises(RerankError, match="closed"):
        await compressor.rerank("q", passages("a"))


def test_metadata_is_looked_at_for_ties_alone() -> None:
    class Vector:
        looked = 0

        def __repr__(self) -> str:
            Vector.looked += 1
            return "vector"

    given = [Document("x" * n, metadata={"vector": Vector()}) for n in range(9)]
    RerankCompressor(scorer=Scripted(len)).compress_documents(given, "q")
    assert Vector.looked == 0
    RerankCompressor(scorer=Scripted(lambda text: 0.0)).compress_documents(given, "q")
    assert Vector.looked == 9
