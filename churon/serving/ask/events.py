"""The events of `POST /ask`: what a page needs to show a run while it goes on.

Each is sent as a server-sent event whose name is its `event`. `plan` is whole each time; `passages`
and `tree` hold what is new or changed, by id. `output` or `error` is the last one.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from churon.graphs.contract import RagOutput
from churon.tools.types import Claim, Evidence, PlanStep, StepResult

DESCRIBED = ConfigDict(use_attribute_docstrings=True)


class Begun(TypedDict):
    """The run begins."""

    event: Literal["begin"]
    request: str
    """Id of this request in the server's log."""
    graph: str


StepKind = Literal[
    "condense", "direct", "route", "search", "enough", "stale", "rerank", "relevant",
    "candidate", "critique", "select", "beam", "replan", "rollouts", "winner", "restate",
]  # fmt: skip


@with_config(DESCRIBED)
class StepDone(TypedDict):
    """Something was done."""

    event: Literal["step"]
    kind: StepKind
    text: str
    """The query, sentence, answer or graph that it is about, "" for none."""
    why: str
    """route: the reason, in the answer's language."""
    n: int | None
    """How many: found, kept, relevant, candidates, rollouts."""
    of: int | None
    score: float | None


class Planned(PlanStep):
    """A step of the plan and what became of it."""

    state: Literal["waiting", "running", "done", "failed"]
    result: StepResult | None


class Plan(TypedDict):
    """The whole plan as it stands."""

    event: Literal["plan"]
    steps: list[Planned]


@with_config(DESCRIBED)
class Node(TypedDict):
    """A node of the search tree."""

    id: str
    parent: str | None
    action: str
    text: str
    query: str
    answer: str
    visits: int
    mean: float | None
    """Of the values of the rollouts through here."""
    value: float | None
    """Of an answer, by votes and support."""
    terminal: bool
    active: bool
    """A rollout is under way through here."""


@with_config(DESCRIBED)
class TreeGrown(TypedDict):
    """What is new or changed in the search tree, parents before children."""

    event: Literal["tree"]
    nodes: list[Node]
    done: int
    of: int
    """Rollouts; 0 while none has ended."""
    winner: str | None
    """Node whose answer is taken."""


class Passages(TypedDict):
    """Passages that are new, or known better."""

    event: Literal["passages"]
    passages: list[Evidence]


@with_config(DESCRIBED)
class Token(TypedDict):
    """The next piece of a text that is being written; `support` or `output` replace it."""

    event: Literal["token"]
    node: str
    """Who writes; another one begins a new text."""
    text: str


@with_config(DESCRIBED)
class Citation(TypedDict):
    """A sentence's passage, and the words in it that bear the sentence."""

    claim: int
    """Place of the sentence in `claims`."""
    evidence_id: str
    n: int
    """Number of the source, from 1 in order of first use."""
    start: int
    """First character of those words in the passage's text; Unicode code points."""
    end: int


class Supported(TypedDict):
    """The sentences of the answer as it stands, with their support so far."""

    event: Literal["support"]
    claims: list[Claim]
    citations: list[Citation]


class Finished(TypedDict):
    """The end: the graph's whole output."""

    event: Literal["output"]
    output: RagOutput
    citations: list[Citation]


@with_config(DESCRIBED)
class Failed(TypedDict):
    """The end: why there is no answer."""

    event: Literal["error"]
    status: int
    """The HTTP status that this failure has where nothing was sent before it."""
    error: dict[str, Any]
    """Its message and code."""
    retry_after: int | None
    """Seconds."""


Event = (
    Begun | StepDone | Plan | TreeGrown | Passages | Token | Supported | Finished | Failed
)  # fmt: skip
Described = Annotated[Event, Field(discriminator="event")]
