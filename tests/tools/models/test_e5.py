"""e5: equal to the float reference, independent of the batch, safe to share."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from churon.tools.errors import ModelError, ModelMissing
from churon.tools.models.e5 import MAX_TOKENS, WEIGHTS_FILE, E5Embeddings

TEXTS = [
    "What is the capital of Korea?",
    "대한민국의 수도는 어디인가?",
    "서울특별시는 한강을 끼고 있으며 인구는 약 940만 명이다. " * 6,
    "The quick brown fox jumps over the lazy dog. " * 20,
    "x",
]

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def reference(
    shared_data: Path, models_folder: Path
) -> Iterator[Callable[[list[str]], np.ndarray[Any, Any]]]:
    """The float32 numpy forward pass over the same weights."""
    source = shared_data.parent / "models" / "e5np.py"
    if not source.is_file():
        pytest.skip("the numpy reference is not here")
    spec = spec_from_file_location("e5_reference", source)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module.E5(str(models_folder / WEIGHTS_FILE)).embed
    sys.modules.pop("e5_reference", None)


def test_equals_the_float_reference(
    e5: E5Embeddings, reference: Callable[[list[str]], np.ndarray[Any, Any]]
) -> None:
    texts = [text.strip() for text in TEXTS]
    ours = np.array(e5.embed_documents(texts))
    assert (ours * reference(texts)).sum(axis=1).min() > 0.99


def test_a_vector_does_not_depend_on_its_batch(e5: E5Embeddings) -> None:
    together = np.array(e5.embed_documents(TEXTS))
    alone = np.array([e5.embed_documents([text])[0] for text in TEXTS])
    assert (together * alone).sum(axis=1).min() > 0.999
    assert np.array_equal(together, np.array(e5.embed_documents(TEXTS)))


def test_related_texts_are_nearer_across_languages(e5: E5Embeddings) -> None:
    passages = [
        "서울은 대한민국의 수도이다.",
        "바나나는 노란 과일이다.",
        "Bread is baked in ovens.",
    ]
    scores = np.array(e5.embed_documents(passages)) @ e5.embed_query("capital city of South Korea")
    assert scores.argmax() == 0


def test_prefixes_decide_between_query_and_passage(e5: E5Embeddings, models_folder: Path) -> None:
    bare = E5Embeddings(models_folder, threads=1, query_prefix="", document_prefix="")
    assert e5.embed_query("tea") != e5.embed_documents(["tea"])[0]
    assert bare.embed_query("query: tea") == e5.embed_query("tea")
    assert bare.embed_documents(["tea"])[0] == bare.embed_query("tea")


def test_token_vectors_are_unit_rows_and_agree_with_the_pooled_pass(e5: E5Embeddings) -> None:
    pooled, tokens = e5.embed_with_tokens(TEXTS, "passage: ")
    alone = [e5.token_vectors([text], "passage: ")[0] for text in TEXTS]
    assert [len(rows) for rows in tokens] == [len(rows) for rows in alone]
    for rows in tokens:
        assert rows.dtype == np.float32 and rows.shape[1] == 384
        assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert np.allclose(pooled, e5.embed_documents(TEXTS), atol=1e-6)


def test_long_texts_are_cut_and_none_are_no_vectors(e5: E5Embeddings) -> None:
    long = "서울 " * 3000
    assert len(e5.token_vectors([long], "passage: ")[0]) == MAX_TOKENS
    assert e5.embed_documents([]) == [] and e5.token_vectors([], "") == []
    assert np.isfinite(e5.embed_query("")).all()


def test_decomposed_and_wide_letters_read_as_the_plain_ones(e5: E5Embeddings) -> None:
    assert e5.embed_query("\u1112\u1161\u11ab\u1100\u1173\u11af") == e5.embed_query("한글")
    assert e5.embed_query("\uff21\uff22\u200b \ufeffC") == e5.embed_query("AB C")


def test_threads_share_one_model(e5: E5Embeddings) -> None:
    expected = [e5.embed_query(text) for text in TEXTS]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(e5.embed_query, TEXTS * 3)) == expected * 3


async def test_async_calls_leave_the_loop_free(e5: E5Embeddings) -> None:
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.005)
            beats += 1

    pulse = asyncio.create_task(beat())
    vectors = await e5.aembed_documents([TEXTS[3]] * 16)
    pulse.cancel()
    assert len(vectors) == 16 and beats >= 3


def test_a_missing_model_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="churon models pull multilingual-e5-small"):
        E5Embeddings(tmp_path)


@pytest.mark.parametrize("content", [b"not weights" * 9, b"E5S1\x01\x00\x00\x00" + bytes(30)])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / WEIGHTS_FILE).write_bytes(content)
    with pytest.raises(ModelError, match="not a readable e5 weights file"):
        E5Embeddings(tmp_path)


def test_a_cut_file_is_named(tmp_path: Path, models_folder: Path) -> None:
    with (models_folder / WEIGHTS_FILE).open("rb") as whole:
        (tmp_path / WEIGHTS_FILE).write_bytes(whole.read(9_000_000))
    with pytest.raises(ModelError, match="cut short"):
        E5Embeddings(tmp_path)


def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, models_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = Path.replace

    def full(path: Path, target: Path) -> Path:
        if target.suffix == ".onnx":
            raise OSError(28, "No space left on device")
        return usual(path, target)

    (tmp_path / WEIGHTS_FILE).symlink_to(models_folder / WEIGHTS_FILE)
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ModelError, match=r"No space left.* Free \d+ MB"):
        E5Embeddings(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [WEIGHTS_FILE]


def test_a_missing_package_is_named_with_its_extra(
    models_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not (models_folder / "e5-small-q4.bin").is_file():
        pytest.skip("no e5 weights")
    monkeypatch.setattr("churon.tools.models.e5.find_spec", lambda name: None)
    with pytest.raises(ModelMissing, match=r"churon\[embedded\]"):
        E5Embeddings(models_folder)
