"""Self-RAG's formulas against hand-computed cases, and the reference code's bugs."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churon.nodes import decide
from churon.tools.context import RagContext
from churon.tools.models.labels import Distribution
from churon.tools.types import Candidate, Claim, Support

probabilities = st.floats(0.001, 1, allow_nan=False)
units = st.floats(0, 1, allow_nan=False)


def read(**labels: float) -> Distribution:
    return Distribution({k.removeprefix("d"): v for k, v in labels.items()}, 1.0, "logprobs")


def candidate(
    text: str = "An answer.",
    mean_logprob: float | None = -0.1,
    s_rel: float | None = 0.8,
    s_sup: float | None = 0.6,
    s_use: float | None = 0.5,
    evidence_id: str = "p1",
) -> Candidate:
    return Candidate(
        evidence_id=evidence_id,
        text=text,
        mean_logprob=mean_logprob,
        s_rel=s_rel,
        s_sup=s_sup,
        s_use=s_use,
    )


def claim(support: Support, ids: list[str] | None = None) -> Claim:
    held = ["p1"] if ids is None else ids
    return Claim(text="s", support=support, support_score=None, evidence_ids=held)


@pytest.mark.parametrize(
    ("yes", "no", "delta", "wanted"),
    [
        (0.1, 0.1, 0.2, True),  # the rest is C, "go on with the passage at hand"
        (0.02, 0.3, 0.2, False),
        (0.9, 0.1, 0.2, True),
        (0.1, 0.9, 0.2, False),
        (0.2, 0.8, 0.2, False),
        (0.21, 0.79, 0.2, True),
    ],
)
def test_retrieves_by_the_ratio_of_probabilities(
    yes: float, no: float, delta: float, wanted: bool
) -> None:
    # the reference took the ratio of log-probs: p(yes) = 0.9 gave 0.044 and no retrieval
    assert decide.wants_retrieval(read(Y=yes, N=no, C=1 - yes - no), delta) is wanted


@given(st.floats(0.01, 0.98), st.floats(0, 1))
def test_more_yes_never_turns_retrieval_off(yes: float, delta: float) -> None:
    less, more = read(Y=yes, N=1 - yes, C=0.0), read(Y=yes + 0.01, N=0.99 - yes, C=0.0)
    assert decide.wants_retrieval(more, delta) >= decide.wants_retrieval(less, delta)


def test_support_score_weighs_partial_support_by_half() -> None:
    assert decide.support_score(read(F=0.6, P=0.3, N=0.1)) == pytest.approx(0.75)
    assert decide.support_score(read(F=0.3, P=0.15, N=0.05)) == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("ratings", "score"),
    [
        ({"d1": 0.0, "d2": 0.0, "d3": 0.0, "d4": 0.0, "d5": 1.0}, 1.0),
        ({"d1": 1.0, "d2": 0.0, "d3": 0.0, "d4": 0.0, "d5": 0.0}, -1.0),
        ({"d1": 0.1, "d2": 0.1, "d3": 0.2, "d4": 0.2, "d5": 0.4}, 0.35),
    ],
)
def test_utility_is_the_expected_weight(ratings: dict[str, float], score: float) -> None:
    # in the reference's long form utility was always 0
    assert decide.utility_score(read(**ratings)) == pytest.approx(score)


def test_segment_score_by_hand() -> None:
    # exp(-0.1) + 1.0 * 0.8 + 1.0 * 0.6 + 0.5 * 0.5
    assert decide.segment_score(candidate(), RagContext()) == pytest.approx(2.55484, abs=1e-5)


def test_unknown_parts_count_nothing() -> None:
    bare = candidate(mean_logprob=None, s_rel=None, s_sup=None, s_use=None)
    assert decide.segment_score(bare, RagContext()) == 0.0


@given(units, units, units)
def test_more_support_never_scores_less(rel: float, low: float, more: float) -> None:
    high = min(1.0, low + more)
    scores = [
        decide.segment_score(candidate(s_rel=rel, s_sup=s), RagContext()) for s in (low, high)
    ]
    assert scores[0] <= scores[1]


@given(st.lists(st.floats(-1, 4), min_size=1, max_size=6))
def test_path_score_is_a_mean_not_a_product(segments: list[float]) -> None:
    # as a product, a longer path lost (or won) by its length alone
    score = decide.path_score(segments)
    assert min(segments) - 1e-9 <= score <= max(segments) + 1e-9
    assert decide.path_score(segments * 2) == pytest.approx(score)


def test_an_empty_path_is_worse_than_any() -> None:
    assert decide.path_score([]) == -math.inf


def test_the_best_candidate_wins_and_ties_are_stable() -> None:
    weak = candidate("Weak.", s_sup=0.1, evidence_id="p1")
    strong = candidate("Strong.", s_sup=0.9, evidence_id="p2")
    twin = candidate("Twin.", s_sup=0.9, evidence_id="p3")
    best = decide.best_candidate({"a": weak, "b": twin, "c": strong}, RagContext())
    assert best is not None and best["text"] == "Strong."


def test_a_closed_answer_set_sums_scores_per_option() -> None:
    # one strong "yes" (2.7) against two fair "no" (2 x 1.9)
    yes = candidate("Yes, it is.", s_sup=0.9, s_rel=0.9, evidence_id="p1")
    first = candidate("No.", s_sup=0.5, s_rel=0.4, evidence_id="p2")
    second = candidate("No, it is not.", s_sup=0.5, s_rel=0.4, evidence_id="p3")
    best = decide.best_candidate({"1": yes, "2": first, "3": second}, RagContext())
    assert best is not None and decide.closed_option(best["text"]) == "no"


def test_empty_candidates_never_win() -> None:
    empty = candidate("", mean_logprob=0.0, s_rel=1.0, s_sup=1.0, s_use=1.0, evidence_id="p1")
    assert decide.best_candidate({"p1": empty}, RagContext()) is None
    weak = candidate("Weak.", s_sup=0.0, s_rel=0.0, s_use=-1.0, evidence_id="p2")
    best = decide.best_candidate({"p1": empty, "p2": weak}, RagContext())
    assert best is not None and best["text"] == "Weak."


def best(*candidates: Candidate, **context: object) -> str:
    held = {one["evidence_id"]: one for one in candidates}
    found = decide.best_candidate(held, RagContext(**context))
    assert found is not None
    return found["text"]


def test_one_open_answer_makes_the_answer_set_an_open_one() -> None:
    yes = [candidate("Yes, it is.", s_rel=0.4, evidence_id=key) for key in ("p1", "p2", "p3")]
    assert best(*yes, candidate("In 1898.", s_rel=0.9, evidence_id="p4")) == "In 1898."


def test_unknown_fluency_neither_wins_nor_loses() -> None:
    gold = candidate("Gold.", None, s_rel=0.98, s_sup=0.97, s_use=0.6, evidence_id="p1")
    other = candidate("Other.", -0.05, s_rel=0.55, s_sup=0.6, s_use=0.4, evidence_id="p2")
    assert best(gold, other) == "Gold."
    worse, better = candidate("Worse.", None, s_sup=0.5), candidate("Better.", -3.0, s_sup=0.6)
    assert best(worse, {**better, "evidence_id": "p2"}) == "Better."
    assert best(worse) == "Worse."


@pytest.mark.parametrize("support", [0.5, 0.6, None])
def test_a_winner_that_would_be_withheld_gives_way_unless_faithful(support: float | None) -> None:
    fluent = candidate("Fluent.", 0.0, s_rel=1.0, s_sup=0.49, s_use=1.0, evidence_id="p1")
    borne = candidate("Borne.", -2.0, s_rel=0.1, s_sup=support, s_use=0.0, evidence_id="p2")
    assert best(fluent, borne) == "Borne."
    assert best(fluent, borne, faithful=True) == "Fluent."


def agreed(winner: str, *others: tuple[str, float | None]) -> float:
    first = candidate(winner, s_sup=0.6, evidence_id="p0")
    rest = [candidate(t, s_sup=s, evidence_id=f"p{n}") for n, (t, s) in enumerate(others, 1)]
    return decide.agreement(first, [first, *rest], "When was the Vesk mill built?")


@pytest.mark.parametrize(
    ("winner", "other", "agrees"),
    [
        ("1898.", "Sora Han opened it by the sea, 1898.", True),  # one says more
        ("The Vesk mill was built in 1898.", "The Vesk mill was built in 1912.", True),  # "in"
        ("The Vesk mill was built 1898.", "The Vesk mill was built 1912.", False),
        ("Yes, it was.", "Yes.", True),
        ("Yes, it was.", "No, it was not.", False),
        ("Yes, it was.", "It was built 1898.", True),  # no option, so "it"
        ("정원은 198명이다.", "198명", True),
        ("198명", "198명이", True),
        ("19", "198", False),  # no shorter form of it
        ("198", "19", False),
        ("파도호", "파도호는", True),
        ("Sora", "Kim", False),
    ],
)
def test_answers_agree_in_what_they_add_to_the_question(
    winner: str, other: str, agrees: bool
) -> None:
    assert agreed(winner, (other, 0.6)) == pytest.approx(1.0 if agrees else 0.5)


def test_agreement_is_a_share_of_the_support() -> None:
    found = agreed("Built 1898.", ("1898", 0.2), ("1912", 0.9), ("1913", None), ("", 0.9))
    assert found == pytest.approx((0.6 + 0.2) / (0.6 + 0.2 + 0.9))


def test_nothing_contradicts_where_nothing_is_supported() -> None:
    bare = [candidate(text, s_sup=None, evidence_id=text) for text in ("1898", "1912")]
    assert decide.agreement(bare[0], bare, "When?") == 1.0


@pytest.mark.parametrize(
    ("score", "threshold", "label"),
    [(0.8, 0.5, "full"), (0.75, 0.5, "full"), (0.5, 0.5, "partial"), (0.49, 0.5, "none"),
     (None, 0.5, "unchecked"), (0.9, 0.9, "partial"), (0.95, 0.9, "full")],
)  # fmt: skip
def test_support_labels(score: float | None, threshold: float, label: str) -> None:
    assert decide.support_label(score, threshold) == label


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ([], "ungrounded"),
        ([claim("full")], "grounded"),
        ([claim("full"), claim("none")], "partial"),
        ([claim("full"), claim("partial")], "partial"),
        ([claim("none"), claim("none")], "ungrounded"),
        ([claim("unchecked")], "partial"),
        ([claim("full", [])], "ungrounded"),
    ],
)
def test_status_follows_the_claims(claims: list[Claim], status: str) -> None:
    assert decide.status_of(claims) == status


@pytest.mark.parametrize(
    "text",
    [
        "NONE", "none.", " NONE - it is not there", "", "없음", "N/A", "The place is NONE.",
        "출생지는 NONE입니다.", "The place of birth is NONE [1], [2].",
    ],
)  # fmt: skip
def test_refusals_are_recognised(text: str) -> None:
    assert decide.is_refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "None of the ferries sail on Monday.", "Nonesuch.", "없습니다만 있다", "It is NONE-7.",
        "It opened in 1946. Its owner is NONE.", f"NONE{'[,]' * 40}x"[4:],
    ],
)  # fmt: skip
def test_answers_are_not_taken_for_refusals(text: str) -> None:
    assert not decide.is_refusal(text)


@pytest.mark.parametrize(
    ("answer", "option"),
    [
        ("Yes, it is.", "yes"), ("No ferry runs on Sunday.", "no"), ("No, 5 do.", "no"),
        ("No. 5 bus goes there.", None), ("No 5 stops here.", None), ("네, 네 척입니다.", "yes"),
        ("네 [1].", "yes"), ("네 그렇습니다.", "yes"), ("네 척의 배가 있습니다.", None),
        ("예", "yes"), ("예: 사과", None), ("예산은 5억입니다.", None), ("아니요.", "no"),
        ("Yes. 12 ships sail.", "yes"), ("아니요. 3척입니다.", "no"), ("예 가능합니다.", "yes"),
        ("네 있습니다.", "yes"), ("네: 있습니다.", "yes"), ("네 대부분 그렇습니다.", "yes"),
        ("네 번째 배입니다.", None), ("네 마리", None), ("네 명이 탑니다.", None), ("", None),
    ],
)  # fmt: skip
def test_an_answer_that_opens_with_yes_or_no(answer: str, option: str | None) -> None:
    assert decide.closed_option(answer) == option


@pytest.mark.parametrize(
    ("sentence", "question", "again"),
    [
        ("청춘 시즌제 앨범은 2부작인가?", "청춘 시즌제 앨범은 몇 부작인가?", True),
        ("Who signs the report?", "Who signs the incident report?", True),
        ('"Who signs it?"', "Who signs it?", True),
        ("What's Going On?", "Which album of Marvin Gaye came out in 1971?", False),
        ("The slogan of Marunuri is 'Where to next?'", "What is the slogan of Marunuri?", False),
        ("The first question is: Are you satisfied?", "What is the first question?", False),
        ("마루누리의 표어는 “어디로 갈까요?”", "마루누리의 표어는 무엇입니까?", False),
        ("청춘 시즌제 앨범은 2부작입니다.", "청춘 시즌제 앨범은 몇 부작인가?", False),
    ],
)
def test_a_question_said_again_is_no_answer(sentence: str, question: str, again: bool) -> None:
    assert decide.asks_again(sentence, question) is again
