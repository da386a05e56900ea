"""The app: every door, behind the gate."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from churon.serving.ask.door import ask
from churon.serving.gate import Gate
from churon.serving.health import health
from churon.serving.house import House
from churon.serving.langserve.door import add_langserve
from churon.serving.mcp.door import add_mcp
from churon.serving.openai.door import openai
from churon.serving.page.door import page
from churon.serving.refusal import refusal
from churon.tools.settings import Settings
from churon.tools.toolkit import Toolkit


def create_app(toolkit: Toolkit | None = None, settings: Settings | None = None) -> FastAPI:
    """An ASGI app over `toolkit`, by default one made from the settings and closed by the app.

    `app.state.house` is what the doors share. Raises SettingsError.
    """
    house = House.of(toolkit, settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        house.draining = False  # an app may be started again
        house.readiness.open()
        try:
            async with mcp.open():
                yield
        finally:
            await house.aclose()

    # No /docs: that page would load its scripts from a host on the internet
    app = FastAPI(
        title="churon",
        version=version("churon"),
        summary="Reasoning RAG over your own documents.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.house = house
    app.add_middleware(Gate, house=house)
    for kind in (RequestValidationError, ValidationError, HTTPException):
        app.add_exception_handler(kind, _refused)
    app.include_router(health(house))
    app.include_router(openai(house))
    app.include_router(ask(house))
    app.include_router(page())
    add_langserve(app, house)
    mcp = add_mcp(app, house)
    return app


async def _refused(request: Request, error: Exception) -> Response:
    raise refusal(error)  # the gate answers, in the same way for all failures
