"""What waits in a cross-encoder's queue."""

from __future__ import annotations

from typing import Generic, TypeVar

from churon.tools.rerank.queue import Row

R = TypeVar("R", bound=Row)


class Job(Generic[R]):
    """A row for the network of one precision; hashed once, it is looked up often."""

    __slots__ = ("_hash", "precision", "row")

    def __init__(self, precision: str, row: R) -> None:
        self.precision, self.row = precision, row
        self._hash = hash((precision, row))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Job) or self._hash != other._hash:
            return False
        return (self.precision, self.row) == (other.precision, other.row)

    def __hash__(self) -> int:
        return self._hash

    def __len__(self) -> int:
        return len(self.row)
