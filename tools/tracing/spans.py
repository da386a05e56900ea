"""The open spans of one run, found by LangChain's run ids.

Those hold across threads, `Send` and subgraphs. Spans are never attached to OpenTelemetry's current
context: what a host records meanwhile stays under its own spans.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from langgraph.errors import GraphBubbleUp
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, StatusCode, Tracer

from churon.tools.tracing import attributes as names
from churon.tools.tracing.labels import Labels
from churon.tools.tracing.scores import scores


class Spans:
    """Begun, ended, failed by id; the first one is the run's own."""

    def __init__(self, tracer: Tracer, labels: Labels) -> None:
        self._tracer, self._labels = tracer, labels
        self._open: dict[UUID, Span] = {}
        self._hidden: dict[UUID, UUID | None] = {}
        """Steps without a span -> their parents."""
        self._root: UUID | None = None
        self._candidates: dict[str, Any] = {}
        self._outcome: Mapping[str, Any] | None = None

    def is_first(self) -> bool:
        """No span was begun yet."""
        return self._root is None

    def is_root(self, run_id: UUID) -> bool:
        """The run itself."""
        return run_id == self._root

    def hide(self, run_id: UUID, parent_id: UUID | None) -> None:
        """A step that has no span: what is below it belongs to its parent."""
        self._hidden[run_id] = parent_id

    def learn(self, outcome: Mapping[str, Any]) -> None:
        """The output of the run or of a graph in it; the last one is scored."""
        self._outcome = outcome

    def learn_candidates(self, judged: Mapping[str, Any]) -> None:
        """Candidates with what critics said of them."""
        self._candidates.update(judged)

    def begin(
        self, run_id: UUID, parent_id: UUID | None, name: str, kind: str, shown: Mapping[str, Any]
    ) -> None:
        """`kind` is one of Langfuse's types."""
        while parent_id in self._hidden:
            parent_id = self._hidden[parent_id]
        parent = self._open.get(parent_id) if parent_id else None
        if parent is None and self._root:
            parent = self._open.get(self._root)
            if parent is None:  # the run is over: what ends late has no place any more
                return
        self._root = self._root or run_id
        context = trace.set_span_in_context(parent, Context()) if parent else _around()
        held = {**shown, names.TYPE: kind, **self._labels.of_span()}
        self._open[run_id] = self._tracer.start_span(name, context, attributes=held)

    def note(self, run_id: UUID, name: str, value: str) -> None:
        """One more attribute of an open span."""
        if span := self._open.get(run_id):
            span.set_attribute(name, value)

    def end(self, run_id: UUID, shown: Mapping[str, Any]) -> None:
        """With these attributes; the run's own gets its scores."""
        self._hidden.pop(run_id, None)
        span = self._open.pop(run_id, None)
        if span is None:
            return
        span.set_attributes({**shown})
        if self.is_root(run_id) and self._outcome:
            span.set_attributes(self._labels.of_outcome(self._outcome))
            for name, value in scores(self._outcome, self._candidates).items():
                span.set_attribute(names.SCORE + name, value)
        span.end()

    def fail(self, run_id: UUID, error: BaseException, said: str) -> None:
        """A pause or a hand-over is no failure."""
        if isinstance(error, GraphBubbleUp):
            self.end(run_id, {names.STATUS_MESSAGE: type(error).__name__})
            return
        if span := self._open.get(run_id):
            span.set_status(StatusCode.ERROR, said)
        self.end(run_id, {names.LEVEL: "ERROR", names.STATUS_MESSAGE: said})

    def close(self) -> None:
        """End what is still open: a caller may leave a stream without waiting for its end."""
        for run_id in reversed(list(self._open)):
            self.end(run_id, {names.STATUS_MESSAGE: "left before its end"})


def _around() -> Context:
    """A host's span, where one is being recorded; a run in it joins its trace."""
    around = trace.get_current_span()
    return trace.set_span_in_context(around, Context()) if around.is_recording() else Context()
