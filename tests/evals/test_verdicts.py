"""Yes and no in both languages, and what an answer holds."""

from __future__ import annotations

import pytest
from support.rows import abstained, case, row

from churon.evals.metrics import MEASURES
from churon.evals.metrics.answers import match
from churon.evals.metrics.verdict import accuracy, verdict

YES = [
    *("yes", "Yes, there was no war.", "**Yes**", "Yes—he did", "It is true.", "not false"),
    *("The answer is yes", "Answer: Yes", "The statement is correct."),
    *(
        "예",
        "네, 맞습니다.",
        "예, 아니라는 증거는 없습니다",
        "정답: 예",
        "답은 예입니다",
        "예(맞음)",
    ),
    *("사실", "사실이다.", "사실입니다", "참입니다.", "그렇습니다", "맞다", "옳습니다", "틀림없다"),
    *(
        "거짓이 아닙니다",
        "문제가 없으므로 맞습니다.",
        "할 수 있습니다.",
        "사실이라고 할 수 있습니다",
    ),
]
NO = [
    *("no", "No, it is true of others", "He did not.", "It isn't true", "can't", "not true"),
    *("incorrect", "The claim is false.", "The answer is no."),
    *("아니요", "아니오.", "아뇨", "아니요, 사실입니다", "답: 아니요", "아닙니다.", "아님"),
    *(
        "거짓",
        "거짓입니다.",
        "사실이 아닙니다.",
        "사실은 아닙니다",
        "맞지 않습니다",
        "그렇지 않습니다.",
    ),
    *("틀렸습니다", "불가능합니다", "할 수 없습니다", "참이 아니다", "않았습니다"),
]
NEITHER = [
    *("", "Paris", "yes or no", "yes/no", "know", "nothing"),
    *(
        "예 또는 아니요",
        "예를 들어 서울이다",
        "서울에서 태어났습니다",
        "참여했습니다",
        "맞춤형 서비스",
    ),
    *("네 명", "네덜란드", "노르웨이", "사실주의", "있는 곳", "맞은편"),
]


@pytest.mark.parametrize(
    ("text", "meant"),
    [*((t, True) for t in YES), *((t, False) for t in NO), *((t, None) for t in NEITHER)],
)
def test_verdict(text: str, meant: bool | None) -> None:
    assert verdict(text) is meant


def test_a_verdict_that_could_not_be_shortened_has_no_score() -> None:
    asked = case("q", truth=True, answers=["yes"])
    half = row(
        asked, answer="The bridge is open.", shortening={"calls": 1, "tokens": 2, "error": "x"}
    )
    half.pop("short", None)  # type: ignore[misc]
    assert accuracy(half) is None and MEASURES["answer"].score(half) is None


def test_accuracy_takes_the_short_form_and_counts_what_says_nothing_as_wrong() -> None:
    asked = case(truth=True, answers=["yes"])
    assert accuracy(row(asked, answer="No.", short="yes")) == 1
    assert accuracy(row(asked, answer="No.")) == 0
    assert accuracy(row(asked, short="Paris")) == 0
    assert accuracy(abstained(asked, short="yes")) == 0
    assert accuracy(row(asked, error="TimeoutError")) == 0
    assert accuracy(row(case(), short="yes")) is None


@pytest.mark.parametrize(
    ("answer", "wanted", "language", "found"),
    [
        ("It was the Ada Lovelace Institute.", "Ada Lovelace", "en", 1),
        ("Nobody can know.", "no", "en", 0),
        ("No, never.", "no", "en", 1),
        ("In 1990.", "19", "en", 0),
        ("It opened in Café Müller.", "Café M", "en", 0),
        ("1990년에 열렸습니다.", "1990", "ko", 1),
        ("1990년에 열렸습니다.", "90년", "ko", 0),
        ("수도는 서울입니다.", "서울", "ko", 1),
        ("《대한 민국》의 수도", "대한민국", "ko", 1),
        ("1919 년 3 월", "1919년", "ko", 1),
        ("BTS의 노래", "BT", "ko", 0),
        ("대한민국".encode().decode(), "대한민국", "ko", 1),
        ("Seoul", "the", "en", 0),
    ],
)
def test_match(answer: str, wanted: str, language: str, found: int) -> None:
    assert match(answer, [wanted], language) == found


def test_decomposed_hangul_matches() -> None:
    import unicodedata

    assert match(unicodedata.normalize("NFD", "수도는 서울"), ["서울"], "ko") == 1
