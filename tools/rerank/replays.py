"""CUDA graphs: the kernels of a pass recorded once, then started all at once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from churon.tools.rerank.torch_model import import_torch

MOST = 64
"""Recordings kept, the least recently used dropped."""
STEP = 256
"""Tokens; totals are rounded up to a multiple of this, or of an eighth of the next power of two."""
SHORT = 32
"""Tokens of a row on average, below which a total of so many has another recording."""


def rounded(lengths: list[int]) -> tuple[int, list[int], int]:
    """A total, row lengths and a longest row that many batches share: the rows, with more behind
    them for what the total has left, and empty ones.
    """
    total = sum(lengths)
    step = max(STEP, _power(total) // 8)
    tokens = -(-total // step) * step
    longest = max(512, _power(max(lengths)))
    left, spans = tokens - total, list(lengths)
    while left:
        spans.append(min(left, longest))
        left -= spans[-1]
    many = max(_power(tokens) // SHORT, _power(len(spans)))
    return tokens, spans + [0] * (many - len(spans)), longest


def _power(number: int) -> int:
    """The power of two at or above it."""
    return 1 << (number - 1).bit_length()


_recording = threading.Lock()
"""One at a time in a process, as CUDA wants it."""


class Replays:
    """Recordings of functions of one tensor on a GPU. Not thread-safe: one worker runs passes."""

    def __init__(self) -> None:
        self._made: OrderedDict[Hashable, tuple[Any, Any, Any]] = OrderedDict()
        self._pool: Any = None
        self._stream: Any = None
        """For recording, and nothing else: cuBLAS keeps a workspace for each stream, and what it
        has for this one stays in the recordings' own memory."""

    def __call__(self, key: Hashable, function: Callable[[Any], Any], given: Any) -> Any:
        """`function(given)`, from the recording under `key`, which stands for its shapes and all
        that the function does beside reading the tensor.
        """
        if key not in self._made:
            if len(self._made) >= MOST:
                self._made.popitem(last=False)
            with _recording:
                self._made[key] = self._record(function, given)
        self._made.move_to_end(key)
        graph, own, found = self._made[key]
        own.copy_(given, non_blocking=True)
        graph.replay()
        return found.clone()

    def _record(self, function: Callable[[Any], Any], given: Any) -> tuple[Any, Any, Any]:
        torch, _ = import_torch()
        with torch.cuda.device(given.device):
            own, graph = given.clone(), torch.cuda.CUDAGraph()
            function(own)  # libraries set themselves up at the first call
            # torch's own stream for recordings may be another GPU's
            self._stream = self._stream or torch.cuda.Stream()
            options = {"pool": self._pool, "stream": self._stream}
            # other threads may use the GPU meanwhile
            with torch.cuda.graph(graph, **options, capture_error_mode="thread_local"):
                found = function(own)
        self._pool = graph.pool()
        return graph, own, found
