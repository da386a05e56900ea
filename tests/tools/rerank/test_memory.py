"""Memory that ends: a moment is waited out, a device that is too small gets smaller batches."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from support.rerankers import QUERY, TEXTS, documents, save_decoder, save_encoder

from churon.tools.errors import RerankError

if not find_spec("torch"):
    pytest.skip("needs the extra `rerank`", allow_module_level=True)

import torch

from churon.tools.rerank.decoder import DecoderScorer
from churon.tools.rerank.encoder import EncoderScorer

MANY = documents([f"the bridge over the river {'report ' * n}" * 10 for n in range(20)])
ENDS = [
    torch.OutOfMemoryError("no room"),
    # Of a CPU and of Apple's MPS, as torch says it
    RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory"),
    RuntimeError("MPS backend out of memory (MPS allocated: 5.04 GB)"),
]


@pytest.fixture(scope="module", params=["encoder", "decoder"])
def family(request: pytest.FixtureRequest, tmp_path_factory: Any) -> tuple[Callable[..., Any], str]:
    torch.set_num_threads(1)  # models this small only lose time to threads
    folder: Path = tmp_path_factory.mktemp(request.param)
    if request.param == "encoder":
        return EncoderScorer, save_encoder(folder)
    return DecoderScorer, save_decoder(folder)


@pytest.fixture
def model(family: tuple[Callable[..., Any], str]) -> Any:
    scorer, folder = family
    made = scorer(folder, device="cpu", dtype="float32")
    yield made
    made.close()


class Device:
    """A model's own pass, where memory ends for some batches."""

    def __init__(self, model: Any, ends: Callable[[int, int], bool], error: Exception) -> None:
        self.forward, model._forward = model._forward, self
        self.ends, self.error = ends, error
        self.batches: list[tuple[int, int]] = []
        """Rows and tokens of each."""

    def __call__(self, network: Any, rows: list[Any]) -> Any:
        self.batches.append((len(rows), sum(map(len, rows))))
        if self.ends(*self.batches[-1]):
            raise self.error
        return self.forward(network, rows)


@pytest.mark.parametrize("error", ENDS, ids=str)
def test_a_device_too_small_for_the_batches_gets_smaller_ones_for_good(
    model: Any, error: Exception
) -> None:
    expected = model.score(QUERY, MANY)
    device = Device(model, lambda rows, tokens: tokens > 1_500, error)
    assert model.score(QUERY, MANY) == pytest.approx(expected, abs=1e-5)
    assert max(tokens for _, tokens in device.batches) > 1_500
    device.batches.clear()
    assert model.score(QUERY, MANY) == pytest.approx(expected, abs=1e-5)
    assert max(tokens for _, tokens in device.batches) <= 1_500


def test_a_moment_without_memory_changes_nothing(model: Any) -> None:
    budget, expected = model.batch_tokens, model.score(QUERY, MANY)
    device = Device(model, lambda *_: len(device.batches) == 1, ENDS[0])
    assert model.score(QUERY, MANY) == pytest.approx(expected, abs=1e-5)
    assert model.batch_tokens == budget
    assert device.batches[0] == device.batches[1]


def test_a_pass_of_two_short_pairs_does_not_set_the_budget(model: Any) -> None:
    expected = model.score(QUERY, documents(["a", "b"]))
    device = Device(model, lambda rows, _: rows > 1, ENDS[0])
    assert model.score(QUERY, documents(["a", "b"])) == pytest.approx(expected, abs=1e-5)
    assert [rows for rows, _ in device.batches] == [2, 2, 1, 1]
    assert model.batch_tokens == model.max_length


def test_no_memory_for_one_pair_says_so(model: Any) -> None:
    Device(model, lambda *_: True, ENDS[1])
    with pytest.raises(RerankError, match=r"no memory for one pair.*rerank\.max_length"):
        model.score(QUERY, documents(TEXTS))


def test_other_failures_are_not_taken_for_it(model: Any) -> None:
    device = Device(model, lambda *_: True, RuntimeError("mat1 and mat2 cannot be multiplied"))
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        model.score(QUERY, documents(["a", "b"]))
    assert len(device.batches) == 1
