"""The tools of MCP, by the official client in memory, in both generations of the protocol."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from support.ferry import QUESTION, model
from support.ferry import TEXTS as FERRY
from support.mcp_clients import MODES, TENANTS, TEXTS, data, failed, local, text, two_tenants
from support.scripted import Reply
from support.serving import CountedStore, slow_port
from support.world import world

from churon.graphs.registry import GRAPHS
from churon.tools.errors import ModelUnreachable, StoreError
from churon.tools.toolkit import Toolkit

WHEN, HOW_MANY = (
    "When does the Lumen ferry leave the harbour?",
    "루멘 여객선의 승객 정원은 몇 명인가?",
)
SECRET = "/home/kim/m.db at http://me:word@10.0.0.7:19530"
both = pytest.mark.parametrize("mode", MODES)


@pytest.fixture
async def shared(tmp_path: Path) -> AsyncIterator[Toolkit]:
    """A store of two tenants."""
    async with two_tenants(tmp_path) as toolkit:
        yield toolkit


def ferry(**given: Any) -> Toolkit:
    """The ferry's world, with these steps of the model replaced."""
    return world(model(**given), store=CountedStore(FERRY))


@both
async def test_how_the_tools_are_told(mode: str) -> None:
    async with local(ferry(), mode) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert list(tools) == ["search", "ask", "get_source"]
    for tool in tools.values():
        hints, taken = tool.annotations, tool.input_schema["properties"]
        assert hints and hints.read_only_hint and not hints.destructive_hint
        assert tool.output_schema and tool.description and tool.title
        assert all(one["description"] for one in taken.values())
        assert "tenant" not in taken and not tool.input_schema["additionalProperties"]
    asked = tools["ask"].input_schema["properties"]
    assert set(asked["graph"]["enum"]) == set(GRAPHS)
    assert asked["language"]["enum"] == ["auto", "en", "ko"]


@both
@pytest.mark.parametrize(("question", "fact", "language"), [(WHEN, 0, "en"), (HOW_MANY, 1, "ko")])
async def test_an_answer_names_exact_words(
    shared: Toolkit, mode: str, question: str, fact: int, language: str
) -> None:
    async with local(shared, mode, "north") as client:
        result = await client.call_tool("ask", {"question": question, "graph": "self_rag"})
    answer = data(result)
    assert TENANTS["north"][fact] in answer["answer"] and "[1]" in answer["answer"]
    assert (answer["language"], answer["status"]) == (language, "grounded")
    whole = "".join(
        one.format("north", known)
        for one, known in zip(TEXTS.values(), TENANTS["north"], strict=True)
    )
    [cited] = answer["sentences"][0]["citations"]
    assert whole[cited["start"] : cited["end"]] == cited["quote"]
    assert (cited["document"], cited["page"]) == ("north.md", fact + 1)
    source = answer["sources"][0]
    assert whole[source["start"] : source["end"]] == source["text"]
    assert source["id"] in text(result) and cited["quote"] in text(result)


@both
@pytest.mark.parametrize("graph", GRAPHS)
async def test_every_graph_can_be_asked(shared: Toolkit, mode: str, graph: str) -> None:
    async with local(shared, mode, "south") as client:
        answer = data(await client.call_tool("ask", {"question": WHEN, "graph": graph}))
    assert "19:45" in answer["answer"] and answer["graph"] == graph


@both
async def test_steps_are_told_while_they_happen(mode: str) -> None:
    told: list[tuple[float, str | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, message))

    async with local(ferry(), mode) as client:
        asked = {"question": QUESTION, "graph": "self_rag"}
        await client.call_tool("ask", asked, progress_callback=note)
        await asyncio.sleep(0.05)
    assert [number for number, _ in told] == list(range(1, len(told) + 1))
    assert told[0][1] == f"search: {QUESTION}" and len(told) > 5


@both
async def test_a_search_and_the_source_it_leads_to(shared: Toolkit, mode: str) -> None:
    async with local(shared, mode, "north") as client:
        found = data(await client.call_tool("search", {"query": WHEN, "limit": 1}))["passages"]
        assert [one["id"] for one in found] == ["north-1"] and found[0]["retrieval_score"] > 0
        source = data(await client.call_tool("get_source", {"id": "north-2"}))
        alone = data(await client.call_tool("get_source", {"id": "north-2", "neighbours": 0}))
        first = await client.call_tool("get_source", {"id": "north-1"})
    assert source["passage"]["text"] == TEXTS["ko"].format("north", "198")
    assert [one["id"] for one in source["before"]] == ["north-1"] and source["after"] == []
    assert alone == {"passage": source["passage"], "before": [], "after": []}
    assert [one["id"] for one in data(first)["after"]] == ["north-2"]
    assert text(first).index("07:30") < text(first).index("198명")


