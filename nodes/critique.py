"""Self-RAG's critiques as questions to the critic: IsRel, IsSup, IsUse. Shared by nodes."""

from __future__ import annotations

from collections.abc import Sequence

from churon.nodes.cite import nearer
from churon.nodes.common import settled
from churon.nodes.decide import support_label, support_score, utility_score
from churon.nodes.prompts import fitting, messages, passage_text
from churon.tools.models.labels import RELEVANCE, SUPPORT, UTILITY
from churon.tools.run import Run
from churon.tools.types import Evidence, Language

DIGITS = 4
"""Of a critique: more would be noise of floating point in every output."""


async def relevance_of(
    run: Run, passage: Evidence, question: str, language: Language
) -> float | None:
    """P(relevant): the reranker's prior, or the model's inside the uncertain band.

    None when neither says anything: an ungraded passage is no yes and no no.
    """
    prior = passage["relevance"]
    low, high = run.context.uncertain_low, run.context.uncertain_high
    if prior is not None and not low <= prior <= high:
        return prior
    prompt = messages("grade", language, passage=passage_text(passage), question=question)
    read = await run.distribution(prompt, RELEVANCE)
    return prior if read.rung == "neutral" else round(read.p("Y"), DIGITS)


async def support_of(
    run: Run, statement: str, passages: list[Evidence], question: str, language: Language
) -> float | None:
    """s_sup in [0, 1] of a statement by its passages; None when the critic gave nothing."""
    shown = fitting(passages, await run.room())
    prompt = messages(
        "support",
        language,
        passage="\n\n".join(passage_text(passage) for passage in shown),
        question=question,
        statement=statement,
    )
    read = await run.distribution(prompt, SUPPORT)
    return None if read.rung == "neutral" else round(support_score(read), DIGITS)


async def borne_by(
    run: Run,
    statement: str,
    cited: list[Evidence],
    held: Sequence[Evidence],
    question: str,
    language: Language,
) -> tuple[list[str], float | None]:
    """The ids of the passages that a statement rests on, and its s_sup by them: those it cites, or
    where these do not bear it, the one of `held` that is nearer to it and does. Models mistake
    keys; one call more at most.
    """
    least = run.context.support_threshold
    score = await support_of(run, statement, cited, question, language)
    other = nearer(statement, cited, held)
    if other is not None and support_label(score, least) == "none":
        # what was refused stays so when the budget ends or the model fails at the second check
        check = support_of(run, statement, [other], question, language)
        [again], _ = await settled(run, "support", check)
        if again is not None and again >= least:
            return [other["id"]], again
    return [one["id"] for one in cited], score


async def utility_of(run: Run, answer: str, question: str, language: Language) -> float | None:
    """s_use in [-1, 1]; None when its weight is 0 or the critic gave nothing."""
    if not run.context.w_use:
        return None
    read = await run.distribution(
        messages("utility", language, question=question, answer=answer), UTILITY
    )
    return None if read.rung == "neutral" else round(utility_score(read), DIGITS)
