"""Times of day: one spelling for each, and nothing else is one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churon.tools.values import clock


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("7:30", "07:30"),
        ("07:30", "07:30"),
        ("at 7:30 p.m.", "19:30"),
        ("12 am", "00:00"),
        ("12:15 PM", "12:15"),
        ("19:30:00", "19:30"),
        ("오전 7시", "07:00"),
        ("오후 12시 5분에", "12:05"),
        ("23시 59분입니다.", "23:59"),
        ("7", None),
        ("7시간", None),
        ("24:00", None),
        ("0:30 am", None),
        ("13 pm", None),
        ("7:3", None),
        ("7:60", None),
        ("2:1 to Aren", None),
        ("from 7:30 to 8:30", None),
        ("", None),
    ],
)
def test_times_of_day(text: str, time: str | None) -> None:
    assert clock(text) == time


@given(st.integers(0, 23), st.integers(0, 59))
def test_every_minute_is_itself(hour: int, minute: int) -> None:
    time = f"{hour:02}:{minute:02}"
    half = f"{hour % 12 or 12}:{minute:02} {'ap'[hour > 11]}m"
    assert clock(time) == clock(half) == clock(f"{hour}시 {minute}분") == time
