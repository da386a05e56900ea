"""Whether the reranker that the settings name can be opened; nothing is loaded, nothing fetched."""

from __future__ import annotations

from importlib.util import find_spec

from churon.cli.checks.finding import Finding, error, ok, warning
from churon.tools.errors import SettingsError
from churon.tools.rerank.on_disk import on_disk
from churon.tools.settings import RerankSettings, Settings


def reranker(settings: Settings) -> list[Finding]:
    """Whether the reranker's settings can be loaded; its packages are checked elsewhere."""
    rerank = settings.rerank
    if rerank.provider == "none":
        return [ok("reranker", "none: passages stay in the search's order")]
    if rerank.provider == "late_interaction":
        if settings.embedding.provider == "embedded":
            return [ok("reranker", f"late interaction over {settings.embedding.model}")]
        return [
            error(
                "reranker",
                "late interaction needs the embedded embedding model",
                "Set rerank.provider = 'none', or 'encoder' with a rerank.model.",
            )
        ]
    if rerank.provider == "remote":
        return []  # asked, with the other servers
    if not rerank.model:
        return [
            error(
                "reranker",
                f"rerank.provider = '{rerank.provider}' has no rerank.model",
                "Set rerank.model, such as BAAI/bge-reranker-v2-m3.",
            )
        ]
    return [_cross_encoder(rerank)]


def _cross_encoder(rerank: RerankSettings) -> Finding:
    name = f"{rerank.provider} {rerank.model}"
    if find_spec("huggingface_hub") is None:
        return ok("reranker", name)  # the missing packages are a finding of their own
    try:
        if on_disk(rerank.model):
            return ok("reranker", f"{name} is on this machine")
    except SettingsError as failure:
        return error("reranker", failure.message, failure.remedy)
    return warning(
        "reranker",
        f"{name} is not on this machine yet",
        f"hf download {rerank.model}; else the first question waits for it.",
    )
