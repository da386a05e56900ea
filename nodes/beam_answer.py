"""The end of the long form: the best hypothesis becomes the answer."""

from __future__ import annotations

from dataclasses import dataclass

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from churon.nodes.beam import best_beam, text_of
from churon.nodes.common import RunState
from churon.tools.context import RagContext
from churon.tools.errors import ModelError
from churon.tools.toolkit import Toolkit
from churon.tools.types import Beam, Claim


class Grown(RunState):
    beams: list[Beam]
    failures: list[str]
    stop_reason: str


class Answered(TypedDict):
    answer: str
    claims: list[Claim]


@dataclass(frozen=True)
class TakeBeam:
    """Answer and claims of the best path. Raises ModelError when every extension failed."""

    toolkit: Toolkit

    async def __call__(self, state: Grown, runtime: Runtime[RagContext]) -> Answered:
        best = best_beam(state.get("beams") or [])
        if best is None and state["failures"] and not state["stop_reason"]:
            raise ModelError(f"No sentence could be written: {state['failures'][0]}")
        if best is None:
            return {"answer": "", "claims": []}
        return {"answer": text_of(best), "claims": best["claims"]}
