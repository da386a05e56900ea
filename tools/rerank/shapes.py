"""How rerank servers spell a request and its answer: two families.

TEI is Hugging Face's text-embeddings-inference. Cohere's shape is also that of Jina, vLLM, Infinity
and llama.cpp's server, which add fields of their own to the answer (id, usage, document).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from churon.tools.rerank.scorer import readable

_STAND_IN = "."


class Malformed(Exception):
    """An answer that is not one score a passage; says what is wrong, as a sentence's end."""

    def __init__(self, wrong: str, shape: Literal["own", "other", "none"] = "own") -> None:
        super().__init__(wrong)
        self.shape = shape
        """Whose shape the answer has."""


@dataclass(frozen=True)
class Shape:
    """The names of one family's fields."""

    name: str
    texts: str
    """Field of the request that holds the passages."""
    score: str
    """Field of a result that holds its score."""
    results: str | None
    """Field of the answer that holds the results; None: the answer is the list of them."""
    options: Mapping[str, Any] = field(default_factory=dict)

    def body(self, model: str, query: str, texts: Sequence[str]) -> dict[str, Any]:
        """The request, without anything that is not needed: Cohere refuses fields unknown to it."""
        body = {"query": query, self.texts: list(texts), **self.options}
        if model:
            body["model"] = model
        if self.results:
            body["top_n"] = len(texts)
        return body

    def read(self, content: bytes, count: int) -> list[float]:
        """One score for each of `count` passages, in the order of the request. Raises Malformed."""
        scores: dict[int, float] = {}
        for result in self._results(_parsed(content)):
            index, score = self._result(result)
            if not 0 <= index < count:
                raise Malformed(f"scores passage {index}, of {count} counted from 0")
            if index in scores:
                raise Malformed(f"scores passage {index} twice")
            scores[index] = score
        if lost := [index for index in range(count) if index not in scores]:
            raise Malformed(f"leaves out {len(lost)} of {count} passages, the first is {lost[0]}")
        return [scores[index] for index in range(count)]

    def _results(self, answer: Any) -> list[Any]:
        fields = answer if isinstance(answer, dict) else {}
        own = fields.get(self.results) if self.results else answer
        if isinstance(own, list):
            return own
        ranking = isinstance(answer, list) or isinstance(fields.get("results"), list)
        missing = f"list {self.results!r}" if self.results else "list of results"
        raise Malformed(f"is no {missing}: {_short(answer)}", "other" if ranking else "none")

    def _result(self, result: Any) -> tuple[int, float]:
        index = result.get("index") if isinstance(result, dict) else None
        if type(index) is not int:  # a bool is not meant
            raise Malformed(f"has a result without an index: {_short(result)}")
        score = _finite(result.get(self.score))
        if score is None:
            raise Malformed(f"has no finite {self.score!r} for passage {index}: {_short(result)}")
        return index, score


# Raw scores: the server's sigmoid, in float32, ties the best passages at 1.0
TEI = Shape("tei", "texts", "score", None, {"raw_scores": True, "truncate": True})
COHERE = Shape("cohere", "documents", "relevance_score", "results")


def sendable(text: str) -> str:
    """The text as servers take it: no lone surrogates, and not blank.

    Cohere wants a token at least; others refuse a blank passage, and with it the whole request.
    """
    clean = readable(text)
    return clean if clean.strip() else _STAND_IN


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        start = content[:80].decode("utf-8", "replace")
        wrong = f"is no JSON, it begins {start!r}" if start else "is empty"
        raise Malformed(wrong, "none") from error


def _finite(value: Any) -> float | None:
    if type(value) not in (int, float):
        return None
    try:
        number = float(value)
    except OverflowError:  # a whole number of 400 digits is JSON too
        return None
    return number if math.isfinite(number) else None


def _short(value: Any) -> str:
    return repr(value)[:80]
