"""Asking from Python: the whole output, or events as they happen."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from typing import Any, Literal, cast

from langchain_core.documents import Document
from langgraph.types import Command, Overwrite
from typing_extensions import TypedDict

from churon.graphs.contract import RagInput, RagOutput
from churon.graphs.machine import RagGraph
from churon.graphs.registry import GRAPHS, build_graph
from churon.tools.errors import InputError
from churon.tools.toolkit import Toolkit

OUTPUT_KEYS = list(RagOutput.__annotations__)


class Event(TypedDict, total=False):
    """Something that happened in a run."""

    kind: Literal["step", "token", "pause", "output"]
    node: str
    """step: the node that finished, such as "grade"; token: the node that writes. What "partial"
    writes is a draft; an answer that was chosen among candidates comes whole, from "finish"."""
    update: dict[str, Any]
    """step: what it wrote, as plain data."""
    text: str
    """token: the next piece of the text."""
    asked: dict[str, Any]
    """pause: the question and the plan that wait for approval; resume with a `Command`."""
    output: RagOutput
    """output: the end."""


def recorded(update: Mapping[str, Any], kind: str) -> Iterator[Mapping[str, Any]]:
    """The records of one kind that a step's update holds; the first node's are an Overwrite."""
    found = update.get("steps")
    return (
        (one for one in found if one.get("step") == kind) if isinstance(found, list) else iter(())
    )


async def ask(
    question: str | RagInput,
    graph: str = "self_rag",
    *,
    toolkit: Toolkit | None = None,
    context: Mapping[str, Any] | None = None,
    config: Any = None,
) -> RagOutput:
    """The answer with its evidence; a `toolkit` made here is closed again.

    `config` is LangChain's; traces take session and user from its metadata, by Langfuse's names
    "langfuse_session_id" and "langfuse_user_id".
    Raises ChuronError. Abstaining is an answer, not an error.
    """
    hands = toolkit or Toolkit()
    try:
        machine = build_graph(answering(graph), hands)
        given: Any = context  # the runtime resolves a mapping; its type knows RagContext only
        output: Any = await machine.ainvoke(as_input(question), config, context=given)
        if "__interrupt__" in output:
            raise _paused()
        return cast(RagOutput, output)
    finally:
        if toolkit is None:
            await hands.aclose()


async def stream(
    question: str | RagInput | Command[Any],
    graph: str | RagGraph = "self_rag",
    *,
    toolkit: Toolkit | None = None,
    context: Mapping[str, Any] | None = None,
    config: Any = None,
) -> AsyncIterator[Event]:
    """Steps as nodes finish, tokens as they are written, then the output or a pause.

    A paused run (`approve_plan`) needs a graph with a checkpointer; it goes on with
    `Command(resume=...)` in place of the question. Raises ChuronError.
    """
    hands = toolkit or Toolkit()
    try:
        answering(graph if isinstance(graph, str) else graph.name)
        machine = build_graph(graph, hands) if isinstance(graph, str) else graph
        output: Any = None
        final = False
        paused: Any = ()
        events = _told(machine, question, config, context)
        async with aclosing(events):
            async for inner, mode, event in events:
                if mode == "values":
                    output = output if inner else _output(event)
                elif mode == "custom":
                    final = final or event["node"] != "partial"
                    yield Event(kind="token", node=event["node"], text=event["token"])
                elif "__interrupt__" in event:
                    if inner:
                        continue  # comes again from the graph around it
                    if not getattr(machine, "checkpointer", None):
                        raise _paused()
                    # said at the end: a run that is left early may not have saved where it paused
                    paused = event["__interrupt__"]
                else:
                    for node, update in event.items():
                        yield Event(kind="step", node=node, update=_plain(update or {}))
        if paused:
            yield Event(kind="pause", asked=paused[0].value)
            return
        if not final:
            yield Event(kind="token", node="finish", text=output["answer"])
        yield Event(kind="output", output=output)
    finally:
        if toolkit is None and isinstance(graph, str):
            await hands.aclose()


async def _told(
    machine: RagGraph, question: Any, config: Any, context: Any
) -> AsyncGenerator[tuple[bool, str, Any], None]:
    """Whether it comes from a graph inside, mode and event of each thing that LangGraph tells."""
    modes = ["updates", "custom", "values"]
    asked = None if question is None else as_input(question)  # None: LangGraph's "go on"
    events: Any = machine.astream(asked, config, context=context, stream_mode=modes, subgraphs=True)
    root: int | None = None
    async with aclosing(events):  # who leaves a stream early ends its run
        async for place, mode, event in events:
            # inside a host's node or tool places are the host's: the root's values come first
            root = len(place) if root is None else root
            yield len(place) > root, mode, event


def _output(state: dict[str, Any]) -> dict[str, Any]:
    return {key: state[key] for key in OUTPUT_KEYS if key in state}


def _plain(value: Any) -> Any:
    """As JSON can hold it: the value that a channel is reset to, and documents as mappings."""
    if isinstance(value, Overwrite):
        return _plain(value.value)
    if isinstance(value, Document):
        return {"id": value.id, "text": value.page_content, "metadata": _plain(value.metadata)}
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def answering(graph: str) -> str:
    """`graph`, if it takes a question and answers it; "chat" takes messages. Raises InputError."""
    if graph not in GRAPHS:
        known = ", ".join(GRAPHS)
        raise InputError(f"There is no graph {graph!r} to ask.", remedy=f"Use one of {known}.")
    return graph


def as_input(question: str | RagInput | Command[Any]) -> Any:
    """A bare question as the graphs' input. Raises InputError for what is no input at all."""
    if isinstance(question, str):
        return RagInput(question=question)
    if not isinstance(question, (Mapping, Command)):
        raise InputError(
            f"{question!r} is no question.", remedy='Give a text, or {"question": text, ...}.'
        )
    return question or {"question": None}  # LangGraph has words of its own for {}


def _paused() -> InputError:
    return InputError(
        "The run waits for its plan to be approved, and nothing can resume it.",
        remedy="Build the graph with a checkpointer and go on with Command(resume=True), "
        "or set context.approve_plan to false.",
    )
