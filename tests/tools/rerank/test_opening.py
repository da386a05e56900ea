"""From settings to a compressor: canaries, cache, certified rankings, and odd input."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from support.rerankers import QUERY, documents, save_decoder, save_encoder
from support.trained import save_trained_encoder

from churon.tools.errors import ModelMissing, RerankError, SettingsError
from churon.tools.rerank.canaries import calibration_pairs
from churon.tools.rerank.compressor import RerankCompressor
from churon.tools.rerank.factory import open_reranker
from churon.tools.settings import Settings

if not all(find_spec(name) for name in ("torch", "FlagEmbedding")):
    pytest.skip("needs the extra `rerank`", allow_module_level=True)

from churon.tools.rerank.encoder import EncoderScorer

PASSAGES = [text for _, passages in calibration_pairs() for text in passages]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_trained_encoder(tmp_path_factory.mktemp("trained"))


def opened(folder: str, provider: str = "encoder", **rerank: Any) -> RerankCompressor:
    rerank = {"provider": provider, "model": folder, "device": "cpu", **rerank}
    found = open_reranker(Settings(rerank=rerank), DeterministicFakeEmbedding(size=8))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def compressor(trained: str) -> Iterator[RerankCompressor]:
    made = opened(trained)
    yield made
    made.close()


@pytest.mark.parametrize("provider", ["encoder", "decoder"])
def test_a_random_model_is_refused_and_taken_when_told_to(tmp_path: Path, provider: str) -> None:
    folder = (save_encoder if provider == "encoder" else save_decoder)(tmp_path)
    with pytest.raises(RerankError, match=r"guesses: .* of 8 in 'en'.*rerank\.canaries = false"):
        opened(folder, provider)
    taken = opened(folder, provider, canaries=False)
    assert len(taken.compress_documents(documents(["a", "b"]), QUERY)) == 2
    taken.close()


async def test_a_trained_model_opens_and_ranks(compressor: RerankCompressor) -> None:
    for query, (answer, *others, _, _, _) in calibration_pairs():
        kept = await compressor.rerank(query, documents([*others, answer]), 2)
        assert kept[0].page_content == answer
    assert 0.5 < kept[0].metadata["relevance_prior"] <= 1


async def test_pairs_of_an_earlier_call_are_not_scored_again(trained: str) -> None:
    compressor = opened(trained, canaries=False)
    scorer: Any = compressor.scorer
    first = await compressor.rerank(QUERY, documents(PASSAGES[:20]), 20)
    again = await compressor.rerank(QUERY, documents(PASSAGES[10:30]), 20)
    assert (scorer.cache.hits, scorer.cache.misses) == (10, 30)
    scores = {one.page_content: one.metadata["rerank_score"] for one in first}
    for one in again:
        score = one.metadata["rerank_score"]
        assert scores.get(one.page_content, score) == score
    compressor.close()


def test_the_cache_is_empty_and_nothing_is_counted_before_the_first_call(trained: str) -> None:
    compressor = opened(trained, dtype="bfloat16", certified=True)
    scorer: Any = compressor.scorer
    assert (scorer.cache.hits, scorer.cache.misses, len(scorer.cache)) == (0, 0, 0)
    compressor.close()


def test_half_precision_without_numbers_is_refused(
    trained: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = EncoderScorer._forward

    def overflown(scorer: Any, network: Any, rows: Any) -> Any:
        found = forward(scorer, network, rows)
        return found if network.dtype.itemsize == 4 else found * float("inf")

    monkeypatch.setattr(EncoderScorer, "_forward", overflown)
    with pytest.raises(RerankError, match=r"no finite scores in torch\.bfloat16"):
        EncoderScorer(trained, device="cpu", dtype="bfloat16", certified=True)


@pytest.mark.parametrize("top_n", [1, 3, 10])
def test_certified_rankings_are_those_of_float32(trained: str, top_n: int) -> None:
    exact = opened(trained, dtype="float32")
    certified = opened(trained, dtype="bfloat16", certified=True)
    scorer: Any = certified.scorer
    assert 0 < scorer.error_bound.value < 3
    dice = random.Random(top_n)
    for query, _ in calibration_pairs():
        given = documents(dice.sample(PASSAGES, 60))
        scorer.cache.clear()
        expected = exact.scorer.score(query, given)
        found = scorer.score(query, given, top_n)
        best = sorted(range(60), key=lambda place: -expected[place])[:top_n]
        assert sorted(range(60), key=lambda place: -found[place])[:top_n] == best
        assert [found[place] for place in best] == pytest.approx([expected[p] for p in best])
    exact.close(), certified.close()


def test_certified_scores_most_passages_once_in_half_precision(trained: str) -> None:
    scorer = EncoderScorer(trained, device="cpu", dtype="bfloat16", certified=True)
    seen: list[tuple[Any, int]] = []
    forward = scorer._forward

    def watched(network: Any, rows: Any) -> Any:
        seen.append((network.dtype, len(rows)))
        return forward(network, rows)

    scorer._forward = watched  # type: ignore[method-assign]
    import torch

    distinct = list(dict.fromkeys(PASSAGES))
    scorer.score(next(calibration_pairs())[0], documents(distinct), 3)
    count = {kind: sum(n for dtype, n in seen if dtype == kind) for kind, _ in seen}
    assert count[torch.bfloat16] == len(distinct)
    assert 3 <= count[torch.float32] < len(distinct) / 2
    scorer.close()


def test_half_precision_has_nothing_to_certify_where_all_is_float32(trained: str) -> None:
    scorer = EncoderScorer(trained, device="cpu", dtype="float32", certified=True)
    assert scorer.error_bound is None
    scorer.close()


async def test_ten_thousand_passages_long_ones_empty_ones_and_emoji(
    compressor: RerankCompressor,
) -> None:
    odd = [
        "",
        " ",
        "🙂" * 200,
        "한글과 English 섞인 글 🙂",
        "가" * 100_000,
        "word " * 20_000,
        "\u0000",
    ]
    many = [f"Passage number {n} is about nothing at all." for n in range(10_000 - len(odd))]
    given = documents([*many, *odd])
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    ticking = asyncio.create_task(tick())
    kept = await compressor.rerank(QUERY, given, 10_000)
    ticking.cancel()
    assert ticks > 10  # the loop went on
    assert len(kept) == 10_000
    scores = {one.page_content: one.metadata["rerank_score"] for one in kept}
    for text in [*odd, *many[::1_000]]:
        (alone,) = compressor.scorer.score(QUERY, documents([text]))
        assert scores[text] == pytest.approx(alone, abs=1e-4)
    assert compressor.compress_documents([], "q") == []
    assert len(compressor.compress_documents(documents(odd), "")) == 5


def test_eight_threads_with_pairs_to_cut_get_their_own_scores(trained: str) -> None:
    """FlagReranker cuts some of these at a wrong length or raises, depending on the moment."""
    scorer = EncoderScorer(trained, device="cpu", max_length=64)
    calls = [
        (query * (1 + n % 3), documents([text * (1 + (n + k) % 9) for k, text in enumerate(texts)]))
        for n, (query, texts) in enumerate(list(calibration_pairs()) * 3)
    ]
    expected = [scorer.score(*call) for call in calls]
    wrong: list[Any] = []

    def work(seed: int) -> None:
        for place in random.Random(seed).sample(range(len(calls)), len(calls)):
            try:
                found = scorer.score(*calls[place])
            except Exception as error:
                wrong.append(error)
            else:
                wrong.extend([] if found == pytest.approx(expected[place], abs=1e-4) else [found])

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    scorer.close()


def test_a_pair_longer_than_the_models_positions_is_refused_at_load(tmp_path: Path) -> None:
    folder = save_encoder(tmp_path)
    with pytest.raises(SettingsError, match=r"max_length is 1024 .* reads 598 tokens"):
        opened(folder, max_length=1024, canaries=False)
    opened(folder, max_length=598, canaries=False).close()


@pytest.mark.parametrize("damage", ["cut", "other"])
def test_damaged_weights_are_named(tmp_path: Path, damage: str) -> None:
    folder = Path(save_encoder(tmp_path))
    weights = folder / "model.safetensors"
    if damage == "cut":
        weights.write_bytes(weights.read_bytes()[:100])
    else:
        config = folder / "config.json"
        config.write_text(config.read_text().replace('"vocab_size": ', '"vocab_size": 1'))
    with pytest.raises(ModelMissing, match="cannot be loaded") as caught:
        opened(str(folder), canaries=False)
    assert "hf download" in str(caught.value)
