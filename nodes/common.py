"""What every node reads, and the first words of every step that speaks to a model."""

from __future__ import annotations

from typing_extensions import TypedDict

from churon.tools.types import Evidence, Language, Usage


class RunState(TypedDict):
    """Enough to find the run's hands, also in another process after a resume."""

    run: str
    language: Language
    usage: Usage


class PassageState(RunState):
    """One passage of a fan-out."""

    standalone: str
    passage: Evidence


def chosen(evidence: dict[str, Evidence], ids: list[str]) -> list[Evidence]:
    """The passages with these ids, in their order; ids that are not held are left out."""
    return [evidence[key] for key in ids if key in evidence]
