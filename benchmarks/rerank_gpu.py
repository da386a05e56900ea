"""The reranking compressor against its peers on one CUDA GPU: wall time, ratios, share of the peak.

    python benchmarks/rerank_gpu.py --work WORK [--repetitions 5] [--only W2 W5 sizes decoder]

Shapes of bge-reranker-v2-m3 and bge-reranker-v2-gemma with random weights. Every call ends with its
scores on the host and includes the tokenising; texts are fresh and the engines' order is shuffled
in each repetition. The peak is a product of two 8,192 x 8,192 float16 matrices, timed first.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import time
import warnings
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import rerank_models
import torch
from rerank_engines import FLAG_DEFAULT, TOP_N, Engine, engine, flag, quickest, st
from rerank_models import SIZES, Texts
from rerank_table import Table
from transformers.utils import logging

from churon.tools.rerank.decoder import DecoderScorer
from churon.tools.rerank.encoder import EncoderScorer

SHAPES = {
    "W1": (20, "lognormal"),
    "W2": (100, "lognormal"),
    "W3": (100, "uniform"),
    "W4": (100, "equal"),
    "W5": (500, "lognormal"),
}
FIXED = {"256 tokens": (512, 256), "512 tokens": (512, 512)}
"""Pairs, and tokens of each."""


def peak() -> float:
    """Operations a second of a large float16 product."""
    one, other = (torch.randn(8_192, 8_192, device="cuda", dtype=torch.float16) for _ in "ab")
    for _ in range(5):
        one @ other
    torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(30):
        one @ other
    torch.cuda.synchronize()
    return 30 * 2 * 8_192**3 / (time.perf_counter() - began)


def work(lengths: list[int]) -> float:
    """Operations of the large encoder on rows of these lengths: products, then attention."""
    layers, width, _, inner = SIZES["large"]
    tokens, squares = sum(lengths), sum(length * length for length in lengths)
    return layers * (2 * tokens * (4 * width**2 + 2 * width * inner) + 4 * squares * width)


Times = dict[str, list[float]]
Calls = list[tuple[str, list[str]]]


def race(engines: dict[str, Engine], calls: Calls) -> tuple[Times, list[dict[str, list[float]]]]:
    """Seconds and scores of every engine; the first two calls warm up."""
    times: Times = {name: [] for name in engines}
    told = []
    for place, (query, passages) in enumerate(calls):
        scores = {}
        for name in random.Random(place).sample(sorted(engines), len(engines)):
            began = time.perf_counter()
            scores[name] = engines[name](query, passages)
            if place > 1:
                times[name].append(time.perf_counter() - began)
        told.append(scores)
    return times, told


def ratios(times: Times, slow: str, fast: str) -> list[float]:
    """How many times as long the other takes, per repetition."""
    return [a / b for a, b in zip(times[slow], times[fast], strict=True)]


def agreement(exact: list[float], found: list[float]) -> float:
    """Share of pairs of passages that both rank alike."""
    pairs = list(combinations(zip(exact, found, strict=True), 2))
    return sum((a[0] - b[0]) * (a[1] - b[1]) >= 0 for a, b in pairs) / len(pairs)


def best(scores: list[float]) -> list[int]:
    """Places of the best ten, best first."""
    return sorted(range(len(scores)), key=lambda place: -scores[place])[:TOP_N]


def encoders(table: Table, wanted: argparse.Namespace, top: float) -> None:
    """W1 to W5, and pairs of a fixed length."""
    model = rerank_models.encoder(wanted.work, "large")
    texts = Texts(model, wanted.seed)
    half = EncoderScorer(model, device="cuda", dtype="float16")
    exact = EncoderScorer(model, device="cuda", dtype="float32")
    sure = EncoderScorer(model, device="cuda", dtype="float16", certified=True)
    found = {
        "ours": engine(half), "control": engine(half), "ours fp32": engine(exact),
        "certified": engine(sure, TOP_N), "flag": flag(model, device="cuda"),
        "flag fp16": flag(model, FLAG_DEFAULT, "float16", "cuda"),
    }  # fmt: skip
    sizes = (partial(st, model, batch, "float16", "cuda") for batch in (16, 32, 64, 128))
    found["st best"] = quickest("st", sizes, texts, time.perf_counter)
    for workload, shape in SHAPES.items():
        if wanted.only and workload not in wanted.only:
            continue
        calls = [texts.call(*shape) for _ in range(wanted.repetitions + 2)]
        times, told = race(found, calls)
        table.control(workload, ratios(times, "control", "ours"))
        near = min(agreement(one["flag"], one["ours"]) for one in told)
        table.gate(workload, f"float16 ranks {near:.4f} of pairs alike", near >= 0.998)
        apart = max(
            abs(a - b) for one in told for a, b in zip(one["flag"], one["ours fp32"], strict=True)
        )
        table.gate(workload, f"float32 within {apart:.1e} of FlagEmbedding's", apart <= 1e-4)
        same = all(best(one["certified"]) == best(one["ours fp32"]) for one in told)
        table.gate(workload, f"certified best {TOP_N} exact", same)
        for peer in ("flag fp16", "flag", "st best"):
            table.row(f"H100 {workload}", f"ours against {peer}", ratios(times, peer, "ours"))
        table.row(
            f"H100 {workload}",
            "certified against ours fp32",
            ratios(times, "ours fp32", "certified"),
        )
        lengths = [[len(row) for row in half._rows(*call)] for call in calls[2:]]
        shares = [work(one) / took / top for one, took in zip(lengths, times["ours"], strict=True)]
        table.row(f"H100 {workload}", "share of the peak", shares)
        table.row(f"H100 {workload}", "pairs/s", [shape[0] / took for took in times["ours"]])
    if not wanted.only or "sizes" in wanted.only:
        fixed(table, found, half, texts, top)


def fixed(table: Table, found: dict[str, Engine], half: Any, texts: Texts, top: float) -> None:
    """Pairs a second at one length."""
    for name, (count, tokens) in FIXED.items():
        query = texts.of_length(16)
        calls = [
            (query, [texts.of_length(tokens - 20 + extra) for extra in [0] * count])
            for _ in range(5)
        ]
        times, _ = race({key: found[key] for key in ("ours", "st best")}, calls)
        lengths = [len(row) for row in half._rows(*calls[-1])]
        mean = statistics.fmean(lengths)
        rates = [count / took for took in times["ours"]]
        table.row(f"H100 {name}", "pairs/s", rates)
        shares = [work(lengths) / took / top for took in times["ours"]]
        table.row(f"H100 {name}", f"share of the peak, {mean:.0f} tokens", shares)
        table.row(f"H100 {name}", "ours against st best", ratios(times, "st best", "ours"))


def decoder(table: Table, wanted: argparse.Namespace, top: float) -> None:
    """Gemma of 2 billion parameters against FlagLLMReranker, both bfloat16."""
    model = rerank_models.gemma_2b(wanted.work)
    texts = Texts(model, wanted.seed)
    ours = DecoderScorer(model, device="cuda", dtype="bfloat16")
    found = {
        "ours": engine(ours),
        "control": engine(ours),
        "flag": flag(model, FLAG_DEFAULT, "bfloat16", "cuda"),
    }
    for workload, query in (("W9 short", 20), ("W9 long", 120)):
        for count in (20, 100):
            calls = [texts.call(count, "lognormal", query) for _ in range(wanted.repetitions + 2)]
            times, told = race(found, calls)
            name = f"H100 {workload}, {count}"
            table.control(name, ratios(times, "control", "ours"))
            near = min(agreement(one["flag"], one["ours"]) for one in told)
            table.row(name, "pairs ranked alike", [near])
            table.row(name, "ours against flag", ratios(times, "flag", "ours"))
            shares = []
            for call, took in zip(calls[2:], times["ours"], strict=True):
                rows = ours._rows(*call)
                done = sum(map(len, rows)) - (len(rows) - 1) * rows[0].head
                shares.append(done * rerank_models.GEMMA_2B_WORK / took / top)
            table.row(name, "share of the peak, each token once", shares)


def main() -> int:
    """Run the benchmark. 0 when every bar and gate holds."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for the models")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--only", nargs="*", help="W1 to W5, sizes, decoder")
    parser.add_argument("--seed", type=int, default=7)
    wanted = parser.parse_args()
    warnings.filterwarnings("ignore")  # FlagEmbedding's own
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    os.environ["TOKENIZERS_PARALLELISM"] = "true"
    began, top, table = time.monotonic(), peak(), Table()
    print(
        f"{torch.cuda.get_device_name()}, torch {torch.__version__}, peak {top / 1e12:.0f} TFLOP/s"
    )
    if not wanted.only or set(wanted.only) - {"decoder"}:
        encoders(table, wanted, top)
    if not wanted.only or "decoder" in wanted.only:
        decoder(table, wanted, top)
    print(f"\n{time.monotonic() - began:.0f} s; {table.verdict()}")
    return 0 if table.held else 1


if __name__ == "__main__":
    sys.exit(main())
