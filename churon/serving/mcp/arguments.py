"""What the tools are asked with; descriptions are read by models."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from churon.serving.problem import Problem, invalid
from churon.tools.types import Machine

MOST_CHARS = 20_000
"""Of a question; what does not fit the model is refused by the run."""
_SHOWN = 80


class Arguments(BaseModel):
    """Unknown names are refused: a tenant is not asked for, it comes with the key."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


Filter = Annotated[
    dict[str, Any] | None,
    Field(
        description="Metadata that passages must have: equality, or membership for a list; all"
        " are required. `document` is the whole path that search and ask give; also"
        " `detected_language` (ko or en), `title`, `section`, `page`.",
        examples=[{"document": "docs/guide.pdf"}, {"detected_language": "ko", "page": 2}],
    ),
]


class Search(Arguments):
    """Arguments of `search`."""

    query: str = Field(min_length=1, max_length=MOST_CHARS)
    """What to look for, in Korean or English; passages of both languages are found."""
    limit: int = Field(5, ge=1, le=50)
    """Most passages to return."""
    filter: Filter = None


class Ask(Arguments):
    """Arguments of `ask`."""

    question: str = Field(min_length=1, max_length=MOST_CHARS)
    """A question that can be understood by itself, in Korean or English."""
    graph: Machine = "auto"
    """How to reason. auto chooses by the question; two_stage is quickest (one search, one answer,
    unchecked); self_rag checks each sentence; cot_rag plans steps, for several facts; mcts_rag
    searches over ways to reason, for the hardest questions, and takes longest."""
    language: Literal["auto", "en", "ko"] = "auto"
    """Language of the answer; auto takes the question's."""
    filter: Filter = None


class GetSource(Arguments):
    """Arguments of `get_source`."""

    id: str = Field(min_length=1, max_length=1_000)
    """A passage's id, as `search` and `ask` give it."""
    neighbours: int = Field(1, ge=0, le=10)
    """How many passages before it and after it in the document to return too."""


def refused(error: ValidationError, kind: type[Arguments]) -> Problem:
    """pydantic's first error as one sentence with the value and what fits. As a Problem."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    names = ", ".join(kind.model_fields)
    if first["type"] == "missing":
        return invalid(f"{place} is missing; this tool takes {names}.", param=place)
    if first["type"] == "extra_forbidden":
        return invalid(f"There is no argument {place!r}; this tool takes {names}.", param=place)
    given = repr(first["input"])
    shown = given if len(given) <= _SHOWN else f"{given[:_SHOWN]}…"
    return invalid(f"{place}={shown} is refused: {first['msg']}.", param=place)
