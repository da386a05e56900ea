"""A graph as an agent's tool: what the model sees, what the host sets, how it pauses."""

from __future__ import annotations

from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import HumanMessage, ToolMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from support import bridge
from support.ferry import QUESTION, TEXTS, model
from support.hosts import ANSWER, Agent, agent
from support.world import ListStore, world

import churon
from churon.tools.errors import StoreError


async def test_the_artifact_is_the_whole_output_and_the_text_names_sources() -> None:
    out = await agent(world(model())).ainvoke({"messages": [HumanMessage(QUESTION)]})
    (told,) = [one for one in out["messages"] if isinstance(one, ToolMessage)]
    assert set(told.artifact) == set(churon.RagOutput.__annotations__)
    assert told.status == "success"
    assert told.content.startswith("The Lumen leaves at 07:30. [1]")
    assert f"[1] {told.artifact['evidence']['p1']['document']}: {TEXTS[0]}" in told.content


async def test_questions_at_once_in_an_agent_with_a_memory() -> None:
    host = agent(world(model()), saver=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "t"}}
    asked = {"messages": [HumanMessage(f"{QUESTION}\n{QUESTION[:-1]} please?")]}
    out = await host.ainvoke(asked, config)
    told = [one for one in out["messages"] if isinstance(one, ToolMessage)]
    assert [one.tool_call_id for one in told] == ["0", "1"]
    assert all(ANSWER in str(one.content).replace(" [1]", "") for one in told)


async def test_a_failed_search_is_an_error_message_not_an_empty_answer() -> None:
    store = ListStore([], error=StoreError("Milvus is away.", remedy="Start it."))
    out = await agent(world(model(), store=store)).ainvoke({"messages": [HumanMessage(QUESTION)]})
    (told,) = [one for one in out["messages"] if isinstance(one, ToolMessage)]
    assert (told.status, told.content) == ("error", "Milvus is away. Start it.")


async def test_the_tenant_is_the_hosts_to_set_not_the_models() -> None:
    tool = churon.build_graph("two_stage", world(model())).as_tool(
        name="ask", description="Ask.", context={"k1": 1, "k2": 1}
    )
    assert (tool.name, tool.description, set(tool.args)) == (
        "ask",
        "Ask.",
        {"question", "language"},
    )
    call = {"type": "tool_call", "id": "1", "name": "ask", "args": {"question": QUESTION}}
    told = await tool.ainvoke(call)
    assert len(told.artifact["evidence"]) == 1
    refused = await tool.ainvoke({**call, "args": {"question": " "}})
    assert refused.status == "error" and "empty" in refused.content


@pytest.mark.parametrize("saver", [None, InMemorySaver()])
async def test_an_agent_pauses_for_a_plan_where_it_can_be_resumed(saver: Any) -> None:
    graph = churon.build_graph("cot_rag", world(bridge.model(), bridge.TEXTS))
    tool = graph.as_tool(context={"approve_plan": True})
    runs = create_agent(Agent(), [tool], checkpointer=saver)
    config: Any = {"configurable": {"thread_id": "t"}}
    out = await runs.ainvoke({"messages": [HumanMessage(bridge.QUESTION)]}, config)
    if saver is None:
        told = out["messages"][-1].content
        assert "nothing can resume it" in told and "checkpointer" in told
    else:
        assert "__interrupt__" in out
        out = await runs.ainvoke(Command(resume=True), config)
        assert "Sora Han" in out["messages"][-1].content


async def test_a_tool_whose_plan_waits_for_approval_says_what_to_do() -> None:
    graph = churon.build_graph("cot_rag", world(bridge.model(), bridge.TEXTS))
    tool = graph.as_tool(context={"approve_plan": True})
    call = {
        "type": "tool_call",
        "id": "1",
        "name": tool.name,
        "args": {"question": bridge.QUESTION},
    }
    message = await tool.ainvoke(call)
    assert message.status == "error" and "approve_plan" in message.content
