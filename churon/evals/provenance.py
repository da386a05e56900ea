"""Where a row comes from: all that its answer depends on besides question and variant."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any

from churon.evals.prompts import PROMPTS
from churon.evals.types import Provenance, Row
from churon.nodes.prompts import content_hash
from churon.tools.errors import InputError
from churon.tools.setting_values import at_home
from churon.tools.settings import Settings

_PACKAGES = (
    "churon", "langgraph", "langchain", "langchain-core", "pymilvus", "milvus-lite",
    "xllamacpp", "kiwipiepy", "langchain-ollama", "langchain-openai", "onnxruntime", "torch",
    "transformers",
)  # fmt: skip
_FREE = ("versions", "conditions")
"""What rows of one variant may differ in: it is told, not refused."""
_UNSAID = {
    "api_key", "token", "uri", "base_url", "collection", "tenancy",
    "timeout", "keep_alive", "threads", "slots", "cache_pairs",
}  # fmt: skip
"""Secrets and addresses: where a model runs is not what it is. And what changes no answer: a run
that a timeout broke must be able to go on with a longer one.
"""
_SECTIONS = ("chat", "embedding", "store", "rerank", "critic")


def provenance(set_: str, corpus: str, settings: Settings) -> Provenance:
    """Of one variant's rows; no secret and no address is in it."""
    context = settings.context.model_dump(mode="json")
    embedding, rerank = settings.embedding, settings.rerank
    reranker = f"{rerank.provider}:{rerank.model}".rstrip(":")
    return Provenance(
        set=set_,
        corpus=corpus,
        model=model_of(settings),
        embedding=f"{embedding.provider}:{embedding.model}:{embedding.dimensions}",
        reranker=reranker,
        prompts=f"{content_hash()}+{PROMPTS.content_hash()}",
        seed=settings.context.seed,
        context=context,
        settings={**_plain(settings), **_own_file(settings)},
        versions=versions(),
    )


def _own_file(settings: Settings) -> dict[str, str]:
    """The digest of a model file of the user's own; churon's are pinned by theirs."""
    name = settings.context.model or settings.chat.model
    path = at_home(name)
    if settings.chat.provider != "embedded" or not path.is_file():
        return {}
    held = path.stat()
    return {"chat.file": _file_digest(path, held.st_mtime_ns, held.st_size)}


@cache
def _file_digest(path: Path, changed: int, size: int) -> str:
    """Once for a file as it is: tuning adds a variant a trial, and model files are large."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


def model_of(settings: Settings) -> str:
    """The chat model of a run, with its provider."""
    return f"{settings.chat.provider}:{settings.context.model or settings.chat.model}"


def differences(row: Row, wanted: Provenance, graph: str) -> list[str]:
    """In what a row was made otherwise than wanted: "model: a, now b"."""
    old: dict[str, Any] = {**_flat(_bound(row["provenance"])), "graph": row["graph"]}
    new: dict[str, Any] = {**_flat(_bound(wanted)), "graph": graph}
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return [f"{name}: {old.get(name)}, now {new.get(name)}" for name in names]


def _bound(held: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in held.items() if name not in _FREE}


def conditions(at_once: int) -> dict[str, str]:
    """Under which rows are made now."""
    return {"at_once": str(at_once), "machine": _machine()}


@cache
def _machine() -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    told = Path("/proc/cpuinfo")
    lines = told.read_text("utf-8", "replace").splitlines() if told.is_file() else []
    name = next((line.partition(":")[2] for line in lines if line.startswith("model name")), "")
    said = f"{platform.system()} {platform.machine()} {name or platform.processor()}"
    return f"{' '.join(said.split())}, {cores} cores"


_OTHERWISE = "Write to another file with --output, or name the variant otherwise."


def check_same(
    row: Row, wanted: Provenance, graph: str, path: str, remedy: str = _OTHERWISE
) -> None:
    """Raise InputError for a row of the same variant's name that was made in another way."""
    if differ := differences(row, wanted, graph):
        more = f" and {len(differ) - 3} more" if len(differ) > 3 else ""
        raise InputError(
            f"{path!r} holds rows of the variant {row['variant']!r} that were made otherwise: "
            f"{'; '.join(differ[:3])}{more}.",
            remedy=remedy,
        )


@cache
def versions() -> dict[str, str]:
    """Of Python, the libraries and, as a hash of all its code, of churon itself."""
    found = {"python": platform.python_version(), "code": _code()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _code() -> str:
    digest = hashlib.sha256()
    for package in ("churon.tools", "churon.nodes", "churon.graphs", "churon.evals"):
        _add(digest, files(package))
    return digest.hexdigest()[:12]


def _add(digest: Any, folder: Any) -> None:
    for one in sorted(folder.iterdir(), key=lambda one: str(one.name)):
        if one.is_dir() and one.name != "__pycache__":
            _add(digest, one)
        elif one.name.endswith(".py"):
            digest.update(one.read_bytes())


def _plain(settings: Settings) -> dict[str, Any]:
    held = settings.model_dump(mode="json", include=set(_SECTIONS))
    return {name: value for name, value in _flat(held).items() if _said(name)}


def _said(name: str) -> bool:
    return name.rpartition(".")[2] not in _UNSAID


def _flat(values: Mapping[str, Any], under: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        whole = f"{under}.{name}" if under else name
        flat |= _flat(value, whole) if isinstance(value, Mapping) else {whole: value}
    return flat
