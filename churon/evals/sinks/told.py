"""A row as others' services see it: what tracing's settings hide or blot out is so here too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from churon.evals.metrics import scores
from churon.evals.metrics.judged import judged
from churon.evals.types import Case, Row
from churon.tools.settings import Settings
from churon.tools.trace_settings import Hidden
from churon.tools.tracing.masks import Masks, secrets_of

_OUTCOME = ("answer", "short", "status", "stop_reason", "missing", "degraded", "error")
_ANSWER = {"answer", "short", "missing", "error"}


class Teller:
    """Applies `trace.hide` and `trace.redact`."""

    def __init__(self, settings: Settings) -> None:
        self._masks = Masks(settings.trace, secrets_of(settings))

    def question(self, case: Case) -> dict[str, Any]:
        """What was asked."""
        return {"question": self.shown(case["question"], "question"), "language": case["language"]}

    def expected(self, case: Case) -> dict[str, Any]:
        """What is right; for scoring alone."""
        answers = self.shown(case["answers"], "answer")
        places: list[Any] = [*sorted(case["relevant"])] or [dict(one) for one in case["spans"]]
        return {"answers": answers, "truth": case["truth"], "answerable": case["answerable"],
                "evidence": self.shown(places, "passages")}  # fmt: skip

    def outcome(self, row: Row) -> dict[str, Any]:
        """What came of it; passages by their ids."""
        held: Mapping[str, Any] = row
        made = {
            name: self.shown(held[name], "answer") if name in _ANSWER else held[name]
            for name in _OUTCOME
            if held.get(name)
        }
        read = [one["id"] for one in row.get("read", [])]
        claims = [
            {**claim, "text": self.shown(claim["text"], "answer")}
            for claim in row.get("claims", [])
        ]
        found = {"claims": claims, "read": self.shown(read, "passages")}
        return {**made, **{name: value for name, value in found.items() if value}}

    def shown(self, value: Any, part: Hidden) -> Any:
        """The value with all its texts masked, as a span that tells of this part shows them."""
        if isinstance(value, str):
            return self._masks.text(value, part)
        if isinstance(value, Mapping):
            return {name: self.shown(one, part) for name, one in value.items()}
        return [self.shown(one, part) for one in value] if isinstance(value, list) else value


def numbers(row: Row) -> dict[str, float]:
    """Every measure that has a meaning for the row."""
    return {name: value for name, value in scores(row).items() if value is not None}


def made_by(rows: Sequence[Row]) -> dict[str, str]:
    """What tells a variant from others, as short texts."""
    held, judge = rows[0]["provenance"], judged(rows).models()
    versions = held["versions"]
    return {
        "graph": rows[0]["graph"],
        **{name: str(held[name])[:200] for name in ("model", "embedding", "reranker")},
        **{name: str(held[name])[:200] for name in ("corpus", "prompts", "seed")},
        **{name: versions[name] for name in ("churon", "code") if name in versions},
        **({"judge": judge[:200]} if judge else {}),
    }
