"""What the compressor asks of a scorer: one number per passage for one query."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Protocol

from langchain_core.documents import Document

abandoned: ContextVar[threading.Event | None] = ContextVar("abandoned", default=None)
"""Set where nobody waits for the scores of this context any more: work not begun may be skipped."""


class Scorer(Protocol):
    """Scores passages against a query; higher is more relevant. Thread-safe.

    The order of the passages never changes a score. Cross-encoders' scores do not depend on the
    other passages either; late interaction's compare the passages of one call.
    """

    name: str

    def score(
        self, query: str, documents: Sequence[Document], top_n: int | None = None
    ) -> list[float]:
        """One score per document, in the given order; `[]` for no documents.

        `top_n`: only the best so many are read; the others' scores may be coarser, as long as they
        stay below. Blocking (GPU, CPU or network): the compressor calls it in threads, several at
        once. Documents are not changed. Raises RerankError.
        """
        ...

    def probability(self, score: float) -> float | None:
        """The score as P(relevant) in [0, 1], None where the scorer is not calibrated for that."""
        ...

    def close(self) -> None:
        """Release the model; calls that still wait fail with RerankError."""
        ...


def readable(text: str) -> str:
    """The text without lone surrogates: they have no UTF-8, and no tokenizer or server takes them.

    They come out of broken documents.
    """
    return text.encode("utf-8", "replace").decode()


def sigmoid(logit: float) -> float:
    """1 / (1 + exp(-logit)) without overflow."""
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    return math.exp(logit) / (1 + math.exp(logit))
