"""`churon documents list|forget`: what was ingested, to be seen and taken back."""

from __future__ import annotations

import sys
from pathlib import Path

from churon.cli.common import named, print_json, visible
from churon.cli.ingest import manifest_path
from churon.cli.tenant import ingesting
from churon.tools.errors import InputError
from churon.tools.ingest.documents import documents
from churon.tools.ingest.documents import forget as forget_documents
from churon.tools.settings import Settings
from churon.tools.toolkit import Toolkit

_ELSEWHERE = (
    "they were ingested from another working folder, machine or tenant, or written by a "
    "program. Forget them there, or with --tenant NAME."
)


def list_all(settings: Settings, as_json: bool, tenant: str | None) -> int:
    """Exit status 0, also where nothing was ingested."""
    context = settings.context
    tenant = tenant or context.tenant
    report = documents(
        manifest_path(settings),
        tenant=tenant,
        collection=context.collection,
    )
    if as_json:
        rows = [
            {
                "path": one.path,
                "passages": one.chunks,
                "outcome": "indexed" if one.outcome == "unchanged" else one.outcome,
                "error": one.error,
            }
            for one in report.documents
        ]
        print_json(rows)
        return 0
    for one in report.documents:
        told = one.outcome if one.error else f"{one.chunks:,}"
        sys.stdout.write(f"{told:>10}  {named(one.path)}\n")
        if one.error:
            sys.stdout.write(f"{'':10}  {visible(one.error)}\n")
    passages = sum(one.chunks for one in report.documents)
    skipped = f"; {report.skipped} skipped" if report.skipped else ""
    total = f"documents: {report.held}, passages: {passages:,}{skipped}\n"
    none = f"No documents. Read some with: {ingesting(tenant)}.\n"
    sys.stdout.write(total if report.documents else none)
    return 0


async def forget(
    settings: Settings, paths: list[Path], everything: bool, tenant: str | None
) -> int:
    """Remove documents from the store. Raises InputError, and removes none, for an unknown path."""
    if everything == bool(paths):
        both = "both paths and --all" if paths else "neither paths nor --all"
        raise InputError(
            f"`churon documents forget` got {both}.",
            remedy="Name files or folders of `churon documents list`, or give --all alone.",
        )
    context = settings.context
    tenant = tenant or context.tenant
    async with Toolkit(settings) as toolkit:
        store = await toolkit.store()
        report = await forget_documents(
            None if everything else paths,
            store,
            manifest=manifest_path(settings),
            tenant=tenant,
            collection=context.collection,
        )
        left = await store.count(tenant=tenant, collection=context.collection) if everything else 0
    sys.stdout.write(f"documents removed: {report.removed}\n")
    if left:
        sys.stdout.write(f"{left:,} passages are left: {_ELSEWHERE}\n")
    return 0
