"""`churon ingest`: a progress bar, then what became of each file that did not go well."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from churon.cli.common import named, print_json, visible
from churon.tools.addresses import is_server
from churon.tools.errors import IngestError, InputError
from churon.tools.ingest.pipeline import ingest
from churon.tools.setting_values import home_path
from churon.tools.toolkit import Toolkit

if TYPE_CHECKING:
    from churon.tools.ingest.report import IngestReport, Progress
    from churon.tools.settings import Settings


async def run(
    settings: Settings, paths: list[Path], as_json: bool, tenant: str | None, prune: bool
) -> int:
    """Exit status: 0 when no file failed, 1 when some did; a wrong path is an InputError."""
    async with Toolkit(settings) as toolkit:
        report = await read(toolkit, paths, tenant, prune, quiet=as_json)
    if as_json:
        print_json(report.as_json())
    else:
        show(report)
    return 1 if report.failed else 0


async def read(
    toolkit: Toolkit, paths: list[Path], tenant: str | None, prune: bool, *, quiet: bool
) -> IngestReport:
    """Ingest with a progress bar on a terminal. Raises InputError for a path that is not there."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    store = await toolkit.store()
    with Bar(*columns, console=console, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("reading", total=None)

        def moved(progress: Progress) -> None:
            name = Path(progress.document.path).name
            bar.update(
                task, completed=progress.done, total=progress.total, description=named(name)[:40]
            )

        try:
            return await ingest(
                paths,
                store,
                toolkit.settings.ingest,
                manifest=manifest_path(toolkit.settings),
                tenant=tenant or toolkit.settings.context.tenant,
                collection=toolkit.settings.context.collection,
                on_progress=moved,
                prune=prune,
                batch=toolkit.settings.embedding.batch,
            )
        except IngestError as error:
            if error.outcome == "usage":
                raise InputError(error.message, remedy=error.remedy) from error
            raise


def manifest_path(settings: Settings) -> Path:
    """The manifest of this store and embedding model: another model must embed everything anew.

    Beside a store's file; of a server at home, for it has no folder and may be used from any.
    """
    uri, model = settings.store.uri, settings.embedding
    if is_server(uri):
        folder, name = home_path("~/.churon", "manifests"), uri
    else:
        file = home_path(uri, "store.uri")
        folder, name = file.parent, file.name
    key = f"{name}|{model.provider}|{model.model}|{model.dimensions}|{settings.store.collection}"
    key += f"|{model.document_prefix}"
    mark = hashlib.sha256(key.encode()).hexdigest()[:8]
    return folder / f"manifest-{mark}.sqlite"


def show(report: IngestReport) -> None:
    """One line a file that failed or was skipped, then the counts, which add up."""
    for document in report.documents:
        if document.error:
            sys.stdout.write(f"{document.outcome:9} {named(document.path)}\n")
            sys.stdout.write(f"          {visible(document.error)}\n")
    passages = sum(document.chunks for document in report.documents)
    sys.stdout.write(
        f"documents: {report.held}, passages: {passages:,} ({report.new} new, "
        f"{report.changed} changed, {report.unchanged} unchanged, {report.failed} failed); "
        f"{report.skipped} skipped, {report.removed} removed\n"
    )
