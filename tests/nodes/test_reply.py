"""Citations of an answer's message."""

from __future__ import annotations

from typing import Any

import pytest

from churon.nodes.reply import citations


@pytest.mark.parametrize(
    ("supports", "worst"),
    [
        (["full", "full"], "full"),
        (["full", "none"], "none"),
        (["partial", "full"], "partial"),
        (["unchecked", "partial"], "unchecked"),
    ],
)
def test_a_passage_bears_what_its_worst_claim_says(supports: list[str], worst: str) -> None:
    passage: Any = {
        "id": "p", "document": "a.md", "title": "A", "page": None, "start": 0, "end": 9,
        "text": "Dogs sail.",
    }  # fmt: skip
    claims: Any = [
        {
            "text": f"Dogs sail {n}.",
            "support": support,
            "support_score": None,
            "evidence_ids": ["p"],
        }
        for n, support in enumerate(supports)
    ]
    [citation] = citations(claims, {"p": passage})
    assert citation["support"] == worst and citation["n"] == 1
