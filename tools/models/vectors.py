"""What every server's vectors go through: counted, checked, cut to size, of length one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from churon.tools.errors import ModelError

EMPTY = "."
"""Sent in place of an empty text, which servers refuse or leave out of their answer."""
_LOOK = "Check the model with `churon doctor`."


def prefixed(prefix: str, text: str) -> str:
    """The text as the model wants it."""
    return prefix + (text if text.strip() else EMPTY)


def finished(
    vectors: Sequence[Sequence[float]], *, count: int, dimensions: int, model: str
) -> list[list[float]]:
    """`count` vectors of `dimensions` numbers and L2 norm 1.

    A server that ignored the wished size sent longer ones: they are cut, which is what the newer
    servers do (Matryoshka embeddings, arXiv 2205.13147). Raises ModelError for anything else.
    """
    sizes = {len(vector) for vector in vectors}
    if len(vectors) != count or len(sizes) > 1:
        raise ModelError(
            f"{model!r} answered {len(vectors)} vectors {sizes} for {count} texts.", remedy=_LOOK
        )
    if not vectors:
        return []
    if (size := sizes.pop()) < dimensions:
        raise ModelError(
            f"{model!r} makes vectors of {size} numbers, embedding.dimensions is {dimensions}.",
            remedy=f"Set embedding.dimensions to {size} or less.",
        )
    matrix = np.asarray(vectors, dtype=np.float64)[:, :dimensions]
    if not np.isfinite(matrix).all():
        raise ModelError(f"{model!r} answered a vector that is not finite.", remedy=_LOOK)
    with np.errstate(over="ignore"):
        norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    if not (np.isfinite(norms) & (norms > 0)).all():
        raise ModelError(
            f"{model!r} answered a vector without direction: of zeros, or of numbers too large.",
            remedy="Check at its server that the model embeds texts, then ingest again.",
        )
    unit: list[list[float]] = (matrix / norms).tolist()
    return unit
