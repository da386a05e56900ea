"""One rerank request over HTTP: its address, its key, and the attempts that it gets."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

import httpx
from pydantic import SecretStr
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from churon.tools.errors import SettingsError
from churon.tools.forks import renewed_in_children
from churon.tools.rerank.endpoint import Endpoint, Refused, away, down
from churon.tools.rerank.shapes import Malformed, Shape
from churon.tools.setting_values import UNSENDABLE, is_address, is_sendable

ATTEMPTS = 3
LONGEST_WAIT = 10.0
"""Seconds before another attempt, whatever the server asks for."""
MOST_BYTES = 50_000_000
"""Of an answer; some servers send the passages back."""
_CONNECT_SECONDS = 10.0
_BACKOFF = wait_exponential(multiplier=0.5, max=LONGEST_WAIT) + wait_random(0, 0.5)


class RerankClient:
    """Keeps connections to one server. Thread-safe."""

    def __init__(
        self,
        base_url: str,
        model: str,
        shape: Shape,
        *,
        api_key: SecretStr | None,
        timeout: float,
        transport: httpx.BaseTransport | None,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        lost: Callable[[], None],
    ) -> None:
        """Connects at the first request. `lost`: called where the server was away for a moment.

        Raises SettingsError for an impossible URL or key.
        """
        url, key = _rerank_url(base_url), _checked(api_key)
        bare = url.copy_with(userinfo=b"")
        shown = str(bare.copy_with(query=None, fragment=None))
        self.endpoint = Endpoint(shown, model, shape, timeout, key)
        self._url = bare  # httpx logs URLs, so the password goes into the header only
        self.identity = f"{shape.name} {model} {bare}"
        """Tells its scores from other servers'; not shown, as a URL's query may hold a key."""
        self._client = partial(
            httpx.Client,
            auth=(url.username, url.password) if url.userinfo and not key else None,
            headers={"Authorization": f"Bearer {key}"} if key else None,
            timeout=httpx.Timeout(timeout, connect=min(timeout, _CONNECT_SECONDS)),
            transport=transport,
        )
        self._renew()
        renewed_in_children(self)  # a connection must not be shared with the parent
        self._clock, self._lost = clock, lost
        self._retrying = Retrying(
            retry=retry_if_exception(lambda error: down(error) is True),
            stop=stop_after_attempt(ATTEMPTS),
            wait=_wait,
            sleep=sleep,
            reraise=True,
        )

    def ask(
        self,
        query: str,
        texts: Sequence[str],
        check: Callable[[], None],
        wanted: Callable[[], None],
    ) -> list[float]:
        """One score a text. Where it is for nothing, `check` raises before an attempt and `wanted`
        while an answer comes in.

        Raises Refused, Malformed, httpx.HTTPError.
        """
        shape = self.endpoint.shape
        body = shape.body(self.endpoint.model, query, texts)

        def attempt() -> bytes:
            check()
            try:
                return self._answer(body, wanted)
            except Exception as error:  # handed on: only what it tells of the server is noted
                if away(error):
                    self._lost()
                raise

        return shape.read(self._retrying(attempt), len(texts))

    def _renew(self) -> None:
        self._http = self._client()

    def _answer(self, body: dict[str, Any], wanted: Callable[[], None]) -> bytes:
        with self._http.stream("POST", self._url, json=body) as response:
            # httpx's timeout is for each read: drop by drop an answer could take for ever
            until = self._clock() + self.endpoint.timeout
            content = bytearray()
            for chunk in response.iter_bytes():
                wanted()
                content += chunk
                if len(content) > MOST_BYTES:
                    raise Malformed(f"is longer than {MOST_BYTES:,} bytes")
                if self._clock() > until:
                    raise httpx.ReadTimeout("The answer does not end.")
        if not response.is_success:
            raise Refused(response, bytes(content))
        return bytes(content)

    def close(self) -> None:
        """Close the connections; no request may be under way."""
        self._http.close()


def _rerank_url(base_url: str) -> httpx.URL:
    address = base_url.strip()
    if not is_address(address):
        raise SettingsError(  # the value may hold a password
            "rerank.base_url is no http:// or https:// address.",
            remedy="Set it such as 'http://127.0.0.1:8080', or with /v1 or /v2 at its end.",
        )
    url = httpx.URL(address)
    path = url.path.rstrip("/")
    return url.copy_with(path=path if path.endswith("/rerank") else f"{path}/rerank")


def _checked(api_key: SecretStr | None) -> str:
    key = api_key.get_secret_value().strip() if api_key else ""
    if not is_sendable(key):
        raise SettingsError(f"rerank.api_key {UNSENDABLE}.", remedy="Set it to the key alone.")
    return key


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = _retry_after(error.response) if isinstance(error, Refused) else None
    return _BACKOFF(state) if asked is None else min(max(asked, 0.0), LONGEST_WAIT)


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds that the server asks for, as a number or a date (RFC 9110, section 10.2.3)."""
    value = response.headers.get("Retry-After", "")
    try:
        seconds = float(value)
    except ValueError:
        return _seconds_until(value)
    return None if math.isnan(seconds) else seconds


def _seconds_until(value: str) -> float | None:
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
