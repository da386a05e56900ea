"""Which language a text is in."""

from __future__ import annotations

import pytest

from churon.tools.korean import detect_language


@pytest.mark.parametrize(
    "text",
    [
        "When does the ferry leave?",
        "When did 마루누리 해운 open?",
        "who runs 마루누리 해운 and the 파도호 ferry",
        "Is 파도호 older than 물결호 of 1998 (in years)?",
        "The 파도호 is a ferry of the northern line.",
        "",
        "1998",
    ],
)
def test_english(text: str) -> None:
    assert detect_language(text) == "en"


@pytest.mark.parametrize(
    "text",
    [
        "파도호는 언제 출항합니까?",
        "LangGraph Studio에서 그래프를 실행하려면 어떻게 합니까?",
        "IS 조직은 언제 생겼습니까",
        "What is this? 파도호는 무엇입니까?",
        "Can 통조림은 어디서 팝니까?",
        "Do Kwon이 세운 회사는 무엇인가요? (Terraform Labs)",
        "How to 가이드는 어디에 있나요? (PDF)",
        "Will Smith는 1968년에 태어난 미국의 배우이다 (USA).",
        "Who 보고서에 따르면 사망자는 3명이다 [WHO].",
    ],
)
def test_korean(text: str) -> None:
    assert detect_language(text) == "ko"
