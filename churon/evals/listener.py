"""What a run's events tell: seconds by kind of step, the first search's ranking, calls made."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.messages import BaseMessage
from langchain_core.outputs import LLMResult

from churon.evals.types import Span
from churon.tools.korean import spelt
from churon.tools.types import Usage

KINDS = {
    "milvus": "search",
    "reranker": "rerank",
    **dict.fromkeys(("candidate", "answer", "continue", "direct", "closed_book"), "generate"),
    **dict.fromkeys(("synthesise", "conclude", "restate"), "generate"),
    **dict.fromkeys(("plan", "repair", "replan", "decompose"), "plan"),
    **dict.fromkeys(("condense", "refine", "query", "hop"), "rewrite"),
    **dict.fromkeys(("read", "combine", "recall"), "read"),
    **dict.fromkeys(("support", "utility", "same"), "critique"),
    **dict.fromkeys(("retrieve", "decide", "sufficient"), "decide"),
    **dict.fromkeys(("agent", "agent_json", "agent_last"), "agent"),
}
"""Retriever, or file of the prompt -> kind of step; others by their own name, such as "grade"."""


class Listener(BaseCallbackHandler):
    """Hears one run, beside whatever traces it; what branches do at once is summed."""

    run_inline = True  # a run must not wait until an executor has a thread free

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.stages: dict[str, float] = {}
        self._clock = clock
        self._under_way: dict[UUID, tuple[str, float]] = {}
        self._calls = self._tokens = self._searches = 0
        self._order: list[UUID] = []
        """Searches and rerankings as they began."""
        self._lists: dict[UUID, tuple[str, list[str]]] = {}
        self._spans: dict[str, Span] = {}
        """Where each passage found stands, by its id."""

    def usage(self, seconds: float) -> Usage:
        """What was spent, also by a run that failed; cache hits are not heard."""
        return Usage(
            calls=self._calls,
            tokens=self._tokens,
            searches=self._searches,
            seconds=round(seconds, 3),
            cache_hits=0,
        )

    def ranked(self) -> list[str]:
        """Ids of the first search: as reranked, then its other candidates in their own order."""
        done = [self._lists[key] for key in self._order if key in self._lists]
        found = next((ids for kind, ids in done if kind == "search"), [])
        best = next((ids for kind, ids in done if kind == "rerank"), [])
        return list(dict.fromkeys([*(best if set(best) <= set(found) else []), *found]))

    def ranked_spans(self) -> list[Span]:
        """Where each of `ranked` stands."""
        return [self._spans[id_] for id_ in self.ranked()]

    def on_chat_model_start(
        self,
        serialized: dict[str, Any] | None,
        messages: list[list[BaseMessage]],
        *,
        run_id: UUID,
        **kwargs: Any,
    ) -> None:
        self._calls += 1
        asked = messages[0] if messages else []
        prompts = (one.additional_kwargs.get("prompt") for one in reversed(asked))
        step = str(next(filter(None, prompts), "model")).partition(".")[0]
        self._begin(run_id, KINDS.get(step, step))

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        self._end(run_id)
        for generation in (one for row in response.generations for one in row):
            usage = getattr(getattr(generation, "message", None), "usage_metadata", None) or {}
            self._tokens += usage.get("total_tokens", 0)

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        self._end(run_id)

    def on_retriever_start(
        self, serialized: dict[str, Any] | None, query: str, *, run_id: UUID, **kwargs: Any
    ) -> None:
        kind = KINDS.get(str(kwargs.get("name")), "search")
        self._searches += kind == "search"
        self._order.append(run_id)
        self._begin(run_id, kind)

    def on_retriever_end(
        self, documents: Sequence[Document], *, run_id: UUID, **kwargs: Any
    ) -> None:
        found = {str(one.id): _span(one.metadata) for one in documents}
        self._spans |= found
        self._lists[run_id] = self._end(run_id), list(found)

    def on_retriever_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        self._end(run_id)

    def _begin(self, run_id: UUID, kind: str) -> None:
        self._under_way[run_id] = kind, self._clock()

    def _end(self, run_id: UUID) -> str:
        kind, began = self._under_way.pop(run_id, ("", 0.0))
        if kind:
            self.stages[kind] = round(self.stages.get(kind, 0.0) + self._clock() - began, 4)
        return kind


def _span(metadata: Mapping[str, Any]) -> Span:
    return Span(
        document=spelt(str(metadata.get("document", ""))),
        start=int(metadata.get("start", 0)),
        end=int(metadata.get("end", 0)),
    )
