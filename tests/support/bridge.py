"""Passages about a bridge and a town, a two-hop question, and a model that reasons about them."""

from __future__ import annotations

import json
from typing import Any

from support.scripted import Reply
from support.world import labels, run

from churon.graphs.contract import RagOutput

BRIDGE = "The Halden bridge stands in the town of Aren."
MAYOR = "The mayor of Aren is Sora Han, elected in 2019."
MILL = "The Vesk mill was built in 1898."
LIGHTHOUSE = "The Orrin lighthouse was built in 1912."
TEXTS = (BRIDGE, MAYOR, MILL, LIGHTHOUSE)
QUESTION = "Who is the mayor of the town where the Halden bridge stands?"
FIRST = "In which town does the Halden bridge stand?"
SECOND = "Who is the mayor of #1?"


def steps(*questions: str | tuple[str, str]) -> str:
    """A plan as the planner writes it; a bare question is a lookup."""
    pairs = [("lookup", q) if isinstance(q, str) else q for q in questions]
    return json.dumps({"steps": [{"op": op, "question": q} for op, q in pairs]})


def said(statement: str, answer: str | None = None) -> str:
    """A reading as the model writes it; without an answer, NONE."""
    if answer is None:
        return json.dumps({"statement": "NONE", "answer": "NONE"})
    return json.dumps({"statement": statement, "answer": answer})


def asked(prompt: str) -> str:
    """The question of a prompt."""
    return prompt.rpartition("Question: ")[2].split("\n")[0]


def read(prompt: str) -> str:
    """Finds the one fact that the question is about, where its passage is there."""
    question = asked(prompt)
    facts = {
        "Halden": (BRIDGE, "The Halden bridge stands in Aren [1].", "Aren"),
        "mayor of Aren": (MAYOR, "The mayor of Aren is Sora Han.", "Sora Han"),
        "mill": (MILL, "The Vesk mill was built in 1898.", "1898"),
        "lighthouse": (LIGHTHOUSE, "The Orrin lighthouse was built in 1912.", "1912"),
    }
    if "mayor of the town" in question:
        return said("", None)
    for words, (passage, statement, answer) in facts.items():
        if words in question and passage in prompt:
            return said(statement, answer)
    return said("", None)


def conclude(prompt: str) -> str:
    """The mayor, where the facts name her."""
    return said("Sora Han is the mayor.", "Sora Han") if "Sora Han" in prompt else said("", None)


def model(**given: Any) -> Any:
    """A sensible model; `given` replaces single steps by a reply or a function of the prompt."""

    def answer(step: str, prompt: str) -> Reply | str:
        sensible: dict[str, Any] = {
            "plan": steps(FIRST, SECOND),
            "grade": labels(Y=0.9, N=0.1),
            "support": labels(F=0.9, P=0.05, N=0.05),
            "utility": labels(d5=0.9, d1=0.1),
            "candidate": "NONE",
            "read": read,
            "conclude": conclude,
            "query": "Who is the mayor of Aren?",
            "decompose": json.dumps({"questions": [FIRST, "Who is the mayor of Aren?"]}),
            "recall": said("It is Sora Han.", "Sora Han"),
            "hop": "The Halden bridge stands in Aren.",
            "same": labels(Y=0.1, N=0.9),
            "refine": "Halden bridge town",
        }
        reply = given.get(step, sensible.get(step, "NONE"))
        return reply(prompt) if callable(reply) else reply

    return answer


async def ask(
    graph: str, answer: Any = None, question: str = QUESTION, *, texts: Any = TEXTS, **options: Any
) -> RagOutput:
    """A graph's answer from the bridge's passages."""
    return await run(graph, answer or model(), question, texts, **options)


def results(output: RagOutput) -> dict[str, Any]:
    """Step -> its result."""
    return {s["result"]["id"]: s["result"] for s in output["steps"] if s["step"] == "result"}


def plans(output: RagOutput) -> list[list[str]]:
    """The questions of each plan."""
    return [[p["question"] for p in s["plan"]] for s in output["steps"] if s["step"] == "plan"]
