"""`churon cases list|forget`: what CoT-RAG learnt, to be read and taken back."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from churon.cli.common import print_json, visible
from churon.tools.cases import Case
from churon.tools.errors import InputError
from churon.tools.settings import Settings
from churon.tools.toolkit import Toolkit

_SHORT = 8
"""Characters of an id that are shown, and that are enough to name it."""
_NONE = "No cases. CoT-RAG keeps the plans of verified answers with -s context.cases=true.\n"


async def list_all(settings: Settings, as_json: bool, tenant: str | None) -> int:
    """Exit status 0, also for an empty memory."""
    async with Toolkit(settings) as toolkit:
        memory = await toolkit.cases()
        kept = await memory.all(tenant=tenant or settings.context.tenant)
    if as_json:
        print_json(kept)
    else:
        sys.stdout.write("".join(map(told, kept)) or _NONE)
    return 0


async def forget(settings: Settings, ids: list[str], everything: bool, tenant: str | None) -> int:
    """Delete the named cases, or all. Raises InputError, and deletes none, for an unknown id."""
    if everything == bool(ids):
        both = "both ids and --all" if ids else "neither ids nor --all"
        raise InputError(
            f"`churon cases forget` got {both}.",
            remedy="Name ids of `churon cases list`, or give --all alone.",
        )
    tenant = tenant or settings.context.tenant
    async with Toolkit(settings) as toolkit:
        memory = await toolkit.cases()
        known = [case["id"] for case in await memory.all(tenant=tenant)]
        named = known if everything else [_full(id_, known) for id_ in ids]
        gone = await memory.forget(named, tenant=tenant)
    sys.stdout.write(f"cases deleted: {gone}\n" if known else _NONE)
    return 0


def told(case: Case) -> str:
    """The question under its short id and date, then a line a step."""
    lines = [f"{case['id'][:_SHORT]}  {case['created'][:10]}  {case['question']}"]
    for step in case["plan"]:
        after = ", ".join(step["depends_on"])
        end = f"  (after {after})" if after else ""
        lines.append(f"    {step['id']}  {step['op']}: {step['question']}{end}")
    return "".join(f"{_line(line)}\n" for line in lines)


def _line(text: str) -> str:
    return visible(" ".join(text.splitlines()))


def _full(given: str, known: Sequence[str]) -> str:
    matches = [id_ for id_ in known if given and id_.startswith(given)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise InputError(f"{len(matches)} cases begin with {given!r}.", remedy="Write more of it.")
    raise InputError(f"There is no case {given!r}.", remedy="See `churon cases list`.")
