"""The router: one fact, several facts, doubt; forced routes; one budget for the whole run."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from support import bridge
from support.bridge import BRIDGE, MILL, QUESTION, TEXTS, model, said, steps
from support.scripted import Reply
from support.world import ListStore, labels

from churon.graphs.contract import RagOutput
from churon.nodes.route import doubt

MILL_QUESTION = "When was the Vesk mill built?"


ask = partial(bridge.ask, "auto")


def routes(output: RagOutput) -> list[tuple[str, str]]:
    return [(s["graph"], s["reason"]) for s in output["steps"] if s["step"] == "route"]


def candidate(prompt: str) -> str:
    return "The Vesk mill was built in 1898." if MILL in prompt else "NONE"


async def test_one_fact_goes_to_self_rag() -> None:
    answer = model(plan=steps("When was the mill built?"), candidate=candidate)
    output = await ask(answer, MILL_QUESTION)
    assert routes(output) == [("self_rag", "one fact answers it")]
    assert output["answer"] == "The Vesk mill was built in 1898." and output["status"] == "grounded"


async def test_several_facts_go_to_cot_rag_with_the_plan_they_were_routed_by() -> None:
    called: list[str] = []

    def answer(step: str, prompt: str) -> Reply | str:
        called.append(step)
        return model()(step, prompt)

    output = await ask(answer, QUESTION)
    assert routes(output) == [("cot_rag", "2 steps are needed")]
    assert output["answer"] == "Sora Han is the mayor."
    assert called.count("plan") == 1  # the second asking is not paid
    assert output["usage"]["calls"] == len(called)


async def test_an_answer_that_nothing_supports_is_searched_for() -> None:
    answer = model(plan=steps("Who is it?"), candidate="NONE")
    output = await ask(answer, QUESTION, k1=1, k2=1)
    assert [graph for graph, _ in routes(output)] == ["self_rag", "mcts_rag"]
    assert routes(output)[1][1] == "self_rag found no supported answer"
    assert output["answer"] == "Sora Han is the mayor." and output["status"] == "grounded"


async def test_an_unresolved_critical_step_is_searched_for() -> None:
    def read(prompt: str) -> str:
        return said("", None)

    output = await ask(model(read=read, hop="NONE", replan="x"), QUESTION, max_replans=0)
    graph, reason = routes(output)[-1]
    assert graph == "mcts_rag" and "Halden bridge" in reason


GUESSES = {
    MILL: "It was built in 1898.",
    BRIDGE: "Nobody knows a thing about that.",
    "mayor": "Sora Han has always lived there.",
    "lighthouse": "Ships pass by at night.",
}


async def doubted(**given: Any) -> RagOutput:
    """A question over which self_rag's candidates disagree, so that mcts_rag goes on."""

    def disagreeing(prompt: str) -> str:
        return next(text for words, text in GUESSES.items() if words in prompt)

    partly = labels(F=0.3, P=0.6, N=0.1)
    answer = model(plan=steps("When?"), candidate=disagreeing, support=partly, **given)
    output = await ask(answer, MILL_QUESTION)
    assert [graph for graph, _ in routes(output)] == ["self_rag", "mcts_rag"]
    assert "disagree" in routes(output)[-1][1]
    return output


async def test_of_two_outcomes_the_better_is_given_with_its_passages() -> None:
    output = await doubted(conclude=said("", None), read=said("", None))
    [claim] = output["claims"]  # the search found nothing: what was there before it stands
    assert output["status"] == "partial"
    used = {key: one["used_by"] for key, one in output["evidence"].items() if one["used_by"]}
    assert used == {claim["evidence_ids"][0]: ["c1"]}


async def test_of_two_outcomes_as_good_the_later_is_given() -> None:
    later = said("The Vesk mill was built in 1898 [1].", "1898")
    output = await doubted(conclude=later, read=later)
    assert (output["answer"], output["status"]) == ("The Vesk mill was built in 1898.", "partial")


def outcome(**changes: Any) -> Any:
    found = {"language": "en", "route": "self_rag", "status": "partial", "missing": [], "steps": []}
    return {**found, **changes}


