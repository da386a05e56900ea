"""Keys and tenants for LangGraph's own server: the `auth` that langgraph.json names.

With `[serve.keys]`, the keys of `churon serve` open it. Whoever has one sees the threads, runs and
assistants of its tenant (of the key, where it has none), and the graphs. A run's tenant is set
here: naming another is refused, and so are writing a thread's state (which holds the tenant and the
limits that a run was begun with), webhooks (the server would call any address), crons, LangGraph's
store, and whatever is added later.
Without keys nothing is asked and nothing kept apart, as behind `langgraph dev` on one's machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from langgraph_sdk import Auth

from churon.serving.context import check_tenancy, held_context
from churon.serving.keys import Caller, Keys, presented
from churon.serving.problem import Problem
from churon.tools.settings import Settings
from churon.tools.toolkit import served_toolkit

auth = Auth()
OWNER = "churon_owner"
"""The metadata that says whose a thread, a run or an assistant is."""
_LOCAL = "local"
Filter = Any


@auth.authenticate
def authenticate(headers: dict[bytes, bytes]) -> Any:
    """Who asks. No coroutine, so that the server runs it in a thread: settings are read here."""
    keys = _keys()
    if not keys:
        return {"identity": _LOCAL, "key": "", "tenant": None}
    plain = {name.decode().lower(): value.decode("latin-1") for name, value in headers.items()}
    key = presented(plain)
    caller = keys.recognise(key) if key else None
    if caller is None:
        said = "This API key is not known." if key else "An API key is needed: Bearer KEY."
        raise Auth.exceptions.HTTPException(status_code=401, detail=said)
    return {"identity": _owner(caller), "key": caller.key, "tenant": caller.tenant}


@auth.on
async def others(ctx: Auth.types.AuthContext, value: Any) -> Filter:
    """Crons, the store, and what this file does not know."""
    if _caller(ctx) is None:
        return None
    raise _not_offered(f"{ctx.resource}.{ctx.action}")


@auth.on.threads
async def threads(ctx: Auth.types.AuthContext, value: Any) -> Filter:
    """Threads and their runs: the owner's."""
    caller = _caller(ctx)
    if caller is None:
        return None
    if ctx.action == "update" and "metadata" not in value:
        raise _not_offered("Writing a thread's state")
    if ctx.action == "create_run":
        kwargs = value["kwargs"]
        _refuse_beyond(kwargs)
        kwargs["context"] = _held(kwargs.get("context"), caller)
    if ctx.action in ("create", "update", "create_run"):
        _mark(value, caller)
    return {OWNER: _owner(caller)}


@auth.on.assistants
async def assistants(ctx: Auth.types.AuthContext, value: Any) -> Filter:
    """Assistants: the owner's, and to read also the graphs themselves.

    An assistant's context goes under that of its runs, so that it is held to the same.
    """
    caller = _caller(ctx)
    if caller is None:
        return None
    own = {OWNER: _owner(caller)}
    if ctx.action in ("create", "update"):
        for place in (value, value.get("config") or {}):
            name = "context" if place is value else "configurable"
            if place.get(name):
                place[name].update(_held(place[name], caller))
        _mark(value, caller)
        return own
    return {"$or": [own, _GRAPHS]} if ctx.action in ("read", "search") else own


_GRAPHS = {"created_by": "system"}
"""The metadata of the assistants that the server makes, one a graph."""


def _refuse_beyond(kwargs: Mapping[str, Any]) -> None:
    """What goes past a run's input, its context and the answer to a pause."""
    if kwargs.get("webhook"):
        raise _not_offered("A webhook")
    command = kwargs.get("command") or {}
    if command.get("update") or command.get("goto"):
        raise _not_offered("Writing a thread's state")


def _not_offered(what: str) -> Exception:
    said = f"{what} is not offered to API keys."
    return Auth.exceptions.HTTPException(status_code=403, detail=said)


def _mark(value: Any, caller: Caller) -> None:
    """Write whose it is over whatever the client says; nobody's is a graph of the server's."""
    if value.get("metadata") is None:
        value["metadata"] = {}
    value["metadata"].pop("created_by", None)
    value["metadata"][OWNER] = _owner(caller)


def _held(given: Any, caller: Caller) -> dict[str, Any]:
    try:
        return held_context(given or {}, caller, _settings())
    except Problem as problem:
        raise Auth.exceptions.HTTPException(
            status_code=problem.status, detail=problem.message
        ) from problem


def _caller(ctx: Auth.types.AuthContext) -> Caller | None:
    """Who asks; None where there are no keys."""
    if not _keys():
        return None
    user: Any = ctx.user
    try:
        return Caller(user["key"], user["tenant"])
    except (KeyError, TypeError):  # a user that was not made above, such as Studio's
        raise Auth.exceptions.HTTPException(
            status_code=401, detail="An API key is needed: Bearer KEY."
        ) from None


def _owner(caller: Caller) -> str:
    return f"tenant:{caller.tenant}" if caller.tenant else f"key:{caller.key}"


@lru_cache(maxsize=1)
def _keys() -> Keys:
    settings = _settings()
    check_tenancy(settings)
    return Keys(settings.serve.keys)


def _settings() -> Settings:
    return served_toolkit().settings
