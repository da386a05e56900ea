"""`churon search`: dense, BM25, fused and rerank scores side by side."""

from __future__ import annotations

import sys
from typing import Any

from langchain_core.documents import Document
from rich.console import Console
from rich.text import Text

from churon.cli.common import named, print_json, readable, visible
from churon.cli.filters import filter_of
from churon.cli.rows import Rows
from churon.cli.tenant import check_filled, check_tenant, check_there
from churon.nodes.rerank import passage
from churon.tools.account import no_account
from churon.tools.context import resolve_context
from churon.tools.settings import Settings
from churon.tools.toolkit import Toolkit

_HEADS = {
    "dense_score": "dense",
    "bm25_score": "BM25",
    "retrieval_score": "fused",
    "rerank_score": "rerank",
}
_NONE_SUCH = (
    "No passages: nothing in the store is what --filter asks for. `churon documents list` shows"
    " the documents.\n"
)
_SCORES = tuple(_HEADS)
_LEAST = 30
"""Characters beside the scores that a passage can still be read in."""


async def run(
    settings: Settings, query: str, as_json: bool, tenant: str | None, filters: list[str]
) -> int:
    """Exit status 0, also when nothing is found: an empty result is a result.

    Raises StoreError where there is nothing to be found, as after an ingest that failed.
    """
    given = {"tenant": tenant} if tenant else None
    query, kept = readable(query), filter_of(filters)
    async with Toolkit(settings) as toolkit:
        check_there(toolkit)
        await check_tenant(toolkit, given)
        context = resolve_context(given, settings.context)
        hands = toolkit.run("search", context, no_account())  # the search that the graphs make
        found = await hands.search(query, kept)
        if not found:
            await check_filled(toolkit, given)
        reranker = await toolkit.reranker()
        ranked = await reranker.rerank(query, found, len(found) or 1) if reranker else found
    rows = [row(document) for document in ranked]
    if as_json:
        print_json(rows)
    elif rows:
        table(rows).print(Console(highlight=False))
    else:
        filtered = "filter:no_passages" in hands.ledger()["degraded"]
        sys.stdout.write(_NONE_SUCH if filtered else "No passages.\n")
    return 0


def row(document: Document) -> dict[str, Any]:
    """One passage with its scores; a score that was not computed is None."""
    held = passage(document)
    scores = {name: document.metadata.get(name) for name in _SCORES}
    kept = ("id", "document", "title", "page", "start", "end", "text")
    return {**{name: held[name] for name in kept}, **scores}  # type: ignore[literal-required]


def table(rows: list[dict[str, Any]]) -> Rows:
    """Best first: by rerank score where there is one, else fused."""
    # A search of one kind, or without reranker, leaves its column empty
    shown = [score for score in _SCORES if any(one[score] is not None for one in rows)]
    heads = [_HEADS[name] for name in shown]
    made = Rows([*heads, "passage"], title="passage", folds={"passage": _LEAST}, right=heads)
    for one in rows:
        scores = ["" if one[n] is None else f"{one[n]:.3f}" for n in shown]
        page = f" p.{one['page']}" if one["page"] else ""
        text = Text(f"{named(one['document'])}{page}\n", style="dim")
        text.append(visible(" ".join(one["text"].split())[:160]), style="default")
        made.add(*(Text(score, style="cyan") for score in scores), text)
    return made
