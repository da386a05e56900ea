"""Questions that ask for a number, and answers with and without one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from churon.nodes.numeric import lacks_number
from churon.nodes.reading import understood


@pytest.mark.parametrize(
    ("answer", "question"),
    [
        ("Wonderland by Night", "The album is by a singer that has sold how many records?"),
        ("The Lumen.", "How many ships does the company own?"),
        ("Aren", "In which year was the Lumen built?"),
        ("바이오하자드는 인칭 게임입니다.", "바이오하자드는 몇 인칭 게임인가요?"),
        ("건슈팅 게임", "바이오하자드는 몇 인칭 게임인가요?"),
    ],
)
def test_a_number_that_was_asked_for_is_missing(answer: str, question: str) -> None:
    assert lacks_number(answer, question)


@pytest.mark.parametrize(
    ("answer", "question"),
    [
        ("twelve ships", "How many ships does the company own?"),
        ("Hundreds of them", "How many ships does the company own?"),
        ("None.", "How many ships does the company own?"),
        ("Both of its ships", "How many ships does the company own?"),
        ("The Lumen", "Which ship carries how many passengers?"),
        ("The Lumen", "Who knows how many ships there are?"),
        ("The captain decides.", "By the handbook, who decides how many passengers may board?"),
        ("Yes, there is.", "Is there a rule on how many bags a passenger may bring?"),
        ("Captain Han", "Name the officer who decides how many passengers may board."),
        ("In a join table.", "How are many-to-many relations stored?"),
        ("Hiking is offered.", "What year-round activities are offered?"),
        ("Sora Han", "Which captain leads the Lumen?"),
        ("일인칭", "바이오하자드는 몇 인칭 게임인가요?"),
        ("두 척입니다.", "배는 몇 척입니까?"),
        ("열두 척", "배는 몇 척입니까?"),
        ("198명", "정원은 몇 명입니까?"),
        ("한소라", "선장 몇 명 가운데 누가 이끕니까?"),
        ("하나도 없습니다.", "배는 몇 척입니까?"),
    ],
)
def test_it_is_there_or_none_was_asked_for(answer: str, question: str) -> None:
    assert not lacks_number(answer, question)


def test_a_reading_takes_the_sentence_where_only_that_has_the_number() -> None:
    question = "The album is by a singer that has sold how many records?"
    said = "The singer has sold 150 million records."
    reading, _ = understood({"statement": said, "answer": "Wonderland by Night"}, [], question)
    assert (reading.answer, reading.statement) == (said, said)
    kept, _ = understood({"statement": "It is an hour.", "answer": "An hour"}, [], question)
    assert kept.answer == "An hour"


@pytest.mark.parametrize(
    ("statement", "short", "answer"),
    [
        ("The mill was built in 1898 [1].", "1989", "The mill was built in 1898."),
        ("정원은 198명입니다 [1].", "189명", "정원은 198명입니다."),
        ("It cost 1,200 won.", "1200 won", "1200 won"),
        ("It opened on 3 May 1898.", "1898-05-03", "1898-05-03"),
        ("It leaves at 7:30 in the morning.", "07:30", "07:30"),
        ("1.2 million people lived there in 2010.", "1,200,000", "1,200,000"),
        ("정원은 1만 2천 명입니다.", "12,000명", "12,000명"),
        ("오후 1시 5분에 떠납니다.", "13:05", "13:05"),
        ("Both ships, built in 1990 and 1992, sank.", "2", "2"),
        ("Two hundred people work there.", "200", "200"),
        ("It was built by Vesk in 1898.", "Vesk", "Vesk"),
    ],
)
def test_the_sentence_stands_where_the_answer_has_another_number(
    statement: str, short: str, answer: str
) -> None:
    assert understood({"statement": statement, "answer": short}, [])[0].answer == answer


def test_no_accepted_answer_of_the_development_sets_is_taken_for_one_without(
    shared_data: Path,
) -> None:
    asked = 0
    for path in shared_data.glob("*/queries.jsonl"):
        for line in path.read_text("utf-8").splitlines():
            query = json.loads(line)
            answers = [str(one) for one in query.get("answers") or ()]
            lacking = [one for one in answers if lacks_number(one, query["text"])]
            asked += any(lacks_number("x", query["text"]) for _ in answers)
            assert len(lacking) < max(1, len(answers)), (query["text"], answers)
    assert asked > 40
