"""Fits the critic's relevance calibration of one chat model, and prints it as settings.

    python benchmarks/fit_calibration.py DATA --preset embedded --model qwen2.5-coder-1.5b -n 12

DATA holds the development sets. Each question gives two samples: its relevant passage, and the
passage that e5 likes best among those that are not (a hard negative). One half of the questions
fits, the other half is scored; then all of them fit what is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings
from langchain_core.messages import BaseMessage

from churon.nodes.prompts import messages
from churon.tools.models.base import ChatPort, Want
from churon.tools.models.calibration import Sample, fit
from churon.tools.models.critic import calibrated, label_logprobs
from churon.tools.models.factory import open_chat, open_embeddings
from churon.tools.models.labels import RELEVANCE
from churon.tools.settings import LabelCalibration, load_settings
from churon.tools.types import Language

SETS: dict[str, Language] = {"en_singlehop_squad2": "en", "ko_singlehop_korquad": "ko"}
POOL = 60  # passages of a set that compete for hardest negative


def pairs(folder: Path, count: int, embeddings: Embeddings) -> list[tuple[str, str, str]]:
    """(question, passage, "Y" or "N"), two a question."""
    texts = {p["_id"]: p["text"] for p in _lines(folder / "corpus.jsonl")}
    rows = [line.split("\t") for line in (folder / "qrels.tsv").read_text("utf-8").split("\n")[1:]]
    right = {row[0]: row[1] for row in rows if len(row) == 3}
    asked = [q for q in _lines(folder / "queries.jsonl") if q["_id"] in right]
    chosen = random.Random(5).sample(asked, count)
    pool = random.Random(6).sample(sorted(texts), min(POOL, len(texts)))
    vectors = np.array(embeddings.embed_documents([texts[key] for key in pool]))
    found = []
    for question in chosen:
        similar = vectors @ np.array(embeddings.embed_query(question["text"]))
        order = [pool[i] for i in np.argsort(-similar)]
        answers = question["answers"]
        wrong = next(
            key
            for key in order
            if key != right[question["_id"]] and not any(a in texts[key] for a in answers)
        )
        found.append((question["text"], texts[right[question["_id"]]], "Y"))
        found.append((question["text"], texts[wrong], "N"))
    return found


async def read(port: ChatPort, asked: Sequence[tuple[list[BaseMessage], str]]) -> list[Sample]:
    """Uncalibrated log-probs of every prompt."""
    gate = asyncio.Semaphore(4)

    async def one(prompt: list[BaseMessage], gold: str) -> Sample:
        async with gate:
            answer = await port.complete(prompt, Want(max_tokens=1, top_logprobs=20))
        return label_logprobs(answer.logprobs[0].top, RELEVANCE.labels)[0], gold

    return list(await asyncio.gather(*(one(prompt, gold) for prompt, gold in asked)))


def figures(samples: Sequence[Sample], calibration: LabelCalibration | None) -> str:
    """Accuracy at 0.5, negative log-likelihood a sample, and AUC."""
    p = np.array([calibrated(dict(logs), calibration)["Y"] for logs, _ in samples])
    yes = np.array([gold == "Y" for _, gold in samples])
    right = ((p > 0.5) == yes).mean()
    loss = -np.log(np.clip(np.where(yes, p, 1 - p), 1e-9, 1)).mean()
    gaps = p[yes][:, None] - p[~yes][None, :]
    auc = ((gaps > 0) + 0.5 * (gaps == 0)).mean()
    return f"accuracy {right:.2f}  loss {loss:.3f}  AUC {auc:.3f}  n {len(samples)}"


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--preset", default="embedded")
    parser.add_argument("--model")
    parser.add_argument("-n", type=int, default=20, help="questions of each language")
    given = parser.parse_args()
    settings = load_settings(preset=given.preset)
    port, embeddings = open_chat(settings, given.model), open_embeddings(settings)
    samples: dict[str, list[Sample]] = {}
    for name, language in SETS.items():
        asked = [
            (messages("grade", language, question=question, passage=passage), gold)
            for question, passage, gold in pairs(given.data / name, given.n, embeddings)
        ]
        samples[language] = await read(port, asked)
        print(f"{language} raw:      {figures(samples[language], None)}", flush=True)
    half = {k: len(v) // 4 * 2 for k, v in samples.items()}
    fitted = fit([s for k, v in samples.items() for s in v[: half[k]]])
    for name, held in samples.items():
        print(f"{name} held half: {figures(held[half[name] :], None)} raw")
        print(f"{name} held half: {figures(held[half[name] :], fitted)} calibrated")
    whole = fit([s for v in samples.values() for s in v])
    print(f'[critic.calibration."{port.name}".relevance]\ntemperature = {whole.temperature:.3f}')
    print("offsets = {" + ", ".join(f"{k} = {v:.3f}" for k, v in whole.offsets.items()) + "}")


if __name__ == "__main__":
    asyncio.run(main())
