"""One rerank server as its users know it, and what its failures mean to them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from churon.tools.breaker import CircuitOpen
from churon.tools.errors import ChuronError, ModelMissing, RerankError
from churon.tools.rerank.shapes import COHERE, TEI, Malformed, Shape

PASSING = frozenset({429, 502, 503, 504})
"""Statuses of a server that is overloaded, starting or away: worth another try."""
_WITHOUT = "or set rerank.provider = 'none' to go on without it."
_BATCH = re.compile(r"batch size \d+ >|length limit exceeded", re.IGNORECASE)
_MODEL = re.compile(r"invalid model|model\b.{0,20}\brequired", re.IGNORECASE)
_LENGTH = re.compile(r"context length|too large to process", re.IGNORECASE)


class Refused(Exception):
    """An answer whose status is not 2xx. Its text holds no URL, so no secrets."""

    def __init__(self, response: httpx.Response, content: bytes) -> None:
        super().__init__(f"status {response.status_code}")
        self.response, self.content = response, content

    @property
    def status(self) -> int:
        return self.response.status_code


def down(error: BaseException) -> bool | None:
    """Whether the server fails (True) or answers at least (False); None: neither is known."""
    if isinstance(error, Refused):
        return error.status in PASSING
    if isinstance(error, Malformed):
        return False
    return True if isinstance(error, httpx.TransportError) else None


def away(error: BaseException) -> bool:
    """Whether the server, or what a proxy asks for it, was not there: the next to answer may have
    another model.
    """
    if isinstance(error, Refused):
        return error.status in (502, 503)
    slow = isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout)
    return isinstance(error, httpx.TransportError) and not slow


@dataclass(frozen=True)
class Endpoint:
    """What messages say of a server."""

    url: str
    """Without user name, password and query."""
    model: str
    shape: Shape
    timeout: float
    """Seconds."""
    key: str = field(repr=False)
    """"" for none; never shown."""

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turns failures into RerankErrors and ModelMissing with server and next action."""
        try:
            yield
        except CircuitOpen as error:
            raise self._left_alone(error) from error
        except Refused as error:
            raise self._refused(error.status, self._said(error.content)) from error
        except Malformed as error:
            raise self._malformed(error) from error
        except httpx.HTTPError as error:
            raise self._unanswered(error) from error

    def _unanswered(self, error: httpx.HTTPError) -> RerankError:
        reached = not isinstance(error, httpx.ConnectTimeout)
        if reached and isinstance(error, httpx.TimeoutException):
            return RerankError(
                f"The rerank server at {self.url} did not answer within {self.timeout:g} s.",
                remedy=f"Raise rerank.timeout, lower rerank.batch, {_WITHOUT}",
            )
        why = f"{type(error).__name__}: {error}"[:150].rstrip(": ")
        return RerankError(
            f"The rerank server at {self.url} gave no answer ({why}).",
            remedy=f"Start it, set rerank.base_url, {_WITHOUT}",
        )

    def _left_alone(self, error: CircuitOpen) -> RerankError:
        soon = f"in {math.ceil(error.seconds)} s" if error.seconds else "by another call right now"
        return RerankError(
            f"The rerank server at {self.url} failed {error.failures} times in a row and is left "
            f"alone; it is tried again {soon}.",
            remedy=f"Start it, set rerank.base_url, {_WITHOUT}",
        )

    def _malformed(self, error: Malformed) -> RerankError:
        remedies = {
            "own": f"See what the server logs, {_WITHOUT}",
            "other": f"Set rerank.shape = {self._other.name!r}.",
            "none": "Check rerank.base_url and rerank.shape.",
        }
        return RerankError(
            f"The answer of the rerank server at {self.url} {error}.",
            remedy=remedies[error.shape],
        )

    def _refused(self, status: int, said: str) -> ChuronError:
        if status in (401, 403):  # its words may hold the key
            wrong = "refused the key" if self.key else "wants a key"
            return RerankError(
                f"The rerank server at {self.url} {wrong} (status {status}).",
                remedy="Set rerank.api_key.",
            )
        if status == 404 and "model" in said.lower():
            return ModelMissing(
                f"The rerank server at {self.url} has no model {self.model!r}: {said}.",
                remedy="Set rerank.model to a name that it serves.",
            )
        why = f": {said}" if said else ""
        return RerankError(
            f"The rerank server at {self.url} answered with status {status}{why}.",
            remedy=self._remedy(status, said),
        )

    def _remedy(self, status: int, said: str) -> str:
        if status in (400, 422) and self._other.texts in said:  # the field that it misses
            return f"Set rerank.shape = {self._other.name!r}."
        if status in (404, 405) or 300 <= status < 400:
            return "Set rerank.base_url to where its /rerank is, such as with or without /v1."
        if status == 413 or _BATCH.search(said):
            return "Lower rerank.batch."
        if _LENGTH.search(said):
            return "Serve the model with a longer context, or lower ingest.chunk_chars."
        if _MODEL.search(said):
            return "Set rerank.model to a name that it serves."
        return f"See what the server logs, {_WITHOUT}"

    @property
    def _other(self) -> Shape:
        return TEI if self.shape is COHERE else COHERE

    def _said(self, content: bytes) -> str:
        said = " ".join(_message(content).split())
        if self.key:
            said = said.replace(self.key, "***")
        return said[:200].rstrip(".")


def _message(content: bytes) -> str:
    """The server's words: its `error`, `message` or `detail`, or the body where that is text."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return "" if b"<html" in content[:500].lower() else content.decode("utf-8", "replace")
    while isinstance(found, dict):
        found = next((found[name] for name in ("error", "message", "detail") if name in found), "")
    if isinstance(found, list):
        return ", ".join(_problem(one) for one in found)
    return str(found or "")


def _problem(one: Any) -> str:
    # FastAPI repeats the whole input in each of its findings
    if isinstance(one, dict) and "msg" in one:
        return f"{'.'.join(str(part) for part in one.get('loc') or ())}: {one['msg']}"
    return str(one)
