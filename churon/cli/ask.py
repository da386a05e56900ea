"""`churon ask`: live steps and tokens, then the answer and its sources; or all as JSON."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from rich.console import Console

from churon.api import Event, answering, stream
from churon.cli.approve import approved
from churon.cli.common import print_json, readable
from churon.cli.draft import Draft
from churon.cli.filters import filter_of
from churon.cli.show import show_answer, step_lines, step_row
from churon.cli.tenant import check_tenant, check_there
from churon.cli.tree import show_reasoning
from churon.graphs.contract import RagInput, RagOutput
from churon.graphs.machine import RagGraph
from churon.graphs.registry import build_graph
from churon.nodes.begin import language_of
from churon.tools.context import resolve_context
from churon.tools.errors import InputError
from churon.tools.settings import Settings
from churon.tools.toolkit import Toolkit
from churon.tools.types import Language


async def run(
    settings: Settings,
    question: str,
    graph: str,
    as_json: bool,
    language: str,
    tenant: str | None,
    filters: list[str],
    show_tree: bool = False,
) -> int:
    """Exit status 0 for an answer and for an abstention."""
    asked, graph = as_question(question, language, filters), answering(graph)
    context = {"tenant": tenant} if tenant else None
    async with Toolkit(settings) as toolkit:
        if resolve_context(context, settings.context).always_retrieve:
            check_there(toolkit)
        await check_tenant(toolkit, context)
        if as_json:
            async for event in stream(asked, graph, toolkit=toolkit, context=context):
                if event["kind"] == "output":
                    print_json(event["output"])
        else:
            console = Console(highlight=False)
            output = await show_run(console, asked, graph, toolkit, context)
            if show_tree:
                show_reasoning(console, output)
    return 0


def as_question(question: str, language: str, filters: list[str]) -> RagInput:
    """The graphs' input from flags. Raises InputError."""
    if language not in ("auto", "en", "ko"):
        raise InputError(f"The language {language!r} is unknown.", remedy="Use auto, en or ko.")
    asked = RagInput(question=readable(question), language=language)  # type: ignore[typeddict-item]
    if wanted := filter_of(filters):
        asked["filter"] = wanted
    return asked


async def show_run(
    console: Console,
    asked: RagInput,
    graph: str | RagGraph,
    toolkit: Toolkit,
    context: dict[str, Any] | None,
    config: Any = None,
) -> RagOutput:
    """Print a run as it happens; its output. A plan that waits for approval is shown and asked
    about. Raises InputError where there is nobody to ask.
    """
    language = language_of(asked)
    going: Any = asked
    if isinstance(graph, str) and resolve_context(context, toolkit.settings.context).approve_plan:
        graph = build_graph(graph, toolkit, checkpointer=InMemorySaver())
        config = {"configurable": {"thread_id": "ask"}}
    while True:
        events = stream(going, graph, toolkit=toolkit, context=context, config=config)
        last = await _show_events(console, events, language)
        if last["kind"] == "output":
            show_answer(console, last["output"])
            return last["output"]
        going = Command(resume=approved(console, last["asked"], language))


async def _show_events(console: Console, events: AsyncIterator[Event], language: Language) -> Event:
    """Print them; the last one, which is the output or a pause."""
    draft = Draft(console)
    try:
        async for event in events:
            if event["kind"] == "token" and event["node"] != "finish":
                draft.add(event["text"])
            elif event["kind"] == "step":
                if event["node"] in _WRITERS:
                    draft.end()
                for label, what in step_lines(event["node"], event["update"], language):
                    console.print(step_row(label, what))
    finally:
        draft.end()
    return event


_WRITERS = {"generate", "partial", "synthesise", "direct"}
"""Nodes whose tokens are streamed."""
