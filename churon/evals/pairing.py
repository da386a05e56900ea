"""Rows of two variants, matched by set and case; what is unlike is refused or told, never paired
in silence.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from churon.evals.metrics.outcome import answered, failed, unshortened
from churon.evals.types import Row
from churon.tools.errors import InputError

Key = tuple[str, str]
"""Set and case id."""
Unlike = dict[str, tuple[Any, Any]]
"""By field, the values of A and B in the first pair that differs."""

CHECKED = ("corpus", "model", "embedding", "reranker", "prompts", "shortener", "seed")
"""Fields of the provenance that must agree, unless allowed."""
TOLD = ("context", "settings", "versions", "conditions")
"""Those that may differ, as variants of one graph do, and are told entry by entry."""


class Unpaired(InputError):
    """Rows that must not be held against each other."""

    def __init__(
        self, why: Literal["twice", "apart", "edited", "unlike"], message: str, *, remedy: str,
        unlike: Unlike | None = None,
    ) -> None:  # fmt: skip
        super().__init__(message, remedy=remedy)
        self.why = why
        """For what says it in other words."""
        self.unlike = unlike or {}


@dataclass(frozen=True)
class Pairing:
    """Two variants' rows of the same questions, and what keeps them from being alike."""

    a: str
    b: str
    """Names of the variants."""
    pairs: list[tuple[Row, Row]]
    """A's row and B's, in A's order; rows of errors among them."""
    only_a: list[Key]
    only_b: list[Key]
    """Cases that one variant has no row of: no part of any comparison."""
    errors_a: int
    errors_b: int
    """Pairs in which that variant's row is an error."""
    allowed: Unlike
    """What differs though it must not, and was allowed."""
    told: Unlike
    """What else differs, such as "context.k2", or "judge": then `judged` is not compared, whatever
    is allowed. `CHECKED` fields never are here."""

    @property
    def timed_alike(self) -> bool:
        """On one machine, and as many at once: seconds can be compared."""
        return not any(name.startswith("conditions.") for name in self.told)


def pair(a: Sequence[Row], b: Sequence[Row], *, allow: Collection[str] = ()) -> Pairing:
    """Raises Unpaired where a case comes twice, no case is in both, cases of one id are not the
    same question, or what answers depend on differs and `allow` does not name it.

    Beside the fields of `CHECKED`, "short" can differ: one variant's answers were cut down to a
    phrase, the other's were not.
    """
    first, second = _by_key(a), _by_key(b)
    pairs = [(row, second[key]) for key, row in first.items() if key in second]
    if not pairs:
        raise Unpaired(
            "apart",
            f"No case is in both variants ({len(a)} and {len(b)} rows).",
            remedy="Run both over the same set.",
        )
    unlike = _first(_differences(*one) for one in pairs)
    _refuse({k: v for k, v in unlike.items() if k == "case" or k not in allow}, pairs)
    return Pairing(
        a=pairs[0][0]["variant"],
        b=pairs[0][1]["variant"],
        pairs=pairs,
        only_a=[key for key in first if key not in second],
        only_b=[key for key in second if key not in first],
        errors_a=sum(failed(one) for one, _ in pairs),
        errors_b=sum(failed(one) for _, one in pairs),
        allowed=unlike,
        told=_first(_told(*one) for one in pairs),
    )


def together(pairings: Sequence[Pairing]) -> Pairing:
    """Those of several sets as one: each question counts once, so a larger set weighs more."""
    return Pairing(
        a=pairings[0].a,
        b=pairings[0].b,
        pairs=[two for one in pairings for two in one.pairs],
        only_a=[key for one in pairings for key in one.only_a],
        only_b=[key for one in pairings for key in one.only_b],
        errors_a=sum(one.errors_a for one in pairings),
        errors_b=sum(one.errors_b for one in pairings),
        allowed=_first(one.allowed for one in pairings),
        told=_first(one.told for one in pairings),
    )


def _by_key(rows: Sequence[Row]) -> dict[Key, Row]:
    made: dict[Key, Row] = {}
    for row in rows:
        key = (row["provenance"]["set"], row["case"]["id"])
        if key in made:
            raise Unpaired(
                "twice",
                f"Variant {row['variant']!r} has case {key!r} twice.",
                remedy="Give one row a case: the latest, or the rows of one seed.",
            )
        made[key] = row
    names = sorted({row["variant"] for row in rows})
    if len(names) > 1:
        raise InputError(
            f"Rows of one variant are wanted, not of {names!r}.",
            remedy="Give each side one variant's rows.",
        )
    return made


def _first(differences: Iterable[Unlike]) -> Unlike:
    made: Unlike = {}
    for one in differences:
        made = {**one, **made}
    return made


def _differences(first: Row, second: Row) -> Unlike:
    was, now = _fields(first), _fields(second)
    made = {name: (was.get(name), now.get(name)) for name in CHECKED}
    made["case"] = (_question(first), _question(second))
    if all(answered(row) and not unshortened(row) for row in (first, second)):
        made["short"] = ("short" in first, "short" in second)
    return {name: values for name, values in made.items() if values[0] != values[1]}


def _fields(row: Row) -> dict[str, Any]:
    return cast("dict[str, Any]", row["provenance"])


def _question(row: Row) -> dict[str, Any]:
    """What was asked and what is right: all of the case but its tags."""
    return {name: value for name, value in row["case"].items() if name != "tags"}


def _told(first: Row, second: Row) -> Unlike:
    made: Unlike = {}
    for field in TOLD:
        was, now = _fields(first).get(field) or {}, _fields(second).get(field) or {}
        made |= {f"{field}.{name}": (was.get(name), now.get(name)) for name in {*was, *now}}
    made["judge"] = (_judge(first), _judge(second))
    return {name: made[name] for name in sorted(made) if made[name][0] != made[name][1]}


def _judge(row: Row) -> str | None:
    held = row.get("judge")
    return f"{held['model']} {held['prompts']}" if held else None


def _refuse(unlike: Unlike, pairs: Sequence[tuple[Row, Row]]) -> None:
    if not unlike:
        return
    told = "; ".join(f"{name}: {a!r} and {b!r}" for name, (a, b) in unlike.items())
    names = [pairs[0][0]["variant"], pairs[0][1]["variant"]]
    raise Unpaired(
        "edited" if "case" in unlike else "unlike",
        f"Rows of {names[0]!r} and {names[1]!r} are not alike: {told[:600]}.",
        remedy="Run both alike"
        + ("." if "case" in unlike else f", or allow it: {', '.join(sorted(unlike))}."),
        unlike=unlike,
    )
