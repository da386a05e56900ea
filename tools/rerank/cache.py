"""Scores of pairs seen before: a loop that reranks for one question meets its passages again."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from hashlib import blake2b

from churon.tools.forks import renewed_in_children


class ScoreCache:
    """Least-recently-used (scorer, query, passage) -> score. Thread-safe; about 150 bytes a pair.

    The scorer's part of the key names model, revision, precision and length, so that scorers may
    share a cache.
    """

    def __init__(self, max_pairs: int) -> None:
        """0 keeps nothing."""
        self.max_pairs = max_pairs
        self.hits = 0
        """Distinct pairs that were here."""
        self.misses = 0
        self._forgotten: Counter[str] = Counter()
        self._scores: OrderedDict[bytes, float] = OrderedDict()
        self._renew()
        renewed_in_children(self)

    def _renew(self) -> None:
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._scores)

    @property
    def hit_rate(self) -> float:
        """Share of the pairs asked for that were here, in [0, 1]; 0 before the first."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else 0.0

    def through(
        self,
        scorer: str,
        query: str,
        passages: Sequence[str],
        score: Callable[[list[int]], list[float]],
    ) -> list[float]:
        """A score per passage; `score` is asked once for the places of those not here.

        Equal passages are one pair.
        """
        scorer = f"{scorer} {self._forgotten[scorer]}"
        seed = blake2b(_digest(scorer) + _digest(query), digest_size=16)
        keys = [_key(seed, passage) for passage in passages]
        places: dict[bytes, int] = {}
        for place, key in enumerate(keys):
            places.setdefault(key, place)
        known = self._known(places)
        missing = {key: place for key, place in places.items() if key not in known}
        if missing:
            scores = score(list(missing.values()))
            known.update(zip(missing, scores, strict=True))
            self._keep({key: known[key] for key in missing})
        return [known[key] for key in keys]

    def forget(self, scorer: str) -> None:
        """Find no score of this scorer's any more, nor those that it is making now."""
        with self._lock:
            self._forgotten[scorer] += 1

    def clear(self) -> None:
        """Forget all scores, and what was counted."""
        with self._lock:
            self._scores.clear()
            self.hits = self.misses = 0

    def _known(self, keys: dict[bytes, int]) -> dict[bytes, float]:
        with self._lock:
            known = {key: self._scores[key] for key in keys if key in self._scores}
            for key in known:
                self._scores.move_to_end(key)
            self.hits += len(known)
            self.misses += len(keys) - len(known)
        return known

    def _keep(self, scores: dict[bytes, float]) -> None:
        with self._lock:
            self._scores.update(scores)
            while len(self._scores) > self.max_pairs:
                self._scores.popitem(last=False)


def _bytes(text: str) -> bytes:
    # Lone surrogates come out of broken documents; they are text like any other here
    return text.encode("utf-8", "surrogatepass")


def _digest(text: str) -> bytes:
    return blake2b(_bytes(text), digest_size=16).digest()


def _key(seed: blake2b, passage: str) -> bytes:
    whole = seed.copy()
    whole.update(_bytes(passage))  # after 32 bytes of scorer and query: where it begins is known
    return whole.digest()
