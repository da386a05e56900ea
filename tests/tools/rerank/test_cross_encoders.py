"""Our scorers against FlagEmbedding, on tiny random models of the real architectures."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support.rerankers import (
    KOREAN,
    QUERY,
    TEXTS,
    documents,
    plain_score,
    save_decoder,
    save_encoder,
    save_other,
)

from churon.tools.errors import ModelMissing, RerankError, SettingsError

# By its place: a package that is there and cannot be imported is a failure, not a reason to skip
if not all(find_spec(name) for name in ("torch", "FlagEmbedding")):
    pytest.skip("needs the extra `rerank`", allow_module_level=True)

from churon.tools.rerank import unpadded
from churon.tools.rerank.cache import ScoreCache
from churon.tools.rerank.decoder import DecoderScorer
from churon.tools.rerank.encoder import EncoderScorer
from churon.tools.rerank.reference import ReferenceScorer

pytestmark = [
    # FlagEmbedding's own use of deprecated arguments is not ours to mend
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    import torch

    torch.set_num_threads(1)  # models this small only lose time to threads


@pytest.fixture(scope="module")
def encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="module")
def decoder_folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_decoder(tmp_path_factory.mktemp("decoder"))


@pytest.fixture(scope="module", params=["encoder", "decoder"])
def family(request: pytest.FixtureRequest) -> Iterator[tuple[Callable[..., Any], str]]:
    folder = request.getfixturevalue(f"{request.param}_folder")
    yield (EncoderScorer if request.param == "encoder" else DecoderScorer), folder


@pytest.fixture(scope="module")
def reference() -> Callable[[str, int], ReferenceScorer]:
    return lru_cache(
        lambda folder, length: ReferenceScorer(
            folder, device="cpu", dtype="float32", batch_tokens=3 * length, max_length=length
        )
    )


@pytest.mark.parametrize("max_length", [32, 512])
@pytest.mark.parametrize("query", [QUERY, QUERY * 20, KOREAN], ids=["short", "long", "korean"])
def test_scores_equal_flagembeddings(
    family: Any, reference: Any, max_length: int, query: str
) -> None:
    scorer, folder = family
    ours = scorer(folder, device="cpu", dtype="float32", batch_tokens=100, max_length=max_length)
    theirs = reference(folder, max_length)
    # Without the empty text: the tokenizer call inside FlagEmbedding makes no pair of it
    texts = [text for text in TEXTS if text]
    expected = theirs.score(query, documents(texts))
    assert ours.score(query, documents(texts)) == pytest.approx(expected, abs=1e-4)
    assert max(expected) - min(expected) > 0.01  # the models do tell these passages apart


def test_a_padded_encoder_as_on_a_gpu_gives_the_same_scores(
    encoder_folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = partial(EncoderScorer, encoder_folder, device="cpu", dtype="float32")
    expected = exact().score(QUERY, documents(TEXTS))
    monkeypatch.setattr(unpadded, "FAMILIES", frozenset())
    padded = exact(batch_tokens=300)
    assert padded.padded
    assert padded.score(QUERY, documents(TEXTS)) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("kind", ["Bert", "Roberta", "Camembert", "Electra"])
def test_other_families_score_as_transformers_does(kind: str, tmp_path: Path) -> None:
    folder = save_other(tmp_path, kind)
    # Without the empty text: transformers' tokenizers make no pair of it
    texts = documents([text for text in TEXTS if 0 < len(text) < 500])
    expected = [plain_score(folder, QUERY, text.page_content) for text in texts]
    ours = EncoderScorer(folder, device="cpu", dtype="float32")
    assert ours.padded == (kind == "Electra")
    assert ours.score(QUERY, texts) == pytest.approx(expected, abs=1e-5)
    assert max(expected) - min(expected) > 0.01


def test_scores_do_not_depend_on_batch_or_order(family: Any) -> None:
    scorer, folder = family
    model = scorer(folder, device="cpu", batch_tokens=100)
    together = model.score(QUERY, documents(TEXTS))
    alone = [model.score(QUERY, documents([text]))[0] for text in TEXTS]
    backwards = model.score(QUERY, documents(TEXTS[::-1]))[::-1]
    assert together == pytest.approx(alone, abs=1e-5)
    assert together == pytest.approx(backwards, abs=1e-5)
    assert model.score(QUERY, []) == []
    assert 0 < model.probability(together[0]) < 1
    assert model.probability(-1e4) == 0


def test_the_decoders_prompt_is_never_cut(decoder_folder: str) -> None:
    scorer = DecoderScorer(decoder_folder, device="cpu", max_length=32)
    suffix = scorer._encode.suffix
    rows = scorer._rows("long query " * 500, ["long passage " * 20_000, ""])
    assert all(list(row.ids[-len(suffix) :]) == suffix for row in rows)
    assert max(map(len, rows)) <= 32 + 2 * len(suffix)


def test_a_very_long_passage_and_query_are_cut_not_refused(family: Any) -> None:
    scorer, folder = family
    model = scorer(folder, device="cpu")
    scores = model.score("질문 " * 5_000, documents(["가나다 🙂 " * 20_000, "short"]))
    assert len(scores) == 2


def test_half_characters_are_read_as_question_marks(family: Any) -> None:
    scorer, folder = family
    model = scorer(folder, device="cpu", dtype="float32")
    whole = model.score("bridge?", documents(["old ? report", "river"]))
    assert model.score("bridge\ud800", documents(["old \udfff report", "river"])) == whole


def test_threads_sharing_a_scorer_get_the_same_scores(family: Any) -> None:
    scorer, folder = family
    model = scorer(folder, device="cpu")
    expected = model.score(QUERY, documents(TEXTS))
    seen: list[list[float]] = []
    threads = [
        threading.Thread(target=lambda: seen.append(model.score(QUERY, documents(TEXTS))))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [pytest.approx(expected, abs=1e-6)] * 8


def test_half_precision_ranks_alike_and_float16_on_cpu_is_float32(encoder_folder: str) -> None:
    exact = EncoderScorer(encoder_folder, device="cpu", dtype="float32").score(
        QUERY, documents(TEXTS)
    )
    half = EncoderScorer(encoder_folder, device="cpu", dtype="bfloat16")
    assert half.score(QUERY, documents(TEXTS)) == pytest.approx(exact, abs=0.3)
    same = EncoderScorer(encoder_folder, device="cpu", dtype="float16")
    assert same.score(QUERY, documents(TEXTS)) == pytest.approx(exact, abs=1e-6)


def test_equal_passages_are_scored_once(family: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    scorer, folder = family
    model = scorer(folder, device="cpu")
    forward, seen = model._forward, []
    monkeypatch.setattr(model, "_forward", lambda *given: seen.extend(given[1]) or forward(*given))
    scores = model.score(QUERY, documents([TEXTS[0], TEXTS[3], TEXTS[0]]))
    assert len(seen) == 2 and scores[0] == scores[2] != scores[1]


def test_weights_that_change_in_a_folder_share_no_scores_with_the_old_ones(tmp_path: Path) -> None:
    folder, cache = save_encoder(tmp_path), ScoreCache(10)
    scored = []
    for touched in (False, False, True):
        if touched:
            os.utime(tmp_path / "model.safetensors", (1, 1))
        EncoderScorer(folder, device="cpu", cache=cache).score(QUERY, documents(["a"]))
        scored.append(cache.misses)
    assert scored == [1, 1, 2]


def test_a_closed_scorer_says_so(family: Any) -> None:
    scorer, folder = family
    model = scorer(folder, device="cpu")
    model.close()
    with pytest.raises(RerankError, match="closed"):
        model.score(QUERY, documents(TEXTS))


@pytest.mark.parametrize("scorer", [EncoderScorer, DecoderScorer, ReferenceScorer])
def test_what_is_missing_is_named_with_its_remedy(scorer: Any, tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"no/such-model.*hf download no/such-model"):
        scorer("no/such-model", device="cpu", offline=True)
    with pytest.raises(ModelMissing, match="cannot be loaded"):
        scorer(str(tmp_path), device="cpu")  # an empty folder
    with pytest.raises(SettingsError, match=r"rerank\.model"):
        scorer("", device="cpu")


def test_a_flagembedding_that_cannot_be_imported_says_why(
    encoder_folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "FlagEmbedding", None)
    with pytest.raises(ModelMissing, match=r"'FlagEmbedding' is not installed.*churon\[rerank\]"):
        ReferenceScorer(encoder_folder, device="cpu")
    broken = ModuleType("FlagEmbedding")

    def lacks(name: str) -> Any:
        raise ImportError("No module named 'transformers.old'", name="transformers.old")

    broken.__getattr__ = lacks  # type: ignore[method-assign]
    monkeypatch.setitem(sys.modules, "FlagEmbedding", broken)
    with pytest.raises(ModelMissing, match=r"cannot be imported: No module.*transformers\.old"):
        ReferenceScorer(encoder_folder, device="cpu")


def test_a_device_that_is_not_there_is_refused(encoder_folder: str) -> None:
    with pytest.raises(SettingsError, match="tpu"):
        EncoderScorer(encoder_folder, device="tpu")


def test_models_without_a_trained_ranking_head_are_refused(
    decoder_folder: str, encoder_folder: str, tmp_path: Path
) -> None:
    with pytest.raises(RerankError, match="3 labels"):
        EncoderScorer(save_encoder(tmp_path / "three", labels=3), device="cpu")
    with pytest.raises(RerankError, match="lacks weights"):
        EncoderScorer(decoder_folder, device="cpu")  # its classifier would be random
    with pytest.raises(RerankError, match="no single token for 'Yes'"):
        DecoderScorer(save_decoder(tmp_path / "no_yes", corpus_has_yes=False), device="cpu")
