"""Which weights stand behind a model's name: on Ollama a tag may be pulled anew."""

from __future__ import annotations

from ollama import AsyncClient

from churon.tools.errors import ModelError
from churon.tools.models.ollama_client import client_options, ollama_errors, server_url
from churon.tools.settings import ChatSettings, EmbeddingSettings, Settings

_SECONDS = 10.0
_SHOWN = 12
"""Hex digits, as `ollama list` shows them."""


async def digests(settings: Settings) -> dict[str, str]:
    """Of the chat and embedding models on Ollama, as "ollama NAME".

    None where a server does not list its models: the questions tell what is wrong with it.
    """
    chat, embedding = settings.chat, settings.embedding
    asked = ((chat, settings.context.model or chat.model), (embedding, embedding.model))
    found: dict[str, str] = {}
    for part, name in asked:
        if part.provider == "ollama" and (digest := await _digest(part, name)):
            found[f"ollama {name}"] = digest
    return found


async def _digest(part: ChatSettings | EmbeddingSettings, name: str) -> str | None:
    key = part.api_key.get_secret_value() if part.api_key else None
    options = client_options(_SECONDS, key)
    try:
        with ollama_errors(name, part.base_url):
            async with AsyncClient(host=server_url(part.base_url), **options) as client:
                listed = await client.list()
    except ModelError:
        return None
    by_name = {one.model: one.digest for one in listed.models}
    digest = by_name.get(name) or by_name.get(f"{name}:latest")
    return digest[:_SHOWN] if digest else None