@both
async def test_nothing_found_is_no_failure(shared: Toolkit, mode: str) -> None:
    async with local(shared, mode, "north") as client:
        nothing = {"query": WHEN, "filter": {"document": "other.md"}}
        found = await client.call_tool("search", nothing)
        asked = await client.call_tool("ask", {"question": WHEN, "filter": nothing["filter"]})
    assert data(found)["passages"] == [] and "No passages match" in text(found)
    assert data(asked)["status"] == "abstained"


@both
async def test_tenants_do_not_see_each_other(shared: Toolkit, mode: str) -> None:
    async with local(shared, mode, "north") as client:
        theirs = [
            await client.call_tool("get_source", {"id": "south-1"}),
            await client.call_tool("ask", {"question": WHEN, "tenant": "south"}),
            await client.call_tool("search", {"query": WHEN, "tenant": "south"}),
        ]
        found = await client.call_tool("search", {"query": WHEN, "filter": {"tenant": "south"}})
        own = await client.call_tool("search", {"query": WHEN, "limit": 50})
    assert "no source with the id 'south-1'" in failed(theirs[0])
    assert all("no argument 'tenant'" in failed(one) for one in theirs[1:])
    assert data(found)["passages"] == []
    assert {one["document"] for one in data(own)["passages"]} == {"north.md"}


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("ask", {"question": WHEN, "graph": "deep"}, "graph='deep' is refused: Input should be"),
    ("ask", {"question": WHEN, "language": "fr"}, "language='fr' is refused"),
    ("ask", {"question": "  "}, "The question is empty"),
    ("ask", {}, "question is missing; this tool takes question, graph"),
    ("ask", {"question": "half \ud83d"}, "is refused: Input should be a valid string"),
    ("search", {"query": WHEN, "limit": 0}, "limit=0 is refused"),
    ("search", {"query": WHEN, "filter": {'a" or 1': 1}}, "or 1"),
    ("get_source", {"id": "nowhere"}, "Take one from search or ask"),
    ("get_source", {"id": 'x" or tenant != "'}, "There is no source"),
    ("delete", {"id": "x"}, "no tool 'delete'; use search, ask, get_source"),
]


@both
@pytest.mark.parametrize(("tool", "arguments", "words"), REFUSED)
async def test_wrong_arguments(
    shared: Toolkit, mode: str, tool: str, arguments: dict[str, Any], words: str
) -> None:
    async with local(shared, mode, "north", frank=False) as client:
        assert words in failed(await client.call_tool(tool, arguments))


@both
@pytest.mark.parametrize("frank", [True, False])
async def test_a_store_that_is_down(mode: str, frank: bool) -> None:
    down = StoreError(f"{SECRET} is gone.", remedy="Start it.")
    toolkit = world(model(), store=CountedStore(FERRY, down))
    async with local(toolkit, mode, frank=frank) as client:
        said = [
            failed(await client.call_tool("search", {"query": QUESTION})),
            failed(await client.call_tool("ask", {"question": QUESTION})),
        ]
    for one in said:  # this machine's user is told all; others, where to ask
        assert ("Start it." in one and "gone" in one) if frank else "document store failed" in one
        assert ("kim" in one) is frank


@both
@pytest.mark.parametrize("error", [ModelUnreachable(f"No answer from {SECRET}."), ValueError("x9")])
async def test_a_model_that_fails(mode: str, error: Exception) -> None:
    async with local(ferry(answer=Reply(error=error)), mode, frank=False) as client:
        asked = {"question": QUESTION, "graph": "two_stage"}
        said = failed(await client.call_tool("ask", asked))
        again = data(await client.call_tool("search", {"query": QUESTION}))
    assert "log says why" in said and "x9" not in said and "kim" not in said
    assert again["passages"]


@both
@pytest.mark.parametrize("graph", ["two_stage", "mcts_rag", "auto"])
async def test_cancelling_stops_the_model(mode: str, graph: str) -> None:
    port = slow_port()
    chat: Any = port.model
    toolkit = world(model(), store=CountedStore(FERRY), port=port)
    async with local(toolkit, mode) as client:
        call = asyncio.ensure_future(
            client.call_tool("ask", {"question": QUESTION, "graph": graph})
        )
        assert await asyncio.to_thread(chat.began.wait, 20)
        began = time.monotonic()
        call.cancel()
        assert await asyncio.to_thread(chat.cancelled.wait, 10)
        with pytest.raises(asyncio.CancelledError):
            await call
        assert time.monotonic() - began < 10
        assert not (await client.call_tool("search", {"query": QUESTION})).is_error
