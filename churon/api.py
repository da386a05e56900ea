"""Asking from Python: the whole output, or events as they happen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Literal, cast

from typing_extensions import TypedDict

from churon.graphs.contract import RagInput, RagOutput
from churon.graphs.machine import RagGraph
from churon.graphs.registry import build_graph
from churon.tools.toolkit import Toolkit

OUTPUT_KEYS = list(RagOutput.__annotations__)


class Event(TypedDict, total=False):
    """Something that happened in a run."""

    kind: Literal["step", "token", "output"]
    node: str
    """step: the node that finished, such as "grade"; token: the node that writes. What "partial"
    writes is a draft; an answer that was chosen among candidates comes whole, from "finish"."""
    update: dict[str, Any]
    """step: what it wrote."""
    text: str
    """token: the next piece of the text."""
    output: RagOutput
    """output: the end."""


async def ask(
    question: str | RagInput,
    graph: str = "self_rag",
    *,
    toolkit: Toolkit | None = None,
    context: Mapping[str, Any] | None = None,
) -> RagOutput:
    """The answer with its evidence; a `toolkit` made here is closed again.

    Raises ChuronError. Abstaining is an answer, not an error.
    """
    hands = toolkit or Toolkit()
    try:
        machine = build_graph(graph, hands)
        given: Any = context  # the runtime resolves a mapping; its type knows RagContext only
        output: Any = await machine.ainvoke(as_input(question), context=given)
        return cast(RagOutput, output)
    finally:
        if toolkit is None:
            await hands.aclose()


async def stream(
    question: str | RagInput,
    graph: str | RagGraph = "self_rag",
    *,
    toolkit: Toolkit | None = None,
    context: Mapping[str, Any] | None = None,
    config: Any = None,
) -> AsyncIterator[Event]:
    """Steps as nodes finish, tokens as they are written, then the output. Raises ChuronError."""
    hands = toolkit or Toolkit()
    try:
        machine = build_graph(graph, hands) if isinstance(graph, str) else graph
        output: Any = None
        final = False
        async for place, mode, event in machine.astream(
            as_input(question),
            config,
            context=context,
            stream_mode=["updates", "custom", "values"],
            subgraphs=True,
        ):
            if mode == "values":
                output = output if place else _output(event)
            elif mode == "custom":
                final = final or event["node"] != "partial"
                yield Event(kind="token", node=event["node"], text=event["token"])
            else:
                for node, update in event.items():
                    yield Event(kind="step", node=node, update=update or {})
        if not final:
            yield Event(kind="token", node="finish", text=output["answer"])
        yield Event(kind="output", output=output)
    finally:
        if toolkit is None and isinstance(graph, str):
            await hands.aclose()


def _output(state: dict[str, Any]) -> dict[str, Any]:
    return {key: state[key] for key in OUTPUT_KEYS if key in state}


def as_input(question: str | RagInput) -> RagInput:
    """A bare question as the graphs' input."""
    return RagInput(question=question) if isinstance(question, str) else question
