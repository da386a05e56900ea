"""R2, second half: the best `k2` candidates, scored against the question or a hop's thought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NotRequired

from langchain_core.documents import Document
from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from churon.nodes.common import RunState
from churon.tools.context import RagContext
from churon.tools.run import Ledger
from churon.tools.toolkit import Toolkit
from churon.tools.types import Evidence


class Candidates(RunState):
    standalone: str
    asked: NotRequired[str]
    found: list[Document]


class Reranked(Ledger):
    evidence: dict[str, Evidence]
    top: list[str]
    """Ids, best first."""
    found: list[Document]
    """Emptied: the checkpoint need not carry what was not chosen."""


@dataclass(frozen=True)
class Rerank:
    """Reranks and begins the evidence ledger."""

    toolkit: Toolkit

    async def __call__(self, state: Candidates, runtime: Runtime[RagContext]) -> Reranked:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        best = await run.rerank(state.get("asked") or state["standalone"], state["found"])
        return {**ranked(best), **run.ledger()}


class _Ranked(TypedDict):
    evidence: dict[str, Evidence]
    top: list[str]
    found: list[Document]


def ranked(documents: list[Document]) -> _Ranked:
    """The state of documents that were chosen, in their order."""
    passages = [passage(document) for document in documents]
    return {
        "evidence": {one["id"]: one for one in passages},
        "top": [one["id"] for one in passages],
        "found": [],
    }


def passage(document: Document) -> Evidence:
    """A store's document as plain state."""
    held = document.metadata
    path = str(held.get("document", ""))
    title, section = str(held.get("title") or path), str(held.get("section") or "")
    where = [section] if section.startswith(title) else [title, section]
    return Evidence(
        id=str(document.id),
        document=path,
        title=" · ".join(dict.fromkeys(part for part in where if part)),
        page=held.get("page") or None,
        start=int(held.get("start", 0)),
        end=int(held.get("end", len(document.page_content))),
        text=document.page_content,
        retrieval_score=float(held.get("retrieval_score", 0.0)),
        rerank_score=held.get("rerank_score"),
        relevance=held.get("relevance_prior"),
        used_by=[],
    )
