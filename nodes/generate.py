"""Writing: one candidate from one passage, or one cited answer from several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NotRequired

from langchain_core.messages import BaseMessage
from langgraph.runtime import Runtime

from churon.nodes.cite import Cited, bare, cite, claim
from churon.nodes.common import PassageState, RunState, chosen, settled
from churon.nodes.decide import asks_again, is_refusal
from churon.nodes.grade import relevant
from churon.nodes.numeric import lacks_number
from churon.nodes.prompts import fitting, messages, numbered, passage_text
from churon.nodes.reading import read
from churon.nodes.sentences import sentences
from churon.nodes.telling import Telling
from churon.nodes.uncut import uncut
from churon.tools.context import RagContext
from churon.tools.models.base import Want
from churon.tools.run import Ledger, Run
from churon.tools.toolkit import Toolkit
from churon.tools.types import Candidate, Claim, Evidence


class Written(Ledger):
    candidates: dict[str, Candidate]


@dataclass(frozen=True)
class WriteCandidate:
    """One answer from one passage (Self-RAG's short form).

    A small model also declines a passage that holds the answer (of 16 gold passages of KorQuAD the
    1.5B declined 8, and answered 5 of these as JSON): one that the critic finds relevant is read
    once more, also where a number is asked for and none was given. What is read there has no
    log-probability of its own and counts as fluent as the others; the critic decides. `faithful`
    asks once.
    """

    toolkit: Toolkit

    async def __call__(self, state: PassageState, runtime: Runtime[RagContext]) -> Written:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        passage = state["passage"]
        prompt = messages(
            "candidate",
            state["language"],
            passage=passage_text(passage),
            question=state["standalone"],
        )
        want = Want(run.context.answer_tokens, run.context.temperature, top_logprobs=0)
        written = await run.complete(prompt, want)
        if not written.logprobs:
            run.degrade("generate:no_logprobs")
        text, logprob = bare(uncut(run, written), [passage]), written.mean_logprob
        parts = [one for one in sentences(text) if not asks_again(one, state["standalone"])]
        text = " ".join(parts)
        if is_refusal(text) or lacks_number(text, state["standalone"]):
            again = await self._read_again(run, state)
            if is_refusal(text) or not lacks_number(again, state["standalone"]):
                text, logprob = again, None
        candidate = Candidate(
            evidence_id=passage["id"],
            text=text,
            mean_logprob=logprob,
            s_rel=passage["relevance"],
            s_sup=None,
            s_use=None,
        )
        return {"candidates": {passage["id"]: candidate}, **run.ledger()}

    @staticmethod
    async def _read_again(run: Run, state: PassageState) -> str:
        passage, context = state["passage"], run.context
        graded = passage["relevance"] is not None
        if context.faithful or not graded or not relevant(passage, context.relevance_threshold):
            return ""
        [found], _ = await settled(
            run, "candidate", read(run, state["standalone"], [passage], state["language"])
        )
        return found.statement if found else ""


class Held(RunState):
    standalone: str
    evidence: dict[str, Evidence]
    kept: list[str]
    claims: list[Claim]
    partials: NotRequired[list[str]]


class Answered(Ledger):
    """A bare Ledger instead lets what an earlier round answered stand."""

    answer: str
    claims: list[Claim]


class Anew(Answered):
    standby: list[Claim]


class Partial(Anew):
    partials: list[str]


class Unknown(Ledger):
    retrieval: bool


@dataclass(frozen=True)
class WriteAnswer:
    """One answer with `[n]` keys from all passages kept, streamed; keys become passage ids."""

    toolkit: Toolkit
    name: str = "generate"
    """Node name that its tokens are marked with."""

    async def __call__(self, state: Held, runtime: Runtime[RagContext]) -> Partial | Ledger:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        passages = fitting(chosen(state["evidence"], state["kept"]), await run.room())
        if not passages:
            return run.ledger()
        prompt = messages(
            "answer",
            state["language"],
            passages=numbered(passages),
            question=state["standalone"],
        )
        telling = Telling(run, runtime, self.name)
        cited = await _cited(run, prompt, passages, telling, state["standalone"])
        if cited is None:
            return run.ledger()
        return {
            "answer": cited.answer,
            "claims": cited.claims,
            "standby": state["claims"],
            "partials": [] if cited.answer in state.get("partials", []) else [cited.answer],
            **run.ledger(),
        }


@dataclass(frozen=True)
class Synthesise:
    """The final answer of the iterative form, from the partial answers and all evidence kept."""

    toolkit: Toolkit

    async def __call__(self, state: Held, runtime: Runtime[RagContext]) -> Anew | Ledger:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        passages = fitting(chosen(state["evidence"], state["kept"]), await run.room())
        prompt = messages(
            "synthesise",
            state["language"],
            passages=numbered(passages),
            partials="\n".join(f"- {partial}" for partial in state.get("partials", [])),
            question=state["standalone"],
        )
        telling = Telling(run, runtime, "synthesise")
        cited = await _cited(run, prompt, passages, telling, state["standalone"])
        if cited is None:
            return run.ledger()
        said, before = cited.claims, state["claims"]
        return {"answer": cited.answer, "claims": said, "standby": before, **run.ledger()}


@dataclass(frozen=True)
class WriteDirect:
    """An answer without any search; where the model knows none, a search follows after all."""

    toolkit: Toolkit

    async def __call__(self, state: Held, runtime: Runtime[RagContext]) -> Answered | Unknown:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        prompt = messages("direct", state["language"], question=state["standalone"])
        want = Want(run.context.answer_tokens, run.context.temperature)
        text = await Telling(run, runtime, "direct").written(prompt, want)
        if is_refusal(text):
            return {"retrieval": True, **run.ledger()}
        return {"answer": text, "claims": [claim(text, [])], **run.ledger()}


async def _cited(
    run: Run, prompt: list[BaseMessage], passages: list[Evidence], telling: Telling, question: str
) -> Cited | None:
    """Ask, and read the keys; None when the model finds no answer."""
    want = Want(run.context.answer_tokens, run.context.temperature)
    text = await telling.written(prompt, want)
    if is_refusal(text):
        return None
    cited = cite(text, passages)
    if cited.invented:
        run.degrade(f"cite:{cited.invented}_invented_keys")
    claims = [one for one in cited.claims if not asks_again(one["text"], question)]
    answer = " ".join(one["text"] for one in claims)
    # small models also write "[1] NONE"
    return None if is_refusal(answer) else Cited(answer, claims, cited.invented)
