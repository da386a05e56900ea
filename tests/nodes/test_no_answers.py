"""What looks like an answer and is none: refusals, the question again, a yes to "who?"."""

from __future__ import annotations

import pytest

from churon.nodes.reading import understood


@pytest.mark.parametrize(
    "answer", ["None", "N/A", "none", "unknown", "없음", "없습니다", "NONE입니다", "NONE."]
)
def test_words_for_no_answer_are_none(answer: str) -> None:
    raw = {"statement": "The passages do not say.", "answer": answer}
    assert understood(raw, [])[0].answer == ""


@pytest.mark.parametrize("answer", ["No", "아니요", "Nona", "Nonesuch Palace", "0"])
def test_words_that_only_look_like_it_are_answers(answer: str) -> None:
    assert understood({"statement": "It is so.", "answer": answer}, [])[0].answer == answer


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        ("Aren, 1", "Aren"),
        ("Aren [", "Aren"),
        ("Aren [1", "Aren"),
        ("Aren,", "Aren"),
        ("Aren, Aren,,,,", "Aren, Aren"),
        ("30 May 1998", "30 May 1998"),
        ("1, 2", "1, 2"),
        ("May 5, 1998", "May 5, 1998"),
    ],
)
def test_what_is_left_of_a_citation_key_is_no_part_of_the_answer(written: str, answer: str) -> None:
    assert understood({"statement": "It is so [1].", "answer": written}, [])[0].answer == answer


@pytest.mark.parametrize(
    ("statement", "answer", "said_", "short"),
    [
        ("Is it so? [1]", "yes", "yes", "yes"),
        ("배는 떠납니까?", "예", "예", "예"),
        ("Is it so? It is so [1].", "yes", "It is so.", "yes"),
        ("Is it so?", "", "", ""),
        ("Aren is the town.", "a name", "Aren is the town.", "Aren is the town."),
        ("아렌이 그 도시이다.", "이름", "아렌이 그 도시이다.", "아렌이 그 도시이다."),
    ],
)
def test_a_question_said_again_or_the_prompts_words_are_no_answer(
    statement: str, answer: str, said_: str, short: str
) -> None:
    reading, _ = understood({"statement": statement, "answer": answer}, [])
    assert (reading.statement, reading.answer) == (said_, short)


@pytest.mark.parametrize(
    ("question", "answer", "kept"),
    [
        ("안개 때문에 결항한 편은 몇 편입니까?", "예", ""),
        ("Who founded it?", "yes", ""),
        ("In which year was it built?", "No", ""),
        ("How many ships are there?", "Yes", ""),
        ("언제나 배가 떠납니까?", "예", "예"),
        ("몇몇 배는 멈춥니까?", "아니요", "아니요"),
        ("누구나 탈 수 있습니까?", "예", "예"),
        ("Is it so?", "yes", "yes"),
        ("Who founded it?", "Noh", "Noh"),
    ],
)
def test_yes_is_no_answer_to_who_when_or_how_many(question: str, answer: str, kept: str) -> None:
    assert understood({"statement": answer, "answer": answer}, [], question)[0].answer == kept


def test_a_sentence_beside_a_senseless_yes_is_kept() -> None:
    raw = {"statement": "12 sailings were cancelled by fog.", "answer": "yes"}
    reading, _ = understood(raw, [], "How many sailings were cancelled?")
    assert reading.answer == "12 sailings were cancelled by fog."


@pytest.mark.parametrize(
    "question", ["번호를 찾는지 확인해주세요.", "Name the captain of the ship."]
)
def test_a_question_that_is_no_question_said_again_is_no_answer(question: str) -> None:
    reading, _ = understood({"statement": f"{question} [1]", "answer": "yes"}, [], question)
    assert reading.statement != question


@pytest.mark.parametrize("question", ["Dogs may board the ferry?", "개는 미라호에 탈 수 있다?"])
def test_a_question_put_as_a_statement_is_answered_by_it(question: str) -> None:
    said = question.replace("?", ".")
    reading, _ = understood({"statement": said, "answer": said}, [], question)
    assert reading.statement == said
