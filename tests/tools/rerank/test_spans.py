"""Attention as GPUs do it, padded on a CPU here, and what is laid out for it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rerankers import (
    KOREAN,
    QUERY,
    TEXTS,
    documents,
    save_decoder,
    save_encoder,
    save_other,
)

if not find_spec("torch"):
    pytest.skip("needs the extra `rerank`", allow_module_level=True)

import torch

from churon.tools.errors import RerankError
from churon.tools.rerank import forest, unpadded
from churon.tools.rerank.decoder import DecoderScorer
from churon.tools.rerank.encoder import EncoderScorer
from churon.tools.rerank.replays import STEP, rounded
from churon.tools.rerank.spans import attend, flash, spans_of

lengths = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), min_size=1, max_size=6)


@given(lengths, st.booleans(), st.sampled_from([(4, 4), (4, 2), (4, 1)]))
@settings(max_examples=100, deadline=None)
def test_every_sequence_attends_to_its_own_keys_only(
    drawn: list[tuple[int, int]], causal: bool, heads: tuple[int, int]
) -> None:
    queries, keys = [q for q, _ in drawn], [q + more for q, more in drawn]
    query = torch.randn(sum(queries), heads[0], 8, dtype=torch.float64)
    key, value = (torch.randn(sum(keys), heads[1], 8, dtype=torch.float64) for _ in "kv")
    found = attend(query, key, value, spans_of(queries, keys, "cpu"), causal=causal, scale=0.5)
    parts = []
    for q, k, v in zip(query.split(queries), key.split(keys), value.split(keys), strict=True):
        k, v = (x.repeat_interleave(heads[0] // heads[1], dim=1) for x in (k, v))
        scores = torch.einsum("qhd,khd->hqk", q, k) * 0.5
        if causal:
            unseen = ~torch.ones(len(q), len(k), dtype=torch.bool).tril(len(k) - len(q))
            scores = scores.masked_fill(unseen, -torch.inf)
        parts.append(torch.einsum("hqk,khd->qhd", scores.softmax(-1), v))
    assert torch.allclose(found, torch.cat(parts))


def test_a_cpu_has_no_flash_attention() -> None:
    assert not flash(torch.float16, torch.device("cpu"), 64)


@given(st.lists(st.integers(1, 512), min_size=1, max_size=80))
def test_rounded_sizes_hold_the_rows_and_little_more(rows: list[int]) -> None:
    tokens, spans, longest = rounded(rows)
    assert spans[: len(rows)] == rows
    assert sum(spans) == tokens
    assert sum(rows) <= tokens < sum(rows) + max(STEP, sum(rows) // 4 + 1)
    assert max(spans) <= longest == 512
    assert len(spans).bit_count() == 1  # a power of two


def test_batches_of_like_sizes_share_a_recording() -> None:
    found = {
        (tokens, len(spans), longest)
        for tokens, spans, longest in (rounded([300] * 10 + [many]) for many in range(1, 250))
    }
    assert len(found) <= 3


@pytest.mark.parametrize("kind", ["XLMRoberta", "Bert"])
@pytest.mark.parametrize("filled", [False, True])
def test_an_encoder_over_spans_scores_as_over_runs(kind: str, filled: bool, tmp_path: Path) -> None:
    folder = save_encoder(tmp_path) if kind == "XLMRoberta" else save_other(tmp_path, kind)
    scorer = EncoderScorer(folder, device="cpu", dtype="float32")
    network = scorer._networks["exact"]
    rows = [row for query in (QUERY, KOREAN) for row in scorer._rows(query, TEXTS)]
    rows.sort(key=lambda row: -len(row))
    with torch.inference_mode():
        expected = scorer._forward(network, rows)
        tokens, spans, longest = rounded(list(map(len, rows)))
        if not filled:
            spans = list(map(len, rows))
            tokens = sum(spans)
        laid = torch.from_numpy(unpadded._laid(network, rows, scorer._typed, spans, tokens))
        found = unpadded._on_gpu(network, len(spans), longest, laid)
    assert len(found) == len(spans)
    assert torch.allclose(found[: len(rows)], expected, atol=1e-5)
    scorer.close()


def test_a_forest_over_spans_scores_as_over_branches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scorer = DecoderScorer(save_decoder(tmp_path), device="cpu", dtype="float32")
    network = scorer._networks["exact"]
    alone = scorer._rows(KOREAN, ["a passage of its own query"])
    rows = [row for query in (QUERY, QUERY * 3) for row in scorer._rows(query, TEXTS)] + alone

    def by_spans(laid: Any) -> Any:
        return forest.BySpans(laid, "cpu")

    with torch.inference_mode():
        expected = scorer._forward(network, rows)
        monkeypatch.setattr(forest, "ByBranches", by_spans)
        assert torch.allclose(scorer._forward(network, rows), expected, atol=1e-5)
    scorer.close()


@pytest.fixture(params=[EncoderScorer, DecoderScorer])
def family(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Any, str]:
    save = save_encoder if request.param is EncoderScorer else save_decoder
    return request.param, save(tmp_path)


# "cpu:0" is a CPU that is treated as GPUs are, but for the kernels
def test_many_portions_and_passes_under_way_give_the_same_scores(family: tuple[Any, str]) -> None:
    scorer, folder = family
    texts = documents([f"{text} {number}" for number in range(20) for text in TEXTS if text])
    plain = scorer(folder, device="cpu", dtype="float32")
    as_on_gpu = scorer(folder, device="cpu:0", dtype="float32", batch_tokens=300)
    assert len(list(as_on_gpu._portions([text.page_content for text in texts]))) > 5
    expected = plain.score(QUERY, texts)
    assert as_on_gpu.score(QUERY, texts) == pytest.approx(expected, abs=1e-5)
    for one in (plain, as_on_gpu):
        one.close()


def test_a_device_that_scores_otherwise_than_the_model_is_refused(
    family: tuple[Any, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scorer, folder = family
    module = unpadded if scorer is EncoderScorer else forest
    plain = module._after_attention
    monkeypatch.setattr(module, "_after_attention", lambda *given: plain(*given) * 1.5 + 1)
    with pytest.raises(RerankError, match=r"scores .* wrongly by"):
        scorer(folder, device="cpu:0", dtype="float32")
    scorer(folder, device="cpu", dtype="float32").close()
