"""What frameworks refuse, in our own shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from churon.serving.problem import Problem, invalid

_CODES = {404: "not_found", 405: "method_not_allowed"}


def refusal(error: Exception) -> Problem:
    """The Problem that says what a framework's exception says."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, (RequestValidationError, ValidationError)):
        return _first(error.errors())
    if isinstance(error, HTTPException):
        code = _CODES.get(error.status_code, "invalid_request")
        return Problem(error.status_code, code, str(error.detail), error.headers)
    raise error


def _first(errors: Sequence[Any]) -> Problem:
    """pydantic's first error as a sentence."""
    first = errors[0] if errors else "The request is not valid."
    if not isinstance(first, dict):
        return invalid(f"{first}.")
    if first.get("type") == "json_invalid":  # its place, if any, is no field
        at = f" (char {first['loc'][-1]})" if first.get("loc") else ""
        return invalid(f"The body is not JSON: {first['ctx']['error']}{at}.")
    place = ".".join(str(part) for part in first.get("loc", ()) if part != "body")
    said = f"{place or 'The body'} is refused: {first.get('msg', 'not valid')}."
    return invalid(said, param=place or None)
