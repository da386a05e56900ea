"""A store, a tenant or a collection without documents, told from documents without an answer."""

from __future__ import annotations

import shlex
from typing import Any

from churon.tools.context import resolve_context
from churon.tools.errors import StoreError
from churon.tools.toolkit import Toolkit


def check_there(toolkit: Toolkit) -> None:
    """Raise StoreError where the store's file is not there: opening it would make an empty one."""
    from churon.tools.store.connect import file_of

    settings = toolkit.settings
    file = file_of(settings.store.uri)
    if file and not file.exists():
        raise StoreError(
            f"There is no store at {settings.store.uri!r}.",
            remedy=f"Make it with `{ingesting(settings.context.tenant)}`.",
        )


async def check_tenant(toolkit: Toolkit, context: dict[str, Any] | None) -> None:
    """Raise StoreError where the run's tenant has no passages; a run without one is not looked at.

    Otherwise such a run would end with "the documents do not hold an answer".
    """
    wanted = resolve_context(context, toolkit.settings.context)
    if not wanted.tenant:
        return
    store = await toolkit.store()
    if not await store.count(tenant=wanted.tenant, collection=wanted.collection):
        raise StoreError(
            f"The tenant {wanted.tenant!r} has no documents.",
            remedy=f"Read some with `{ingesting(wanted.tenant)}`.",
        )


async def check_filled(toolkit: Toolkit, context: dict[str, Any] | None) -> None:
    """Raise StoreError where the run's collection holds no passages that it may see."""
    wanted = resolve_context(context, toolkit.settings.context)
    store = await toolkit.store()
    if not await store.count(tenant=wanted.tenant, collection=wanted.collection):
        name = wanted.collection or toolkit.settings.store.collection
        raise StoreError(
            f"The collection {name!r} holds no passages.",
            remedy=f"Read some with `{ingesting(wanted.tenant)}`.",
        )


def ingesting(tenant: str | None) -> str:
    """The command that reads documents for this tenant, or for none."""
    return f"churon ingest PATH --tenant {shlex.quote(tenant)}" if tenant else "churon ingest PATH"
