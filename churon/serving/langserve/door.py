"""`/langserve/<graph>/…`: invoke, batch, stream, stream_log, stream_events, playground, schemas."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import langserve
from fastapi import Depends, FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field

from churon.graphs.registry import GRAPHS
from churon.serving.context import asked, run_context
from churon.serving.house import House
from churon.serving.langserve.knobs import given
from churon.serving.langserve.serializer import EventSerializer
from churon.serving.langserve.served import TICKET, Served, Ticket
from churon.serving.problem import Problem, invalid
from churon.serving.visit import SCOPE

_DIST = Path(langserve.__file__).parent / "playground" / "dist"
_PAGES = {"", *(str(p.relative_to(_DIST)) for p in _DIST.rglob("*") if p.is_file())}
"""What the playground is made of; LangServe fails on what is no file."""


class Question(BaseModel):
    """The graphs' input, as far as doors look at it."""

    model_config = ConfigDict(extra="forbid")

    question: str
    history: list[dict[str, Any]] | None = None
    language: str | None = None
    filter: dict[str, Any] | None = None


class One(BaseModel):
    """The body of every endpoint but batch."""

    input: Question
    config: dict[str, Any] | None = None


class Many(BaseModel):
    """The body of batch."""

    inputs: Annotated[list[Question], Field(min_length=1)]
    config: dict[str, Any] | list[dict[str, Any]] | None = None


def add_langserve(app: FastAPI, house: House) -> None:
    """Mount every graph."""

    async def checked(request: Request) -> None:
        path = request.url.path
        if request.method == "POST":
            _check(await request.body(), path, house.settings.serve.batch)
        elif "/playground/" in path and path.partition("/playground/")[2] not in _PAGES:
            raise Problem(404, "not_found", "There is no such page.")

    async def ticketed(config: dict[str, Any], request: Request) -> dict[str, Any]:
        visit = request.scope[SCOPE]
        context = run_context(given(config.get("configurable")), visit.caller, house.settings)
        return {"configurable": {TICKET: Ticket(visit, context)}}

    for name in GRAPHS:
        langserve.add_routes(
            app,
            Served(house, name),
            path=f"/langserve/{name}",
            per_req_config_modifier=ticketed,
            dependencies=[Depends(checked)],
            # share links are a second way to set a config; feedback goes to LangSmith
            disabled_endpoints=["config_hashes", "token_feedback"],  # type: ignore[list-item]
            serializer=EventSerializer(),
        )


def _check(body: bytes, path: str, most: int) -> None:
    """LangServe looks at inputs less closely, and answers some with status 500.

    Raises Problem, ValidationError.
    """
    if path.endswith("/batch"):
        questions = Many.model_validate_json(body).inputs
    else:
        questions = [One.model_validate_json(body).input]
    if len(questions) > most:
        raise invalid(f"{len(questions)} questions are more than the {most} of one batch.")
    for one in questions:
        asked(one.question, one.history, one.language, one.filter)
