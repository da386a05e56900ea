"""Models that think before they answer: with room for their thoughts they answer as others do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from support.bridge import said, steps
from support.ferry import FERRY, QUESTION, model
from support.scripted import Reply, ScriptedChat
from support.world import labels, step_of, world

from churon.graphs.registry import build_graph
from churon.tools.models.base import ChatPort
from churon.tools.models.openai_dialect import OpenAIDialect

THOUGHTS = 300


class Thinker(ScriptedChat):
    """Thinks for THOUGHTS tokens, which count, and gives no log-probs of its answer."""

    def _chunks(
        self, messages: list[BaseMessage], reply: Reply, kwargs: Mapping[str, Any]
    ) -> Iterator[ChatGenerationChunk]:
        left = kwargs["max_tokens"] - THOUGHTS
        spent = Reply("") if left <= 0 else Reply(reply.text)
        for chunk in super()._chunks(messages, spent, {"max_tokens": max(left, 1)}):
            if left <= 0 and chunk.message.response_metadata:
                chunk.message.response_metadata["finish_reason"] = "length"
            yield chunk


def port(thinking_tokens: int) -> ChatPort:
    """A port onto the thinker, as its settings would open it."""
    read = said("It leaves at 07:30 [1].", "07:30")
    given = {"plan": steps(QUESTION), "read": read, "conclude": read, "query": QUESTION}
    answer = model(**given, grade=labels(Y=0.9, N=0.1))

    def script(messages: list[BaseMessage], kwargs: Any) -> Reply | str:
        prompt = str(messages[-1].content)
        reply: Reply | str = answer(step_of(prompt), prompt)
        return reply

    chat = Thinker(script=script, calls=[])
    dialect = OpenAIDialect(bool(thinking_tokens))
    supports = frozenset({"schema"})
    return ChatPort(chat, dialect, "thinker", 8_192, supports, thinking_tokens)


@pytest.mark.parametrize("graph", ["self_rag", "cot_rag", "mcts_rag"])
async def test_with_room_for_thoughts_an_answer_is_grounded(graph: str) -> None:
    toolkit = world(model(), (FERRY,), port=port(400), k2=1)
    output = await build_graph(graph, toolkit).ainvoke({"question": QUESTION})
    assert output["status"] == "grounded"
    assert not [one for one in output["degraded"] if "neutral" in one or "refused" in one]


async def test_thoughts_take_of_the_budget_of_tokens_too() -> None:
    thinker = port(400)
    toolkit = world(model(), (FERRY,), port=thinker, k2=1, limits={"tokens": 1_000})
    await build_graph("self_rag", toolkit).ainvoke({"question": QUESTION})
    asked = [call["max_tokens"] for call in thinker.model.calls]  # type: ignore[attr-defined]
    assert max(asked) <= 1_000


async def test_a_budget_that_thoughts_alone_would_take_is_over() -> None:
    thinker = port(400)
    toolkit = world(model(), (FERRY,), port=thinker, k2=1, limits={"tokens": 400})
    output = await build_graph("self_rag", toolkit).ainvoke({"question": QUESTION})
    assert (output["status"], output["stop_reason"]) == ("budget_exhausted", "budget:tokens")
    assert thinker.model.calls == []  # type: ignore[attr-defined]


async def test_the_error_without_room_names_the_setting() -> None:
    toolkit = world(model(), (FERRY,), port=port(0), k2=1)
    with pytest.raises(Exception, match=r"chat\.thinking_tokens"):
        await build_graph("self_rag", toolkit).ainvoke({"question": QUESTION})
