"""What a client may say of its run: within the server's limits, for its key's tenant."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from churon.graphs.contract import Limits, RagInput
from churon.serving.keys import Caller
from churon.serving.problem import Problem, invalid
from churon.tools.context import resolve_context
from churon.tools.errors import SettingsError, StoreError
from churon.tools.settings import Settings


def run_context(given: Mapping[str, Any], caller: Caller, settings: Settings) -> dict[str, Any]:
    """The run's whole context: the client's knobs over the settings', spending capped by theirs.

    Raises Problem: 422 for an unknown or wrong knob, 403 for what belongs to others.
    """
    _refuse_foreign(given, caller, settings)
    if given.get("approve_plan"):
        raise invalid("approve_plan waits for an answer, which this door cannot take.")
    try:
        context = resolve_context(given, settings.context)
    except SettingsError as error:
        raise invalid(str(error), "invalid_context") from error
    fixed = {
        "limits": _capped(context.limits, settings.context.limits),
        "approve_plan": False,
        "tenant": _tenant(caller, settings, context.tenant),
    }
    return {**context.model_dump(), **fixed}


def held_context(given: Mapping[str, Any], caller: Caller, settings: Settings) -> dict[str, Any]:
    """The client's own words, for a server that fills in the rest: its tenant, spending capped.

    Raises Problem, as `run_context`.
    """
    _refuse_foreign(given, caller, settings)
    held = {**given, "tenant": _tenant(caller, settings, settings.context.tenant)}
    if given.get("limits") is not None:
        try:
            wanted = resolve_context({"limits": given["limits"]}, settings.context).limits
        except SettingsError as error:
            raise invalid(str(error), "invalid_context") from error
        held["limits"] = _capped(wanted, settings.context.limits)
    return held


def _tenant(caller: Caller, settings: Settings, otherwise: str | None) -> str | None:
    """Whose passages the caller asks: its key's tenant's, else those of the context.

    None is everybody's. Where one key names a tenant, that is nothing for a key without: it asks
    what belongs to none ("", as what `ingest` and the memory of plans keep without a tenant).
    """
    if caller.tenant:
        return caller.tenant
    kept_apart = any(key.tenant for key in settings.serve.keys.values())
    return "" if otherwise is None and caller.key and kept_apart else otherwise


def _refuse_foreign(given: Mapping[str, Any], caller: Caller, settings: Settings) -> None:
    """Without keys the only client is this machine's user, who may name any tenant."""
    serve, own = settings.serve, settings.context
    allowed: dict[str, tuple[str | None, ...]] = {
        "model": (None, own.model, settings.chat.model, *serve.models),
        "collection": (
            None, own.collection, settings.store.collection, *serve.collections,
        ),
    }  # fmt: skip
    if serve.keys:
        allowed["tenant"] = (None, _tenant(caller, settings, own.tenant))
    for name, values in allowed.items():
        if given.get(name) not in values:
            said = f"You may not take the {name} {given[name]!r} here."
            raise Problem(403, f"forbidden_{name}", said)


def _capped(wanted: Limits, most: Limits) -> dict[str, float]:
    ceiling = most.model_dump()
    return {name: min(value, ceiling[name]) for name, value in wanted.model_dump().items()}


def asked(
    question: str,
    history: list[Any] | None = None,
    language: str | None = None,
    filter: Mapping[str, Any] | None = None,
) -> RagInput:
    """The graphs' input. Raises Problem 422 for what no graph can work with."""
    from churon.tools.store.filters import expression

    if not question.strip():
        raise invalid("The question is empty.", "invalid_input")
    spoken: Any = language or "auto"  # begin refuses what it does not know
    whole = RagInput(question=question, history=history or [], language=spoken)
    if filter:
        whole["filter"] = dict(filter)
    try:
        json.dumps(whole, ensure_ascii=False, default=str).encode()
        expression(whole.get("filter"))
    except UnicodeEncodeError:
        raise invalid("The question is not text: it holds half a character.") from None
    except StoreError as error:  # said of the client's own filter
        raise invalid(str(error), "invalid_filter") from error
    return whole


def check_tenancy(settings: Settings) -> None:
    """Raise SettingsError where a key could ask nothing, or all tenants would share one."""
    if not settings.store.tenancy:
        return
    for name, key in settings.serve.keys.items():
        if key.tenant is None:
            raise SettingsError(
                f"The key serve.keys.{name} has no tenant, and the store keeps tenants apart.",
                remedy="Add its tenant, or make a key: churon serve --new-key --tenant NAME.",
            )
