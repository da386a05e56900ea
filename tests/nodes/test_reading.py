"""What a model's JSON says of a reading: what small models write beside it is left out."""

from __future__ import annotations

import pytest

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
        ("It opened in May, 1898 [2].", "May, 1898", "It opened in May, 1898.", "May, 1898"),
        (
            "The games were in Paris, 1924.",
            "Paris, 1924",
            "The games were in Paris, 1924.",
            "Paris, 1924",
        ),
        ("서울, 1988", "1998년, 2004", "서울, 1988", "1998년, 2004"),
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
