"""Clients of one Ollama server, and what its failures mean to a user."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import httpx
from ollama import AsyncClient, Client, ResponseError
from pydantic import ValidationError

from churon.tools.addresses import shown, with_scheme
from churon.tools.errors import (
    ContextTruncated,
    ModelDenied,
    ModelError,
    ModelMissing,
    ModelUnreachable,
)
from churon.tools.models.base import BUSY

DEFAULT_URL = "http://127.0.0.1:11434"
_CONNECT_SECONDS = _LIST_SECONDS = 10.0


def server_url(base_url: str | None) -> str:
    """The server that is meant: the setting, else $OLLAMA_HOST, else the local default."""
    return with_scheme(base_url or os.environ.get("OLLAMA_HOST", "").strip() or DEFAULT_URL)


def client_options(timeout: float, api_key: str | None = None) -> dict[str, Any]:
    """Keywords for the httpx client. `timeout` is seconds of silence that are tolerated."""
    options: dict[str, Any] = {
        "timeout": httpx.Timeout(timeout, connect=min(timeout, _CONNECT_SECONDS)),
        # No idle connections: a loop that closes would leave them open, and a local server
        # accepts a new one in less than a millisecond
        "limits": httpx.Limits(max_keepalive_connections=0),
        "verify": _tls(),
    }
    if api_key:
        options["headers"] = {"Authorization": f"Bearer {api_key}"}
    return options


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()  # 30 ms, so once for all clients


def _refusing_cuts(kwargs: dict[str, Any]) -> dict[str, Any]:
    # Newer servers then answer with an error where they would drop messages or shift the context;
    # the library has no such parameters, and older servers ignore them
    body = kwargs.get("json")
    if isinstance(body, dict) and "messages" in body:
        kwargs["json"] = {**body, "truncate": False, "shift": False}
    return kwargs


class StrictClient(Client):
    """A client whose chat requests forbid the server to cut the prompt."""

    def _request(self, cls: Any, *args: Any, stream: bool = False, **kwargs: Any) -> Any:
        return super()._request(cls, *args, stream=stream, **_refusing_cuts(kwargs))


class StrictAsyncClient(AsyncClient):
    """The same for event loops."""

    async def _request(self, cls: Any, *args: Any, stream: bool = False, **kwargs: Any) -> Any:
        return await super()._request(cls, *args, stream=stream, **_refusing_cuts(kwargs))


async def digest_of(model: str, base_url: str | None, api_key: str | None) -> str | None:
    """Of the model's weights; None where the server has no such model. Raises ModelError."""
    options = client_options(_LIST_SECONDS, api_key)
    with ollama_errors(model, base_url):
        async with AsyncClient(host=server_url(base_url), **options) as client:
            listed = await client.list()
    by_name = {one.model: one.digest for one in listed.models}
    return by_name.get(model) or by_name.get(f"{model}:latest")


@contextmanager
def ollama_errors(model: str, base_url: str | None) -> Iterator[None]:
    """Turns the client's failures into ModelErrors that name server, model and next action."""
    url = shown(server_url(base_url))
    try:
        yield
    except ResponseError as error:
        raise _meaning(error, model, url) from error
    except httpx.TimeoutException as error:
        raise ModelUnreachable(
            f"The Ollama server at {url} did not answer for {model!r} in time.",
            remedy="Raise the timeout setting, or choose a smaller model.",
        ) from error
    except (httpx.TransportError, ConnectionError) as error:
        raise ModelUnreachable(
            f"The Ollama server at {url} does not answer ({type(error).__name__}).",
            remedy="Start it with `ollama serve`, or set base_url.",
        ) from error
    except (ValueError, TypeError, KeyError, AttributeError, httpx.InvalidURL) as error:
        # for answers that are not of Ollama's shape; pydantic's and json's errors are ValueErrors
        raise ModelError(
            f"The answer of {url} for {model!r} cannot be read ({_told(error)}).",
            remedy="Check that base_url is an Ollama server.",
        ) from error


def _told(error: Exception) -> str:
    # without pydantic's input, which may hold the key that was to be sent
    text = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
    return f"{type(error).__name__}: {text[:200]}"


def _meaning(error: ResponseError, model: str, url: str) -> ModelError:
    said = str(error.error)[:300]
    if error.status_code == 404 and "model" in said.lower():
        return ModelMissing(
            f"The Ollama server at {url} has no model {model!r}.",
            remedy=f"Run `ollama pull {model}`.",
        )
    if error.status_code == 404:
        return ModelUnreachable(
            f"{url} is not an Ollama server: {said!r}.", remedy="Check base_url."
        )
    if "exceeds" in said and "context" in said:
        return truncated(model, "the server says: " + said)
    if error.status_code in (401, 403):
        return ModelDenied(
            f"The Ollama server at {url} refused the key: {said}.", remedy="Set api_key."
        )
    if error.status_code in BUSY:
        return ModelUnreachable(
            f"The Ollama server at {url} is busy: {said}.",
            remedy="Ask fewer questions at once, or raise OLLAMA_MAX_QUEUE.",
        )
    return ModelError(
        f"The Ollama server at {url} refused {model!r}: {said}.",
        remedy="Look into its log, or choose another model.",
    )


def truncated(model: str, why: str) -> ContextTruncated:
    """The error for a prompt that was cut or would have been."""
    return ContextTruncated(
        f"The prompt does not fit the context of {model!r} ({why}).",
        remedy="Raise chat.context_length, or lower k2 or answer_tokens.",
    )
