"""A remote scorer on the double, with a clock and waits that take no time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from langchain_core.documents import Document
from support.rerank_server import Reply, RerankDouble

from churon.tools.errors import RerankError
from churon.tools.rerank.client import ATTEMPTS
from churon.tools.rerank.remote import RemoteScorer

BASE = "http://rerank.test:8080"
AB = [Document("a"), Document("bb")]
"""The double gives them 1.0 and 2.0."""
REFUSED = httpx.ConnectError("[Errno 111] Connection refused")


class Bench:
    """A scorer on a double, with a clock that only moves by hand and by its own waiting."""

    def __init__(self, shape: str = "tei", first: Sequence[Reply] = (), **options: Any) -> None:
        self.double = RerankDouble(shape, first=first)
        self.now, self.naps = 0.0, list[float]()
        transport = httpx.MockTransport(self.double)
        options.setdefault("base_url", BASE)
        self.scorer = RemoteScorer(
            shape=shape,  # type: ignore[arg-type]
            transport=transport,
            clock=lambda: self.now,
            sleep=self.naps.append,
            **options,
        )

    @property
    def asked(self) -> int:
        return len(self.double.requests)

    def score(self) -> list[float]:
        return self.scorer.score("q", AB)

    def failure(self) -> str:
        with pytest.raises(RerankError) as caught:
            self.score()
        return str(caught.value)

    def fail(self, calls: int) -> None:
        """So many calls to a server that is down."""
        self.double.first = [REFUSED] * (calls * ATTEMPTS)
        for _ in range(calls):
            self.failure()


def status(code: int, *, json: Any = None, **headers: str) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(code, json=json, headers=sent)
