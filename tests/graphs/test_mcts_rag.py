"""MCTS-RAG: a tree of plain nodes, values by votes and support, winners verified; why it ends."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import pytest
from support import bridge
from support.bridge import BRIDGE, MAYOR, QUESTION, TEXTS, model, said, steps
from support.scripted import Reply
from support.world import ListStore, labels

from churon.graphs.contract import RagOutput
from churon.tools.errors import ModelError

ask = partial(bridge.ask, "mcts_rag")


def tree(output: RagOutput) -> dict[str, Any]:
    [step] = [step for step in output["steps"] if step["step"] == "tree"]
    return {node["id"]: node for node in step["nodes"]}


async def test_the_search_finds_what_one_retrieval_does_not() -> None:
    output = await ask(k1=1, k2=1)
    assert output["answer"] == "Sora Han is the mayor." and output["status"] == "grounded"
    read = {passage["text"] for passage in output["evidence"].values()}
    assert {BRIDGE, MAYOR} <= read
    actions = {node["action"] for node in tree(output).values()}
    assert actions == {"root", "retrieve", "transform", "summarise"}


async def test_every_rollout_ends_in_an_answer_and_is_counted_at_the_root() -> None:
    output = await ask(rollouts=4)
    nodes = tree(output)
    done = [step["done"] for step in output["steps"] if step["step"] == "rollouts"]
    assert nodes["n0"]["N"] == done[-1]
    assert all(node["virtual_loss"] == 0 for node in nodes.values())


@pytest.mark.parametrize("profile", ["standard", "deep"])
async def test_all_six_actions_are_on_the_full_menu(profile: str) -> None:
    count = iter(range(1000))

    def query(prompt: str) -> str:
        return f"Who is the mayor of Aren in year {next(count)}?"

    def unsure(prompt: str) -> str:
        return said(f"Person {next(count)} is it [1].", f"Person {next(count)}")

    answer = model(
        query=query, conclude=unsure, recall=unsure, hop=lambda p: f"Thought {next(count)}."
    )
    output = await ask(answer, profile=profile, rollouts=14, limits={"calls": 500, "searches": 200})
    actions = {node["action"] for node in tree(output).values()}
    assert actions == {
        "root", "direct", "reason", "subquestion", "retrieve", "decompose", "summarise",
    }  # fmt: skip


async def test_only_deep_grades_passages() -> None:
    graded: list[str] = []

    def grade(prompt: str) -> Reply:
        graded.append(prompt)
        return labels(Y=0.9, N=0.1)

    await ask(model(grade=grade), profile="standard")
    assert not graded
    await ask(model(grade=grade), profile="deep")
    assert graded


async def test_at_most_forty_completions_at_four_rollouts() -> None:
    count = iter(range(10_000))

    def differing(prompt: str) -> str:
        return said(f"Person {next(count)} is the mayor. It is so. It is.", f"Person {next(count)}")

    def query(prompt: str) -> str:
        return f"Who is the mayor number {next(count)}?"

    none = labels(F=0.1, P=0.1, N=0.8)
    answer = model(read=differing, conclude=differing, query=query, support=none)
    output = await ask(answer, rollouts=4, limits={"calls": 1000})
    assert output["stop_reason"] != "budget:calls"
    assert output["usage"]["calls"] <= 40


@pytest.mark.parametrize(("sampling", "samples"), [(0.7, 2), (0.0, 1)])
async def test_votes_stop_as_soon_as_samples_agree(sampling: float, samples: int) -> None:
    concluded: list[str] = []

    def conclude(prompt: str) -> str:
        concluded.append(prompt)
        return said("Sora Han is the mayor.", "Sora Han")

    output = await ask(model(conclude=conclude), rollouts=1, leaves=1, sampling=sampling)
    assert len(concluded) == samples  # at temperature 0 all would be the same one
    [end] = [node for node in tree(output).values() if node["terminal"]]
    assert end["vote"] == 1.0 and end["value"] == pytest.approx(0.5 + 0.5 * end["s_sup"], abs=1e-3)


async def test_the_answer_of_most_samples_is_the_nodes() -> None:
    answers = iter(["Kim", "Sora Han", "Sora Han", "Sora Han"])

    def conclude(prompt: str) -> str:
        name = next(answers, "Sora Han")
        return said(f"{name} is the mayor.", name)

    output = await ask(model(conclude=conclude), rollouts=1, leaves=1)
    [end] = [node for node in tree(output).values() if node["terminal"]]
    assert end["answer"] == "Sora Han" and end["vote"] == pytest.approx(2 / 3, abs=1e-3)


async def test_an_unsupported_winner_gives_way_to_the_runner_up() -> None:
    def conclude(prompt: str) -> str:
        if "Aren" in prompt.split("step by step:")[1]:
            return said("Sora Han is the mayor of Aren [1].", "Sora Han")
        return said("Kim rules. Kim is the mayor [1].", "Kim")

    def support(prompt: str) -> Reply:
        # as a whole Kim seems well supported; sentence by sentence nothing is
        if "Kim rules. Kim" in prompt:
            return labels(F=0.98, P=0.01, N=0.01)
        if "Kim" in prompt:
            return labels(F=0.01, P=0.01, N=0.98)
        return labels(F=0.7, P=0.2, N=0.1)

    answer = model(conclude=conclude, support=support, query="Where does the bridge stand?")
    output = await ask(answer, rollouts=2, leaves=2, k1=1, k2=1)
    winners = [step["answer"] for step in output["steps"] if step["step"] == "winner"]
    assert winners == ["Kim", "Sora Han"]
    assert output["answer"] == "Sora Han is the mayor of Aren."


async def test_nothing_supported_is_an_abstention() -> None:
    output = await ask(model(support=labels(F=0.01, P=0.01, N=0.98)))
    assert output["status"] == "abstained" and output["claims"] == []
    assert output["missing"] == [QUESTION]


async def test_nothing_read_is_an_abstention() -> None:
    output = await ask(model(read=said("", None), conclude=said("", None)))
    assert output["status"] == "abstained"
    assert output["stop_reason"] in {"rollouts", "hopeless", "exhausted"}


async def test_faithful_values_by_votes_alone() -> None:
    output = await ask(faithful=True, rollouts=3, limits={"calls": 900, "searches": 90})
    ends = [
        node for node in tree(output).values() if node["terminal"] and node["value"] is not None
    ]
    assert ends and all(node["value"] == node["vote"] and node["s_sup"] is None for node in ends)


@pytest.mark.parametrize(
    ("knobs", "reason"),
    [
        ({"rollouts": 1}, "rollouts"),
        ({"rollouts": 3, "leaves": 1}, "cannot_be_overtaken"),
        ({"rollouts": 12, "leaves": 1}, "agreement"),
    ],
)
async def test_the_search_says_why_it_stopped(knobs: dict[str, Any], reason: str) -> None:
    count = iter(range(1000))
    answer = model(query=lambda _: f"Who is the mayor of Aren, number {next(count)}?")
    assert (await ask(answer, **knobs))["stop_reason"] == reason


async def test_a_failing_branch_does_not_end_the_search() -> None:
    failed = iter([True])

    def query(prompt: str) -> Any:
        if next(failed, False):
            return Reply(error=ModelError("The model choked."))
        return "Who is the mayor of Aren?"

    output = await ask(model(query=query), k1=1, k2=1)
    assert output["answer"] == "Sora Han is the mayor."
    assert any("ModelError" in entry for entry in output["degraded"])
    assert all(node["virtual_loss"] == 0 for node in tree(output).values())


async def test_equal_questions_are_searched_once() -> None:
    store = ListStore(TEXTS)
    output = await ask(store=store)
    queries = [call["query"] for call in store.asked]
    assert len(queries) == len(set(queries)) == output["usage"]["searches"]
    assert output["usage"]["cache_hits"] > 0


async def test_a_hop_without_an_answer_of_its_own_still_lends_its_passages() -> None:
    def conclude(prompt: str) -> str:
        return said("Sora Han is the mayor [1].", "Sora Han") if MAYOR in prompt else said("", None)

    answer = model(
        read=said("", None),
        conclude=conclude,
        plan=steps("Who is the mayor of Aren?", "Who is #1?"),
    )
    output = await ask(answer, k1=1, k2=1)
    assert output["answer"] == "Sora Han is the mayor." and output["status"] == "grounded"


@pytest.mark.parametrize("limit", range(8, 20))
async def test_a_budget_that_ends_in_the_last_checks_is_said(limit: int) -> None:
    whole = await ask(leaves=1)
    output = await ask(leaves=1, limits={"calls": limit})
    if output["usage"]["calls"] < whole["usage"]["calls"]:
        assert output["stop_reason"] == "budget:calls"
        verified = {claim["support"] for claim in output["claims"]} == {"full"}
        assert output["status"] == "grounded" if verified else "budget_exhausted"
    assert output["usage"]["calls"] <= limit


async def test_the_winner_is_what_was_elected() -> None:
    rewritten: list[str] = []

    def conclude(prompt: str) -> str:
        if f"{QUESTION} → Sora Han" in prompt:  # written anew from all passages
            rewritten.append(prompt)
            return said("Kim is the mayor [1].", "Kim")
        return said("Sora Han is the mayor [1].", "Sora Han")

    output = await ask(model(conclude=conclude), k1=1, k2=1)
    assert [BRIDGE in prompt and MAYOR in prompt for prompt in rewritten] == [True]
    [winner] = [step for step in output["steps"] if step["step"] == "winner"]
    assert (winner["answer"], output["answer"]) == ("Sora Han", "Sora Han is the mayor.")


async def test_equal_answers_below_the_leader_are_joined_by_the_model() -> None:
    names = iter(["Busan", "Busan", "Seoul", "Seoul", "서울", "서울"])

    def conclude(prompt: str) -> str:
        name = next(names, "Busan")
        return said(f"{name} it is [1].", name)

    def same(prompt: str) -> Reply:
        yes = "Seoul" in prompt and "서울" in prompt
        return labels(Y=0.9, N=0.1) if yes else labels(Y=0.1, N=0.9)

    queries = iter(["Which town?", "Which city?", "Which port?"])
    answer = model(conclude=conclude, same=same, query=lambda _: next(queries, "Which place?"))
    output = await ask(answer, rollouts=3, leaves=1)
    winners = [step["answer"] for step in output["steps"] if step["step"] == "winner"]
    assert winners[0] in {"Seoul", "서울"}


@pytest.mark.parametrize("rollouts", [64, 256])
async def test_a_long_search_never_meets_the_recursion_limit(rollouts: int) -> None:
    count = iter(range(100_000))

    def differing(prompt: str) -> str:
        return said(f"Person {next(count)} is it [1].", f"Person {next(count)}")

    answer = model(conclude=differing, recall=differing, query=lambda _: f"Who is {next(count)}?")
    limits = {"calls": 400, "searches": 300, "tokens": 10_000_000}
    output = await ask(answer, rollouts=rollouts, leaves=1, profile="standard", limits=limits)
    assert output["stop_reason"] in {"budget:calls", "rollouts", "exhausted"}


@pytest.mark.parametrize(
    "knobs",
    [
        {"limits": {"calls": 12}},
        {"limits": {"calls": 20}},
        {"profile": "standard", "rollouts": 16},
        {"profile": "deep", "rollouts": 16, "limits": {"calls": 60}},
    ],
)
async def test_calls_for_the_winners_check_are_set_aside(knobs: dict[str, Any]) -> None:
    count = itertools.count()

    def differing(prompt: str) -> str:
        number = next(count)
        return said(f"Person {number} is it [1]. So it is [1].", f"Person {number}")

    answer = model(
        conclude=differing, recall=differing, query=lambda prompt: f"Who is {next(count)}?",
        hop=lambda prompt: f"Thought {next(count)}.",
    )  # fmt: skip
    output = await ask(answer, **knobs)
    assert (output["status"], output["stop_reason"]) == ("grounded", "budget:calls")
    assert {claim["support"] for claim in output["claims"]} == {"full"}


async def test_the_cap_of_lite_is_not_the_users_budget() -> None:
    def critic_without_logprobs(step: str, prompt: str) -> Any:
        count = next(counter)
        if step == "support":
            return "I think it is fine"  # every rung of the ladder is tried
        differing = said(f"Person {count} is it [1].", f"Person {count}")
        return model(conclude=differing, query=f"Who is {count}?")(step, prompt)

    counter = iter(range(10_000))
    output = await ask(critic_without_logprobs, limits={"calls": 1000})
    assert output["usage"]["calls"] <= 40
    assert (
        output["stop_reason"] in {"call_cap", "rollouts"} and output["status"] != "budget_exhausted"
    )


async def test_a_query_that_was_made_before_is_no_new_way() -> None:
    store = ListStore(TEXTS)
    output = await ask(model(plan=steps(QUESTION), query=QUESTION), store=store)
    assert [call["query"] for call in store.asked] == [QUESTION]
    assert {node["action"] for node in tree(output).values()} == {"root", "retrieve", "summarise"}
