"""The engines that race: ours, and the peers at their defaults and at their best."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from importlib.util import find_spec
from typing import Any

import torch
from langchain_core.documents import Document
from rerank_models import Texts
from sentence_transformers import CrossEncoder

from churon.tools.rerank.decoder import DecoderScorer
from churon.tools.rerank.encoder import EncoderScorer
from churon.tools.rerank.reference import ReferenceScorer
from churon.tools.rerank.scorer import Scorer
from churon.tools.rerank.torch_model import has_bfloat16

Engine = Callable[[str, list[str]], list[float]]

TOP_N = 10
FLAG_DEFAULT, ST_DEFAULT = 128, 32
"""Pairs of a batch, where nothing is said."""


def engine(scorer: Scorer, top_n: int | None = None) -> Engine:
    """A scorer over texts."""
    return lambda query, passages: scorer.score(query, [Document(p) for p in passages], top_n)


def flag(
    model: str, batch: int = FLAG_DEFAULT, dtype: str = "float32", device: str = "cpu"
) -> Engine:
    """FlagReranker or FlagLLMReranker."""
    return engine(flag_scorer(model, batch, dtype, device))


def flag_scorer(
    model: str, batch: int = FLAG_DEFAULT, dtype: str = "float32", device: str = "cpu"
) -> ReferenceScorer:
    """FlagEmbedding behind a lock."""
    return ReferenceScorer(model, device=device, dtype=dtype, batch_tokens=batch * 512)


def st(model: str, batch: int = ST_DEFAULT, dtype: str = "float32", device: str = "cpu") -> Engine:
    """sentence-transformers' CrossEncoder."""
    theirs = CrossEncoder(
        model, device=device, max_length=512, model_kwargs={"dtype": getattr(torch, dtype)}
    )

    def score(query: str, passages: list[str]) -> list[float]:
        pairs = [(query, passage) for passage in passages]
        scores: list[float] = (
            theirs.predict(
                pairs,
                activation_fn=torch.nn.Identity(),
                show_progress_bar=False,
                batch_size=batch,
                convert_to_tensor=True,
            )
            .float()
            .tolist()
        )
        return scores

    return score


def pymilvus(model: str) -> Engine:
    """pymilvus' own BGE function, at its defaults."""
    from pymilvus.model.reranker import BGERerankFunction

    theirs: Any = BGERerankFunction(model_name=model, device="cpu", use_fp16=False)

    def score(query: str, passages: list[str]) -> list[float]:
        found = theirs(query, passages, top_k=len(passages))
        scores = {one.index: float(one.score) for one in found}
        return [scores[place] for place in range(len(passages))]

    return score


def encoders(model: str, texts: Texts, *, quick: bool, best: bool) -> dict[str, Engine]:
    """All engines of the encoder, by name; `best`: the peers at their best too."""
    ours = EncoderScorer(model, device="cpu", dtype="float32")
    sizes = (8, 32) if quick else (4, 8, 16, 32, 64, 128)
    found = {
        "ours": engine(ours),
        "control": engine(ours),
        "flag": flag(model),
        "st": st(model),
    }
    if best and not quick:
        found["flag best"] = quickest("flag", (partial(flag, model, n) for n in sizes), texts)
    if best:
        dtypes = ("float32", "bfloat16") if has_bfloat16() else ("float32",)
        found["st best"] = quickest(
            "st", (partial(st, model, n, dtype) for dtype in dtypes for n in sizes), texts
        )
    if has_bfloat16():
        half = EncoderScorer(model, device="cpu", dtype="bfloat16")
        sure = EncoderScorer(model, device="cpu", dtype="bfloat16", certified=True)
        found |= {"ours bf16": engine(half), "certified": engine(sure, TOP_N)}
    if best and not quick and find_spec("pymilvus.model"):
        found["pymilvus"] = pymilvus(model)
    return found


def decoders(model: str, texts: Texts, *, best: bool) -> dict[str, Engine]:
    """All engines of the decoder."""
    ours = DecoderScorer(model, device="cpu", dtype="float32")
    found = {"ours": engine(ours), "control": engine(ours), "flag": flag(model)}
    if best:
        sizes = (partial(flag, model, n) for n in (4, 8, 16, 32))
        found["flag best"] = quickest("flag", sizes, texts)
    return found


def quickest(
    name: str,
    candidates: Iterable[Callable[[], Engine]],
    texts: Texts,
    clock: Callable[[], float] = time.process_time,
) -> Engine:
    """The candidate with the least time for 50 passages, after a warm-up; says which."""
    call = texts.call(50, "lognormal")
    times: dict[str, tuple[float, Engine]] = {}
    for make in candidates:
        made = make()
        made(*texts.call(8, "lognormal"))
        began = clock()
        made(*call)
        key = " ".join(str(given) for given in make.args[1:])  # type: ignore[attr-defined]
        times[key] = (clock() - began, made)
    best = min(times, key=lambda key: times[key][0])
    print(f"{name} at its best, of {', '.join(times)}: {best}\n", flush=True)
    return times[best][1]
