"""Three passages about a ferry, a question, and a model that behaves sensibly about them."""

from __future__ import annotations

from typing import Any

from support.scripted import Reply
from support.world import FERRY_TEXTS, labels, run

from churon.graphs.contract import RagOutput

FERRY, CAPTAIN, DOGS = TEXTS = FERRY_TEXTS
QUESTION = "When does the Lumen ferry leave?"


def model(**given: Any) -> Any:
    """A sensible model; `given` replaces single steps by a reply or a function of the prompt."""

    def answer(step: str, prompt: str) -> Reply | str:
        about = FERRY in prompt
        sensible: dict[str, Reply | str] = {
            "grade": labels(Y=0.9, N=0.1) if about else labels(Y=0.1, N=0.9),
            "candidate": "The Lumen leaves at 07:30." if about else "NONE",
            "support": labels(F=0.9, P=0.05, N=0.05),
            "utility": labels(d1=0.02, d2=0.03, d3=0.05, d4=0.1, d5=0.8),
            "answer": "The Lumen leaves at 07:30 [1].",
            "sufficient": labels(Y=0.8, N=0.2),
            "refine": "Lumen timetable",
            "decide": labels(Y=0.1, N=0.1, C=0.8),
            "continue": "The Lumen leaves at 07:30." if "far: -" in prompt and about else "NONE",
        }
        reply = given.get(step, sensible.get(step, "NONE"))
        return reply(prompt) if callable(reply) else reply

    return answer


async def ask(
    graph: str, answer: Any, question: str = QUESTION, *, texts: Any = TEXTS, **options: Any
) -> RagOutput:
    """A graph's answer from the ferry's passages."""
    return await run(graph, answer, question, texts, **options)
