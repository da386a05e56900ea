"""The callback of one run: a span for each graph, node, model call and retrieval."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.messages import BaseMessage
from langchain_core.outputs import LLMResult
from opentelemetry.trace import Tracer

from churon.tools.tracing import attributes as names
from churon.tools.tracing.labels import Labels
from churon.tools.tracing.scores import is_outcome
from churon.tools.tracing.spans import Spans
from churon.tools.tracing.view import View

_HIDDEN = "langsmith:hidden"
"""LangGraph's tag for what is no step of the user's."""
_INSIDE = "seq:step:"
"""How LangChain tags what runs inside a node: a subgraph or a router, with the node's own input."""


class SpanHandler(BaseCallbackHandler):
    """Turns LangChain's events into spans; `close` ends those that nothing else ended."""

    run_inline = True  # a run must not wait until an executor has a thread free

    def __init__(self, tracer: Tracer, view: View, labels: Labels, sinks: frozenset[str]) -> None:
        self.sinks = sinks
        """Where the spans go: "langfuse", "otlp"."""
        self._view, self._labels = view, labels
        self._spans = Spans(tracer, labels)
        self._writing: set[UUID] = set()
        """Model calls whose first token has come."""

    def close(self) -> None:
        """The run is over, whatever its spans say."""
        self._spans.close()

    def on_chain_start(
        self,
        serialized: dict[str, Any] | None,
        inputs: Any,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        shown: dict[str, Any] = {}
        if self._spans.is_first():
            shown = {names.INPUT: self._view.whole(inputs), **self._labels.of_run()}
        elif _HIDDEN in (tags or ()):
            self._spans.hide(run_id, parent_run_id)
            return
        elif not any(tag.startswith(_INSIDE) for tag in tags or ()):
            shown = {names.INPUT: self._view.given(inputs)}
        if step := (metadata or {}).get("langgraph_step"):
            shown[names.STEP] = step
        self._spans.begin(run_id, parent_run_id, kwargs.get("name") or "chain", "chain", shown)

    def on_chain_end(self, outputs: Any, *, run_id: UUID, **kwargs: Any) -> None:
        if is_outcome(outputs):
            self._spans.learn(outputs)
        elif isinstance(outputs, Mapping) and isinstance(outputs.get("candidates"), Mapping):
            self._spans.learn_candidates(outputs["candidates"])
        show = self._view.whole if self._spans.is_root(run_id) else self._view.state
        self._spans.end(run_id, {names.OUTPUT: show(outputs)})

    def on_chain_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        self._spans.fail(run_id, error, self._view.said(error))

    def on_chat_model_start(
        self,
        serialized: dict[str, Any] | None,
        messages: list[list[BaseMessage]],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        asked = messages[0] if messages else []
        shown = names.of_call(metadata or {}, kwargs.get("invocation_params") or {})
        shown[names.INPUT] = self._view.prompt(asked)
        if prompt := asked and asked[-1].additional_kwargs.get("prompt"):
            shown[names.PROMPT] = str(prompt)
        kind = (serialized or {}).get("id") or ["model"]
        name = kwargs.get("name") or kind[-1]
        self._spans.begin(run_id, parent_run_id, name, "generation", shown)

    def on_llm_new_token(self, token: Any, *, run_id: UUID, **kwargs: Any) -> None:
        if run_id not in self._writing:
            self._writing.add(run_id)
            now = json.dumps(datetime.now(UTC).isoformat())
            self._spans.note(run_id, names.FIRST_TOKEN, now)

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        self._writing.discard(run_id)
        message = names.message_of(response)
        text = {names.OUTPUT: self._view.written(message)} if message else {}
        self._spans.end(run_id, {**text, **names.of_usage(message)})

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        self._writing.discard(run_id)
        self._spans.fail(run_id, error, self._view.said(error))

    def on_retriever_start(
        self,
        serialized: dict[str, Any] | None,
        query: str,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **kwargs: Any,
    ) -> None:
        shown = {names.INPUT: self._view.whole(query, "question")}
        name = kwargs.get("name") or "retriever"
        self._spans.begin(run_id, parent_run_id, name, "retriever", shown)

    def on_retriever_end(
        self, documents: Sequence[Document], *, run_id: UUID, **kwargs: Any
    ) -> None:
        found = self._view.whole(list(documents), "passages")
        self._spans.end(run_id, {names.OUTPUT: found})

    def on_retriever_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        self._spans.fail(run_id, error, self._view.said(error))
