"""What the tools answer with, as data; `texts` says the same in words."""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.documents import Document
from pydantic import BaseModel, ConfigDict

from churon.graphs.contract import RagOutput
from churon.nodes.cite import numbering, quote
from churon.nodes.rerank import passage
from churon.tools.types import Claim, Evidence, Language, Status, Support, Usage


class Result(BaseModel):
    """Field descriptions are in the schemas that clients see."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Passage(Result):
    """A passage of a document, word for word."""

    id: str
    """For `get_source`."""
    document: str
    title: str
    page: int | None
    """1-based; null where the format has no pages."""
    start: int
    """First character of the passage in the document's extracted text."""
    end: int
    """One past the last character."""
    text: str


class Hit(Passage):
    """A passage that a search found, with its scores; null: not computed."""

    retrieval_score: float | None
    rerank_score: float | None


class Found(Result):
    """Result of `search`, best first; none where nothing fits."""

    passages: list[Hit]
    degraded: list[str]
    """Fallbacks that were used, such as no reranking."""


class Citation(Result):
    """The words of a passage that bear a sentence of the answer."""

    source: str
    """The passage's id."""
    number: int
    """The [n] of the answer."""
    document: str
    page: int | None
    start: int
    """First character of the quote in the document's extracted text."""
    end: int
    """One past the last character."""
    quote: str


class Sentence(Result):
    """A sentence of the answer with how well its passages support it."""

    text: str
    support: Support
    support_score: float | None
    citations: list[Citation]


class Answer(Result):
    """Result of `ask`."""

    answer: str
    """With [n] after what a source bears."""
    status: Status
    """grounded: every sentence is supported; abstained: the documents do not answer."""
    language: Language
    graph: str
    sentences: list[Sentence]
    sources: list[Passage]
    """The passages that the answer rests on; [n] is the n-th."""
    missing: list[str]
    """Facts that were not found."""
    degraded: list[str]
    """Fallbacks that were used."""
    stop_reason: str
    """Why the run ended early; empty where it did not."""
    usage: Usage


class Source(Result):
    """Result of `get_source`."""

    passage: Passage
    before: list[Passage]
    """Passages before it in the document, in reading order; they may overlap."""
    after: list[Passage]


def plain(held: Evidence) -> Passage:
    """The passage without what the run thought of it."""
    return Passage(**{name: held[name] for name in Passage.model_fields})  # type: ignore[literal-required]


def hit(document: Document) -> Hit:
    """A passage as the store found it."""
    scores = {name: document.metadata.get(name) for name in ("retrieval_score", "rerank_score")}
    return Hit(**plain(passage(document)).model_dump(), **scores)


def answer_of(output: RagOutput, graph: str, text: str) -> Answer:
    """The run's output; `text` is its answer with [n]."""
    numbers, evidence = numbering(output["claims"]), output["evidence"]
    return Answer(
        answer=text,
        status=output["status"],
        language=output["language"],
        graph=graph,
        sentences=[_sentence(claim, output, numbers) for claim in output["claims"]],
        sources=[plain(evidence[key]) for key in numbers],
        missing=output["missing"],
        degraded=output["degraded"],
        stop_reason=output["stop_reason"],
        usage=output["usage"],
    )


def _sentence(claim: Claim, output: RagOutput, numbers: dict[str, int]) -> Sentence:
    return Sentence(
        text=claim["text"],
        support=claim["support"],
        support_score=claim["support_score"],
        citations=[
            _citation(claim["text"], output["evidence"][key], numbers[key])
            for key in claim["evidence_ids"]
        ],
    )


def _citation(statement: str, held: Evidence, number: int) -> Citation:
    words = quote(statement, held["text"])
    start = held["start"] + held["text"].index(words)  # a passage is its document's own characters
    return Citation(
        source=held["id"], number=number, document=held["document"], page=held["page"],
        start=start, end=start + len(words), quote=words,
    )  # fmt: skip


def around(ordered: Sequence[Document], id: str, reach: int) -> tuple[list[Passage], list[Passage]]:
    """Up to `reach` passages before and after this one, of a document's passages in order."""
    ids = [one.id for one in ordered]
    if id not in ids:  # the document was ingested anew this moment
        return [], []
    at = ids.index(id)
    before, after = ordered[max(0, at - reach) : at], ordered[at + 1 : at + reach + 1]
    return [plain(passage(one)) for one in before], [plain(passage(one)) for one in after]
