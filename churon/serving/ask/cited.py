"""Which words of which passage bear which sentence. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from churon.nodes.cite import numbering, quote
from churon.serving.ask.events import Citation
from churon.tools.types import Claim, Evidence


def citations(claims: Sequence[Claim], evidence: Mapping[str, Evidence]) -> list[Citation]:
    """One a sentence and passage; a passage that is not known (yet) is left out."""
    numbers = numbering(claims)
    return [
        _citation(place, claim, evidence[key], numbers[key])
        for place, claim in enumerate(claims)
        for key in claim["evidence_ids"]
        if key in evidence
    ]


def _citation(place: int, claim: Claim, passage: Evidence, number: int) -> Citation:
    words = quote(claim["text"], passage["text"])
    start = passage["text"].find(words)
    return Citation(
        claim=place, evidence_id=passage["id"], n=number, start=start, end=start + len(words)
    )
