"""What a trace holds: graphs, nodes and model calls, nested as they ran; scores and labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support import bridge, ferry
from support.collector import Collector, Span
from support.world import labels

from churon.graphs.contract import RagOutput
from churon.graphs.registry import GRAPHS, build_graph
from churon.nodes.prompts import content_hash
from churon.tools.rerank.compressor import RerankCompressor
from churon.tools.tracing import attributes

Traced = Callable[..., Any]
BRIDGE: dict[str, Any] = {"texts": bridge.TEXTS, "k1": 2, "k2": 2}


async def run(toolkit: Any, graph: str, question: str = ferry.QUESTION) -> RagOutput:
    output: RagOutput = await build_graph(graph, toolkit).ainvoke({"question": question})
    return output


def calls(span: Span) -> list[Span]:
    return [one for one in span.walk() if one.type == "generation"]


async def test_two_stage(collected: Collector, traced: Traced, sent: Any) -> None:
    await run(traced(langfuse=collected.langfuse), "two_stage")
    root = sent()
    assert (root.name, root.type, root.parent) == ("two_stage", "chain", "")
    [found] = root.find("retrieval", "retrieval", "search", "milvus")
    assert found.type == "retriever" and found.input == ferry.QUESTION
    assert {one["id"] for one in found.output} == {"p1", "p2", "p3"}
    assert all(one["page_content"] and one["retrieval_score"] >= 0 for one in found.output)
    [call] = [one for node in root.find("generate") for one in calls(node)]
    assert call.type == "generation" and ferry.FERRY in call.input[1]["content"]
    assert call.output["content"] == "The Lumen leaves at 07:30 [1]."


async def test_self_rag_grades_writes_and_critiques_beside_each_other(
    collected: Collector, traced: Traced, sent: Any
) -> None:
    await run(traced(langfuse=collected.langfuse), "self_rag")
    root = sent()
    for path, n in {("retrieval", "retrieval", "grade"): 3, ("candidate",): 3}.items():
        branches = root.find(*path)
        assert len(branches) == n
        assert [[one.type for one in branch.children] for branch in branches] == [
            ["generation"]
        ] * n
    [critique] = root.find("critique")
    asked = sorted(one.attributes[attributes.PROMPT].partition(".")[0] for one in calls(critique))
    assert asked == ["support", "utility"]
    [judged] = critique.output["candidates"].values()
    assert judged["s_sup"] == pytest.approx(0.925) and judged["s_use"] == pytest.approx(0.815)


async def test_cot_rag_steps_run_under_send(
    collected: Collector, traced: Traced, sent: Any
) -> None:
    plan = bridge.steps("When was the Vesk mill built?", "When was the Orrin lighthouse built?")
    toolkit = traced(bridge.model(plan=plan), langfuse=collected.langfuse, texts=bridge.TEXTS)
    await run(toolkit, "cot_rag", "When were the mill and the lighthouse built?")
    root = sent()
    steps = root.find("step", "cot_step")
    assert len(steps) >= 2
    for step in steps:
        assert step.find("milvus") and calls(step)
    assert root.find("plan")[0].children[0].type == "generation"


async def test_mcts_rag_rollouts(collected: Collector, traced: Traced, sent: Any) -> None:
    toolkit = traced(bridge.model(), langfuse=collected.langfuse, **{**BRIDGE, "k1": 1, "k2": 1})
    await run(toolkit, "mcts_rag", bridge.QUESTION)
    root = sent()
    leaves = root.find("expand", "mcts_leaf")
    assert len(leaves) > 2 and all(leaf.children for leaf in leaves)
    assert any(leaf.find("milvus") for leaf in leaves)
    [select, *_] = root.find("select")
    assert select.input["tree"] == "0 nodes"
    assert root.output["steps"]  # the run's own output is whole


async def test_auto_holds_the_graph_that_it_chose(
    collected: Collector, traced: Traced, sent: Any
) -> None:
    await run(
        traced(bridge.model(), langfuse=collected.langfuse, **BRIDGE), "auto", bridge.QUESTION
    )
    root = sent()
    assert root.name == "auto"
    assert root.find("route") and root.find("cot_rag", "cot_rag", "step", "cot_step")


@pytest.mark.parametrize("graph", GRAPHS)
async def test_every_graph_is_one_trace_with_all_its_calls(
    collected: Collector, traced: Traced, sent: Any, graph: str
) -> None:
    toolkit = traced(langfuse=collected.langfuse)
    output = await run(toolkit, graph)
    root = sent()
    assert {one.trace for one in root.walk()} == {root.trace}
    assert {one.id for one in root.walk()} == {one.id for one in collected.spans}
    assert not any(one.failed for one in root.walk())
    assert len(calls(root)) == output["usage"]["calls"]
    assert root.output["answer"] == output["answer"]


async def test_scores_are_what_the_run_says_of_itself(
    collected: Collector, traced: Traced, sent: Any
) -> None:
    langfuse = {**collected.langfuse, "environment": "test"}
    output = await run(traced(langfuse=langfuse), "self_rag")
    root, usage = sent(), output["usage"]
    found = {one["name"]: one["value"] for one in collected.scores}
    assert found == pytest.approx(
        {
            "support": 0.925, "relevance": 0.9, "usefulness": 0.815, "calls": usage["calls"],
            "tokens": usage["tokens"], "searches": 1, "seconds": usage["seconds"],
            "cache_hits": usage["cache_hits"], "status": "grounded",
        }
    )  # fmt: skip
    assert {one["traceId"] for one in collected.scores} == {root.trace}
    assert {one["environment"] for one in collected.scores} == {"test"}
    kinds = {one["name"]: one["dataType"] for one in collected.scores}
    assert kinds.pop("status") == "CATEGORICAL" and set(kinds.values()) == {"NUMERIC"}


async def test_an_abstention_has_no_critique_to_score(
    collected: Collector, traced: Traced, sent: Any
) -> None:
    nothing = ferry.model(grade=labels(Y=0.1, N=0.9), candidate="NONE")
    await run(traced(nothing, langfuse=collected.langfuse), "self_rag")
    sent()
    found = {one["name"]: one["value"] for one in collected.scores}
    assert found["status"] == "abstained" and not {"support", "relevance"} & found.keys()


async def test_labels(collected: Collector, traced: Traced, sent: Any) -> None:
    machine = build_graph("two_stage", traced(langfuse=collected.langfuse))
    metadata = {
        "langfuse_session_id": "talk-7", "langfuse_user_id": "kim", "langfuse_tags": ["beta"],
        "team": "harbour", "my_api_key": "very-secret-value",
    }  # fmt: skip
    asked = {"question": "Lumen 여객선은 언제 떠납니까?", "language": "ko"}
    await machine.ainvoke(asked, {"metadata": metadata})
    root = sent()
    tags = root.attributes["langfuse.trace.tags"]
    assert tags == ["graph:two_stage", "preset:embedded", "beta", "language:ko"]
    assert root.attributes["langfuse.trace.metadata.team"] == "harbour"
    assert root.attributes["langfuse.trace.metadata.churon_prompts"] == content_hash()
    assert {one.attributes["session.id"] for one in root.walk()} == {"talk-7"}
    assert {one.attributes["user.id"] for one in root.walk()} == {"kim"}
    assert b"very-secret-value" not in collected.bodies


async def test_a_thread_is_a_session(collected: Collector, traced: Traced, sent: Any) -> None:
    machine = build_graph("two_stage", traced(langfuse=collected.langfuse))
    await machine.ainvoke({"question": ferry.QUESTION}, {"configurable": {"thread_id": "t-1"}})
    assert sent().attributes["session.id"] == "t-1"


async def test_model_calls_tell_model_tokens_prompt_and_first_token(
    collected: Collector, traced: Traced, sent: Any
) -> None:
    await run(traced(langfuse=collected.langfuse), "two_stage")
    [call] = calls(sent())
    told = call.attributes
    assert told["gen_ai.usage.output_tokens"] > 0 < told["gen_ai.usage.input_tokens"]
    assert told[attributes.PROMPT].startswith("answer.en.md@")
    assert told[attributes.FIRST_TOKEN].startswith('"20')
    assert '"temperature"' in told[attributes.PARAMETERS]


async def test_reranking_shows_its_scores(collected: Collector, traced: Traced, sent: Any) -> None:
    class Backwards:
        name = "backwards"

        def score(self, query: str, documents: Any, top_n: int | None = None) -> list[float]:
            return [float(n) for n, _ in enumerate(documents)]

        def probability(self, score: float) -> float | None:
            return None

        def close(self) -> None: ...

    reranker = RerankCompressor(scorer=Backwards())
    await run(traced(langfuse=collected.langfuse, reranker=reranker), "two_stage")
    root = sent()
    [ranked] = root.find("retrieval", "retrieval", "rerank", "reranker")
    scores = [one["rerank_score"] for one in ranked.output]
    assert scores == sorted(scores, reverse=True) and len(scores) == 3
    [node] = root.find("retrieval", "retrieval", "rerank")
    assert all("text" not in one for one in node.output["evidence"].values())


async def test_a_failed_run_is_a_failed_trace(
    collected: Collector, traced: Traced, sent: Any
) -> None:
    with pytest.raises(Exception, match="empty"):
        await run(traced(langfuse=collected.langfuse), "two_stage", " ")
    root = sent()
    assert root.failed and root.attributes[attributes.LEVEL] == "ERROR"
    assert "InputError" in root.attributes[attributes.STATUS_MESSAGE]
