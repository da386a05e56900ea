"""`/v1/models` and `/v1/chat/completions`."""

from __future__ import annotations

import time
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from langchain_core.runnables import RunnableConfig
from sse_starlette import EventSourceResponse

from churon.graphs.registry import CHAT, GRAPHS
from churon.nodes.begin import language_of
from churon.serving.context import asked, run_context
from churon.serving.house import House
from churon.serving.openai.answer import Counted, completion
from churon.serving.openai.chunks import Chunks
from churon.serving.openai.request import ChatRequest, conversation
from churon.serving.problem import Problem
from churon.serving.run import answer, moments
from churon.serving.visit import SCOPE, Visit
from churon.tools.types import Language

MODELS = (*GRAPHS, CHAT)
"""`chat` is the graph that `context.chat_graph` names: the operator's choice, or the request's."""


def openai(house: House) -> APIRouter:
    """The door over these graphs."""
    router = APIRouter(prefix="/v1", tags=["openai"])
    made = int(time.time())

    @router.get("/models")
    async def models() -> dict[str, Any]:
        """Every graph."""
        return {"object": "list", "data": [_model(name, made) for name in MODELS]}

    @router.get("/models/{name}", responses={404: {"description": "There is no such model."}})
    async def model(name: str) -> dict[str, Any]:
        """One graph."""
        return _model(_known(name), made)

    @router.post("/chat/completions", response_class=JSONResponse)
    async def chat(request: Request, wanted: ChatRequest) -> Response:
        """Answer the last message from the documents; an abstention is an answer."""
        return await Completion(house, request.scope[SCOPE], wanted).response()

    return router


class Completion:
    """One question on its way through a graph. Raises Problem for what cannot be asked."""

    def __init__(self, house: House, visit: Visit, wanted: ChatRequest) -> None:
        wanted.refuse_unsupported()
        self.house, self.visit, self.wanted = house, visit, wanted
        visit.user = wanted.user or visit.user
        visit.session = str((wanted.metadata or {}).get("session_id") or visit.session)
        self.model = _known(wanted.model)
        question, history = conversation(wanted.messages)
        extra = wanted.churon
        self.question = asked(question, history, extra.language, extra.filter)
        self.context = run_context(wanted.knobs(), visit.caller, house.settings)
        self.graph = self.context["chat_graph"] if self.model == CHAT else self.model
        self.counted = Counted()

    async def response(self) -> Response:
        """The answer at once, or as it comes."""
        if self.wanted.stream:
            return EventSourceResponse(self._events(), sep="\n")
        run = (self.house, self.visit, self.graph, self.question, self.context)
        output = await answer(*run, callbacks=[self.counted])
        return JSONResponse(completion(self.visit.id, self.model, output, self.counted))

    async def _events(self) -> Any:
        options = self.wanted.stream_options
        usage = bool(options and options.include_usage)
        chunks = Chunks(self.visit.id, self.model, self._language(), self.counted, usage)
        run = (self.house, self.visit, self.graph, self.question, self.context)
        config = RunnableConfig(callbacks=[self.counted])
        async with aclosing(moments(*run, config)) as going:
            async for data in chunks.of(going):
                yield {"data": data}

    def _language(self) -> Language:
        return language_of(self.question)


def _model(name: str, made: int) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": made, "owned_by": "churon"}


def _known(name: str) -> str:
    if name not in MODELS:
        listed = ", ".join(MODELS)
        raise Problem(
            404, "model_not_found", f"There is no model {name!r}; use {listed}.", param="model"
        )
    return name
