"""When two short answers say the same: certain equality only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churon.nodes.meaning import groups, key, polarity, same


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Paris", "paris."),
        ("The answer is Paris.", "Paris"),
        ("the United States", "United States"),
        ("twelve", "12"),
        ("열두 명", "12"),
        ("198명", "백구십팔 명"),
        ("198명입니다.", "198"),
        ("1998년", "1998"),
        ("in 1998", "1998년에"),
        ("12 March 1998", "1998-03-12"),
        ("1998년 3월 12일", "March 12, 1998"),
        ("3 km", "3,000 m"),
        ("120분", "2 hours"),
        ("3억 원", "300 million won"),
        ("45%", "45 percent"),
        ("first", "1st"),
        ("첫째", "첫 번째"),
        ("twelve ships", "12 ships"),
        ("12 ships", "12"),
        ("twelve", "12 ships"),
        ("1998 ships", "1998"),
        ("07:30", "7:30"),
        ("at 7:30 am", "07:30."),
        ("오전 7시 30분입니다", "7:30"),
        ("오후 7시", "19:00"),
        ("12:05 a.m.", "00:05"),
        ("about 300", "약 300명"),
        ("스물세 살", "23"),
        ("한강은", "한강"),
        ("한강입니다", "한강"),
        ("파도호였다", "파도호"),
        ("서울에", "서울"),
        ("서울에서", "서울"),
        ("세종 대왕", "세종대왕"),
        ("예", "Yes."),
        ("네, 맞습니다.", "yes"),
        ("아닙니다", "No"),
        ("아니요", "no."),
        ("Ｐａｒｉｓ", "Paris"),
    ],
)
def test_same(a: str, b: str) -> None:
    assert same(a, b)
    assert same(b, a)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Paris", "London"),
        ("yes", "no"),
        ("Yes, but only in part", "yes"),
        ("No. 5 Mill", "no"),
        ("C", "C++"),
        ("3 km", "3"),
        ("3%", "3"),
        ("12 ships", "12 km"),
        ("12 ships", "13"),
        ("7:30 pm", "7:30"),
        ("7 am", "7"),
        ("7시간", "7시"),
        ("13 pm", "1 pm"),
        ("198 ships", "198 passengers"),
        ("1998", "12 March 1998"),
        ("490 BC", "490"),
        ("-5", "5"),
        ("<5", ">5"),
        ("over 300", "300"),
        ("300+", "300"),
        ("제주도", "제주"),
        ("이가은", "이가"),
        ("김정은", "김정"),
        ("정치가", "정치"),
        ("마을", "마"),
        ("Pier 7", "Gate 7"),
        ("Sora was built in 1998", "Mira was built in 1998"),
        ("서울", "부산"),
        ("1st", "1"),
        ("", "Paris"),
    ],
)
def test_differs(a: str, b: str) -> None:
    assert not same(a, b)
    assert not same(b, a)


@pytest.mark.parametrize("text", ["", "  ", ".", "...", " - "])
def test_blank_answers_have_no_key_and_no_group(text: str) -> None:
    assert key(text) == ""
    assert groups([text, "a ship", text]) == [[1]]


@pytest.mark.parametrize("name", ["제주도", "이가은", "김정은", "마을", "가을", "호랑이", "한글"])
def test_names_keep_their_last_syllable(name: str) -> None:
    assert key(name) == name


@pytest.mark.parametrize(("text", "wanted"), [("Yes, it is.", "yes"), ("노", None), ("아뇨", "no")])
def test_polarity(text: str, wanted: str | None) -> None:
    assert polarity(text) == wanted


def test_groups_in_order_of_first_mention() -> None:
    assert groups(["Oslo", "198명", "", "oslo.", "twelve", "백구십팔"]) == [[0, 3], [1, 5], [4]]


def test_groups_are_closed_transitively() -> None:
    assert groups(["한강은", "한강이", "한강"]) == [[0, 1, 2]]


ANSWERS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "한강",
            "한강은",
            "한강이",
            "서울",
            "서울에",
            "서울에서",
            "12",
            "twelve",
            "열두",
            "예",
            "yes",
            "no",
            "C",
            "C++",
            "-",
        ]
    ),
)


@given(ANSWERS, ANSWERS)
def test_same_is_reflexive_and_symmetric(a: str, b: str) -> None:
    assert same(a, a)
    assert same(a, b) is same(b, a)


@given(st.lists(ANSWERS, max_size=8))
def test_groups_partition_the_answers_that_say_something(answers: list[str]) -> None:
    found = groups(answers)
    held = [index for group in found for index in group]
    assert sorted(held) == [i for i, answer in enumerate(answers) if key(answer)]
    assert [group[0] for group in found] == sorted(group[0] for group in found)
    assert all(group == sorted(group) for group in found)
