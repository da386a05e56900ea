"""R2: candidates of Milvus for the latest query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from langchain_core.documents import Document
from langgraph.runtime import Runtime

from churon.nodes.common import RunState
from churon.tools.context import RagContext
from churon.tools.run import Ledger
from churon.tools.toolkit import Toolkit
from churon.tools.types import Filter


class Asked(RunState):
    queries: list[str]
    filter: Filter | None


class Found(Ledger):
    found: list[Document]
    steps: list[dict[str, Any]]


@dataclass(frozen=True)
class Retrieve:
    """Searches for the last of `queries`. Raises StoreError: a failed search is never empty."""

    toolkit: Toolkit

    async def __call__(self, state: Asked, runtime: Runtime[RagContext]) -> Found:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        query = state["queries"][-1]
        found = await run.search(query, state["filter"])
        step = {"step": "search", "query": query, "found": len(found)}
        return {"found": found, "steps": [step], **run.ledger()}
