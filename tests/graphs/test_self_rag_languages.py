"""Self-RAG over passages of another language than the question's."""

from __future__ import annotations

from functools import partial

from support import ferry
from support.ferry import FERRY, model
from support.scripted import Reply
from support.world import labels

KOREAN = "루멘호는 언제 떠납니까?"


ask = partial(ferry.ask, "self_rag")


async def test_a_korean_question_gets_a_korean_answer_from_english_sources() -> None:
    def korean(step: str, prompt: str) -> Reply | str:
        if "한두 개로 옮겨" in prompt:
            return "루멘호는 07:30에 떠납니다."
        if "완전한 한국어 문장 하나로" in prompt:
            return (
                "The Lumen leaves the harbour at 07:30 on weekdays." if FERRY in prompt else "NONE"
            )
        if "도움이 되는 정보" in prompt:
            return labels(Y=0.9, N=0.1)
        return (
            labels(F=0.9, P=0.05, N=0.05)
            if "Is the statement supported" in prompt
            else labels(d1=0.1, d5=0.9)
        )

    output = await ask(korean, KOREAN)
    assert output["answer"] == "루멘호는 07:30에 떠납니다."
    assert output["language"] == "ko" and output["status"] == "grounded"
    assert "language:restated" in output["degraded"]
    assert output["claims"][0]["text"] == output["answer"]


async def test_the_language_can_be_fixed() -> None:
    output = await ask(model(), KOREAN, language="en")
    assert output["language"] == "en" and output["answer"] == "The Lumen leaves at 07:30."


async def test_a_name_in_the_other_language_is_left_alone() -> None:
    output = await ask(model(candidate="한소라", restate="wrong"), "Who leads the Lumen ferry?")
    assert output["answer"] == "한소라"
