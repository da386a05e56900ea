"""Token vectors of recently seen texts, bounded in bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.floating[Any]]


class TokenCache:
    """Least-recently-used (text -> token vectors), kept as float16. Thread-safe.

    A passage of 150 tokens and 384 dimensions takes 115 kB, 40 times its text: too much to store
    beside every chunk, cheap for the passages that one conversation keeps meeting.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._entries: OrderedDict[bytes, Vectors] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def nbytes(self) -> int:
        """Bytes held now."""
        return self._bytes

    def get(self, text: str) -> Vectors | None:
        """The text's float16 (tokens, dimensions) array, None when it is not held."""
        key = _key(text)
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
            return self._entries.get(key)

    def put(self, text: str, vectors: Vectors) -> Vectors:
        """Keep the vectors, dropping the least recently used; returns what `get` would give."""
        kept = vectors.astype(np.float16)
        key = _key(text)
        with self._lock:
            self._drop(key)
            self._entries[key] = kept
            self._bytes += kept.nbytes
            while self._bytes > self.max_bytes:
                self._drop(next(iter(self._entries)))
        return kept

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._entries.clear()
            self._bytes = 0

    def _drop(self, key: bytes) -> None:
        if (old := self._entries.pop(key, None)) is not None:
            self._bytes -= old.nbytes


def _key(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()
