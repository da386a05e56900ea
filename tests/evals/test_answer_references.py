"""EM and F1 equal the official definitions, on 1,000 random cases each."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable
from typing import Any

import pytest

from churon.evals.metrics.answers import exact, f1
from churon.evals.metrics.normalise import korquad, squad

ENGLISH = [
    *("the", "The", "a", "An", "A.", "cat", "cat's", "sat", "U.S.", "1,990", "3.5%", "“mat”"),
    *("café", "--", "state-of-the-art", "theme"),
]
KOREAN = [
    *(
        "서울",
        "서울은",
        "《토지》",
        "<무정>",
        "〈별〉",
        "‘나’",
        "'너'",
        '"그"',
        "(박경리)",
        "1,990년",
    ),
    *("3.5%", "A급", "the", "…", "대한민국의", "?"),
]
SPACES = [" ", "  ", "\t", "\u3000", "\n"]


def some(words: list[str], drawn: random.Random, most: int = 6) -> str:
    return "".join(
        drawn.choice(words) + drawn.choice(SPACES) for _ in range(drawn.randint(0, most))
    )


def pairs(words: list[str], n: int = 1_000) -> list[tuple[str, list[str]]]:
    drawn = random.Random(13)
    return [
        (some(words, drawn), [some(words, drawn) for _ in range(drawn.randint(1, 3))])
        for _ in range(n)
    ]


# The definitions once more, in another manner: letter by letter, multisets emptied one by one


def squad_words(text: str) -> list[str]:
    plain = "".join("" if letter in string.punctuation else letter for letter in text.lower())
    return [word for part in re.split(r"\b(?:a|an|the)\b", plain) for word in part.split()]


def korquad_words(text: str) -> list[str]:
    made = ""
    for letter in text:
        if letter in "'\"《》<>〈〉()‘’":
            made += " "
        elif letter not in string.punctuation:
            made += letter.lower()
    return made.split()


def overlap_f1(said: list[str], wanted: list[str]) -> float:
    rest, same = list(wanted), 0
    for unit in said:
        if unit in rest:
            rest.remove(unit)
            same += 1
    if not same:
        return 0.0
    precision, recall = same / len(said), same / len(wanted)
    return 2 * precision * recall / (precision + recall)


def word_f1(said: list[str], wanted: list[str]) -> float:
    return overlap_f1(said, wanted) if said and wanted else float(said == wanted)


def squad_v2(answer: str, accepted: list[str], score: Callable[[Any, Any], float]) -> float:
    held = [one for one in accepted if squad_words(one)] or [""]
    return max(score(squad_words(answer), squad_words(one)) for one in held)


def test_squad_as_its_v2_script_defines_it() -> None:
    for answer, accepted in pairs(ENGLISH):
        same = squad_v2(answer, accepted, lambda a, b: float(a == b))
        near = squad_v2(answer, accepted, word_f1)
        assert exact(answer, accepted, "en") == same
        assert f1(answer, accepted, "en") == pytest.approx(near)


def test_squad_as_torchmetrics_has_it() -> None:
    """v1.1: it leaves no accepted answer out, so those that normalise to nothing are not drawn."""
    squad_of = pytest.importorskip("torchmetrics.functional.text", reason="torchmetrics").squad
    for answer, drawn in pairs(ENGLISH):
        accepted = [one for one in drawn if squad(one)] or ["cat"]
        theirs = squad_of(
            [{"id": "q", "prediction_text": answer}],
            [{"id": "q", "answers": {"text": accepted, "answer_start": [0] * len(accepted)}}],
        )
        assert exact(answer, accepted, "en") == theirs["exact_match"].item() / 100
        assert f1(answer, accepted, "en") == pytest.approx(theirs["f1"].item() / 100)


def test_korquad_as_its_script_defines_it() -> None:
    for answer, accepted in pairs(KOREAN):
        said, wanted = korquad_words(answer), [korquad_words(one) for one in accepted]
        near = max(overlap_f1(list("".join(said)), list("".join(one))) for one in wanted)
        assert korquad(answer) == " ".join(said)
        assert exact(answer, accepted, "ko") == float(said in wanted)
        assert f1(answer, accepted, "ko") == pytest.approx(near)


@pytest.mark.parametrize(
    ("answer", "accepted", "same", "near"),
    [
        ("1989년 2월 15일에", "1989년 2월 15일", 0.0, 20 / 21),  # a particle is one character
        ("《토지》", "토지", 1.0, 1.0),
        ("대한 민국", "대한민국", 0.0, 1.0),  # spaces count for EM alone
        ("The 토지", "토지", 0.0, 4 / 7),  # no articles are stripped
        ("", "토지", 0.0, 0.0),
    ],
)
def test_korquad_by_hand(answer: str, accepted: str, same: float, near: float) -> None:
    assert exact(answer, [accepted], "ko") == same
    assert f1(answer, [accepted], "ko") == pytest.approx(near)
