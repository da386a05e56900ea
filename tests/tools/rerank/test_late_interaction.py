"""Late interaction: MaxSim by hand, fusion, cache, invariances; then on the real model."""

from __future__ import annotations

import asyncio
import random
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.embeddings import FakeEmbeddings
from pydantic import Field

from churon.tools.errors import ModelMissing, SettingsError
from churon.tools.rerank.compressor import RerankCompressor
from churon.tools.rerank.factory import open_reranker
from churon.tools.rerank.late_interaction import LateInteractionScorer, TokenEmbeddings, z_scores
from churon.tools.rerank.token_cache import TokenCache
from churon.tools.settings import Settings


class WordVectors(FakeEmbeddings):
    """A token a word, each of a fixed random direction; `asked` lists what was embedded."""

    size: int = 16
    asked: list[str] = Field(default_factory=list)

    def token_vectors(self, texts: Sequence[str], prefix: str) -> list[Any]:
        self.asked.extend(prefix + text for text in texts)
        return [
            np.array([direction(word) for word in ["<s>", *(prefix + text).split(), "</s>"]])
            for text in texts
        ]


def direction(word: str) -> Any:
    vector = np.random.default_rng(zlib.crc32(word.encode())).normal(size=16)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def documents(*texts: str, **metadata: Sequence[Any]) -> list[Document]:
    return [
        Document(text, metadata={name: values[n] for name, values in metadata.items()})
        for n, text in enumerate(texts)
    ]


def test_max_sim_is_the_mean_of_the_best_centred_similarities() -> None:
    texts = ["red fox", "blue sea wave"]
    tokens = [[direction(w) for w in [*text.split(), "</s>"]] for text in texts]
    mean = np.mean([vector for one in tokens for vector in one], axis=0)

    def cosine(a: Any, b: Any) -> float:
        return float((a - mean) @ (b - mean) / np.linalg.norm(a - mean) / np.linalg.norm(b - mean))

    expected = [
        np.mean([max(cosine(direction(q), t) for t in one) for q in ("red", "wave")])
        for one in tokens
    ]
    got = LateInteractionScorer(WordVectors()).max_sim("red wave", texts)
    assert got == pytest.approx(expected, abs=2e-3)  # kept as float16


def test_z_scores_by_hand() -> None:
    assert z_scores([1.0, 3.0]) == [-1.0, 1.0]
    assert z_scores([5.0]) == [0.0]
    assert z_scores([0.1 + 0.2, 0.3]) == [0.0, 0.0]  # rounding is no signal


def test_without_search_scores_max_sim_alone_decides() -> None:
    scorer = LateInteractionScorer(WordVectors())
    texts = ["red fox runs", "blue sea", "green hill red"]
    alone = z_scores(scorer.max_sim("red fox", texts))
    assert scorer.score("red fox", documents(*texts)) == pytest.approx(alone)
    nothing = documents(*texts, dense_score=[None] * 3, bm25_score=[None] * 3)
    assert scorer.score("red fox", nothing) == pytest.approx(alone)


def test_bm25_decides_between_equal_passages_and_a_missing_score_counts_as_the_lowest() -> None:
    scorer = LateInteractionScorer(WordVectors())
    same = documents("red fox", "red fox", "red fox", bm25_score=[2.0, None, 9.0])
    low, missing, high = scorer.score("red fox", same)
    assert low == missing < high


words = st.sampled_from(["", "red", "red fox", "blue sea", "서울 한강", "🙂 red", "fox " * 30])


@given(
    st.lists(st.tuples(words, st.one_of(st.none(), st.floats(0, 30))), max_size=8), st.integers()
)
@examples(max_examples=100, deadline=None)
def test_input_order_never_changes_a_score(
    pairs: list[tuple[str, float | None]], seed: int
) -> None:
    found = [Document(text, metadata={"bm25_score": score}) for text, score in pairs]
    order = random.Random(seed).sample(range(len(found)), len(found))
    scorer = LateInteractionScorer(WordVectors())
    scores = scorer.score("red 한강", found)
    fresh = LateInteractionScorer(WordVectors())  # nothing cached: other work, same numbers
    assert fresh.score("red 한강", [found[n] for n in order]) == [scores[n] for n in order]
    assert np.isfinite(scores).all()


def test_seen_passages_are_not_embedded_again_and_scores_stay_the_same() -> None:
    embeddings = WordVectors()
    scorer = LateInteractionScorer(embeddings)
    found = documents("red fox", "blue sea", "red fox")
    first = scorer.score("red", found)
    assert embeddings.asked.count("passage: red fox") == 1
    embeddings.asked.clear()
    assert scorer.score("red", found) == first
    assert embeddings.asked == ["query: red"]
    scorer.close()
    assert scorer.score("red", found) == first
    assert "passage: red fox" in embeddings.asked


