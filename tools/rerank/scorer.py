"""What the compressor asks of a scorer: one number per passage for one query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from langchain_core.documents import Document


class Scorer(Protocol):
    """Scores passages against a query; higher is more relevant. Thread-safe.

    The order of the passages never changes a score. Cross-encoders' scores do not depend on the
    other passages either; late interaction's compare the passages of one call.
    """

    name: str

    def score(self, query: str, documents: Sequence[Document]) -> list[float]:
        """One score per document, in the given order; `[]` for no documents.

        Blocking (GPU or CPU work): the compressor calls it in a thread. Documents are not changed.
        Raises RerankError.
        """
        ...

    def probability(self, score: float) -> float | None:
        """The score as P(relevant) in [0, 1], None where the scorer is not calibrated for that."""
        ...

    def close(self) -> None:
        """Release the model."""
        ...