@pytest.mark.parametrize(
    ("agreements", "changes", "doubts"),
    [
        ([0.9, 0.2], {}, "candidates disagree (agreement 0.20)"),  # the latest choice
        ([0.2, 0.9], {}, ""),
        ([0.5], {}, ""),
        ([], {}, ""),
        ([0.2], {"status": "grounded"}, ""),
        ([0.2], {"route": "cot_rag"}, ""),
    ],
)
def test_only_an_answer_that_is_not_grounded_is_doubted_for_disagreement(
    agreements: list[float], changes: dict[str, Any], doubts: str
) -> None:
    chosen = [{"step": "select", "agreement": share} for share in agreements]
    assert doubt(outcome(steps=chosen, **changes)) == doubts


@pytest.mark.parametrize("status", ["", "abstained", "ungrounded"])
def test_what_does_not_stand_is_doubted(status: str) -> None:
    lost = outcome(route="cot_rag", status=status)
    assert doubt(lost) == "cot_rag found no supported answer"
    assert doubt({**lost, "missing": ["Who?"]}) == "cot_rag could not resolve: Who?"


@pytest.mark.parametrize("graph", ["self_rag", "cot_rag", "mcts_rag"])
async def test_a_route_can_be_forced(graph: str) -> None:
    output = await ask(model(plan=steps("Who?")), QUESTION, route=graph)
    assert routes(output) == [(graph, "asked for by context.route")]


async def test_the_reason_is_in_the_questions_language() -> None:
    output = await ask(model(), "할덴 다리가 있는 도시의 시장은 누구입니까?", route="mcts_rag")
    assert routes(output)[0][1] == "context.route로 정해짐"


@pytest.mark.parametrize("calls", [1, 2, 3, 5, 8, 13])
async def test_all_graphs_of_a_run_share_one_budget(calls: int) -> None:
    count = iter(range(1000))

    def answer(step: str, prompt: str) -> Reply | str:
        next(count)
        return model(plan=steps("Who is it?"), candidate="NONE")(step, prompt)

    output = await ask(answer, QUESTION, limits={"calls": calls})
    assert output["usage"]["calls"] == next(count) <= calls
    assert output["stop_reason"] == "budget:calls" or output["usage"]["calls"] < calls


async def test_searches_of_the_first_graph_are_not_made_again() -> None:
    store = ListStore(TEXTS)
    output = await ask(model(plan=steps("Who?"), candidate="NONE"), QUESTION, store=store)
    queries = [call["query"] for call in store.asked]
    assert len(queries) == len(set(queries)) == output["usage"]["searches"]
    assert BRIDGE in {passage["text"] for passage in output["evidence"].values()}


async def test_a_graph_that_breaks_off_is_taken_for_one_that_found_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(self: Any, state: Any, runtime: Any) -> dict[str, Any]:
        return {"stop_reason": ""}

    monkeypatch.setattr("churon.nodes.finish.Finish.__call__", broken)
    answer = model(plan=steps("When was the mill built?"), candidate=candidate)
    output = await ask(answer, MILL_QUESTION)
    assert [graph for graph, _ in routes(output)] == ["self_rag", "mcts_rag"]
    assert output["status"] == "abstained" and output["missing"] == [MILL_QUESTION]
    assert output["answer"] == "The documents do not hold an answer to this question."
    assert "mcts_rag:broke_off" in output["degraded"]


async def test_a_search_that_breaks_off_leaves_the_answer_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from churon.nodes.finish import Finish

    ended: list[str] = []
    finish = Finish.__call__

    async def second_breaks(self: Any, state: Any, runtime: Any) -> Any:
        ended.append(state["answer"])
        return await finish(self, state, runtime) if len(ended) == 1 else {"stop_reason": ""}

    monkeypatch.setattr("churon.nodes.finish.Finish.__call__", second_breaks)
    answer = model(plan=steps("Who is it?"), candidate="NONE")
    output = await ask(answer, QUESTION, k1=1, k2=1)
    assert len(ended) == 2
    assert output["status"] == "abstained" and output["stop_reason"]
    assert "mcts_rag:broke_off" in output["degraded"]


@pytest.mark.parametrize("form", ["short", "iterative"])
async def test_self_rag_inside_is_the_short_form_whatever_form_is_set(form: str) -> None:
    store = ListStore([MILL])
    answer = model(
        plan=steps("When was the mill built?"),
        candidate=candidate,
        support=labels(F=0.02, P=0.08, N=0.9),
        refine="Vesk mill year",
        sufficient=labels(Y=0.9, N=0.1),
    )
    await ask(answer, MILL_QUESTION, store=store, form=form, route="self_rag")
    assert [asked["query"] for asked in store.asked] == [MILL_QUESTION, "Vesk mill year"]
