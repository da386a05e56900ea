"""Which weights stand behind a model's name: on Ollama a tag may be pulled anew."""

from __future__ import annotations

from churon.tools.errors import ModelError
from churon.tools.models.ollama_client import digest_of
from churon.tools.settings import ChatSettings, EmbeddingSettings, Settings

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
    try:
        digest = await digest_of(name, part.base_url, key)
    except ModelError:
        return None
    return digest[:_SHOWN] if digest else None
