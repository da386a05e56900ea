"""JSON that a model wrote, wherever it stands."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churon.nodes.structured import first_json


@given(st.text(max_size=60))
def test_any_text_is_read_or_not(text: str) -> None:
    first_json(text)
    first_json("{" + text)


@pytest.mark.parametrize(
    ("text", "read", "broken"),
    [
        ('{"a": 1}', {"a": 1}, False),
        ('Here it is: {"a": 1} and more {"b": 2}', {"a": 1}, False),
        ('It is {"a": 1}, 5" wide', {"a": 1}, False),
        ('```json\n{"a": [1, 2]}\n```', {"a": [1, 2]}, False),
        ('{"statement": "It is cut o', {"statement": "It is cut o"}, True),
        (r'{"statement": "It is \"cut', {"statement": 'It is "cut'}, True),
        ('{"steps": [{"question": "Who?"', {"steps": [{"question": "Who?"}]}, False),
        (
            '{"a": "The 5" gun of "Aren" is?", "b": ""}',
            {"a": 'The 5" gun of "Aren" is?', "b": ""},
            False,
        ),
        ('{"a": "The 5" gun", "b": ["It is cut', {"a": 'The 5" gun', "b": ["It is cut"]}, True),
        ("no braces", None, False),
        ("", None, False),
    ],
)
def test_json_is_found_wherever_it_stands(text: str, read: Any, broken: bool) -> None:
    assert first_json(text) == (read, broken)


def test_what_stands_behind_the_json_is_no_part_of_it() -> None:
    fenced = '```json\n{"statement": "It is Aren [1].", "answer": "Aren"\n```'
    assert first_json(fenced)[0] == {"statement": "It is Aren [1].", "answer": "Aren"}
    listed = first_json('{"questions": ["When?", "Where?"\n```')
    assert listed == ({"questions": ["When?", "Where?"]}, False)
