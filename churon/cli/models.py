"""`churon models list|pull|verify`."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from churon.cli.rows import Rows
from churon.tools.errors import ModelError
from churon.tools.models import catalogue, fetch
from churon.tools.setting_values import home_path
from churon.tools.settings import Settings


def list_all(settings: Settings) -> int:
    """One line a model."""
    folder = home_path(settings.models.folder, "models.folder")
    rows = Rows(
        ("model", "kind", "size", "licence", "here"), title="model", folds={}, right=("size",)
    )
    for entry in catalogue.entries():
        here = "yes" if catalogue.present(entry.name, folder) else "no"
        size = f"{entry.bytes / 1e6:,.0f} MB"
        rows.add(entry.name, entry.kind, size, entry.licence, here)
    rows.print(Console(highlight=False))
    return 0


def pull_all(settings: Settings, names: list[str], quick: bool) -> int:
    """Pull each; what is here already and right is not fetched again."""
    folder = home_path(settings.models.folder, "models.folder")
    for name in names or (list(catalogue.QUICK) if quick else needed(settings)):
        path = pull(name, folder, settings.models.offline)
        sys.stdout.write(f"{name}  {path}\n")
    return 0


def pull(name: str, folder: Path, offline: bool) -> Path:
    """Pull one model with a progress bar. Raises ModelError."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(name, total=None)

        def moved(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        return fetch.pull(name, folder, offline=offline, on_progress=moved)


def needed(settings: Settings) -> list[str]:
    """Catalogue models that these settings run in process."""
    known = {entry.name for entry in catalogue.entries()}
    wanted = [s.model for s in (settings.chat, settings.embedding) if s.provider == "embedded"]
    return [name for name in wanted if name in known]


def verify_all(settings: Settings, names: list[str]) -> int:
    """Exit status 1 when a named model is missing or a file that is here is another one."""
    folder = home_path(settings.models.folder, "models.folder")
    here = [entry.name for entry in catalogue.entries() if (folder / entry.file).is_file()]
    wrong = 0
    for name in names or here:
        try:
            sys.stdout.write(f"{name}  ok  {catalogue.verify(name, folder)}\n")
        except ModelError as error:
            wrong += 1
            sys.stdout.write(f"{name}  wrong  {error}\n")
    return 1 if wrong else 0
