"""The baselines keep the graphs' contract: claims with passages, budgets, both languages."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, SystemMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.checkpoint.memory import InMemorySaver
from support.ferry import FERRY, QUESTION, TEXTS
from support.scripted import Reply, scripted_port, wanted_schema
from support.world import ListStore, world

from churon.evals.baselines import agent, closed_book
from churon.evals.baselines.registry import ALL, BASELINES, build
from churon.graphs.contract import RagOutput
from churon.tools.errors import InputError, ModelError, ModelUnreachable, StoreError
from churon.tools.models.base import ChatPort
from churon.tools.models.openai_dialect import OpenAIDialect
from churon.tools.toolkit import Toolkit

KOREAN = "루멘호는 언제 떠납니까?"
SENTENCE = "The Lumen leaves at 07:30."
SOURCE = "Done so far:\n>"


def turn(action: str, text: str, *sources: int) -> str:
    return json.dumps({"action": action, "text": text, "sources": list(sources)})


def sensible(step: str, prompt: str) -> Reply | str:
    """Searches, cites and answers by JSON; knows nothing by itself."""
    if "Write JSON" not in prompt and "JSON을 쓰세요" not in prompt:
        return SENTENCE if "own knowledge" in prompt else "NONE"
    if FERRY not in prompt:
        return turn("search", "Lumen ferry leaves")
    if '"cite"' not in prompt.partition("\n\nQuestion:")[0] and "> cite" not in prompt:
        return turn("cite", SENTENCE, 1)
    return turn("answer", SENTENCE)


async def ask(graph: Any, toolkit: Toolkit, question: str = QUESTION, **more: Any) -> RagOutput:
    output: RagOutput = await graph.build(toolkit).ainvoke({"question": question, **more})
    return output


def test_baselines_stand_beside_the_graphs() -> None:
    assert {"self_rag", "closed_book", "agent"} <= set(ALL)
    assert build("closed_book", world(sensible)).name == "closed_book"
    assert build("two_stage", world(sensible)).name == "two_stage"
    with pytest.raises(InputError, match="no graph 'rag'"):
        build("rag", world(sensible))


async def test_closed_book_answers_without_a_passage() -> None:
    store = ListStore(TEXTS)
    output = await ask(closed_book, world(sensible, store=store))
    assert (output["answer"], output["status"]) == (SENTENCE, "ungrounded")
    assert output["claims"][0]["evidence_ids"] == [] and output["evidence"] == {}
    assert store.asked == [] and output["usage"]["calls"] == 1


@pytest.mark.parametrize("question", [QUESTION, KOREAN])
async def test_closed_book_abstains(question: str) -> None:
    output = await ask(closed_book, world(lambda step, prompt: "NONE"), question)
    assert output["status"] == "abstained" and output["missing"] == [question]


async def test_the_agent_by_json_cites_what_it_found() -> None:
    store = ListStore(TEXTS)
    output = await ask(agent, world(sensible, store=store))
    (claim,) = output["claims"]
    (key,) = claim["evidence_ids"]
    assert output["evidence"][key]["text"] == FERRY
    assert output["evidence"][key]["used_by"] == ["c1"]
    assert (output["answer"], output["status"]) == (SENTENCE, "partial")
    assert [one["query"] for one in store.asked] == ["Lumen ferry leaves"]
    assert [step["step"] for step in output["steps"]] == ["search", "cite", "finish"]
    assert output["usage"]["calls"] == 3 and "agent:json" in output["degraded"]


async def test_the_agent_is_asked_in_korean() -> None:
    seen: list[str] = []

    def answer(step: str, prompt: str) -> str:
        seen.append(prompt)
        return turn("answer", "루멘호는 오전 일곱 시 반에 떠납니다.")

    output = await ask(agent, world(answer), KOREAN)
    assert output["answer"] == "루멘호는 오전 일곱 시 반에 떠납니다."
    assert output["status"] == "ungrounded"  # nothing was cited
    assert "다음에 무엇을 합니까?" in seen[0]


async def test_an_invented_number_is_no_source() -> None:
    turns = iter([turn("search", "Lumen"), turn("cite", SENTENCE, 99), turn("answer", SENTENCE)])
    output = await ask(agent, world(lambda step, prompt: next(turns)))
    assert output["claims"][0]["evidence_ids"] == []
    assert "cite:1_invented_keys" in output["degraded"]


async def test_an_answer_by_json_can_cite_for_itself() -> None:
    turns = iter([turn("search", "Lumen ferry leaves"), turn("answer", SENTENCE, 1)])
    output = await ask(agent, world(lambda step, prompt: next(turns)))
    assert output["claims"][0]["evidence_ids"] == ["p1"] and output["status"] == "partial"


async def test_the_same_search_twice_leads_on() -> None:
    offered: list[list[str]] = []

    def script(messages: list[Any], kwargs: dict[str, Any]) -> str:
        schema = wanted_schema(kwargs)
        assert schema is not None
        offered.append(schema["properties"]["action"]["enum"])
        return turn("search" if "search" in offered[-1] else "answer", SENTENCE, 1)

    store = ListStore(TEXTS)
    output = await ask(agent, world(sensible, store=store, port=scripted_port(script)))
    assert [len(names) for names in offered] == [3, 3, 2] and len(store.asked) == 1
    assert output["claims"][0]["evidence_ids"] == ["p1"]


async def test_the_same_citation_twice_ends_in_the_answer() -> None:
    turns = [turn("search", "Lumen"), *[turn("cite", SENTENCE, 1)] * 2, turn("answer", SENTENCE)]
    replies = iter(turns)
    output = await ask(agent, world(lambda step, prompt: next(replies)))
    cites = [step for step in output["steps"] if step["step"] == "cite"]
    assert len(cites) == 1 and output["usage"]["calls"] == 4


async def test_the_agent_abstains() -> None:
    output = await ask(agent, world(lambda step, prompt: turn("answer", "NONE")))
    assert output["status"] == "abstained" and output["missing"] == [QUESTION]


async def test_an_agent_that_never_answers_is_made_to() -> None:
    last: list[str] = []

    def answer(step: str, prompt: str) -> str:
        if "Answer now" in prompt:
            last.append(prompt)
            return turn("answer", SENTENCE)
        return turn("search", f"Lumen {len(prompt)}")

    output = await ask(agent, world(answer))
    assert len(last) == 1 and output["answer"] == SENTENCE


@pytest.mark.parametrize("calls", [1, 2])
async def test_where_the_budget_ends_the_citations_are_the_answer(calls: int) -> None:
    output = await ask(agent, world(sensible, limits={"calls": calls}))
    assert output["usage"]["calls"] == calls
    assert output["status"] == "budget_exhausted" and output["stop_reason"] == "budget:calls"
    assert [one["text"] for one in output["claims"]] == [SENTENCE] * (calls - 1)


async def test_a_failed_search_is_raised() -> None:
    store = ListStore(TEXTS, error=StoreError("Milvus is gone."))
    with pytest.raises(StoreError, match="gone"):
        await ask(agent, world(sensible, store=store))


class ToolChat(BaseChatModel):
    """A model that calls tools: `turns` are its messages, or errors."""

    turns: list[Any]
    seen: list[Any]

    @property
    def _llm_type(self) -> str:
        return "tools"

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return self.bind(offered=[tool.name for tool in tools], **kwargs)

    def _generate(self, messages: Any, *rest: Any, **kwargs: Any) -> ChatResult:
        raise NotImplementedError

    async def _agenerate(self, messages: Any, *rest: Any, **kwargs: Any) -> ChatResult:
        self.seen.append((messages, kwargs))
        reply = self.turns[min(len(self.seen), len(self.turns)) - 1]
        if isinstance(reply, Exception):
            raise reply
        usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
        said = reply.model_copy(update={"usage_metadata": usage})
        return ChatResult(generations=[ChatGeneration(message=said)])


def call(name: str, **arguments: Any) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": f"i{name}"}])


def tool_port(*turns: Any) -> tuple[ChatPort, list[Any]]:
    seen: list[Any] = []
    chat = ToolChat(turns=list(turns), seen=seen)
    return ChatPort(chat, OpenAIDialect(), "tools", 8_192), chat.seen


async def test_the_agent_by_tool_calls() -> None:
    port, seen = tool_port(
        call("search", query="Lumen ferry leaves"),
        call("cite", statement=SENTENCE, sources=[1]),
        AIMessage(SENTENCE),
    )
    toolkit = world(sensible, port=port)
    output = await ask(agent, toolkit)
    assert output["claims"][0]["evidence_ids"] == ["p1"]
    assert output["usage"]["calls"] == 3 and output["usage"]["tokens"] == 45
    messages, kwargs = seen[0]
    assert kwargs["offered"] == ["search", "cite"] and kwargs["seed"] == 7
    assert kwargs["max_tokens"] == toolkit.settings.context.answer_tokens
    assert isinstance(messages[0], SystemMessage) and "cite" in messages[0].text
    assert "agent:json" not in output["degraded"]


async def test_a_wrong_call_is_told_to_the_model() -> None:
    port, seen = tool_port(call("cite", sources="x"), call("fly"), AIMessage("NONE"))
    output = await ask(agent, world(sensible, port=port))
    assert output["status"] == "abstained" and len(seen) == 3


async def test_tool_calls_stay_within_the_budget() -> None:
    port, seen = tool_port(call("search", query="Lumen"))
    output = await ask(agent, world(sensible, port=port, limits={"tokens": 100, "calls": 50}))
    assert output["stop_reason"] == "budget:tokens" and len(seen) == 7


async def test_a_model_that_only_calls_tools_is_ended() -> None:
    port, seen = tool_port(call("search", query="Lumen"))
    output = await ask(agent, world(sensible, port=port))
    assert len(seen) == 10 and "offered" not in seen[-1][1]
    assert output["status"] == "abstained" and len(output["evidence"]) == 3


async def test_a_server_that_refuses_tools_is_asked_for_json() -> None:
    refusal = ModelError("does not support tools")
    port, seen = tool_port(refusal, AIMessage(turn("answer", SENTENCE)))
    output = await ask(agent, world(sensible, port=port))
    assert output["answer"] == SENTENCE and "agent:json" in output["degraded"]
    assert len(seen) == 2


async def test_an_unreachable_server_is_raised() -> None:
    port, _ = tool_port(ModelUnreachable("no server"))
    with pytest.raises(ModelUnreachable):
        await ask(agent, world(sensible, port=port))


@pytest.mark.parametrize("name", BASELINES)
async def test_a_checkpointer_holds_plain_data_only(name: str) -> None:
    module = agent if name == "agent" else closed_book
    graph = module.build(world(sensible), checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "t"}}
    first = await graph.ainvoke({"question": QUESTION}, config)
    again = await graph.ainvoke({"question": QUESTION}, config)
    assert first["answer"] == again["answer"] == SENTENCE
    saved = (await graph.aget_state(config)).values
    assert json.loads(json.dumps(saved)) == saved


WORDS = [
    "", "NONE", "The Lumen leaves. It does.", "배는 떠난다.", "{", '{"action": 3}', "\x00", "[1]",
    turn("search", ""), turn("search", "Lumen"), turn("search", "루멘호"), turn("cite", "", 1),
    turn("cite", SENTENCE, 1), turn("cite", "NONE", 1), turn("cite", "배는 떠난다.", 2, 9),
    turn("answer", SENTENCE), turn("answer", ""), turn("answer", "NONE"), turn("fly", "x"),
    '{"action": "cite", "text": ["x"], "sources": ["1", true, null]}',
]  # fmt: skip


@pytest.mark.parametrize("name", BASELINES)
async def test_any_script_ends_within_budget(name: str) -> None:
    dice = random.Random(name)
    seen: set[str] = set()
    failing = Reply(error=ModelError("The model choked."))
    for _ in range(60):
        calls = dice.choice([1, 3, 20])
        toolkit = world(
            lambda step, prompt: failing if dice.random() < 0.02 else dice.choice(WORDS),
            dice.sample(TEXTS, dice.randint(0, 3)),
            limits={"calls": calls, "tokens": dice.choice([300, 100_000])},
        )
        question = dice.choice([QUESTION, KOREAN, "?", "{question}"])
        try:
            output: RagOutput = await build(name, toolkit).ainvoke({"question": question})
        except ModelError as error:
            assert "choked" in str(error) or "answered nothing" in str(error)
            continue
        assert output["usage"]["calls"] <= calls
        assert output["answer"].strip() and (output["claims"] or output["missing"])
        held = {key for one in output["claims"] for key in one["evidence_ids"]}
        assert held <= set(output["evidence"])
        seen.add(output["status"])
    assert {"abstained", "ungrounded"} <= seen
