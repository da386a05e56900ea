"""`Run`: one question's hands. Every model call, search and rerank goes through it and is paid."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from langchain_core.documents import Document
from langchain_core.messages import BaseMessage
from typing_extensions import TypedDict

from churon.tools.budget import Budget
from churon.tools.context import Limits, RagContext
from churon.tools.errors import BudgetExhausted, ModelError, RerankError
from churon.tools.flight import SingleFlight
from churon.tools.korean import detect_language
from churon.tools.models.base import Completion, OnToken, Want
from churon.tools.models.labels import Distribution, LabelSet
from churon.tools.tracing.search import as_retriever
from churon.tools.types import Account, Filter, Language, Usage

if TYPE_CHECKING:
    from churon.tools.store import Store
    from churon.tools.toolkit import Toolkit

T = TypeVar("T")

LOW_COVERAGE = 0.5
"""Less probability than this on the labels: the model did not take the question as one of them."""
LANGUAGES: tuple[Language, ...] = ("en", "ko")


class Ledger(TypedDict):
    """What each node adds to its update."""

    account: Account
    degraded: list[str]


class Run:
    """Budget, cache and resources of one question; nodes get it from `Toolkit.run`."""

    def __init__(self, toolkit: Toolkit, context: RagContext, account: Account) -> None:
        self.context = context
        self._toolkit = toolkit
        self._budget = Budget(context.limits, account)
        self._flight = SingleFlight()
        self._degraded: list[str] = []
        self.used = time.monotonic()
        """When a node last asked for it."""
        self.told: dict[str, str] = {}
        """By node: what it wrote before its reader's eyes and has not finished."""

    def ledger(self) -> Ledger:
        """What was spent so far and the fallbacks used, for the node's update."""
        return Ledger(account=self._budget.account(), degraded=list(self._degraded))

    def usage(self) -> Usage:
        """What the whole run spent so far, in this process and in earlier ones."""
        return self._budget.usage()

    def learn(self, account: Account) -> None:
        """Take in what a state says of other processes."""
        self._budget.learn(account)

    def allow(self, limits: Limits) -> None:
        """Other limits from now on, as a resumed run may be given."""
        self.context = self.context.model_copy(update={"limits": limits})
        self._budget.allow(limits)

    def cap_calls(self, most: int) -> None:
        """No more than `most` model calls in the whole run, whatever its limits allow."""
        self._budget.cap_calls(most)

    def degrade(self, what: str) -> None:
        """Record a fallback once."""
        if what not in self._degraded:
            self._degraded.append(what)

    async def complete(
        self, messages: Sequence[BaseMessage], want: Want, on_token: OnToken | None = None
    ) -> Completion:
        """One model call within the budget; an identical call of this run is answered once."""
        want = replace(want, seed=self.context.seed if want.seed is None else want.seed)
        key = ("complete", _fingerprint(messages, want))
        return await self._flight.get(
            key, lambda: self._pay(messages, want, on_token), self._budget.add_cache_hit
        )

    async def distribution(self, messages: Sequence[BaseMessage], labels: LabelSet) -> Distribution:
        """The critic's probabilities over `labels`; a fallback rung is recorded as degraded."""
        port = await self._toolkit.chat(self.context.model)
        critic = await self._toolkit.critic(port)
        found = await critic.distribution(self.complete, messages, labels)
        if found.rung != "logprobs":
            self.degrade(f"critic:{labels.name}:{found.rung}")
        elif found.coverage < LOW_COVERAGE:
            self.degrade(f"critic:{labels.name}:low_coverage")
        return found

    async def search(self, query: str, filter: Filter | None) -> list[Document]:
        """`k1` candidates of Milvus for one query. Raises StoreError, BudgetExhausted."""
        query = " ".join(query.split())
        key = ("search", _digest(query, json.dumps(filter, sort_keys=True)))

        async def work() -> list[Document]:
            self._budget.take_search()
            store = await self._toolkit.store()
            async with self._budget.deadline():
                find = partial(self._find, store, query, filter)
                found = await as_retriever("milvus", query, find)
                if not found:
                    await self._tell_nothing(store, filter)
            for fallback in store.degraded:
                self.degrade(f"store:{fallback}")
            return found

        return await self._flight.get(key, work, self._budget.add_cache_hit)

    async def _tell_nothing(self, store: Store, filter: Filter | None) -> None:
        """A store without passages, or a filter that lets none through, is no missing answer."""
        where: dict[str, Any] = {
            "tenant": self.context.tenant,
            "collection": self.context.collection,
        }
        if not await store.count(**where):
            self.degrade("store:no_passages")  # of this tenant, or at all
        elif filter and not await store.count(filter=filter, **where):
            self.degrade("filter:no_passages")

    async def _find(self, store: Store, query: str, filter: Filter | None) -> list[Document]:
        """One search a language: the question's own language would fill all places otherwise."""
        kept: list[Filter | None] = [filter]
        if self.context.cross_language and "detected_language" not in (filter or {}):
            own = detect_language(query)
            order = sorted(LANGUAGES, key=lambda language: language != own)
            kept = [{**(filter or {}), "detected_language": language} for language in order]
        found = await asyncio.gather(
            *(
                store.search(
                    query,
                    k=self.context.k1,
                    ef=self.context.ef,
                    mode=self.context.search,
                    filter=one,
                    tenant=self.context.tenant,
                    collection=self.context.collection,
                )
                for one in kept
            )
        )
        return interleaved(found)[: self.context.k1]

    async def rerank(self, question: str, documents: Sequence[Document]) -> list[Document]:
        """The best `k2` documents, best first; the search's own order when the reranker
        fails or cannot be opened.
        """
        key = ("rerank", _digest(question, *(str(document.id) for document in documents)))

        async def work() -> list[Document]:
            self._budget.check_seconds()
            try:
                reranker = await self._toolkit.reranker()
                if reranker is None:
                    return list(documents[: self.context.k2])
                async with self._budget.deadline():
                    rank = partial(reranker.rerank, question, documents, self.context.k2)
                    return await as_retriever("reranker", question, rank)
            except (RerankError, ModelError) as error:
                self.degrade(f"rerank:{type(error).__name__}")
                return list(documents[: self.context.k2])

        return await self._flight.get(key, work, self._budget.add_cache_hit)

    async def supports(self, what: str) -> bool:
        """Whether the chat model can do this: "logprobs", "schema"."""
        return what in (await self._toolkit.chat(self.context.model)).supports

    async def room(self) -> int:
        """Tokens of passages that fit the chat model's context beside an answer."""
        port = await self._toolkit.chat(self.context.model)
        # 600 tokens cover instructions and question
        others = self.context.answer_tokens + port.thinking_tokens + 600
        return max(port.context_length - others, 200)

    async def pay(self, call: Callable[[int], Awaitable[T]], tokens: Callable[[T], int]) -> T:
        """One model call that its caller makes, within the budget; `call` is told how many tokens
        are left, `tokens` reads off the answer how many it took.
        """
        left = self._budget.take_call()
        async with self._budget.deadline():
            answer = await call(left)
        self._budget.add_tokens(tokens(answer))
        return answer

    async def _pay(
        self, messages: Sequence[BaseMessage], want: Want, on_token: OnToken | None
    ) -> Completion:
        port = await self._toolkit.chat(self.context.model)
        most_tokens = self.context.limits.tokens
        if port.thinking_tokens and most_tokens - self.usage()["tokens"] <= port.thinking_tokens:
            raise BudgetExhausted("tokens", most_tokens)

        async def call(left: int) -> Completion:
            most = min(want.max_tokens, left - port.thinking_tokens)
            bounded = replace(want, max_tokens=max(1, most))
            return await port.complete(messages, bounded, on_token)

        return await self.pay(call, lambda done: done.prompt_tokens + done.completion_tokens)


def interleaved(lists: Sequence[Sequence[Document]]) -> list[Document]:
    """The best of each list, then the second of each, and so on."""
    rounds = itertools.zip_longest(*lists)
    return [document for places in rounds for document in places if document is not None]


def _fingerprint(messages: Sequence[BaseMessage], want: Want) -> str:
    content: list[Any] = [[message.type, message.content] for message in messages]
    wish: Mapping[str, Any] = vars(want)
    return _digest(json.dumps([content, wish], sort_keys=True, default=str, ensure_ascii=False))


def _digest(*texts: str) -> str:
    """Of texts however long: what is kept of a question must not grow with it."""
    joined = json.dumps(texts)
    return hashlib.sha256(joined.encode()).hexdigest()
