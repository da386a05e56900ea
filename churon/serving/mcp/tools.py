"""`search`, `ask` and `get_source`: what each does, and how it is told to clients and models."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from mcp.types import Tool, ToolAnnotations

from churon.nodes.cite import with_keys
from churon.nodes.rerank import passage
from churon.serving.context import asked, run_context
from churon.serving.house import House
from churon.serving.mcp.arguments import Arguments, Ask, GetSource, Search
from churon.serving.mcp.progress import Progress
from churon.serving.mcp.results import Answer, Found, Result, Source, answer_of, around, hit, plain
from churon.serving.mcp.texts import answer_text, found_text, source_text
from churon.serving.problem import Problem
from churon.serving.run import moments
from churon.serving.visit import Visit
from churon.tools.account import no_account
from churon.tools.context import resolve_context


@dataclass(frozen=True)
class Call:
    """One call of a tool."""

    house: House
    visit: Visit
    progress: Progress

    def context(self, **knobs: Any) -> dict[str, Any]:
        """The run's whole context; the tenant is the caller's, never an argument."""
        return run_context(knobs, self.visit.caller, self.house.settings)


async def search(call: Call, given: Search) -> tuple[Result, str]:
    """The search that graphs make, reranked. Raises Problem, ChuronError."""
    wanted = asked(given.query, filter=given.filter)
    k1 = max(given.limit, call.house.settings.context.k1)
    run_id = uuid.uuid4().hex
    toolkit = call.house.toolkit
    context = resolve_context(call.context(k1=k1, k2=given.limit), toolkit.settings.context)
    hands = toolkit.run(run_id, context, no_account())
    try:
        documents = await hands.search(given.query, wanted.get("filter"))
        best = await hands.rerank(given.query, documents)
        degraded = hands.ledger()["degraded"]
    finally:
        toolkit.forget(run_id)
    found = Found(passages=[hit(one) for one in best], degraded=degraded)
    return found, found_text(found)


async def ask(call: Call, given: Ask) -> tuple[Result, str]:
    """One run of a graph, told as it goes. Raises Problem, ChuronError."""
    question = asked(given.question, language=given.language, filter=given.filter)
    run = (call.house, call.visit, given.graph, question, call.context())
    async with aclosing(moments(*run)) as going:
        async for moment in going:
            if moment["kind"] == "step":
                await call.progress.step(moment, question)
            elif moment["kind"] == "output":
                output = moment["output"]
    answer = answer_of(output, given.graph, with_keys(output["claims"]) or output["answer"])
    return answer, answer_text(answer)


async def get_source(call: Call, given: GetSource) -> tuple[Result, str]:
    """A passage by id. Raises Problem 404 also where it is another tenant's, ChuronError."""
    context = call.context()
    where = {"tenant": context["tenant"], "collection": context["collection"]}
    store = await call.house.toolkit.store()
    held = await store.get([given.id], **where)
    if not held:
        said = f"There is no source with the id {given.id!r}. Take one from search or ask."
        raise Problem(404, "unknown_source", said, param="id")
    whole = passage(held[0])
    near = []
    if given.neighbours:
        near = await store.documents(filter={"document": whole["document"]}, **where)
    ordered = sorted(near, key=lambda one: (one.metadata.get("start", 0), one.id or ""))
    before, after = around(ordered, given.id, given.neighbours)
    source = Source(passage=plain(whole), before=before, after=after)
    return source, source_text(source)


@dataclass(frozen=True)
class Offer:
    """A tool as it is offered."""

    title: str
    description: str
    arguments: type[Arguments]
    result: type[Result]
    work: Callable[[Call, Any], Awaitable[tuple[Result, str]]]

    def tool(self, name: str) -> Tool:
        """Its listing; all are read-only, and know the user's documents alone."""
        return Tool(
            name=name,
            title=self.title,
            description=self.description,
            input_schema=self.arguments.model_json_schema(),
            output_schema=self.result.model_json_schema(mode="serialization"),
            annotations=ToolAnnotations(
                title=self.title, read_only_hint=True, destructive_hint=False, open_world_hint=False
            ),
        )


OFFERS: Mapping[str, Offer] = {
    "search": Offer(
        "Search the documents",
        "Find passages in the user's own documents (Korean and English) by meaning and by words,"
        " best first, each with its document, page and exact place. Quick; writes no answer. Use it"
        " to see what the documents say; use ask for an answer that was checked.",
        Search, Found, search,
    ),
    "ask": Offer(
        "Ask the documents",
        "Answer a question from the user's own documents (Korean and English). Sentences are"
        " checked against the passages they rest on, and cited as [n] with document, page and exact"
        " words. Says so where the documents do not answer. May take from seconds to minutes.",
        Ask, Answer, ask,
    ),
    "get_source": Offer(
        "Read a source",
        "Read a passage by the id that search or ask gave, with the passages before and after it in"
        " its document. Use it to verify a citation or to read on.",
        GetSource, Source, get_source,
    ),
}  # fmt: skip
