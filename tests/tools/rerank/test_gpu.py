"""The cross-encoders on a real GPU, against float32 on the CPU."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from support.rerankers import KOREAN, QUERY, TEXTS, documents, save_decoder, save_encoder

if not find_spec("torch"):
    pytest.skip("needs the extra `rerank`", allow_module_level=True)

import torch

if not torch.cuda.is_available():
    pytest.skip("needs a CUDA GPU", allow_module_level=True)

from churon.tools.rerank import replays
from churon.tools.rerank.decoder import DecoderScorer
from churon.tools.rerank.encoder import EncoderScorer

WORDS = " ".join(TEXTS).split()


@pytest.fixture(scope="module", params=[EncoderScorer, DecoderScorer])
def family(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[tuple[Any, str]]:
    folder: Path = tmp_path_factory.mktemp("model")
    save = save_encoder if request.param is EncoderScorer else save_decoder
    yield request.param, save(folder)


def many(count: int, seed: int) -> list[str]:
    dice = random.Random(seed)
    return [" ".join(dice.choices(WORDS, k=dice.randint(1, 300))) for _ in range(count)]


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("count", [1, 7, 60, 300])
def test_scores_are_the_cpus(family: tuple[Any, str], dtype: str, count: int) -> None:
    scorer, folder = family
    exact = scorer(folder, device="cpu", dtype="float32")
    ours = scorer(folder, device="cuda", dtype=dtype)
    assert not ours.padded
    close = {"float32": 1e-4, "float16": 2e-2, "bfloat16": 1e-1}[dtype]
    for seed in range(3):  # the first pass records, the others replay
        texts = documents(many(count, seed))
        for query in (QUERY, KOREAN):
            assert ours.score(query, texts) == pytest.approx(exact.score(query, texts), abs=close)
    for one in (ours, exact):
        one.close()


def test_float16_ranks_pairs_as_float32(family: tuple[Any, str]) -> None:
    scorer, folder = family
    exact = scorer(folder, device="cpu", dtype="float32")
    half = scorer(folder, device="cuda", dtype="float16")
    texts = documents(many(100, 9))
    scores = zip(exact.score(QUERY, texts), half.score(QUERY, texts), strict=True)
    pairs = list(combinations(scores, 2))
    agreed = sum((a[0] - b[0]) * (a[1] - b[1]) >= 0 for a, b in pairs)
    assert agreed / len(pairs) >= 0.99  # random heads rank within a hair's breadth


def test_certified_rankings_are_exact(family: tuple[Any, str]) -> None:
    scorer, folder = family
    exact = scorer(folder, device="cuda", dtype="float32")
    sure = scorer(folder, device="cuda", dtype="auto", certified=True)
    for seed in range(5):
        texts = documents(many(80, seed))
        wanted = exact.score(QUERY, texts)
        found = sure.score(QUERY, texts, 10)
        best = sorted(range(80), key=lambda place: -wanted[place])[:10]
        assert sorted(range(80), key=lambda place: -found[place])[:10] == best


def test_memory_that_ends_halves_the_budget_and_changes_no_score(
    family: tuple[Any, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scorer, folder = family
    ours = scorer(folder, device="cuda", dtype="float32", batch_tokens=8_192)
    texts = documents(many(100, 3))
    expected = ours.score(QUERY, texts)
    forward = ours._forward

    def small(network: Any, rows: list[Any]) -> Any:
        if sum(map(len, rows)) > 1_000:
            raise torch.cuda.OutOfMemoryError("none is left")
        return forward(network, rows)

    monkeypatch.setattr(ours, "_forward", small)
    assert ours.score(QUERY, texts) == pytest.approx(expected, abs=1e-4)
    assert ours.batch_tokens <= 1_024


def test_threads_share_a_scorer(family: tuple[Any, str]) -> None:
    scorer, folder = family
    ours = scorer(folder, device="cuda", dtype="float16")
    calls = [(QUERY, documents(many(20, seed))) for seed in range(8)]
    expected = [ours.score(*call) for call in calls]
    found: list[Any] = [None] * len(calls)

    def ask(place: int) -> None:
        for _ in range(5):
            found[place] = ours.score(*calls[place])

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, other in zip(expected, found, strict=True):
        assert other == pytest.approx(one, abs=2e-2)
    ours.close()


def test_a_recording_computes_what_it_is_given_also_when_others_are_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replays, "MOST", 2)
    replay = replays.Replays()
    weight = torch.randn(64, 64, device="cuda", dtype=torch.float16)

    def function(x: Any) -> Any:
        return (x.view(-1, 64) @ weight).relu() @ weight

    with torch.inference_mode():
        for size in (64, 128, 192, 128, 64, 192, 128):
            given = torch.randn(size, 64, device="cuda", dtype=torch.float16)
            assert torch.equal(replay(size, function, given), function(given))


def test_a_closed_scorer_leaves_the_other_ones_recordings(family: tuple[Any, str]) -> None:
    scorer, folder = family
    texts = documents(many(20, 1))
    one, other = (scorer(folder, device="cuda", dtype="float16") for _ in "ab")
    expected = other.score(QUERY, texts)
    one.score(QUERY, texts)
    one.close()
    for _ in range(3):
        assert other.score(QUERY, texts) == pytest.approx(expected, abs=1e-3)
    other.close()


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two GPUs")
def test_two_gpus_each_have_their_own_recordings(family: tuple[Any, str]) -> None:
    scorer, folder = family
    scorers = [scorer(folder, device=f"cuda:{number}", dtype="float16") for number in range(2)]
    for seed in range(4):
        texts = documents(many(20, seed))
        first, second = (one.score(QUERY, texts) for one in scorers)
        assert first == pytest.approx(second, abs=2e-2)
