"""`churon eval report`: rows as one HTML page, and as Markdown."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, cast

from churon.cli.common import visible
from churon.cli.output import write_whole
from churon.evals.report import gather, markdown, page, view
from churon.evals.rows import holds_rows
from churon.tools.errors import InputError
from churon.tools.types import Language


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for."""

    rows: Sequence[Path]
    page: Path
    markdown: Path | None
    a: str | None
    b: str | None
    language: str | None
    allow: Sequence[str]


def run(wanted: Wanted) -> int:
    """Exit status 0, also where some rows could not be read: the report says so."""
    language = _language(wanted.language)
    if wanted.markdown is not None and wanted.markdown.resolve() == wanted.page.resolve():
        raise InputError(
            f"Page and summary have one name: {str(wanted.page)!r}.",
            remedy="Give --output and --markdown different files.",
        )
    for path in filter(None, (wanted.page, wanted.markdown)):
        _check(path, wanted.rows)
    made = view(gather(wanted.rows), wanted.a, wanted.b, wanted.allow)
    texts = {wanted.page: page(made, language)}
    if wanted.markdown is not None:
        texts[wanted.markdown] = markdown(made, language or "en")
    for path, text in texts.items():
        _write(path, text, sys.stderr if Path("-") in texts else sys.stdout)
    for one in made["warnings"]:
        sys.stderr.write(visible(one[language or "en"]) + "\n")
    return 0


def _language(given: str | None) -> Language | None:
    if given not in (None, "en", "ko"):
        raise InputError(f"There is no language {given!r}.", remedy="Use en or ko.")
    return cast("Language | None", given)


def _check(path: Path, rows: Sequence[Path]) -> None:
    """Raise InputError where rows would be replaced: those of `eval run -o`, of hours."""
    if path.resolve() in [one.resolve() for one in rows] or holds_rows(path):
        raise InputError(
            f"{str(path)!r} holds rows, which a report does not replace.",
            remedy="Name another file with --output or --markdown.",
        )


def _write(path: Path, text: str, said: TextIO) -> None:
    if str(path) == "-":
        sys.stdout.write(text)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text.encode("utf-8", "replace"))
    said.write(f"{path}\n")
