"""Is the gold evidence that cases name in the store at all? A misspelt name scores 0 in silence."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence

from churon.evals.types import Case
from churon.tools.errors import InputError


def named(case: Case) -> set[str]:
    """Passages and documents that the case calls gold."""
    return {*case["relevant"], *(span["document"] for span in case["spans"])}


def check_gold(cases: Sequence[Case], known: Collection[str], *, own: bool) -> None:
    """Raise InputError for gold that is not among these ids and documents.

    `own`: of a set with a corpus of its own, which may be cut down from a larger one: refused only
    where nothing at all is known.
    """
    lost = [(case, name) for case in cases for name in sorted(named(case) - set(known))]
    if not lost or (own and any(named(case) & set(known) for case in cases)):
        return
    case, name = lost[0]
    more = f", nor {len(lost) - 1} others of this set" if len(lost) > 1 else ""
    where = "corpus" if own else "store"
    raise InputError(
        f"The {where} does not hold {name!r}, which the question {case['id']!r} names as its "
        f"source{more}.",
        remedy=_remedy(name, known),
    )


def _remedy(name: str, known: Collection[str]) -> str:
    ends = [one for one in known if one.endswith(f"/{name}") or name.endswith(f"/{one}")]
    near = ends or difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    if near:
        return f"Write it as the store does: {' or '.join(map(repr, sorted(near)[:3]))}."
    return "Write documents as `churon documents list` shows them, or ingest them."
