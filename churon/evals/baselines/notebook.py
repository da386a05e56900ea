"""What the agent has found and cited so far, and the two tools that write it down."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from langchain_core.tools import BaseTool, StructuredTool

from churon.nodes.cite import claim, overlap
from churon.nodes.decide import is_refusal
from churon.nodes.prompts import passage_text
from churon.nodes.rerank import passage
from churon.nodes.sentences import sentences
from churon.tools.run import Run
from churon.tools.types import Claim, Evidence, Filter

_REPEATED = "This was searched for already. Search for something else, cite, or answer."
_SAME = 0.5
"""Share of a sentence's bigrams that makes a citation's statement its own."""


@dataclass
class Notebook:
    """Of one run; passages are numbered in the order of their first sight."""

    run: Run
    filter: Filter | None
    evidence: dict[str, Evidence] = field(default_factory=dict)
    cited: list[Claim] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    """Tools that were used twice in the same way: a third time would bring nothing new."""

    def tools(self) -> list[BaseTool]:
        """`search` and `cite`, for this run alone."""
        return [
            StructuredTool.from_function(coroutine=self.search, name="search"),
            StructuredTool.from_function(coroutine=self.cite, name="cite"),
        ]

    async def search(self, query: str) -> str:
        """Search the user's documents. Returns numbered passages."""
        query = " ".join(query.split())
        if not query or query in self.queries:
            self.closed.add("search")
            return _REPEATED if query else "The query is empty."
        found = await self.run.search(query, self.filter)
        best = [passage(one) for one in await self.run.rerank(query, found)]
        for one in best:
            self.evidence.setdefault(one["id"], one)
        self.queries.append(query)
        self.closed.clear()
        self.steps.append({"step": "search", "query": query, "found": len(found)})
        numbers = {key: number for number, key in enumerate(self.evidence, 1)}
        shown = (f"[{numbers[one['id']]}] {passage_text(one)}" for one in best)
        return "\n\n".join(shown) or "No passages were found."

    async def cite(self, statement: str, sources: list[int]) -> str:
        """State one sentence of the answer and the numbers of the passages that it rests on."""
        held = list(self.evidence)
        unknown = [n for n in sources if not 1 <= n <= len(held)]
        known = [held[n - 1] for n in dict.fromkeys(sources) if n not in unknown]
        if unknown:
            self.run.degrade(f"cite:{len(unknown)}_invented_keys")
        if not known or is_refusal(statement):
            return f"There is no passage {unknown}." if unknown else "Nothing was cited."
        if statement.strip() in [one["text"] for one in self.cited]:
            self.closed |= {"search", "cite"}
            return "This was cited already. Answer."
        self.closed.discard("search")
        self.cited.append(claim(statement.strip(), known))
        self.steps.append({"step": "cite", "statement": statement.strip(), "sources": known})
        return "Cited."

    def claims(self, final: str) -> list[Claim]:
        """The sentences of the final answer with what was cited for them; the citations themselves
        where no answer was written. None for a refusal.
        """
        if not final.strip():
            return list(self.cited)
        if is_refusal(final):
            return []
        return [claim(part, self._sources(part)) for part in sentences(final)]

    def _sources(self, sentence: str) -> list[str]:
        """Of the citation that says the same in the fewest words."""
        shares = [overlap(sentence, one["text"]) for one in self.cited]
        best = max(range(len(shares)), key=shares.__getitem__, default=-1)
        return self.cited[best]["evidence_ids"] if best >= 0 and shares[best] >= _SAME else []
