"""An answer with `[n]` after what a passage bears, and OpenAI's annotations that say which."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote as url_quote

from churon.graphs.contract import RagOutput
from churon.nodes.cite import numbering, quote
from churon.tools.types import Claim, Evidence


def cited(output: RagOutput) -> tuple[list[str], list[dict[str, Any]]]:
    """The content in pieces, a sentence each, and its annotations.

    `start_index` and `end_index` are the places of the `[n]`, as OpenAI's are of its links. Without
    claims, as in an abstention, the content is the answer as it is.
    """
    numbers, pieces, notes = numbering(output["claims"]), list[str](), list[dict[str, Any]]()
    length = 0
    for claim in output["claims"]:
        piece = f" {claim['text']}" if pieces else claim["text"]
        for key in claim["evidence_ids"]:
            mark = f"[{numbers[key]}]"
            start = length + len(piece) + 1
            piece += f" {mark}"
            notes.append(_annotation(claim, output["evidence"][key], start, start + len(mark)))
        pieces.append(piece)
        length += len(piece)
    return pieces or [output["answer"]], notes


def _annotation(claim: Claim, passage: Evidence, start: int, end: int) -> dict[str, Any]:
    link = {
        "start_index": start,
        "end_index": end,
        "url": _url(passage),
        "title": passage["title"] or passage["document"],
    }
    own = {
        "evidence_id": passage["id"],
        "document": passage["document"],
        "page": passage["page"],
        "start": passage["start"],
        "end": passage["end"],
        "quote": quote(claim["text"], passage["text"]),
        "claim": claim["text"],
        "support": claim["support"],
        "support_score": claim["support_score"],
    }
    return {"type": "url_citation", "url_citation": link, "churon": own}


def _url(passage: Evidence) -> str:
    """The document's name as a relative address, with its page as readers of PDF take it."""
    page = f"#page={passage['page']}" if passage["page"] else ""
    return f"{url_quote(passage['document'], safe='/:')}{page}"
