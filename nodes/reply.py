"""A run's outcome as one chat message: numbered text, and as metadata what it rests on."""

from __future__ import annotations

from collections.abc import Callable

from langchain_core.messages import AIMessage
from typing_extensions import TypedDict

from churon.nodes.cite import Renumbered, numbering, quote, with_keys
from churon.nodes.decide import WORST_FIRST
from churon.tools.types import Claim, Evidence, Status, Support, Usage


class Outcome(TypedDict):
    answer: str
    status: Status
    claims: list[Claim]
    evidence: dict[str, Evidence]
    missing: list[str]
    stop_reason: str
    usage: Usage
    degraded: list[str]


class Citation(TypedDict):
    """What `[n]` in the text stands for."""

    n: int
    id: str
    document: str
    title: str
    page: int | None
    start: int
    end: int
    support: Support
    quotes: list[str]
    """The passage's exact words, for each sentence that rests on it."""


def message(outcome: Outcome, id: str) -> AIMessage:
    """The message with this id. `response_metadata` is plain data: it survives checkpoints and
    the wire, and is sent to no model.
    """
    return AIMessage(
        content=with_keys(outcome["claims"]) or outcome["answer"],
        id=id,
        response_metadata={
            "status": outcome["status"],
            "citations": citations(outcome["claims"], outcome["evidence"]),
            "missing": outcome["missing"],
            "stop_reason": outcome["stop_reason"],
            "usage": outcome["usage"],
            "degraded": outcome["degraded"],
        },
    )


def citations(claims: list[Claim], evidence: dict[str, Evidence]) -> list[Citation]:
    """Every passage that a claim rests on, in order of its number."""
    return [_citation(n, evidence[key], claims) for key, n in numbering(claims).items()]


def _citation(n: int, passage: Evidence, claims: list[Claim]) -> Citation:
    resting = [claim for claim in claims if passage["id"] in claim["evidence_ids"]]
    quotes = dict.fromkeys(quote(claim["text"], passage["text"]) for claim in resting)
    return Citation(
        n=n,
        id=passage["id"],
        document=passage["document"],
        title=passage["title"],
        page=passage["page"],
        start=passage["start"],
        end=passage["end"],
        # the worst of them: no reader shall take a passage for more than it bears
        support=min((claim["support"] for claim in resting), key=WORST_FIRST.index),
        quotes=list(quotes),
    )


class Aloud:
    """Of what a run's nodes write, what is said while it is written: the answer, once.

    Drafts are not, nor what a second node writes in place of the first: that comes with the whole
    message.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._keys, self._writer = say, Renumbered(), ""

    def __call__(self, node: str, text: str) -> None:
        """What `node` wrote next."""
        if node == "partial":
            return
        self._writer = self._writer or node
        if node == self._writer and (shown := self._keys(text)):
            self._say(shown)

    def end(self) -> None:
        """Nothing more is written."""
        if rest := self._keys.rest():
            self._say(rest)
