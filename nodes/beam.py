"""Self-RAG's long form: a beam over sentences (arXiv 2310.11511, section 3.3 and appendix A)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from langgraph.runtime import Runtime
from langgraph.types import Overwrite
from typing_extensions import TypedDict

from churon.nodes.cite import bare, claim
from churon.nodes.common import RunState, together
from churon.nodes.critique import support_of, utility_of
from churon.nodes.decide import (
    is_refusal,
    normalised,
    path_score,
    segment_score,
    support_label,
    wants_retrieval,
)
from churon.nodes.prompts import messages, passage_text
from churon.nodes.sentences import sentences
from churon.tools.context import RagContext
from churon.tools.models.base import Completion, Want
from churon.tools.models.labels import RETRIEVE, Distribution
from churon.tools.run import Ledger, Run
from churon.tools.toolkit import Toolkit
from churon.tools.types import Beam, Candidate, Claim, Evidence


class Live(RunState):
    standalone: str
    beams: list[Beam]


class Decided(Ledger):
    beams: list[Beam]
    steps: list[dict[str, Any]]


@dataclass(frozen=True)
class DecideBeams:
    """Retrieve in {yes, no, continue} for every live beam at once; the first one searches."""

    toolkit: Toolkit

    async def __call__(self, state: Live, runtime: Runtime[RagContext]) -> Decided:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        if not state.get("beams"):
            c = run.context
            note = {"step": "long_form", "most_generations": c.depth * c.beam * c.k2}
            return {"beams": [empty_beam()], "steps": [note], **run.ledger()}
        beams = await together(*(self._decide(run, beam, state) for beam in state["beams"]))
        return {"beams": list(beams), "steps": [], **run.ledger()}

    @staticmethod
    async def _decide(run: Run, beam: Beam, state: Live) -> Beam:
        if beam["finished"]:
            return beam
        prompt = messages(
            "decide", state["language"], question=state["standalone"], answer=text_of(beam)
        )
        read = await run.distribution(prompt, RETRIEVE)
        # every sentence needs its passage where citations are required
        delta = 0.0 if run.context.always_retrieve else run.context.delta
        return {**beam, "decision": next_source(read, delta, bool(beam["last"]))}


class Drafts(Ledger):
    drafts: dict[str, Beam]
    """Continuations, by beam and passage."""
    evidence: dict[str, Evidence]


class Extension(RunState):
    standalone: str
    beam: Beam
    passage: Evidence | None


@dataclass(frozen=True)
class ExtendBeam:
    """The next sentence of one beam from one passage, critiqued; an empty one finishes it."""

    toolkit: Toolkit

    async def __call__(self, state: Extension, runtime: Runtime[RagContext]) -> Drafts:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        beam, passage = state["beam"], state["passage"]
        key = f"{beam['id']}/{passage['id'] if passage else ''}"
        prompt = messages(
            "continue",
            state["language"],
            passage=passage_text(passage) if passage else "-",
            question=state["standalone"],
            answer=text_of(beam) or "-",
        )
        want = Want(run.context.answer_tokens, run.context.temperature, top_logprobs=0)
        written = await run.complete(prompt, want)
        sentence = new_sentence(written.text, beam)
        if not (plain := bare(sentence, [passage] if passage else [])):
            draft: Beam = {**beam, "id": key, "finished": True}
        else:
            scored = await self._score(run, state, plain, mean_logprob(written, sentence))
            draft = extended({**beam, "id": key}, *scored)
        return {"drafts": {key: draft}, "evidence": {}, **run.ledger()}

    @staticmethod
    async def _score(
        run: Run, state: Extension, sentence: str, fluency: float | None
    ) -> tuple[Claim, float]:
        passage, question, language = state["passage"], state["standalone"], state["language"]
        support, utility = await together(
            support_of(run, sentence, [passage], question, language) if passage else _nothing(),
            utility_of(run, f"{text_of(state['beam'])} {sentence}".strip(), question, language),
        )
        candidate = Candidate(
            evidence_id=passage["id"] if passage else "",
            text=sentence,
            mean_logprob=fluency,
            s_rel=passage["relevance"] if passage else None,
            s_sup=support,
            s_use=utility,
        )
        made = claim(sentence, [passage["id"]] if passage else [])
        label = support_label(support, run.context.support_threshold) if passage else "none"
        made = {**made, "support": label, "support_score": support}
        return made, segment_score(candidate, run.context)


class Grown(RunState):
    beams: list[Beam]
    drafts: dict[str, Beam]
    rounds: int


class Pruned(TypedDict):
    beams: list[Beam]
    drafts: Any
    rounds: int
    steps: list[dict[str, Any]]


@dataclass(frozen=True)
class PruneBeams:
    """Keeps the best B hypotheses; finished ones stay in the beam and compete."""

    toolkit: Toolkit

    async def __call__(self, state: Grown, runtime: Runtime[RagContext]) -> Pruned:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        best = prune(state["beams"], state["drafts"], run.context)
        rounds = state.get("rounds", 0) + 1
        if rounds >= run.context.depth:
            best = [{**beam, "finished": True} for beam in best]
        step = {"step": "beam", "sentences": [text_of(beam) for beam in best]}
        return {"beams": best, "drafts": Overwrite({}), "rounds": rounds, "steps": [step]}


def prune(beams: list[Beam], drafts: dict[str, Beam], context: RagContext) -> list[Beam]:
    """The best B of the finished beams and the drafts.

    A beam is finished when no passage adds a supported sentence; one that adds nothing does not
    end a beam that another continues. Scores stay soft: an unsupported continuation competes with
    the beam that ended before it. The paper's hard mode drops it.
    """
    grown = [draft for draft in drafts.values() if not draft["finished"]]
    supported = [draft for draft in grown if draft["claims"][-1]["support"] != "none"]
    continued = {draft["id"].partition("/")[0] for draft in supported}
    kept: list[Beam] = [
        {**b, "finished": True} for b in beams if b["finished"] or b["id"] not in continued
    ]
    racing = kept + (supported if context.hard else grown)
    unique = {text_of(beam): beam for beam in sorted(racing, key=_rank, reverse=True)}
    ranked = sorted(unique.values(), key=_rank)
    return [{**beam, "id": f"b{n}"} for n, beam in enumerate(ranked[: context.beam])]


def best_beam(beams: list[Beam]) -> Beam | None:
    """The hypothesis with the best path score, None when none has a sentence."""
    written = [beam for beam in beams if beam["claims"]]
    return min(written, key=_rank) if written else None


def next_source(read: Distribution, delta: float, has_passage: bool) -> Literal["Y", "N", "C"]:
    """Y, N or C: search when the rule says so and going on with the passage is less likely."""
    going_on = read.p("C") if has_passage else -1.0
    if read.rung == "neutral" or wants_retrieval(read, delta):
        return "C" if going_on > read.p("Y") else "Y"
    return "C" if going_on > read.p("N") else "N"


def mean_logprob(written: Completion, sentence: str) -> float | None:
    """Mean over the tokens of the kept sentence, which may be the first of several."""
    length, kept = written.text.find(sentence) + len(sentence), []
    for token in written.logprobs:
        if length <= 0:
            break
        kept.append(token.logprob)
        length -= len(token.token)
    return sum(kept) / len(kept) if kept else None


async def _nothing() -> None:
    """The support of a sentence without a passage."""


def new_sentence(written: str, beam: Beam) -> str:
    """The first sentence, "" when the model has nothing (new) to add."""
    parts = [] if is_refusal(written) else sentences(written.strip())
    said = {normalised(claim["text"]) for claim in beam["claims"]}
    return parts[0] if parts and normalised(bare(parts[0], [])) not in said else ""


def empty_beam() -> Beam:
    """The hypothesis that has said nothing yet."""
    return Beam(id="b0", claims=[], scores=[], last="", decision="Y", finished=False)


def extended(beam: Beam, made: Claim, score: float) -> Beam:
    """The beam with one more sentence."""
    ids = made["evidence_ids"]
    return {
        **beam,
        "claims": [*beam["claims"], made],
        "scores": [*beam["scores"], score],
        "last": ids[0] if ids else beam["last"],
    }


def text_of(beam: Beam) -> str:
    """The beam's sentences as one text."""
    return " ".join(claim["text"] for claim in beam["claims"])


def _rank(beam: Beam) -> tuple[float, str]:
    return (-path_score(beam["scores"]), text_of(beam))
