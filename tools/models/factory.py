"""From settings to models. Opening blocks (imports, model files): call it in a thread."""

from __future__ import annotations

from dataclasses import replace

from langchain_core.embeddings import Embeddings
from pydantic import SecretStr

from churon.tools.errors import ModelMissing
from churon.tools.models.base import ChatPort
from churon.tools.models.critic import Critic, LetterCritic
from churon.tools.models.openai_dialect import OpenAIDialect
from churon.tools.models.reflection import ReflectionTokenCritic
from churon.tools.setting_values import home_path
from churon.tools.settings import ChatSettings, ModelsSettings, Settings


def open_chat(settings: Settings, model: str | None = None) -> ChatPort:
    """The chat model of the settings, or `model` from the same provider.

    Raises ModelMissing; servers are asked only at the first call.
    """
    name = model or settings.chat.model
    opened = {"embedded": _embedded_chat, "ollama": _ollama_chat, "openai": _openai_chat}
    return opened[settings.chat.provider](settings, name)


def open_embeddings(settings: Settings) -> Embeddings:
    """The embedding model of the settings. Raises ModelMissing."""
    opened = {
        "embedded": _embedded_embeddings,
        "ollama": _ollama_embeddings,
        "openai": _openai_embeddings,
    }
    return opened[settings.embedding.provider](settings)


def open_critic(settings: Settings, port: ChatPort) -> Critic:
    """The critic that reads the labels of this chat model."""
    if settings.critic.kind == "reflection_tokens":
        return ReflectionTokenCritic(settings.critic, port.name, port.supports)
    return LetterCritic(settings.critic, port.name, port.supports)


def _embedded_chat(settings: Settings, name: str) -> ChatPort:
    from churon.tools.models.catalogue import find
    from churon.tools.models.embedded import EmbeddedChat

    chat = settings.chat
    path = find(name, settings.models.folder)
    if path is None:
        raise _not_pulled(name, settings.models)
    model = EmbeddedChat(
        model_path=path,
        context_length=chat.context_length,
        slots=chat.slots,
        threads=chat.threads,
        gpu_layers=chat.gpu_layers,
        timeout=chat.timeout,
    )
    return ChatPort(model, OpenAIDialect(), name, chat.context_length)


def _ollama_chat(settings: Settings, name: str) -> ChatPort:
    from churon.tools.models.ollama import OllamaDialect, ollama_chat

    chat = settings.chat
    model = ollama_chat(
        name,
        base_url=chat.base_url,
        context_length=chat.context_length,
        keep_alive=chat.keep_alive,
        timeout=chat.timeout,
        api_key=_plain(chat.api_key),
        thinks=bool(chat.thinking_tokens),
    )
    dialect = OllamaDialect(chat.context_length, bool(chat.thinking_tokens))
    return _served(chat, ChatPort(model, dialect, name, chat.context_length))


def _openai_chat(settings: Settings, name: str) -> ChatPort:
    from churon.tools.models.openai import OpenAIChat

    chat = settings.chat
    model = OpenAIChat(
        model=name, base_url=chat.base_url, api_key=chat.api_key, timeout=chat.timeout
    )
    model.load()
    dialect = OpenAIDialect(bool(chat.thinking_tokens))
    return _served(chat, ChatPort(model, dialect, name, chat.context_length))


def _served(chat: ChatSettings, port: ChatPort) -> ChatPort:
    """The port of a server's model, which may think before it answers."""
    if not chat.thinking_tokens:
        return port
    # the log-probs of what it writes begin with its thoughts
    supports = port.supports - {"logprobs"}
    return replace(port, supports=supports, thinking_tokens=chat.thinking_tokens)


def _embedded_embeddings(settings: Settings) -> Embeddings:
    from churon.tools.models.catalogue import entry, find
    from churon.tools.models.e5 import E5Embeddings

    wanted = settings.embedding
    path = find(entry(wanted.model).name, settings.models.folder)
    if path is None:
        raise _not_pulled(wanted.model, settings.models)
    return E5Embeddings(
        path.parent,
        threads=wanted.threads,
        batch=wanted.batch,
        query_prefix=wanted.query_prefix,
        document_prefix=wanted.document_prefix,
    )


def _ollama_embeddings(settings: Settings) -> Embeddings:
    from churon.tools.models.ollama_embeddings import OllamaEmbeddings

    wanted = settings.embedding
    return OllamaEmbeddings(
        wanted.model,
        wanted.dimensions,
        query_prefix=wanted.query_prefix,
        document_prefix=wanted.document_prefix,
        base_url=wanted.base_url,
        keep_alive=wanted.keep_alive,
        batch=wanted.batch,
        timeout=wanted.timeout,
        api_key=_plain(wanted.api_key),
    )


def _openai_embeddings(settings: Settings) -> Embeddings:
    from churon.tools.models.openai_embeddings import OpenAIEmbeddings

    wanted = settings.embedding
    return OpenAIEmbeddings(
        wanted.model,
        wanted.dimensions,
        query_prefix=wanted.query_prefix,
        document_prefix=wanted.document_prefix,
        base_url=wanted.base_url,
        batch=wanted.batch,
        timeout=wanted.timeout,
        api_key=wanted.api_key,
    )


def _not_pulled(name: str, models: ModelsSettings) -> ModelMissing:
    if name.endswith(".gguf"):
        return ModelMissing(f"There is no model file {name!r}.", remedy="Check chat.model.")
    folder = home_path(models.folder, "models.folder")
    return ModelMissing(
        f"The model {name!r} is not in {str(folder)!r}.",
        remedy=f"Fetch it: churon models pull {name}.",
    )


def _plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None
