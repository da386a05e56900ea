"""One question to one graph. The accepted answer is not here: nothing in this file sees a case."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from churon.evals.listener import Listener
from churon.evals.short import shorten
from churon.evals.types import Passage, Shortening
from churon.graphs.contract import RagInput, RagOutput
from churon.graphs.machine import RagGraph
from churon.tools.errors import ModelMissing, SettingsError
from churon.tools.korean import spelt
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
        except FATAL:
            raise
        except Exception as error:  # hours of other rows must not be lost to one question
            seconds = round(time.perf_counter() - began, 3)
            said = f"{type(error).__name__}: {error}".strip(": ")
            spent = {"usage": heard.usage(seconds), "stages": heard.stages}
            return {"error": said, "seconds": seconds, **spent}
        return {
            **told(output),
            **await self.shortened(asked["question"], output),
            "seconds": seconds,
            "ranked": heard.ranked(),
            "ranked_spans": heard.ranked_spans(),
            "stages": heard.stages,
        }

    async def shortened(self, question: str, output: Mapping[str, Any]) -> dict[str, Any]:
        """The fields `short` and `shortening` of a row; where the model failed, without `short`:
        the answer, which took longer, is not lost to it.
        """
        if output["status"] == "abstained" or not output["claims"]:
            return {"short": ""}
        began = time.perf_counter()
        language = cast(Language, output["language"])
        try:
            short = await shorten(self.port, question, output["answer"], language)
        except FATAL:
            raise
        except Exception as error:  # as above
            seconds = round(time.perf_counter() - began, 3)
            said = f"{type(error).__name__}: {error}".strip(": ")
            spent = Shortening(calls=1, tokens=0, seconds=seconds, error=said)
            return {"shortening": spent}
        seconds = round(time.perf_counter() - began, 3)
        spent = Shortening(calls=short.calls, tokens=short.tokens, seconds=seconds)
        return {"short": short.text, "shortening": spent}


def told(output: RagOutput) -> dict[str, Any]:
    """What is kept of an output."""
    held: Mapping[str, Any] = output
    read = sorted(map(_passage, output["evidence"].values()), key=_relevance)
    return {**{name: held[name] for name in _KEPT if name in held}, "read": read}


def _passage(one: Evidence) -> Passage:
    return Passage(
        id=one["id"],
        document=spelt(one["document"]),
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
