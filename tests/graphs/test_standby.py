"""An answer that its passages bear is not lost to later words that they do not bear."""

from __future__ import annotations

from itertools import count
from typing import Any

from langgraph.runtime import Runtime
from support import bridge, ferry
from support.bridge import said
from support.ferry import CAPTAIN, model
from support.reasoned import passage
from support.scripted import Reply
from support.world import labels, world

from churon.nodes.cite import claim
from churon.nodes.support import CheckClaims
from churon.tools.account import no_account

BORNE, NOT_BORNE = labels(F=0.95, P=0.03, N=0.02), labels(F=0.02, P=0.03, N=0.95)
ROUNDS = {"form": "iterative", "k1": 1, "k2": 1}


def bears_all_but(*words: str) -> object:
    def support(prompt: str) -> Reply:
        statement = prompt.rpartition("): ")[2]
        return NOT_BORNE if any(word in statement for word in words) else BORNE

    return support


async def test_a_synthesis_without_support_gives_way_to_the_last_partial_answer() -> None:
    queries = iter([CAPTAIN, "dogs travel free"])

    def answer(prompt: str) -> str:
        both = "The Lumen leaves at 07:30 [1], led by Sora Han [2]."
        return both if CAPTAIN in prompt else "The Lumen leaves at 07:30 [1]."

    output = await ferry.ask(
        "self_rag",
        model(
            support=bears_all_but("Tuesdays"), answer=answer, sufficient=labels(Y=0.1, N=0.9),
            grade=labels(Y=0.9, N=0.1), refine=lambda prompt: next(queries),
            synthesise="The Lumen leaves on Tuesdays [1].",
        ),
        **ROUNDS,
    )  # fmt: skip
    assert output["status"] == "grounded"
    assert output["answer"] == "The Lumen leaves at 07:30, led by Sora Han."
    assert output["answer"] == " ".join(claim["text"] for claim in output["claims"])


async def test_a_round_without_support_gives_way_to_the_one_before() -> None:
    queries = iter([CAPTAIN, "dogs travel free"])

    def answer(prompt: str) -> str:
        return "It sails on Tuesdays [2]." if CAPTAIN in prompt else "It leaves at 07:30 [1]."

    output = await ferry.ask(
        "self_rag",
        model(
            support=bears_all_but("Tuesdays"), answer=answer, sufficient=labels(Y=0.1, N=0.9),
            grade=labels(Y=0.9, N=0.1), refine=lambda prompt: next(queries), synthesise="NONE",
        ),
        **ROUNDS,
    )  # fmt: skip
    assert (output["status"], output["answer"]) == ("grounded", "It leaves at 07:30.")


async def test_a_winner_written_anew_without_support_gives_way_to_its_own_words() -> None:
    texts = (
        "The mayor of Aren is Sora Han, elected in 2019.",
        "Sora Han opened the town hall of Aren as mayor.",
        "Aren has a harbour and a market.",
    )
    asked, concluded = count(), count(1)

    def support(prompt: str) -> Reply:
        held = prompt.partition("Statement")[0]
        return BORNE if texts[0] in held or texts[1] in held else NOT_BORNE

    def conclude(prompt: str) -> str:
        key = 1 + next(concluded) % 2
        if "- Who is the mayor of Aren? → Sora Han\n\nQuestion" in prompt:
            key = 3
        return said(f"The mayor of Aren is Sora Han [{key}].", "Sora Han")

    answer = bridge.model(
        query=lambda prompt: f"Who governs Aren, number {next(asked)}?",
        read=said("Sora Han is the mayor of Aren [1].", "Sora Han"),
        conclude=conclude, support=support, plan=bridge.steps("Who governs Aren?"),
    )  # fmt: skip
    output = await bridge.ask("mcts_rag", answer, "Who is the mayor of Aren?", texts=texts, k2=3)
    assert output["status"] == "grounded"
    assert output["answer"] == "The mayor of Aren is Sora Han."


async def test_two_bad_sentences_are_searched_for_anew_like_one() -> None:
    late = "Departure of the boat: half past seven, weekdays only."
    found = "The Lumen leaves at half past seven on weekdays."
    bad = "The Lumen leaves at noon. It sails daily."
    output = await ferry.ask(
        "self_rag",
        model(
            support=lambda prompt: BORNE if late in prompt else NOT_BORNE,
            grade=labels(Y=0.9, N=0.1), refine="boat departure half past weekdays",
            candidate=lambda prompt: found if late in prompt else bad,
        ),
        texts=("The Lumen ferry leaves from a pier in Aren.", late), k1=1, k2=1,
    )  # fmt: skip
    assert (output["status"], output["answer"]) == ("grounded", found)


async def test_a_run_that_was_saved_before_there_was_a_standby_goes_on() -> None:
    claims = [claim("The Lumen leaves at noon.", ["p1"])]
    held = passage("p1", "Dogs travel free of charge on the Lumen.")
    state: Any = {
        "run": "r", "account": no_account(), "standalone": ferry.QUESTION, "language": "en",
        "evidence": {"p1": held}, "kept": ["p1"], "claims": claims,
    }  # fmt: skip
    check = CheckClaims(world(model(support=NOT_BORNE), ferry.TEXTS))
    update = await check(state, Runtime(context=None))  # type: ignore[arg-type]
    assert [one["support"] for one in update["claims"]] == ["none"]
