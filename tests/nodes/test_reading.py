"""What a model's JSON says of a reading: what small models write beside it is left out."""

from __future__ import annotations

import pytest
from support.reasoned import passage

from churon.nodes.reading import understood


@pytest.mark.parametrize(
    ("statement", "answer", "said", "short"),
    [
        ("It opened in 1898 [1].", "1898", "It opened in 1898.", "1898"),
        ("yes, a name, a number, a date", "yes, a name, a number, a date", "yes", "yes"),
        ("yes, 1, 2, 3", "yes, 1, 2, 3", "yes", "yes"),
        ("예, 이름, 수, 날짜", "예, 1", "예", "예"),
        ("Yes, 1, 2 [1].", "yes", "Yes", "yes"),
        ("Aren opened it.", "Aren, 1", "Aren opened it.", "Aren"),
        ("Aren opened it.", "Aren, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1", "Aren opened it.", "Aren"),
        ("Aren, 1, 2, 3, 4", "Aren, 1, 2, 3, 4", "Aren", "Aren"),
        ("It left in May.", "It left in May.", "It left in May.", "It left in May"),
        ("Take platforms 2, 3.", "Platforms 1, 2, 3", "Take platforms 2, 3.", "Platforms 1, 2, 3"),
        ("It opened in May, 1898 [2].", "May, 1898", "It opened in May, 1898.", "May, 1898"),
        (
            "The games were in Paris, 1924.",
            "Paris, 1924",
            "The games were in Paris, 1924.",
            "Paris, 1924",
        ),
        ("서울, 2004", "1998년, 2004", "서울, 2004", "1998년, 2004"),
        ("It is red, 2, 3.", "red, 2, 3", "It is red, 2, 3.", "red, 2, 3"),
        ("It has 2, 3 or 4 rooms [1].", "2, 3 or 4", "It has 2, 3 or 4 rooms.", "2, 3 or 4"),
        (
            "It opened on July 4, 1898.",
            "July 4, 1898",
            "It opened on July 4, 1898.",
            "July 4, 1898",
        ),
    ],
)
def test_copied_lists_are_left_out(statement: str, answer: str, said: str, short: str) -> None:
    reading, _ = understood({"statement": statement, "answer": answer}, [])
    assert (reading.statement, reading.answer) == (said, short)


@pytest.mark.parametrize(
    ("answer", "short"),
    [
        ("Sugar Hill (The Houston Kid is the 10th album by a country music singer", "Sugar Hill"),
        ("4 years (He had been the pope for 4 years in 1983.)", "4 years"),
        ("대승오온론 (그 책은 대승오온론입니다.)", "대승오온론"),
        ("Pado (ship)", "Pado (ship)"),
        ("143 (approx.)", "143 (approx.)"),
        ("문헌(文憲)", "문헌(文憲)"),
    ],
)
def test_a_fact_copied_from_the_prompt_is_its_answer_alone(answer: str, short: str) -> None:
    for statement in (f"It is said that {short}.", "NONE", answer):
        reading, _ = understood({"statement": statement, "answer": answer}, [])
        assert reading.answer == short
        assert "singer" not in reading.statement


def test_a_fact_copied_as_statement_is_its_sentence() -> None:
    copied = "4 years (He had been the pope for 4 years in 1983.)"
    reading, _ = understood({"statement": copied, "answer": "4 years"}, [])
    assert reading.statement == "He had been the pope for 4 years in 1983."
    reading, _ = understood({"statement": "The Pado (a ship) left.", "answer": "The Pado"}, [])
    assert reading.statement == "The Pado (a ship) left."


@pytest.mark.parametrize(
    ("question", "statement", "short"),
    [
        ("파도호에 와이파이가 있습니까?", "파도호에는 와이파이가 없습니다.", "없습니다"),
        ("How many were injured?", "No passengers were injured.", "None"),
        ("Which of them carry cars?", "None of the ferries carry cars.", "None"),
        ("How many dogs are there?", "There are no dogs.", "none"),
        ("예외는 무엇입니까?", "예외는 없다.", "없음"),
        ("누구든지 이용할 수 있습니까?", "예, 누구든지 이용할 수 있습니다.", "예"),
        ("언제라도 취소할 수 있습니까?", "예, 언제라도 취소할 수 있습니다.", "예"),
        ("어디서든 환불됩니까?", "네, 어디서든 환불됩니다.", "네"),
        ("When it is cancelled, do people get a refund?", "They get a refund.", "yes"),
    ],
)
def test_there_is_none_and_yes_are_answers(question: str, statement: str, short: str) -> None:
    reading, _ = understood({"statement": statement, "answer": short}, [], question)
    assert (reading.statement, reading.answer) == (statement, short)


@pytest.mark.parametrize(
    ("statement", "short"),
    [
        ("No passengers were injured.", "NONE"),
        ("The passages do not mention it.", "None"),
        ("글에 답이 없습니다.", "없습니다"),
        ("와이파이에 관한 정보가 없습니다.", "없음"),
        ("NONE", "없음"),
        ("설립 연도는 제시되지 않았습니다.", "없음"),
        ("나와 있지 않습니다", "없음"),
        ("명시되어 있지 않습니다", "없음"),
        ("언급되지 않았다", "없음"),
        ("확인할 수 없습니다.", "없음"),
        ("관련 사항을 찾을 수 없습니다.", "없습니다"),
        ("The founding year is not given.", "None"),
        ("It is not listed [1].", "None"),
        ("It cannot be determined.", "None"),
        ("The year is unknown.", "none"),
        ("It does not say.", "None"),
        ("No date is mentioned.", "None"),
        ("", "None"),
        ("The mill is old.", "unknown"),
    ],
)
def test_what_says_nothing_is_no_reading(statement: str, short: str) -> None:
    assert understood({"statement": statement, "answer": short}, [], "How many?")[0].answer == ""


def test_yes_is_no_answer_to_a_question_for_a_place_or_time() -> None:
    for question in ("When did it open, and where?", "어디에 있습니까?", "In which town is it?"):
        assert understood({"statement": "yes", "answer": "yes"}, [], question)[0].answer == ""


def test_a_documents_own_brackets_are_part_of_the_short_answer() -> None:
    held = passage("p1", "The file name is in sys.argv[2].")
    raw = {"statement": "The file name is in sys.argv[2] [1].", "answer": "sys.argv[2]"}
    reading, _ = understood(raw, [held])
    assert reading.answer == "sys.argv[2]" and reading.evidence_ids == ["p1"]


@pytest.mark.parametrize(
    ("short", "answer"),
    [
        ("Aren [1], Boren [2] and Corran [3]", "Aren, Boren and Corran"),
        ("May 12 [1], 1898", "May 12, 1898"),
        ("아렌[1]과 보렌", "아렌과 보렌"),
        ("Aren [1-2]", "Aren"),
        ("Act [1898] of Aren [1]", "Act [1898] of Aren"),
    ],
)
def test_keys_within_a_short_answer_are_no_part_of_it(short: str, answer: str) -> None:
    raw = {"statement": "May 12 1898: Aren, Boren and Corran, 아렌 [1].", "answer": short}
    assert understood(raw, [passage("p1", "Aren and others.")])[0].answer == answer
