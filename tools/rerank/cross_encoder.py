"""What the torch cross-encoders share: cache, queue, precisions, and memory that ends."""

from __future__ import annotations

import copy
import logging
import math
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from langchain_core.documents import Document

from churon.tools.errors import RerankError
from churon.tools.rerank.batching import packed
from churon.tools.rerank.cache import ScoreCache
from churon.tools.rerank.canaries import calibration_pairs
from churon.tools.rerank.certified import WORTH, ErrorBound, certified
from churon.tools.rerank.jobs import Job
from churon.tools.rerank.placing import check_length, placed
from churon.tools.rerank.queue import Call, PassQueue, Pending, Row
from churon.tools.rerank.scorer import readable, sigmoid
from churon.tools.rerank.spans import flash
from churon.tools.rerank.torch_model import (
    free_memory,
    import_torch,
    later,
    out_of_memory,
    pick_batch_tokens,
    revision,
)

log = logging.getLogger(__name__)

R = TypeVar("R", bound=Row)
_OTHER_DEVICE = "Use another torch, rerank.device = 'cpu' or rerank.provider = 'reference'."
PORTION = 2
"""Characters to a pass's token: half a pass, or less, in most languages."""


class CrossEncoder(ABC, Generic[R]):
    """Scores rows of token ids; a subclass makes the rows and runs the network. Thread-safe."""

    padded = True
    """A batch costs its longest row times their number, not their sum."""
    prompt = 0
    """Tokens of a row on top of `max_length`."""

    def __init__(
        self,
        name: str,
        network: Any,
        device: str,
        batch_tokens: int | None,
        max_length: int,
        *,
        coarse: Any = None,
        cache: ScoreCache | None = None,
        prepare: Callable[[Any], None] | None = None,
    ) -> None:
        """`network`: loaded, in the precision that counts; `batch_tokens`: most tokens of one pass,
        halved for good where memory is too small, but not below `max_length`: tokens of a pair;
        `coarse`: a torch dtype in which all passages are scored first, where only the best have to
        be exact; `prepare`: changes a network for good that has its precision and device.
        """
        check_length(name, network.config, max_length, self.prompt)
        self.name = name
        self.device = device
        self.batch_tokens = pick_batch_tokens(batch_tokens, device)
        self.max_length = max_length
        self.cache = ScoreCache(0) if cache is None else cache
        self._torch, _ = import_torch()
        dtype = network.dtype
        networks = {"exact": network.eval()}
        if coarse is not None:
            networks["coarse"] = copy.deepcopy(network).to(coarse)
        self._networks = {key: placed(name, one, device) for key, one in networks.items()}
        if prepare is not None:
            for one in self._networks.values():
                self._prepared(one, prepare)
        self._identity = f"{name} {revision(network.config)} {max_length}"
        self._precisions = {"exact": str(dtype), "coarse": f"{coarse} for {dtype}"}
        self._queue: PassQueue[Job[R]] = PassQueue(self._pass, lambda: self.batch_tokens)
        self.error_bound = None if coarse is None else self._calibrated()
        """What `coarse` scores are reckoned to be wrong by; None where all are exact."""

    def score(
        self, query: str, documents: Sequence[Document], top_n: int | None = None
    ) -> list[float]:
        """One logit per document. Texts become tokens in the caller's thread."""
        query, texts = readable(query), [readable(one.page_content) for one in documents]
        exact = partial(self._scored, "exact", query, texts)
        everything = list(range(len(texts)))
        if self.error_bound is None or top_n is None or top_n * WORTH >= len(texts):
            return exact(everything)
        coarse = self._scored("coarse", query, texts, everything)
        return certified(coarse, exact, top_n, self.error_bound)

    def probability(self, score: float) -> float | None:
        """The sigmoid: these models are trained with a binary cross-entropy on it."""
        return sigmoid(score)

    def close(self) -> None:
        """End the pass under way and drop the weights."""
        self._queue.close()
        self._networks.clear()
        free_memory(self.device)

    @abstractmethod
    def _rows(self, query: str, passages: list[str]) -> list[R]:
        """Token ids of each pair."""

    @abstractmethod
    def _forward(self, network: Any, rows: list[R]) -> Any:
        """Logits of one batch laid end to end, (rows,), longest row first; of several callers, as
        may be. Not called where `padded`.
        """

    @abstractmethod
    def _whole(self, network: Any, rows: list[R]) -> Any:
        """The same from the model's own pass, padded."""

    def _scored(
        self, precision: str, query: str, texts: Sequence[str], places: list[int]
    ) -> list[float]:
        """Scores of the texts at these places, from the cache or the network."""
        passages = [texts[place] for place in places]

        def score(missing: list[int]) -> list[float]:
            return self._anew(precision, query, [passages[place] for place in missing])

        scorer = f"{self._identity} {self._precisions[precision]}"
        return self.cache.through(scorer, query, passages, score)

    def _anew(self, precision: str, query: str, passages: list[str]) -> list[float]:
        """Scores from the network."""
        calls: list[Call] = []
        try:
            for some in self._portions(passages):
                with self._queue.coming():
                    rows = self._rows(query, some)
                jobs = [Job(precision, row) for row in rows]
                calls.append(self._queue.submit(jobs, calls[-1] if calls else None))
            return [one for call in calls for one in call.done.result()]
        finally:
            for call in calls:
                self._queue.drop(call)  # where one failed, nobody waits for the others

    def _prepared(self, network: Any, prepare: Callable[[Any], None]) -> None:
        """On a GPU, whose kernels torch's public interface does not promise, refused where it does
        not score as the model by itself does.
        """
        if self.device == "cpu":
            prepare(network)
            return
        try:
            apart = self._error(network, prepare)
        except RuntimeError as error:  # torch's, of kernels and memory
            raise RerankError(
                f"On {self.device!r} this torch cannot run {self.name!r}: {error}.",
                remedy=_OTHER_DEVICE,
            ) from error
        if not apart <= (1e-3 if network.dtype == self._torch.float32 else 0.05):
            raise RerankError(
                f"On {self.device!r} this torch scores {self.name!r} wrongly by {apart:.1%}.",
                remedy=_OTHER_DEVICE,
            )

    def _error(self, network: Any, prepare: Callable[[Any], None]) -> float:
        """The largest error of the layout, as a share of the scores."""
        pairs = [next(calibration_pairs()), *list(calibration_pairs())[-1:]]
        batches = [sorted(self._rows(*pair), key=len, reverse=True) for pair in pairs]
        with self._torch.inference_mode():
            expected = [self._whole(network, rows) for rows in batches]
            prepare(network)
            # twice, the second time from what the first may have recorded
            found = [self._forward(network, rows) for rows in batches * 2]
            whole, laid = self._torch.cat(expected * 2), self._torch.cat(found)
        if not whole.isfinite().all():
            raise self._no_numbers(str(network.dtype))
        return float((laid - whole).abs().max() / (1 + whole.abs().max()))

    def _portions(self, passages: list[str]) -> Iterator[list[str]]:
        """On a GPU, passages for about half a pass at a time: it works on some while others become
        tokens. On a CPU, which does one or the other, all together: more are of one length.
        """
        if self.device == "cpu":
            yield passages
            return
        portion: list[str] = []
        room = self.batch_tokens * PORTION
        for passage in passages:
            portion.append(passage)
            room -= len(passage)
            if room < 0:
                yield portion
                portion, room = [], self.batch_tokens * PORTION
        if portion:
            yield portion

    def _no_numbers(self, dtype: str) -> RerankError:
        return RerankError(
            f"The model {self.name!r} has no finite scores in {dtype}.",
            remedy="Set rerank.dtype = 'float32' or 'bfloat16'.",
        )

    def _calibrated(self) -> ErrorBound:
        bound = ErrorBound()
        for query, passages in calibration_pairs():
            # Not through the cache, which is for callers' pairs
            coarse, exact = (self._anew(one, query, passages) for one in ("coarse", "exact"))
            for precision, scores in (("coarse", coarse), ("exact", exact)):
                if not all(map(math.isfinite, scores)):
                    raise self._no_numbers(self._precisions[precision])
            bound.learn(coarse, exact)
        log.info("%s: half precision is taken to err by %.3g or less", self.name, bound.value)
        return bound

    def _pass(self, jobs: list[Job[R]]) -> Pending | list[float]:
        """Logits of distinct jobs, in their order; the queue's worker comes here."""
        begun: list[tuple[list[Job[R]], Any]] = []
        with self._torch.inference_mode():
            for precision, network in self._networks.items():
                mine = [job for job in jobs if job.precision == precision]
                for batch, logits in self._in_batches(network, [job.row for job in mine]):
                    begun.append(([mine[index] for index in batch], logits))

        wait = later([logits for _, logits in begun], self.device)

        def read() -> list[float]:
            scores = dict.fromkeys(jobs, math.nan)
            for (some, _), logits in zip(begun, wait(), strict=True):
                scores.update(zip(some, logits, strict=True))
            return list(scores.values())

        return read() if self.device == "cpu" else read

    def _in_batches(self, network: Any, rows: list[R]) -> list[tuple[list[int], Any]]:
        """Places in `rows`, and their logits; on a GPU these are still to come. Where memory ends,
        a batch is tried once more, as others may have had it, then what is left in smaller ones.
        """
        found: list[tuple[list[int], Any]] = []
        padded = self.padded or not self._unpadded_attention(network)
        run = self._whole if self.padded else self._forward
        budget, ended = self.batch_tokens, False
        waiting = deque(self._packed(rows, range(len(rows)), budget, padded))
        while waiting:
            batch = waiting.popleft()
            try:
                found.append((batch, run(network, [rows[index] for index in batch])))
                continue
            except RuntimeError as error:
                if not out_of_memory(error):
                    raise
                if ended:
                    budget = self._halved(budget, [len(rows[at]) for at in batch], padded, error)
            # Outside of `except`: while the error lives, so do the tensors of its frames
            free_memory(self.device)
            ended = True
            left = [index for one in (batch, *waiting) for index in one]
            waiting = deque(self._packed(rows, left, budget, padded))
        return found

    def _unpadded_attention(self, network: Any) -> bool:
        config = network.config
        size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        return network.device.type == "cpu" or flash(network.dtype, network.device, size)

    def _packed(
        self, rows: list[R], indices: Sequence[int], budget: int, padded: bool
    ) -> Iterator[list[int]]:
        lengths = [len(rows[index]) for index in indices]
        for batch in packed(lengths, budget, padded=padded):
            yield [indices[place] for place in batch]

    def _halved(self, budget: int, lengths: list[int], padded: bool, error: Exception) -> int:
        """Tokens of what is left of a pass whose batch of such lengths had no memory."""
        if len(lengths) == 1:
            raise RerankError(
                f"The device {self.device!r} has no memory for one pair of {self.name!r}.",
                remedy="Lower rerank.max_length, or set rerank.device = 'cpu'.",
            ) from error
        # By what the batch had: a budget far above it would be halved in vain
        had = max(lengths) * len(lengths) if padded else sum(lengths)
        half = max(1, min(budget, had) // 2)
        # A small batch tells of a moment, not of the device
        self.batch_tokens = min(self.batch_tokens, max(half, self.max_length))
        return half
