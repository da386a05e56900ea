"""The optional OpenAI client: import, key, and what its failures mean to a user."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import SecretStr

from churon.tools.addresses import shown
from churon.tools.errors import (
    ContextTruncated,
    ModelDenied,
    ModelError,
    ModelMissing,
    ModelUnreachable,
    SettingsError,
)
from churon.tools.models.base import BUSY
from churon.tools.setting_values import UNSENDABLE, is_sendable

_CONTEXT = re.compile(r"context[ _](length|size|window)|prompt is too long", re.IGNORECASE)


def openai_package() -> tuple[Any, Any]:
    """The modules langchain_openai and openai. Raises ModelMissing that names the extra."""
    try:
        import langchain_openai
        import openai
    except ImportError as error:
        raise ModelMissing(
            "The provider 'openai' needs the package langchain-openai.",
            remedy="Run `pip install 'churon[openai]'`.",
        ) from error
    return langchain_openai, openai


def async_http_client(base_url: str | None, timeout: float) -> Any:
    """An HTTP client of its own for one event loop; langchain-openai shares one between all."""
    _, openai = openai_package()
    if base_url is None or not base_url.startswith("http://"):
        return openai.DefaultAsyncHttpxClient(timeout=timeout)
    # No idle connections to a near server: a loop that closes would leave them open
    none_idle = type(openai.DEFAULT_CONNECTION_LIMITS)(max_keepalive_connections=0)
    return openai.DefaultAsyncHttpxClient(timeout=timeout, limits=none_idle)


def api_key_for(base_url: str | None, api_key: SecretStr | None) -> SecretStr:
    """The key to send. Raises SettingsError where OpenAI itself is meant and none is set, and for
    one that cannot be sent.

    The variable's is for OpenAI alone: another server must not see it.
    """
    named = api_key.get_secret_value().strip() if api_key else ""
    named = named or (os.environ.get("OPENAI_API_KEY", "").strip() if base_url is None else "")
    if not named and base_url is None:
        raise SettingsError(
            "The provider 'openai' has neither base_url nor api_key.",
            remedy="Set CHURON_CHAT__BASE_URL, or OPENAI_API_KEY for OpenAI itself.",
        )
    if not is_sendable(named):
        raise SettingsError(f"The key {UNSENDABLE}.", remedy="Set OPENAI_API_KEY to it alone.")
    return SecretStr(named or "none")  # own servers mostly want no key, the client wants one


@contextmanager
def openai_errors(model: str, base_url: str | None) -> Iterator[None]:
    """Turns the client's failures into ModelErrors that name server, model and next action."""
    _, openai = openai_package()
    try:
        yield
    except openai.OpenAIError as error:
        raise _meaning(error, model, shown(base_url or "api.openai.com")) from error
    except TimeoutError as error:  # of langchain-openai's own, between two chunks of a stream
        raise _late(model, shown(base_url or "api.openai.com")) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        # langchain-openai raises these for answers that are not of OpenAI's shape
        said = f"{type(error).__name__}: {str(error)[:200]}"
        raise ModelError(
            f"The answer for {model!r} cannot be read ({said}).",
            remedy="Check that base_url ends where the server's API starts, mostly /v1.",
        ) from error


def _late(model: str, url: str) -> ModelUnreachable:
    return ModelUnreachable(
        f"The server at {url} did not answer for {model!r} in time.",
        remedy="Raise the timeout setting, or choose a smaller model.",
    )


def _meaning(error: Exception, model: str, url: str) -> ModelError:
    _, openai = openai_package()
    said = str(error)[:300]
    if isinstance(error, openai.APIConnectionError):
        if isinstance(error, openai.APITimeoutError):
            return _late(model, url)
        return ModelUnreachable(
            f"The server at {url} did not answer for {model!r} at all.",
            remedy="Start it, or set base_url.",
        )
    if isinstance(error, openai.APIStatusError) and error.status_code in BUSY:
        return ModelUnreachable(
            f"The server at {url} is busy: {said}.", remedy="Ask fewer questions at once, or later."
        )
    if _CONTEXT.search(said):
        return ContextTruncated(
            f"The prompt does not fit the context of {model!r}: {said}.",
            remedy="Lower k2 or answer_tokens, or serve the model with a longer context.",
        )
    if isinstance(error, openai.NotFoundError) and model not in said:
        return ModelError(
            f"The server at {url} has nothing there: {said}.",
            remedy="Check that base_url ends where the server's API starts, mostly /v1.",
        )
    if isinstance(error, openai.NotFoundError):
        return ModelMissing(
            f"The server at {url} has no model {model!r}: {said}.",
            remedy="Set the model to a name that its /v1/models lists.",
        )
    if isinstance(error, (openai.AuthenticationError, openai.PermissionDeniedError)):
        return ModelDenied(f"The server at {url} refused the key: {said}.", remedy="Set api_key.")
    return ModelError(
        f"The server at {url} refused {model!r}: {said}.",
        remedy="Look into its log, or choose another model.",
    )
