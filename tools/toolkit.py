"""`Toolkit`: the long-lived resources that graphs are built from, opened once and closed once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import VectorStore

from churon.tools.context import RagContext, knobs, lenient_context, resolve_context
from churon.tools.errors import InputError
from churon.tools.models.base import ChatPort
from churon.tools.models.critic import Critic
from churon.tools.models.langchain_chat import port_of
from churon.tools.run import Run
from churon.tools.settings import Settings, load_settings
from churon.tools.types import Account

if TYPE_CHECKING:
    from churon.tools.cases import CaseMemory
    from churon.tools.rerank.compressor import RerankCompressor
    from churon.tools.store import Store

T = TypeVar("T")

RUNS_KEPT = 256
"""Runs whose cache is remembered; an evicted one goes on with the account of its state."""
IDLE_SECONDS = 900
"""And for how long after a node last asked: what failed, or waits for someone, tells of no end."""


class Toolkit:
    """Models, store and reranker by settings, each opened at first use, in a thread.

    Resources given by name are used as they are; `chat` may be any LangChain chat model. One
    toolkit serves many graphs, runs and event loops; `aclose` releases what it opened itself.
    Raises InputError for a retriever or vector store, which is no `Store`.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        chat: ChatPort | BaseChatModel | None = None,
        embeddings: Embeddings | None = None,
        store: Store | None = None,
        reranker: RerankCompressor | None = None,
        cases: CaseMemory | None = None,
    ) -> None:
        if isinstance(store, (BaseRetriever, VectorStore)):
            raise InputError(
                f"Toolkit(store=...) was given a {type(store).__name__}, which cannot tell dense "
                "from BM25 hits, tenants and passages by id.",
                remedy="Set [store] in the settings, and read the documents with `churon ingest`.",
            )
        self._settings = settings
        self._given: dict[str, Any] = {
            "chat:": port_of(chat) if isinstance(chat, BaseChatModel) else chat,
            "embeddings": embeddings,
            "store": store,
            "reranker": reranker,
            "cases": cases,
        }
        self._opened: dict[str, Any] = {k: v for k, v in self._given.items() if v is not None}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()
        self._runs: OrderedDict[str, Run] = OrderedDict()

    @property
    def settings(self) -> Settings:
        """The settings, read at first use, so that importing a graph reads nothing."""
        if self._settings is None:
            self._settings = load_settings()
        return self._settings

    async def read_settings(self) -> Settings:
        """The settings; they are a file, and servers forbid blocking their loop for one."""
        if self._settings is None:
            self._settings = await asyncio.to_thread(load_settings)
        return self._settings

    def context(self, given: Any) -> RagContext:
        """The run's context from what a node's runtime holds. Raises SettingsError."""
        return lenient_context(given, self.settings.context)

    def run(self, run_id: str, context: Any, account: Account) -> Run:
        """The run with this id; made from the state's account when this process has not seen it.

        Branches that another process finished before it was killed are learned of as their states
        come in. A run keeps the knobs that it was begun with; a resume may give it other limits.
        Raises InputError for a resume that names another tenant than the run was begun for.
        """
        with self._guard:
            run = self._runs.get(run_id)
            if run is None:
                begun = account.get("given")
                held = self.context(context) if begun is None else self._resolved(begun)
                run = self._runs[run_id] = Run(self, held, account)
                self._drop_idle()
            else:
                run.learn(account)
            run.used = time.monotonic()
            self._runs.move_to_end(run_id)
            asked = knobs(context)
            if asked.get("tenant", run.context.tenant) != run.context.tenant:
                raise InputError(
                    f"This run was not begun for the tenant {asked['tenant']!r}.",
                    remedy="Go on with it as its own tenant, or ask on another thread.",
                )
            if "limits" in asked:
                run.allow(self._resolved({"limits": asked["limits"]}).limits)
            return run

    def _resolved(self, given: Mapping[str, Any]) -> RagContext:
        return resolve_context(given, self.settings.context)

    def _drop_idle(self) -> None:
        old = time.monotonic() - IDLE_SECONDS
        while len(self._runs) > RUNS_KEPT or next(iter(self._runs.values())).used < old:
            self._runs.popitem(last=False)

    def forget(self, run_id: str) -> None:
        """Drop a finished run's cache."""
        with self._guard:
            self._runs.pop(run_id, None)

    async def chat(self, model: str | None = None) -> ChatPort:
        """The chat model of the settings, or the one named by a run's context."""

        if model is not None and "chat:" not in self._given and model == self.settings.chat.model:
            model = None  # not a second copy of the same model

        def make() -> ChatPort:
            from churon.tools.models.factory import open_chat

            return open_chat(self.settings, model)

        return await self._open(f"chat:{model or ''}", make)

    async def critic(self, port: ChatPort) -> Critic:
        """The critic that reads this model's labels."""

        def make() -> Critic:
            from churon.tools.models.factory import open_critic

            return open_critic(self.settings, port)

        return await self._open(f"critic:{port.name}", make)

    async def embeddings(self) -> Embeddings:
        """The embedding model."""

        def make() -> Embeddings:
            from churon.tools.models.factory import open_embeddings

            return open_embeddings(self.settings)

        return await self._open("embeddings", make)

    async def store(self) -> Store:
        """The Milvus store."""
        embeddings = await self.embeddings() if "store" not in self._opened else None

        def make() -> Store:
            from churon.tools.store import Store

            assert embeddings is not None
            wanted = self.settings
            return Store.open(wanted.store, embeddings, wanted.embedding.dimensions)

        return await self._open("store", make)

    async def cases(self) -> CaseMemory:
        """The plans of verified runs, in a collection beside the settings' passages."""
        store = await self.store() if "cases" not in self._opened else None

        def make() -> CaseMemory:
            from churon.tools.cases import CaseMemory

            assert store is not None
            return CaseMemory(store, f"{self.settings.store.collection}_cases")

        return await self._open("cases", make)

    async def reranker(self) -> RerankCompressor | None:
        """The compressor, or None where the settings ask for no reranking."""
        needs = "reranker" not in self._opened and self.settings.rerank.provider != "none"
        embeddings = await self.embeddings() if needs else None

        def make() -> RerankCompressor | None:
            from churon.tools.rerank.factory import open_reranker

            return None if embeddings is None else open_reranker(self.settings, embeddings)

        return await self._open("reranker", make)

    async def aclose(self) -> None:
        """Close what this toolkit opened: the store's file first, then the models."""
        with self._guard:
            mine = {k: v for k, v in self._opened.items() if v is not self._given.get(k)}
            self._opened = {k: v for k, v in self._given.items() if v is not None}
            self._runs.clear()
        for _, resource in sorted(mine.items(), key=lambda item: item[0] != "store"):
            target = resource.model if isinstance(resource, ChatPort) else resource
            close: Callable[[], None] | None = getattr(target, "close", None)
            if close is not None:
                await asyncio.to_thread(close)

    async def __aenter__(self) -> Toolkit:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _open(self, key: str, make: Callable[[], T]) -> T:
        if key in self._opened:
            found: T = self._opened[key]
            return found
        return await asyncio.to_thread(self._open_once, key, make)

    def _open_once(self, key: str, make: Callable[[], T]) -> T:
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:  # several event loops may ask at once; the model is loaded once
            if key not in self._opened:
                self._opened[key] = make()
            opened: T = self._opened[key]
            return opened


@lru_cache(maxsize=1)
def served_toolkit() -> Toolkit:
    """What the graphs that langgraph.json names share: their server loads each model once."""
    return Toolkit()
