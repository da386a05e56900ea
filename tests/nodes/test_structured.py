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
    ("text", "read"),
    [
        ('{"a": 1}', {"a": 1}),
        ('Here it is: {"a": 1} and more {"b": 2}', {"a": 1}),
        ('```json\n{"a": [1, 2]}\n```', {"a": [1, 2]}),
        ('{"statement": "It is cut o', {"statement": "It is cut o"}),
        ("no braces", None),
        ("", None),
    ],
)
def test_json_is_found_wherever_it_stands(text: str, read: Any) -> None:
    assert first_json(text) == read
