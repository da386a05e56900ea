"""`churon eval make`: questions about the user's documents, into a file to be reviewed."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from churon.cli.common import visible
from churon.cli.ingest import read
from churon.evals.bench import MakeToolkit
from churon.evals.make.make import Made, Maker
from churon.evals.make.proposal import KINDS, Kind, Proposal, Rejected
from churon.evals.make.sheet import Sheet
from churon.tools.errors import InputError
from churon.tools.ingest.walk import absolute, key_of
from churon.tools.settings import Settings
from churon.tools.toolkit import Toolkit
from churon.tools.types import Language


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for."""

    documents: Sequence[Path]
    n: int
    output: Path
    kinds: str
    language: str
    seed: int
    overwrite: bool


async def run(settings: Settings, wanted: Wanted, make: MakeToolkit = Toolkit) -> int:
    """Exit status: 0 when there are as many questions as wanted, else 1."""
    kinds, language = _kinds(wanted.kinds), _language(wanted.language)
    if wanted.documents:
        settings = _apart(settings, wanted.documents)
    async with make(settings) as toolkit:
        if wanted.documents:
            tenant = settings.context.tenant
            await read(toolkit, list(wanted.documents), tenant, True, quiet=False)
        await _check(toolkit)
        sheet = Sheet(wanted.output, overwrite=wanted.overwrite)
        maker = Maker(toolkit, sheet, _told(wanted.n))
        try:
            made = await maker.make(wanted.n, kinds, wanted.seed, language)
        except OSError as error:
            error.filename = error.filename or str(wanted.output)  # of a full disk Python has none
            raise
    collection = settings.store.collection if wanted.documents else ""
    sys.stdout.write(_summed(made, wanted.output, collection))
    return 1 if made.lacking() else 0


def _apart(settings: Settings, documents: Sequence[Path]) -> Settings:
    """The settings with a collection of these paths' own: the user's store stays as it is."""
    paths = "|".join(sorted(key_of(absolute(path)) for path in documents))
    name = f"eval_documents_{hashlib.sha256(paths.encode()).hexdigest()[:10]}"
    store = settings.store.model_copy(update={"collection": name})
    context = settings.context.model_copy(update={"collection": None})
    return settings.model_copy(update={"store": store, "context": context})


async def _check(toolkit: Toolkit) -> None:
    context = toolkit.settings.context
    store = await toolkit.store()
    if not await store.count(tenant=context.tenant, collection=context.collection):
        raise InputError(
            "There are no passages to ask about.",
            remedy="Ingest documents with `churon ingest PATH`, or name files and folders here.",
        )


def _kinds(text: str) -> list[Kind]:
    given = [part.strip() for part in text.split(",") if part.strip()]
    for one in given:
        if one not in KINDS:
            raise InputError(
                f"There is no kind {one!r} of questions.", remedy=f"Use {', '.join(KINDS)}."
            )
    return cast(list[Kind], given) or list(KINDS)


def _language(text: str) -> Language | None:
    if text not in ("auto", "en", "ko"):
        raise InputError(f"The language {text!r} is unknown.", remedy="Use auto, en or ko.")
    return None if text == "auto" else cast(Language, text)


def _told(n: int) -> Callable[[Proposal | Rejected, int], None]:
    def told(outcome: Proposal | Rejected, made: int) -> None:
        said = outcome.question or outcome.attempt.kind
        if isinstance(outcome, Rejected):
            said = f"rejected, {outcome.reason}: {said}"
        sys.stderr.write(visible(f"[{made}/{n}] {' '.join(said.split())[:160]}") + "\n")
        sys.stderr.flush()

    return told


def _summed(made: Made, path: Path, collection: str) -> str:
    """`collection`: where the documents named went, "" for the user's own."""
    counts = ", ".join(f"{made.made[kind]} {kind}" for kind in made.wanted)
    lines = [f"{path}: {counts}", f"rejected: {made.rejected.total()}"]
    lines += [f"  {count} × {reason}" for reason, count in made.rejected.most_common()]
    if lacking := made.lacking():
        missing = ", ".join(f"{n} {kind}" for kind, n in lacking.items())
        lines.append(
            f"not made: {missing} (no more passages, or the model cannot; a larger model can more)"
        )
    lines.append("Write yes or no under accept, edit what you like, then:")
    there = f"-s store.collection={collection} " if collection else ""
    lines.append(f"churon {there}eval run {path} --variant self_rag --variant two_stage")
    return visible("\n".join(lines)) + "\n"
