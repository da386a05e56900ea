"""Error handlers of nodes, in graphs of their own."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict

from churon.graphs.policy import optional, recover
from churon.tools.errors import ModelError


class State(TypedDict, total=False):
    degraded: list[str]
    done: bool


@pytest.mark.parametrize("handler", [recover("second"), optional("second")])
async def test_a_later_error_cannot_be_taken_for_a_handled_one(handler: Any) -> None:
    """LangGraph knows handled errors by `id`: one that is gone may pass its own on to a new error,
    which would be dropped without a word.
    """
    handled: list[weakref.ref[ModelError]] = []
    alive: list[bool] = []

    async def first(state: State) -> State:
        error = ModelError("first")
        handled.append(weakref.ref(error))
        raise error

    async def second(state: State) -> State:
        gc.collect()
        alive.extend(one() is not None for one in handled)
        raise ModelError("second")

    async def third(state: State) -> State:
        return {"done": True}

    b = StateGraph(State)
    b.add_node("first", first, error_handler=handler)
    b.add_node("second", second)
    b.add_node("third", third)
    b.add_edge(START, "first")
    b.add_edge("second", "third")
    b.add_edge("third", END)
    with pytest.raises(ModelError, match="second"):
        await b.compile().ainvoke({})
    assert alive == [True]
