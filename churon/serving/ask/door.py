"""`POST /ask`: one question, answered as server-sent events."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from sse_starlette import EventSourceResponse

from churon.serving.ask.events import Begun, Described, Event
from churon.serving.ask.teller import Teller
from churon.serving.context import asked, run_context
from churon.serving.house import House
from churon.serving.run import moments
from churon.serving.visit import SCOPE
from churon.tools.types import Machine, Turn

MOST_TURNS = 200


class Question(BaseModel):
    """What is asked, and how."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    question: str
    graph: Machine = "auto"
    history: Annotated[list[Turn], Field(max_length=MOST_TURNS)] = Field(default_factory=list)
    """Earlier turns, oldest first; a follow-up question is understood through them."""
    language: Literal["auto", "en", "ko"] = "auto"
    """Of the answer; auto takes the question's."""
    filter: dict[str, Any] | None = None
    """Metadata that passages must have, such as `document` or `detected_language`."""
    context: dict[str, Any] = Field(default_factory=dict)
    """Knobs of `RagContext`."""


class Sent(JSONResponse):
    """How the OpenAPI document describes the stream: by the data of one event."""

    media_type = "text/event-stream"


def ask(house: House) -> APIRouter:
    """The door over these graphs."""
    router = APIRouter(tags=["ask"])

    @router.post("/ask", response_class=Sent, responses={200: {"model": Described}})
    async def ask_stream(request: Request, wanted: Question) -> Response:
        """Plan, search tree, passages, support and answer of one run, as they come.

        Each server-sent event is named by its `event`; `output` or `error` is the last one.
        """
        visit = request.scope[SCOPE]
        question = asked(wanted.question, wanted.history, wanted.language, wanted.filter)
        context = run_context(wanted.context, visit.caller, house.settings)

        async def events() -> AsyncIterator[dict[str, str]]:
            yield _sent(Begun(event="begin", request=visit.id, graph=wanted.graph))
            teller = Teller(wanted.question.strip())
            run = moments(house, visit, wanted.graph, question, context)
            async with aclosing(run) as going:
                async for moment in going:
                    for event in teller.of(moment):
                        yield _sent(event)

        return EventSourceResponse(events(), sep="\n")

    return router


def _sent(event: Event) -> dict[str, str]:
    return {"event": event["event"], "data": json.dumps(event, ensure_ascii=False)}
