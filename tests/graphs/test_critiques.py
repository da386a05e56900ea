"""What Self-RAG asks its critic, and what stands where nobody is asked or nobody answers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pytest
from langchain_core.documents import Document
from support import bridge, ferry
from support.ferry import CAPTAIN, DOGS, FERRY, QUESTION, TEXTS, model
from support.scripted import Reply
from support.world import labels, step_of, world

from churon.graphs.contract import RagOutput
from churon.graphs.registry import build_graph
from churon.tools.errors import ModelError

CHOKED = Reply(error=ModelError("The model choked."))


class Prior:
    """A reranker that holds each passage for so relevant."""

    def __init__(self, priors: dict[str, float]) -> None:
        self.priors = priors

    async def rerank(self, question: str, found: Sequence[Document], most: int) -> list[Document]:
        return [
            Document(
                one.page_content,
                id=one.id,
                metadata={**one.metadata, "relevance_prior": self.priors[one.page_content]},
            )
            for one in found
        ][:most]


ask = partial(ferry.ask, "self_rag")


def relevance(output: RagOutput) -> dict[str, float | None]:
    return {one["text"]: one["relevance"] for one in output["evidence"].values()}


@pytest.mark.parametrize("form", ["short", "iterative", "long"])
async def test_the_model_grades_only_what_the_reranker_is_unsure_of(form: str) -> None:
    priors = {FERRY: 0.8, CAPTAIN: 0.81, DOGS: 0.19}
    output = await ask(model(grade=labels(Y=0.7, N=0.3)), reranker=Prior(priors), form=form)
    assert relevance(output) == {**priors, FERRY: 0.7}  # the band's ends belong to it
    priors[DOGS] = 0.2
    output = await ask(model(grade=labels(Y=0.7, N=0.3)), reranker=Prior(priors), form=form)
    assert relevance(output) == {**priors, FERRY: 0.7, DOGS: 0.7}


async def test_where_the_critic_is_silent_the_rerankers_word_stands() -> None:
    output = await ask(model(grade=CHOKED), reranker=Prior(dict.fromkeys(TEXTS, 0.6)))
    assert set(relevance(output).values()) == {0.6}


@pytest.mark.parametrize("prior", [0.1, 0.45])
async def test_where_nobody_grades_a_prior_refuses_no_passage(prior: float) -> None:
    output = await ferry.ask("two_stage", model(), reranker=Prior(dict.fromkeys(TEXTS, prior)))
    assert output["answer"] == "The Lumen leaves at 07:30."
    read = bridge.said(FERRY, "07:30")
    answer = bridge.model(query=QUESTION, read=read, conclude=read)
    priors = Prior(dict.fromkeys(TEXTS, prior))
    output = await ferry.ask("mcts_rag", answer, reranker=priors, profile="lite")
    assert output["status"] == "grounded"


@pytest.mark.parametrize("weight", [0.0, 0.5])
async def test_usefulness_is_asked_for_where_it_weighs_something(weight: float) -> None:
    asked: list[str] = []

    def utility(prompt: str) -> Reply:
        asked.append(prompt)
        return labels(d1=0.9, d5=0.1)

    await ask(model(utility=utility), w_use=weight)
    assert bool(asked) is bool(weight)


async def test_support_that_could_not_be_read_is_unknown_and_no_half() -> None:
    output = await ask(model(support=CHOKED))
    [claim] = output["claims"]
    assert (claim["support"], claim["support_score"]) == ("unchecked", None)
    assert output["status"] == "partial"


@pytest.mark.parametrize(
    ("form", "step"), [("short", "candidate"), ("iterative", "answer"), ("long", "continue")]
)
async def test_answers_are_written_at_the_contexts_temperature(form: str, step: str) -> None:
    toolkit = world(model(), TEXTS, form=form, temperature=1.3)
    await build_graph("self_rag", toolkit).ainvoke({"question": QUESTION})
    calls = (await toolkit.chat()).model.calls
    heats = {(step_of(str(c["messages"][-1].content)), c["temperature"]) for c in calls}
    assert {one for one in heats if one[1]} == {(step, 1.3)}
