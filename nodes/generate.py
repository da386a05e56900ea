"""Writing: one candidate from one passage, or one cited answer from several."""

from __future__ import annotations

from dataclasses import dataclass

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from churon.nodes.cite import cite, claim
from churon.nodes.common import PassageState, RunState, chosen
from churon.nodes.decide import is_refusal
from churon.nodes.prompts import fitting, messages, numbered, passage_text
from churon.tools.context import RagContext
from churon.tools.models.base import OnToken, Want
from churon.tools.toolkit import Toolkit
from churon.tools.types import Candidate, Claim, Evidence, Usage


class Written(TypedDict):
    candidates: dict[str, Candidate]
    usage: Usage
    degraded: list[str]


@dataclass(frozen=True)
class WriteCandidate:
    """One answer from one passage (Self-RAG's short form)."""

    toolkit: Toolkit

    async def __call__(self, state: PassageState, runtime: Runtime[RagContext]) -> Written:
        run = self.toolkit.run(state["run"], runtime.context, state["usage"])
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
        candidate = Candidate(
            evidence_id=passage["id"],
            text="" if is_refusal(written.text) else written.text.strip(),
            mean_logprob=written.mean_logprob,
            s_rel=passage["relevance"],
            s_sup=None,
            s_use=None,
        )
        return {"candidates": {passage["id"]: candidate}, **run.ledger()}


class Held(RunState):
    standalone: str
    evidence: dict[str, Evidence]
    kept: list[str]
    partials: list[str]


class Answered(TypedDict):
    answer: str
    claims: list[Claim]
    usage: Usage
    degraded: list[str]


class Partial(Answered):
    partials: list[str]


@dataclass(frozen=True)
class WriteAnswer:
    """One answer with `[n]` keys from all passages kept, streamed; keys become passage ids."""

    toolkit: Toolkit

    async def __call__(self, state: Held, runtime: Runtime[RagContext]) -> Partial:
        run = self.toolkit.run(state["run"], runtime.context, state["usage"])
        passages = fitting(chosen(state["evidence"], state["kept"]), await run.room())
        if not passages:
            return {"answer": "", "claims": [], "partials": [], **run.ledger()}
        prompt = messages(
            "answer",
            state["language"],
            passages=numbered(passages),
            question=state["standalone"],
        )
        want = Want(run.context.answer_tokens, run.context.temperature)
        text = (await run.complete(prompt, want, _tokens(runtime))).text
        if is_refusal(text):
            return {"answer": "", "claims": [], "partials": [], **run.ledger()}
        cited = cite(text, passages)
        if cited.invented:
            run.degrade(f"cite:{cited.invented}_invented_keys")
        return {
            "answer": cited.answer,
            "claims": cited.claims,
            "partials": [cited.answer],
            **run.ledger(),
        }


@dataclass(frozen=True)
class WriteDirect:
    """An answer without any search, for a question that needs none; it has no sources."""

    toolkit: Toolkit

    async def __call__(self, state: Held, runtime: Runtime[RagContext]) -> Answered:
        run = self.toolkit.run(state["run"], runtime.context, state["usage"])
        prompt = messages("direct", state["language"], question=state["standalone"])
        want = Want(run.context.answer_tokens, run.context.temperature)
        text = (await run.complete(prompt, want, _tokens(runtime))).text.strip()
        answer = "" if is_refusal(text) else text
        claims = [claim(answer, [])] if answer else []
        return {"answer": answer, "claims": claims, **run.ledger()}


@dataclass(frozen=True)
class Synthesise:
    """The final answer of the iterative form, from the partial answers and all evidence kept."""

    toolkit: Toolkit

    async def __call__(self, state: Held, runtime: Runtime[RagContext]) -> Answered:
        run = self.toolkit.run(state["run"], runtime.context, state["usage"])
        passages = fitting(chosen(state["evidence"], state["kept"]), await run.room())
        prompt = messages(
            "synthesise",
            state["language"],
            passages=numbered(passages),
            partials="\n".join(f"- {partial}" for partial in state["partials"]),
            question=state["standalone"],
        )
        want = Want(run.context.answer_tokens, run.context.temperature)
        text = (await run.complete(prompt, want, _tokens(runtime))).text
        cited = cite("" if is_refusal(text) else text, passages)
        if cited.invented:
            run.degrade(f"cite:{cited.invented}_invented_keys")
        return {"answer": cited.answer, "claims": cited.claims, **run.ledger()}


def _tokens(runtime: Runtime[RagContext]) -> OnToken:
    return lambda text: runtime.stream_writer({"token": text})
