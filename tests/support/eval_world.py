"""A small set in both languages, a store in memory, and an evaluation that can be killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from langchain_core.documents import Document
from support.hashing import HashingEmbeddings
from support.scripted import Reply, scripted_port
from support.world import ListStore, step_of

from churon.cli.evals.run import Wanted, run
from churon.evals.spending import Budget
from churon.tools.settings import Settings, load_settings
from churon.tools.toolkit import Toolkit

GOLD = "SENTINEL-7319"
"""Stands in every accepted answer; nothing that a run sees may hold it."""
CORPUS = {
    "d1": "The Lumen ferry leaves Aren harbour at 07:30.",
    "d2": "Captain Sora Han leads the Lumen.",
    "d3": "파도호의 승객 정원은 198명이다.",
    "d4": "파도호는 매일 아침 일곱 시에 떠난다.",
}
QUESTIONS = [
    ("q1", "When does the Lumen ferry leave?", "en", "d1"),
    ("q2", "Who leads the Lumen?", "en", "d2"),
    ("q3", "파도호의 승객 정원은 몇 명인가?", "ko", "d3"),
    ("q4", "파도호는 언제 떠나는가?", "ko", "d4"),
]
Script = Callable[[str, str], "Reply | str"]


class MemoryStore:
    """Passages by collection-blind id, found as `ListStore` finds them."""

    degraded: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.held: dict[str, Document] = {}
        self.written: list[str] = []
        self.asked: list[dict[str, Any]] = []

    async def search(self, query: str, **rest: Any) -> list[Document]:
        finder = ListStore(())
        finder.documents, finder.asked = list(self.held.values()), self.asked
        return await finder.search(query, **rest)

    async def upsert(self, documents: Sequence[Document], **scope: Any) -> None:
        self.held.update({str(one.id): one for one in documents})
        self.written += [str(one.id) for one in documents]

    async def count(self, **scope: Any) -> int:
        return len(self.held)

    async def get(self, ids: Sequence[str], **scope: Any) -> list[Document]:
        return [self.held[id_] for id_ in ids if id_ in self.held]

    async def documents(self, **scope: Any) -> list[Document]:
        return list(self.held.values())

    def close(self) -> None:
        """Nothing to close."""


def beir(folder: Path) -> Path:
    """The set as a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    corpus = [{"_id": id_, "title": "", "text": text} for id_, text in CORPUS.items()]
    queries = [
        {"_id": id_, "text": text, "answers": [f"{GOLD} {id_}"], "lang": lang, "type": f"{GOLD}"}
        for id_, text, lang, _ in QUESTIONS
    ]
    for name, rows in (("corpus", corpus), ("queries", queries)):
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, "utf-8")
    judged = "".join(f"{id_}\t{relevant}\t1\n" for id_, _, _, relevant in QUESTIONS)
    (folder / "qrels.tsv").write_text(f"query-id\tcorpus-id\tscore\n{judged}")
    return folder


def quoting(step: str, prompt: str) -> Reply | str:
    """Quotes the first passage; a phrase where one is asked for."""
    if "answer are" in prompt or "Which words" in prompt or "그 말만" in prompt:
        return "07:30"
    if "Hello" in prompt:
        return "Hi"
    first = prompt.partition("[1] ")[2].partition("\n\n")[0].split("\n")[-1]
    return f"{first} [1]" if first else "NONE"


class World:
    """Where one evaluation happens; `answer` may be replaced between runs."""

    def __init__(self, folder: Path, answer: Script = quoting) -> None:
        self.set = beir(folder / "ferries")
        self.output = folder / "rows.jsonl"
        self.answer = answer
        self.store = MemoryStore()
        self.prompts: list[str] = []
        self.calls: list[Any] = []
        self.toolkits: list[Settings] = []

    def make(self, settings: Settings, **shared: Any) -> Toolkit:
        """A toolkit over this world; what is shared is given to it again."""

        def script(messages: list[Any], kwargs: dict[str, Any]) -> Reply | str:
            prompt = str(messages[-1].content)
            self.prompts += [str(message.content) for message in messages]
            self.calls.append(kwargs)
            return self.answer(step_of(prompt), prompt)

        self.toolkits.append(settings)
        mine = {"embeddings": HashingEmbeddings(), "store": self.store}
        given = {"chat": scripted_port(script), **mine, **shared}
        return Toolkit(settings, **given)

    def settings_for(self, preset: str | None, more: list[str]) -> Settings:
        """Without reranker; overrides as the command line reads them."""
        from churon.cli.common import nested

        flags = nested(["rerank.provider=none", "context.cross_language=false", *more])
        return load_settings(preset=preset, **flags)

    async def run(self, *variants: str, set_: Path | None = None, **given: Any) -> int:
        """`churon eval run` with this world in place of models and Milvus."""
        options: dict[str, Any] = {
            "form": None,
            "n": None,
            "seed": 7,
            "output": self.output,
            "at_once": 1,
            "budget": Budget(),
            "keep_errors": False,
            "use_store": False,
            **given,
        }
        wanted = Wanted(set_ or self.set, variants=variants or ("two_stage",), **options)
        return await run(wanted, self.settings_for, self.make)

    def rows(self) -> list[dict[str, Any]]:
        """Every line of the output, in the order it was written."""
        lines = self.output.read_text("utf-8").splitlines() if self.output.exists() else []
        return [json.loads(line) for line in lines]


def killed_at(calls: int) -> Script:
    """Quotes, and kills the process at its next call after `calls`."""
    left = calls

    def answer(step: str, prompt: str) -> Reply | str:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return quoting(step, prompt)

    return answer


if __name__ == "__main__":
    world = World(Path(sys.argv[1]), killed_at(int(sys.argv[2])))
    asyncio.run(world.run("two_stage", "closed_book", at_once=int(sys.argv[3])))