def test_a_cache_of_no_bytes_changes_nothing_but_the_work() -> None:
    found = documents("red fox", "blue sea")
    small = LateInteractionScorer(WordVectors(), cache_bytes=0)
    assert small.score("red", found) == LateInteractionScorer(WordVectors()).score("red", found)
    assert len(small.cache) == 0


def test_the_cache_is_bounded_in_bytes_and_drops_the_least_recently_used() -> None:
    cache = TokenCache(max_bytes=2 * 10 * 4 * 2)  # two texts of 10 tokens, 4 dimensions, float16
    rows = np.ones((10, 4), np.float32)
    cache.put("a", rows)
    cache.put("b", rows)
    assert cache.get("a") is not None
    cache.put("c", rows)
    assert cache.get("b") is None
    assert cache.get("a") is not None and cache.get("c") is not None
    cache.put("c", rows)
    assert (len(cache), cache.nbytes) == (2, 160)


async def test_abandoned_calls_are_not_computed() -> None:
    class Slow(WordVectors):
        def token_vectors(self, texts: Any, prefix: str) -> Any:
            time.sleep(0.05)
            return super().token_vectors(texts, prefix)

    embeddings = Slow()
    compressor = RerankCompressor(scorer=LateInteractionScorer(embeddings, cache_bytes=0), top_n=1)
    found = documents("red fox", "blue sea")
    calls = [asyncio.create_task(compressor.rerank(f"red {n}", found)) for n in range(4)]
    await asyncio.sleep(0.02)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    await compressor.rerank("wanted", found)
    assert sum(asked.startswith("query: red") for asked in embeddings.asked) <= 1
    compressor.close()


@pytest.mark.parametrize("query", ["", " ", "🙂", "x " * 5_000])
def test_odd_queries_and_texts_give_finite_scores(query: str) -> None:
    found = documents("", " ", "🙂", "가" * 100_000, "서울 and Seoul 🙂")
    scorer = LateInteractionScorer(WordVectors())
    assert np.isfinite(scorer.score(query, found)).all()
    assert scorer.score(query, []) == []
    assert scorer.score(query, found[:1]) == [0.0]
    assert scorer.probability(1.0) is None


def test_half_characters_are_read_as_question_marks() -> None:
    embeddings = WordVectors()
    LateInteractionScorer(embeddings).score("red\ud800", documents("fox \udfff", "sea"))
    assert {"query: red?", "passage: fox ?"} <= set(embeddings.asked)


def test_the_factory_follows_the_settings() -> None:
    embeddings = WordVectors()
    assert isinstance(embeddings, TokenEmbeddings)
    assert open_reranker(Settings(rerank={"provider": "none"}), embeddings) is None
    opened = open_reranker(Settings(context={"k2": 2}), embeddings)
    assert opened is not None and opened.top_n == 2
    with pytest.raises(SettingsError, match=r"FakeEmbeddings.*embedding\.provider"):
        open_reranker(Settings(), FakeEmbeddings(size=4))


@pytest.mark.parametrize("provider", ["encoder", "decoder", "reference"])
def test_the_factory_names_what_a_cross_encoder_lacks(provider: str) -> None:
    chosen = Settings(
        rerank={"provider": provider, "model": "no/such-model", "device": "cpu"},
        models={"offline": True},
    )
    with pytest.raises(ModelMissing, match=r"hf download|churon\[rerank\]"):
        open_reranker(chosen, FakeEmbeddings(size=4))


@pytest.fixture(scope="session")
def real(models_folder: Path) -> LateInteractionScorer:
    from churon.tools.models.e5 import E5Embeddings

    try:
        return LateInteractionScorer(E5Embeddings(models_folder))
    except ModelMissing as error:
        pytest.skip(str(error))


@pytest.mark.models
async def test_the_real_model_puts_the_answering_passage_first(real: LateInteractionScorer) -> None:
    found = documents(
        "한강은 서울을 가로질러 흐르는 강이다.",
        "세종대왕은 1443년에 훈민정음을 창제하였다.",
        "King Sejong reigned from 1418 to 1450. 👑",
        "The Han River flows through Seoul.",
        "",
        "경복궁은 조선의 법궁이다. " * 8_000,
    )
    compressor = RerankCompressor(scorer=real, top_n=1)
    for question, answer in (
        ("훈민정음은 언제 만들어졌나?", 1),
        ("Which river flows through Seoul?", 3),
    ):
        (top,) = await compressor.rerank(question, found)
        assert top.page_content == found[answer].page_content
        assert compressor.compress_documents(found[::-1], question) == [top]
