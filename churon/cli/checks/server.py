"""Model servers: whether they answer, and whether they have the model."""

from __future__ import annotations

from typing import Any

import httpx

from churon.cli.checks.finding import Finding, error, ok, warning
from churon.tools.addresses import shown
from churon.tools.errors import ChuronError
from churon.tools.settings import ChatSettings, EmbeddingSettings, RerankSettings, Settings

SECONDS = 5.0
"""How long a server may take to list its models."""

Part = ChatSettings | EmbeddingSettings


def servers(settings: Settings) -> list[Finding]:
    """One finding for each of the chat, embedding and reranking models that a server has."""
    parts: dict[str, Part] = {"chat server": settings.chat, "embedding server": settings.embedding}
    checks = {"ollama": _ollama, "openai": _openai}
    found = [
        checks[part.provider](name, part)
        for name, part in parts.items()
        if part.provider != "embedded"
    ]
    return [*found, _reranker(settings.rerank)] if settings.rerank.provider == "remote" else found


def _reranker(rerank: RerankSettings) -> Finding:
    """A rerank server is asked obvious questions: its protocol lists no models."""
    from churon.tools.rerank.canaries import refuse_guessing
    from churon.tools.rerank.factory import remote

    check = "rerank server"
    try:
        scorer = remote(rerank.model_copy(update={"timeout": min(rerank.timeout, SECONDS)}))
    except ChuronError as failure:
        return error(check, failure.message, failure.remedy)
    try:
        right = refuse_guessing(scorer)
    except ChuronError as failure:
        return error(check, failure.message, failure.remedy or "Check rerank.base_url.")
    finally:
        scorer.close()
    return ok(check, f"{shown(rerank.base_url or '')} ranks obvious questions: {right}")


def _ollama(check: str, part: Part) -> Finding:
    from churon.tools.models.ollama_client import server_url

    url = server_url(part.base_url).rstrip("/")
    listed = _listed(check, part, f"{url}/api/tags", "Start it: ollama serve")
    if isinstance(listed, Finding):
        return listed
    names = {str(model.get("name")) for model in listed.get("models", ())}
    if names & {part.model, f"{part.model}:latest"}:
        return ok(check, f"{shown(url)} has {part.model}")
    return error(check, f"{shown(url)} has no model {part.model}", f"ollama pull {part.model}")


def _openai(check: str, part: Part) -> Finding:
    url = (part.base_url or "https://api.openai.com/v1").rstrip("/")
    listed = _listed(check, part, f"{url}/models", "Start it, or set base_url.")
    if isinstance(listed, Finding):
        return listed
    names = {str(model.get("id")) for model in listed.get("data", ())}
    if part.model in names:
        return ok(check, f"{shown(url)} has {part.model}")
    # A warning: gateways route names that they do not list
    some = ", ".join(sorted(names)[:3]) or "none"
    return warning(
        check, f"{shown(url)} does not list {part.model}", f"Use a name that it lists: {some}."
    )


def _listed(check: str, part: Part, url: str, start: str) -> dict[str, Any] | Finding:
    """The server's JSON object, or the finding that there is none."""
    key = part.api_key.get_secret_value() if part.api_key else ""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        answer = httpx.get(url, headers=headers, timeout=SECONDS)
        answer.raise_for_status()
        listed = answer.json()
    except httpx.HTTPStatusError as failure:
        status = failure.response.status_code
        remedy = "Set api_key." if status in (401, 403) else "Check base_url."
        return error(check, f"{shown(url)} answers with status {status}", remedy)
    except (httpx.HTTPError, httpx.InvalidURL) as failure:
        what = str(failure) or type(failure).__name__
        return error(check, f"{shown(url)} does not answer: {shown(what)}", start)
    except ValueError:
        return error(check, f"{shown(url)} does not answer with JSON", "Check base_url.")
    if not isinstance(listed, dict):
        return error(check, f"{shown(url)} lists no models", "Check base_url.")
    return listed
