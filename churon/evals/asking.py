"""One question to one graph. The accepted answer is not here: nothing in this file sees a case."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from churon.evals.listener import Listener
from churon.evals.short import shorten
from churon.evals.types import Passage
from churon.graphs.contract import RagInput, RagOutput
from churon.graphs.machine import RagGraph
from churon.tools.errors import ModelMissing, SettingsError
from churon.tools.models.base import ChatPort
from churon.tools.types import Evidence, Language

FATAL = (SettingsError, ModelMissing)
"""What no other question would fare better with: it ends the evaluation."""
_KEPT = ("answer", "status", "stop_reason", "claims", "missing", "degraded", "steps", "usage")


@dataclass(frozen=True)
class Asker:
    """A graph, and the model that cuts its answers down to a phrase."""

    machine: RagGraph
    port: ChatPort

    async def ask(self, asked: RagInput) -> dict[str, Any]:
        """The outcome's part of a row; `error` where the run failed. Raises what is FATAL."""
        heard, began = Listener(), time.perf_counter()
        try:
            given: Any = await self.machine.ainvoke(asked, {"callbacks": [heard]})
            output: RagOutput = given
            seconds = round(time.perf_counter() - began, 3)
            short = await self._short(asked, output)
        except FATAL:
            raise
        except Exception as error:  # hours of other rows must not be lost to one question
            seconds = round(time.perf_counter() - began, 3)
            said = f"{type(error).__name__}: {error}".strip(": ")
            spent = {"usage": heard.usage(seconds), "stages": heard.stages}
            return {"error": said, "seconds": seconds, **spent}
        return {
            **told(output),
            "short": short,
            "seconds": seconds,
            "ranked": heard.ranked(),
            "ranked_spans": heard.ranked_spans(),
            "stages": heard.stages,
        }

    async def _short(self, asked: RagInput, output: RagOutput) -> str:
        if output["status"] == "abstained" or not output["claims"]:
            return ""
        language: Language = output["language"]
        return await shorten(self.port, asked["question"], output["answer"], language)


def told(output: RagOutput) -> dict[str, Any]:
    """What is kept of an output."""
    held: Mapping[str, Any] = output
    read = sorted(map(_passage, output["evidence"].values()), key=_relevance)
    return {**{name: held[name] for name in _KEPT if name in held}, "read": read}


def _passage(one: Evidence) -> Passage:
    return Passage(
        id=one["id"],
        document=one["document"],
        start=one["start"],
        end=one["end"],
        text=one["text"],
        retrieval_score=one["retrieval_score"],
        rerank_score=one["rerank_score"],
        relevance=one["relevance"],
        used=bool(one["used_by"]),
    )


def _relevance(one: Passage) -> tuple[float, ...]:
    """Best first; what was not graded after what was, by its other scores."""
    scores: tuple[Callable[[], float | None], ...] = (
        lambda: one["relevance"],
        lambda: one["rerank_score"],
        lambda: one["retrieval_score"],
    )
    return tuple(float("inf") if score() is None else -(score() or 0.0) for score in scores)
