"""`Problem`: a failure as a client sees it, without paths, addresses or keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from churon.tools.errors import (
    ChuronError,
    ContextTruncated,
    InputError,
    ModelError,
    RerankError,
    StoreError,
)

MOST_CHARS = 500
"""Messages are cut here: they may quote what the client sent."""


class Problem(Exception):
    """One clear message with its HTTP status; `code` is what programs look at."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        headers: Mapping[str, str] | None = None,
        *,
        param: str | None = None,
    ) -> None:
        cut = message if len(message) <= MOST_CHARS else f"{message[: MOST_CHARS - 1]}…"
        super().__init__(cut)
        self.status, self.code, self.message, self.param = status, code, cut, param
        self.headers = dict(headers or {})

    @property
    def wait(self) -> int | None:
        """Seconds after which the client may ask again, None where waiting does not help."""
        given = self.headers.get("Retry-After")
        return int(given) if given else None

    def body(self) -> dict[str, Any]:
        """OpenAI's error shape, which every door answers with."""
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        if self.status == 429:
            kind = "rate_limit_error"
        told = {"message": self.message, "type": kind, "param": self.param, "code": self.code}
        return {"error": told}


def invalid(message: str, code: str = "invalid_request", *, param: str | None = None) -> Problem:
    """The request cannot be worked with as it is."""
    return Problem(422, code, message, param=param)


def problem_of(error: BaseException, request_id: str) -> Problem:
    """What a client may know of a failure; everything else stays in the log, under this id."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, InputError):
        return invalid(str(error), "invalid_input")
    if isinstance(error, ContextTruncated):
        return invalid("The question and its passages do not fit the model.", "too_long")
    for kind, code, said in _HIDDEN:
        if isinstance(error, kind):
            return Problem(503, code, f"{said} {_seek(request_id)}", {"Retry-After": "10"})
    said = "The settings do not work." if isinstance(error, ChuronError) else "The server failed."
    return Problem(500, "internal_error", f"{said} {_seek(request_id)}")


_HIDDEN = (
    (ModelError, "model_unavailable", "A model failed."),
    (StoreError, "store_unavailable", "The document store failed."),
    (RerankError, "reranker_unavailable", "The reranker failed."),
)


def _seek(request_id: str) -> str:
    return f"The server's log says why, under request {request_id}."
