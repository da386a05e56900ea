"""The critic reads distributions, never raises for nonsense and never silently says yes."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from churon.tools.errors import (
    BudgetExhausted,
    ContextTruncated,
    ModelError,
    ModelTimeout,
    ModelUnreachable,
)
from churon.tools.models.base import Completion, TokenLogprob, Want
from churon.tools.models.critic import LetterCritic
from churon.tools.models.labels import (
    RELEVANCE,
    SUFFICIENT,
    SUPPORT,
    UTILITY,
    Distribution,
    LabelSet,
)
from churon.tools.models.reflection import ReflectionTokenCritic
from churon.tools.settings import CriticSettings, LabelCalibration

BOTH = frozenset({"logprobs", "schema"})
QUESTION = [HumanMessage("Relevant? Y or N")]


class Model:
    """An ask that answers by a function of the want, and remembers the wants."""

    def __init__(self, reply: Callable[[Want], Completion]) -> None:
        self.reply = reply
        self.wants: list[Want] = []

    async def __call__(self, messages: Sequence[BaseMessage], want: Want) -> Completion:
        self.wants.append(want)
        return self.reply(want)


def first(*top: tuple[str, float]) -> Completion:
    """A one-token answer with these candidate probabilities."""
    logs = tuple((text, math.log(p)) for text, p in top)
    return Completion(logs[0][0], (TokenLogprob(logs[0][0], logs[0][1], logs),))


async def read(reply: Callable[[Want], Completion], labels: LabelSet = RELEVANCE, **given_settings):
    supports = given_settings.pop("supports", BOTH)
    critic = LetterCritic(CriticSettings(**given_settings), "m", supports)
    model = Model(reply)
    return await critic.distribution(model, QUESTION, labels), model


async def test_spellings_of_a_label_are_summed_and_renormalised() -> None:
    reply = first(("Y", 0.4), (" Y", 0.1), ("Ｙ", 0.1), ("N", 0.2), ("Yes", 0.2))
    found, model = await read(lambda want: reply)
    assert found.p("Y") == pytest.approx(0.75)
    assert found.coverage == pytest.approx(0.8)
    assert found.rung == "logprobs"
    assert [w.max_tokens for w in model.wants] == [1] and model.wants[0].temperature == 0


async def test_calibration_shifts_log_probs_of_its_own_model_and_label_set_only() -> None:
    given_calibration = LabelCalibration(temperature=2.0, offsets={"N": math.log(3)})
    table = {"m": {"relevance": given_calibration}}
    reply = first(("Y", 0.64), ("N", 0.16))
    found, _ = await read(lambda want: reply, calibration=table)
    assert found.p("Y") == pytest.approx(0.8 / (0.8 + 3 * 0.4))
    other, _ = await read(lambda want: reply, SUFFICIENT, calibration=table)
    assert other.p("Y") == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("prompt", "others", "wanted"),
    [
        ("grade.ko.md@1", {}, 0.5),
        ("grade.en.md@1", {}, 0.8),
        ("", {}, 0.8),
        ("grade.ko.md@1", {"N": math.log(9)}, 0.5),
        ("grade.en.md@1", {"N": math.log(9)}, 0.8 / (0.8 + 9 * 0.2)),
    ],
)
async def test_a_languages_own_calibration_wins(
    prompt: str, others: dict[str, float], wanted: float
) -> None:
    table = {"relevance.ko": LabelCalibration(offsets={"N": math.log(4)})}
    if others:
        table["relevance"] = LabelCalibration(offsets=others)
    critic = LetterCritic(CriticSettings(calibration={"m": table}), "m", BOTH)
    model = Model(lambda want: first(("Y", 0.64), ("N", 0.16)))
    asked = [SystemMessage("Be brief."), HumanMessage("?", additional_kwargs={"prompt": prompt})]
    found = await critic.distribution(model, asked, RELEVANCE)
    assert found.p("Y") == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("good_rung", "calls"), [("schema", 2), ("regex", 3), ("vote", 6), ("neutral", 6)]
)
async def test_each_rung_follows_the_one_before(good_rung: str, calls: int) -> None:
    def reply(want: Want) -> Completion:
        rung = (
            ("logprobs" if want.max_tokens == 1 else "vote" if want.seed else "regex")
            if want.schema is None
            else "schema"
        )
        if rung == "logprobs":
            return first(("Well", 0.9), ("Y", 0.01))
        text = '{"label": "Y"}' if rung == "schema" else "**Answer: Y**"
        return Completion(text if rung == good_rung else "maybe Y, maybe N")

    found, model = await read(reply)
    assert found.rung == good_rung and len(model.wants) == calls
    assert found.says("Y") == (good_rung != "neutral")


async def test_schema_rung_reads_the_log_probs_of_the_label_inside_the_json() -> None:
    inside = TokenLogprob("N", -0.3, (("N", math.log(0.7)), ("Y", math.log(0.3))))

    def reply(want: Want) -> Completion:
        if want.schema is None:
            return first(("Hm", 0.9))
        return Completion('{"label": "N"}', (TokenLogprob('{"', -0.1), inside))

    found, _ = await read(reply)
    assert found.rung == "schema" and found.p("N") == pytest.approx(0.7)


async def test_a_label_in_json_without_its_log_probs_is_named() -> None:
    seen = TokenLogprob("N", -0.3, (("?", -0.1),))  # the list has neither letter

    def reply(want: Want) -> Completion:
        return first(("Hm", 0.9)) if want.schema is None else Completion('{"label": "N"}', (seen,))

    found, model = await read(reply)
    assert (found.rung, len(model.wants)) == ("schema", 2)
    assert found.p("N") == pytest.approx(0.9)


async def test_a_named_label_leaves_the_others_one_share_between_them() -> None:
    def reply(want: Want) -> Completion:
        return Completion("P" if want.max_tokens == 8 else "?")

    found, _ = await read(reply, SUPPORT, supports=frozenset())
    assert found.labels == pytest.approx({"F": 0.05, "P": 0.9, "N": 0.05})


async def test_votes_are_drawn_and_not_read_off_one_answer() -> None:
    _, model = await read(lambda want: Completion("?"), supports=frozenset())
    assert [want.temperature for want in model.wants] == [0, 0.7, 0.7, 0.7]
    assert len({want.seed for want in model.wants}) == 4


async def test_votes_are_shares_and_a_tie_says_no() -> None:
    votes = {1: "Y", 2: "N", 3: "who knows"}
    found, _ = await read(
        lambda want: Completion(votes.get(want.seed or 0, "?")), supports=frozenset()
    )
    assert found.rung == "vote" and found.p("Y") == pytest.approx(0.5)
    assert found.coverage == pytest.approx(2 / 3)
    assert not found.says("Y")


@pytest.mark.parametrize("text", ["Y or N", "Yes", "y", "네 Y", "1.5", "YN", "", "Y\nN"])
async def test_the_pattern_is_strict(text: str) -> None:
    found, _ = await read(lambda want: Completion(text), supports=frozenset())
    assert found.rung == "neutral" and found.p("Y") == 0.5 and not found.says("Y")


@pytest.mark.parametrize(
    "error",
    [
        BudgetExhausted("calls", 1),
        ModelUnreachable("down"),
        ModelTimeout("slow"),
        ContextTruncated("long"),
    ],
)
async def test_what_the_caller_must_know_propagates(error: Exception) -> None:
    def reply(want: Want) -> Completion:
        raise error

    with pytest.raises(type(error)):
        await read(reply)


async def test_cancellation_propagates() -> None:
    def reply(want: Want) -> Completion:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await read(reply)


async def test_refused_schema_falls_to_the_next_rung() -> None:
    def reply(want: Want) -> Completion:
        if want.max_tokens != 8:
            raise ModelError("unknown field response_format")
        return Completion("F.")

    found, _ = await read(reply, SUPPORT)
    assert found.rung == "regex" and found.says("F")


odd = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True), st.floats(min_value=-20, max_value=0)
)
tokens = st.one_of(st.sampled_from(["Y", " Y", "N", "Ｎ", "", "Yes", "F", "P", "3"]), st.text())
tops = st.lists(st.tuples(tokens, odd), max_size=25).map(tuple)


@given(top=tops, text=st.text(max_size=20), labels=st.sampled_from([RELEVANCE, SUPPORT, UTILITY]))
async def test_any_output_gives_a_distribution(top: tuple, text: str, labels: LabelSet) -> None:
    reply = Completion(text, (TokenLogprob(text, -1.0, top),))
    found, _ = await read(lambda want: reply, labels)
    assert sum(found.labels.values()) == pytest.approx(1)
    assert all(0 <= p <= 1 for p in found.labels.values()) and 0 <= found.coverage <= 1
    assert tuple(found.labels) == labels.labels
    if found.rung == "neutral":
        assert not any(found.says(label) for label in labels.labels)


@given(top=tops)
async def test_the_order_of_labels_changes_nothing(top: tuple) -> None:
    reply = Completion("?", (TokenLogprob("?", -1.0, top),))
    there, _ = await read(lambda want: reply, SUPPORT)
    back, _ = await read(lambda want: reply, LabelSet("support", SUPPORT.labels[::-1]))
    assert there.labels == pytest.approx(back.labels)


async def test_an_unlisted_label_gets_the_most_that_it_can_have_but_never_wins() -> None:
    found, _ = await read(lambda want: first(("Y", 0.6), ("The", 0.3)))
    assert found.p("Y") == pytest.approx(0.6 / 0.7)
    alone, _ = await read(lambda want: first(("Y", 0.3)))
    assert alone.p("Y") == pytest.approx(0.5) and not alone.says("Y")


async def test_an_unlisted_label_is_no_likelier_than_the_least_one_listed() -> None:
    found, _ = await read(lambda want: first(("Y", 0.6), ("The", 0.02)))
    assert found.p("N") == pytest.approx(0.02 / 0.62)  # of 0.38 that are left
    found, _ = await read(lambda want: first(("Y", 0.96)))
    assert found.p("N") == pytest.approx(0.04)


def test_where_nothing_answered_nothing_is_said() -> None:
    sure = {"Y": 0.9, "N": 0.1}
    assert not Distribution(sure, 0.0, "neutral").says("Y")
    assert Distribution(sure, 1.0, "logprobs").says("Y")


async def test_expected_utility_is_the_papers_weighted_sum() -> None:
    weights = dict(zip(UTILITY.labels, (-1, -0.5, 0, 0.5, 1), strict=True))
    found, _ = await read(lambda want: first(("5", 0.5), ("4", 0.25), ("1", 0.25)), UTILITY)
    assert found.expected(weights) == pytest.approx(0.375, abs=1e-6)


async def test_reflection_tokens_are_read_where_they_were_written() -> None:
    shares = (("[Fully supported]", 0.6), ("[Partially supported]", 0.3), ("so", 0.0999))
    top = tuple((text, math.log(p)) for text, p in shares)
    written = (TokenLogprob("Paris", -0.1, (("Paris", -0.1),)), TokenLogprob(top[0][0], -0.5, top))
    critic = ReflectionTokenCritic(CriticSettings(), "selfrag", BOTH)
    model = Model(lambda want: Completion("Paris[Fully supported]", written))
    found = await critic.distribution(model, QUESTION, SUPPORT)
    assert found.p("F") == pytest.approx(2 / 3, abs=1e-3) and found.rung == "logprobs"


async def test_reflection_critic_asks_for_letters_outside_the_papers_vocabulary() -> None:
    critic = ReflectionTokenCritic(CriticSettings(), "selfrag", BOTH)
    model = Model(lambda want: first(("N", 0.9), ("Y", 0.1)))
    found = await critic.distribution(model, QUESTION, SUFFICIENT)
    assert found.p("N") == pytest.approx(0.9) and len(model.wants) == 1
