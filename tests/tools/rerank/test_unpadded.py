"""The encoder's own pass over rows laid end to end: its parts, and rows of several callers."""

from __future__ import annotations

import random
from importlib.util import find_spec
from typing import Any

import pytest
from support.rerankers import (
    KOREAN,
    QUERY,
    TEXTS,
    documents,
    plain_score,
    save_encoder,
    save_other,
)

if not find_spec("torch"):
    pytest.skip("needs the extra `rerank`", allow_module_level=True)

from churon.tools.rerank import dense, unpadded
from churon.tools.rerank.dense import (
    ACTIVATIONS,
    CHUNK,
    fused,
    in_chunks,
    pack_activated,
    packs,
)
from churon.tools.rerank.encoder import EncoderScorer
from churon.tools.rerank.runs import Run, runs_of


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    import torch

    torch.set_num_threads(1)  # models this small only lose time to threads


@pytest.fixture(scope="module", params=["XLMRoberta", "Bert"])
def scorer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp(request.param)
    made = save_encoder(folder) if request.param == "XLMRoberta" else save_other(folder, "Bert")
    return EncoderScorer(made, device="cpu", dtype="float32")


def test_runs_are_neighbours_of_one_length() -> None:
    assert runs_of([7, 7, 3, 7]) == [Run(0, 2, 7), Run(14, 1, 3), Run(17, 1, 7)]
    assert [run.tokens for run in runs_of([7, 7, 3])] == [slice(0, 14), slice(14, 17)]
    assert runs_of([]) == []


@pytest.mark.parametrize("bias", [True, False])
def test_a_fused_layer_gives_what_its_parts_give(bias: bool) -> None:
    import torch

    parts = [torch.nn.Linear(6, width, bias=bias) for width in (4, 3, 5)]
    whole, x = fused(*parts), torch.randn(10, 6)
    assert torch.allclose(whole(x), torch.cat([part(x) for part in parts], dim=1), atol=1e-6)
    assert not any(parameter.requires_grad for parameter in whole.parameters())


@pytest.mark.parametrize("tokens", [1, CHUNK, CHUNK + 1, 3 * CHUNK - 1])
def test_chunks_put_together_are_the_whole(tokens: int) -> None:
    import torch

    one, other = torch.randn(tokens, 2), torch.randn(tokens, 3)
    seen: list[int] = []

    def work(a: Any, b: Any) -> Any:
        seen.append(len(a))
        return a.sum(1, keepdim=True) * b

    assert torch.equal(in_chunks(work, one, other), one.sum(1, keepdim=True) * other)
    assert sum(seen) == tokens and max(seen) <= CHUNK


def test_queries_that_share_a_batch_do_not_share_scores(scorer: Any) -> None:
    network = scorer._networks["exact"]
    rows = [row for query in (QUERY, KOREAN, QUERY * 3) for row in scorer._rows(query, TEXTS)]
    expected = [scorer._forward(network, [row]).item() for row in rows]
    order = random.Random(3).sample(range(len(rows)), len(rows))
    found = scorer._forward(network, [rows[place] for place in order]).tolist()
    assert sum(map(len, rows)) > CHUNK
    assert found == pytest.approx([expected[place] for place in order], abs=1e-5)
    assert len({round(score, 3) for score in expected}) > 10


def test_a_padding_token_in_a_text_has_the_position_that_transformers_gives_it(scorer: Any) -> None:
    texts = ["the <pad> old [PAD] bridge", "bridge", "<pad> [PAD] the river <pad>"]
    expected = [plain_score(scorer.name, QUERY, text) for text in texts]
    assert scorer.score(QUERY, documents(texts)) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_packed_layers_give_what_transformers_gives(
    scorer: Any, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    def scores(packed: bool) -> list[float]:
        monkeypatch.setattr(unpadded, "packs", lambda dtype: packed)
        made = EncoderScorer(scorer.name, device="cpu", dtype=dtype)
        return made.score(QUERY, documents(TEXTS))

    assert packs(getattr(torch, dtype))
    close = 1e-5 if dtype == "float32" else 0.1
    assert scores(True) == pytest.approx(scores(False), abs=close)
    assert scores(True) == pytest.approx(scorer.score(QUERY, documents(TEXTS)), abs=0.3)


@pytest.mark.parametrize("activation", [*ACTIVATIONS, "relu"])
@pytest.mark.parametrize("bias", [True, False])
def test_a_packed_layer_computes_its_activation(activation: str, bias: bool) -> None:
    import torch
    from transformers.activations import ACT2FN

    owner = torch.nn.Module()
    owner.layer, owner.follows = torch.nn.Linear(24, 40, bias=bias), ACT2FN[activation]
    x = torch.randn(CHUNK + 3, 24)
    with torch.inference_mode():
        expected = owner.follows(owner.layer(x))
        pack_activated(owner, "layer", "follows", activation)
        found = owner.follows(owner.layer(x))
    assert torch.allclose(found, expected, atol=1e-5)
    assert isinstance(owner.follows, torch.nn.Identity) == (activation in ACTIVATIONS)


def test_a_torch_without_packed_layers_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    def absent(*_: Any) -> None:
        raise AttributeError("'_OpNamespace' 'mkldnn' object has no attribute")

    monkeypatch.setattr(dense, "pack", absent)
    assert not packs.__wrapped__(torch.float32)
