"""What a run of reasoning.py works with: the settings, one store a set, one model for all."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import short_answer
from langchain_core.messages import HumanMessage
from retrieval import fill, read_jsonl

from churon.graphs.machine import RagGraph
from churon.graphs.registry import build_graph
from churon.nodes.prompts import content_hash
from churon.tools.models.base import ChatPort, Want
from churon.tools.settings import Settings, load_settings
from churon.tools.toolkit import Toolkit


@dataclass(frozen=True)
class Plan:
    """Where things are, and what the answers depend on."""

    data: Path
    models: Path
    work: Path
    model: str
    seed: int
    overrides: list[tuple[str, Any]]

    def settings(self, name: str) -> Settings:
        """The embedded preset over this set's store; raises SettingsError for a wrong override."""
        flags: dict[str, Any] = {
            "chat": {"model": self.model},
            "models": {"folder": self.models, "offline": True},
            "store": {"uri": str(self.work / f"{name}.db"), "collection": name},
            "context": {"seed": self.seed},
        }
        for path, value in self.overrides:
            *sections, last = path.split(".")
            place = flags
            for section in sections:
                place = place.setdefault(section, {})
            place[last] = value
        return load_settings(preset="embedded", **flags)

    def provenance(self) -> dict[str, Any]:
        """What goes into every row, so that rows are only compared with their like."""
        return {
            "model": self.model,
            "prompts": content_hash(),
            "seed": self.seed,
            "overrides": dict(sorted(self.overrides)),
            "short_prompt": short_answer.PROMPT_HASH,
            "version": version("churon"),
            "commit": commit(),
        }


@dataclass(frozen=True)
class Bench:
    """The graphs of every set by (set, graph), and the model that shortens their answers."""

    machines: dict[tuple[str, str], RagGraph]
    port: ChatPort


@asynccontextmanager
async def opened(plan: Plan, sets: Sequence[str], graphs: Sequence[str]) -> AsyncIterator[Bench]:
    """Everything loaded and warm, so that no question pays for it; closed at the end."""
    async with AsyncExitStack() as stack:
        models = await stack.enter_async_context(Toolkit(plan.settings(sets[0])))
        for graph in graphs:
            build_graph(graph, models)  # a wrong name is known before minutes of loading
        port = await models.chat()
        embeddings = await models.embeddings()
        await port.complete([HumanMessage("Hello")], Want(max_tokens=1))
        machines: dict[tuple[str, str], RagGraph] = {}
        for name in sets:
            toolkit = Toolkit(plan.settings(name), chat=port, embeddings=embeddings)
            await stack.enter_async_context(toolkit)
            await stocked(plan, name, toolkit)
            # all now: the code on disk may change while a run takes hours
            machines |= {(name, graph): build_graph(graph, toolkit) for graph in graphs}
        yield Bench(machines, port)


async def prepared(plan: Plan, sets: Sequence[str]) -> None:
    """Fill the stores; no chat model is loaded."""
    embeddings = await Toolkit(plan.settings(sets[0])).embeddings()
    for name in sets:
        async with Toolkit(plan.settings(name), embeddings=embeddings) as toolkit:
            await stocked(plan, name, toolkit)


async def stocked(plan: Plan, name: str, toolkit: Toolkit) -> None:
    """The set's whole corpus in its store, which is open and warm then."""
    store = await toolkit.store()
    await fill(store, name, read_jsonl(plan.data / name / "corpus.jsonl"))
    await toolkit.reranker()
    await store.search("warm", k=1, ef=1, collection=name)
    print(f"{name}: {await store.count(collection=name)} passages", file=sys.stderr, flush=True)


def commit() -> str:
    """The repository's commit, "-dirty" where files differ from it; "" outside a repository."""
    command = ["git", "--no-optional-locks", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        here = Path(__file__).resolve().parent
        done = subprocess.run(command, cwd=here, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
