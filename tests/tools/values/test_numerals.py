"""Numerals in words: English and Korean, well-formed or None."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churon.tools.values import fits, parse_value, subject
from churon.tools.values.english import english_number, english_ordinal
from churon.tools.values.korean import korean_number


def parsed(text: str) -> Fraction:
    value = parse_value(text)
    assert value is not None
    return value.as_number().amount


@pytest.mark.parametrize("words", ["five thousand two million", "two three", "and", "hundred and"])
def test_ill_formed_english_is_none(words: str) -> None:
    assert english_number(words) is None


@pytest.mark.parametrize("words", ["만억", "삼사", "백천", "십삼이", "", "백영", "가나"])
def test_ill_formed_korean_is_none(words: str) -> None:
    assert korean_number(words) is None


def test_particles_fit_final_consonants() -> None:
    assert fits("한강", "은")
    assert not fits("이가", "은")
    assert fits("서울", "로")
    assert not fits("부산", "로")


@pytest.mark.parametrize(
    ("stem", "particle"),
    [("한강", "이"), ("파도호", "가"), ("KTX-2", "가"), ("S9", "이(가)"), ("Pado", "이(가)")],
)
def test_a_subject_has_the_particle_that_its_last_letter_asks_for(stem: str, particle: str) -> None:
    assert subject(stem) == particle


def korean_words(n: int) -> str:
    """Sino-Korean spelling of 1 to 9999."""
    digits = "영일이삼사오육칠팔구"
    parts = [(n // 1000, "천"), (n // 100 % 10, "백"), (n // 10 % 10, "십"), (n % 10, "")]
    return "".join((digits[d] if d > 1 or not u else "") + u for d, u in parts if d)


def english_words(n: int) -> str:
    ones = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ]
    tens = ["-", "-", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
    if n < 20:
        return ones[n]
    if n < 100:
        return tens[n // 10] + (f"-{ones[n % 10]}" if n % 10 else "")
    if n < 1000:
        return f"{ones[n // 100]} hundred" + (f" and {english_words(n % 100)}" if n % 100 else "")
    return f"{english_words(n // 1000)} thousand" + (
        f" {english_words(n % 1000)}" if n % 1000 else ""
    )


@given(st.integers(1, 9999), st.integers(0, 9999))
def test_korean_numerals_round_trip(low: int, high: int) -> None:
    text = (korean_words(high) + "만 " if high else "") + korean_words(low)
    assert korean_number(text) == high * 10_000 + low
    if len(text) > 1:  # 이 명 may be "this ..."
        assert parsed(f"{text} 명") == high * 10_000 + low


@given(st.integers(0, 999_999))
def test_english_numerals_round_trip(n: int) -> None:
    assert english_number(english_words(n)) == n
    assert parsed(english_words(n)) == n


def test_ordinals_and_fractions() -> None:
    assert english_ordinal("twenty-second") == 22
    assert english_ordinal("twenty") is None
    assert korean_number("3.5만") == Fraction(35_000)
