"""Packages and model files of the chosen providers; nothing is imported, nothing fetched."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from churon.cli.checks.finding import Finding, error, ok
from churon.tools.addresses import is_server
from churon.tools.models import catalogue
from churon.tools.setting_values import home_path
from churon.tools.settings import Settings

_CHAT = {
    "embedded": ("xllamacpp",),
    "ollama": ("langchain_ollama",),
    "openai": ("langchain_openai",),
}
_EMBEDDING = {
    "embedded": ("onnxruntime", "onnx"),
    "ollama": ("ollama",),
    "openai": ("langchain_openai",),
}
_RERANK = {
    "encoder": ("torch", "transformers"),
    "decoder": ("torch", "transformers"),
    "layerwise": ("torch", "transformers"),
    "reference": ("FlagEmbedding",),
}


def packages(settings: Settings) -> list[Finding]:
    """The Python packages that these settings need."""
    missing = {name: extra for name, extra in _wanted(settings).items() if find_spec(name) is None}
    if not missing:
        return [ok("packages", "everything that the settings need is installed")]
    return [
        error("packages", f"{name} is not installed", f"pip install 'churon{extra}'")
        for name, extra in missing.items()
    ]


def _wanted(settings: Settings) -> dict[str, str]:
    """Module -> the extra that brings it."""
    chat, embedding = settings.chat.provider, settings.embedding.provider
    wanted = dict.fromkeys(_CHAT[chat], _extra(chat)) | {"pymilvus": ""}
    wanted |= dict.fromkeys(_EMBEDDING[embedding], _extra(embedding))
    wanted |= dict.fromkeys(_RERANK.get(settings.rerank.provider, ()), "[rerank]")
    if not is_server(settings.store.uri):
        wanted["milvus_lite"] = "[embedded]"
    if settings.context.search != "dense":
        wanted["kiwipiepy"] = "[embedded]"
    return wanted


def _extra(provider: str) -> str:
    return "" if provider == "ollama" else f"[{provider}]"


def files(settings: Settings) -> list[Finding]:
    """The model files of the embedded providers."""
    folder = home_path(settings.models.folder, "models.folder")
    return list(_files(settings, folder)) or [ok("model files", "none needed: servers hold them")]


def _files(settings: Settings, folder: Path) -> Iterator[Finding]:
    for part in (settings.chat, settings.embedding):
        if part.provider != "embedded":
            continue
        own = part.model.endswith(".gguf")
        pull = f"churon models pull {part.model}"
        path = catalogue.find(part.model, folder)
        if path is None and own:
            yield error("model files", f"there is no file {part.model}", "Check the path.")
        elif path is None:
            yield error("model files", f"{part.model} is not in {folder}", pull)
        elif not catalogue.begins_rightly(path):
            again = "Fetch or copy it again, or name another file." if own else pull
            yield error("model files", f"{path} is damaged: it is no GGUF file", again)
        else:
            yield ok("model files", f"{part.model}: {path}")
