"""What an evaluation works with: a toolkit a variant, everything equal opened once and shared."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from langchain_core.messages import HumanMessage

from churon.evals.asking import Asker
from churon.evals.baselines.registry import build
from churon.evals.datasets.dataset import Dataset, hash_of
from churon.evals.gold import check_gold
from churon.evals.provenance import provenance
from churon.evals.stock import OnStocked, fill, names_of, own_collection, source, stocked
from churon.evals.types import Provenance
from churon.evals.variants import Variant
from churon.evals.weights import digests
from churon.tools.errors import InputError
from churon.tools.korean import spelt
from churon.tools.models.base import ChatPort, Want
from churon.tools.settings import Settings
from churon.tools.toolkit import Toolkit

MakeToolkit = Callable[..., Toolkit]
"""Makes a toolkit of settings and, by name, the resources that are there already."""


@dataclass
class Bench:
    """The variants, ready to be asked; others may join them while it is open."""

    dataset: Dataset
    on_stocked: OnStocked
    make: MakeToolkit
    stack: AsyncExitStack
    variants: dict[str, Variant] = field(default_factory=dict)
    askers: dict[str, Asker] = field(default_factory=dict)
    provenance: dict[str, Provenance] = field(default_factory=dict)
    _shared: dict[str, Any] = field(default_factory=dict)
    _filled: dict[str, str] = field(default_factory=dict)
    """Hash of the corpus by place."""
    _port: ChatPort | None = None
    _shortener: str = ""

    async def add(self, variant: Variant) -> None:
        """Open what the variant needs and the others have not opened."""
        own = bool(self.dataset.documents)  # else those that the user ingested
        one = _prepared(variant, self.dataset, own=own)
        toolkit = await _toolkit(one.settings, self._shared, self.make, self.stack)
        corpus = await self._corpus(await toolkit.store(), one.settings, own=own)
        model = await toolkit.chat(one.settings.context.model)
        told = provenance(self.dataset.name, corpus, one.settings)
        told["versions"] = {**told["versions"], **await digests(one.settings)}
        if self._port is None:  # the first variant's shortens the answers of all
            self._port, self._shortener = model, told["model"]
        machine = build(one.graph, toolkit)  # now: code may change while a run takes hours
        self.variants[one.name] = one
        self.askers[one.name] = Asker(machine, self._port)
        self.provenance[one.name] = Provenance(**{**told, "shortener": self._shortener})

    async def _corpus(self, store: Any, settings: Settings, *, own: bool) -> str:
        place = _place(settings)
        if place not in self._filled:
            if own:
                _check_own(self.dataset)
                await fill(store, self.dataset, settings, self.on_stocked)
                self._filled[place] = self.dataset.corpus_hash()
            else:
                self._filled[place] = await _of_store(store, self.dataset, settings)
        return self._filled[place]


async def origins(
    variants: Sequence[Variant], dataset: Dataset, *, make: MakeToolkit = Toolkit
) -> dict[str, Provenance]:
    """Where rows of each would come from now, where none is to be made: no model is opened.

    Raises InputError as `Bench.add` does, also for gold evidence that is nowhere.
    """
    made: dict[str, Provenance] = {}
    corpora: dict[str, str] = {}
    if dataset.documents:
        _check_own(dataset)
    for one in variants:
        ready = _prepared(one, dataset, own=bool(dataset.documents))
        place = _place(ready.settings)
        if dataset.documents:
            corpora[place] = dataset.corpus_hash()
        elif place not in corpora:
            async with make(ready.settings) as toolkit:
                corpora[place] = await _of_store(await toolkit.store(), dataset, ready.settings)
        told = provenance(dataset.name, corpora[place], ready.settings)
        shortener = next(iter(made.values()))["shortener"] if made else told["model"]
        made[one.name] = Provenance(**{**told, "shortener": shortener})
    return made


def _place(settings: Settings) -> str:
    """Which corpus a variant searches: settings of one place share what is in it."""
    return _key(settings, "store", "embedding", "models") + str(settings.context.collection)


def _check_own(dataset: Dataset) -> None:
    check_gold(dataset.cases, {spelt(one["id"]) for one in dataset.documents}, own=True)


async def _of_store(store: Any, dataset: Dataset, settings: Settings) -> str:
    """Hash of what the user ingested, once the gold evidence is found in it."""
    held = await stocked(store, settings)
    check_gold(dataset.cases, names_of(held), own=False)
    return hash_of(map(source, held))


@asynccontextmanager
async def opened(
    variants: Sequence[Variant],
    dataset: Dataset,
    *,
    on_stocked: OnStocked,
    make: MakeToolkit = Toolkit,
) -> AsyncIterator[Bench]:
    """Everything loaded and warm, so that no question pays for it; closed at the end."""
    async with AsyncExitStack() as stack:
        bench = Bench(dataset, on_stocked, make, stack)
        for one in variants:
            await bench.add(one)
        yield bench


def _prepared(variant: Variant, dataset: Dataset, *, own: bool) -> Variant:
    """The variant over the set's collection; nobody is there to approve a plan.

    Raises InputError where answers to one question would help with the next.
    """
    if variant.settings.context.cases:
        raise InputError(
            f"The variant {variant.name!r} keeps cases: plans of one question, or of another "
            "variant, would be shown for the next.",
            remedy="Evaluate without them: churon -s context.cases=false eval …",
        )
    settings = own_collection(dataset, variant.settings) if own else variant.settings
    chosen = settings.context.model
    update = {
        "approve_plan": False,
        "model": None if chosen == settings.chat.model else chosen,  # not loaded twice
    }
    context = settings.context.model_copy(update=update)
    return replace(variant, settings=settings.model_copy(update={"context": context}))


async def _toolkit(
    settings: Settings, shared: dict[str, Any], make: MakeToolkit, stack: AsyncExitStack
) -> Toolkit:
    """A toolkit with what earlier ones opened for equal settings; the rest is opened now."""
    keys = {
        "chat": _key(settings, "chat", "models"),
        "embeddings": _key(settings, "embedding", "models"),
        "store": _key(settings, "store", "embedding", "models"),
        "reranker": _key(settings, "rerank", "embedding", "models"),
    }
    given = {name: shared[key] for name, key in _named(keys) if key in shared}
    toolkit = await stack.enter_async_context(make(settings, **given))
    opening: dict[str, Callable[[], Awaitable[Any]]] = {
        "chat": toolkit.chat,
        "embeddings": toolkit.embeddings,
        "store": toolkit.store,
        "reranker": toolkit.reranker,
    }
    for name, key in _named(keys):
        if key not in shared and (resource := await opening[name]()) is not None:
            shared[key] = resource
            if name == "chat":
                await resource.complete([HumanMessage("Hello")], Want(max_tokens=1))
    return toolkit


def _named(keys: dict[str, str]) -> list[tuple[str, str]]:
    return [(name, f"{name}:{key}") for name, key in keys.items()]


def _key(settings: Settings, *sections: str) -> str:
    """What decides whether two variants can share a resource."""
    held: dict[str, Any] = {}
    for section in sections:
        dumped = getattr(settings, section).model_dump(mode="python")
        held[section] = {name: _revealed(value) for name, value in dumped.items()}
    return json.dumps(held, sort_keys=True, default=str)


def _revealed(value: Any) -> Any:
    # two keys of a server are two servers: stars would be equal
    return value.get_secret_value() if hasattr(value, "get_secret_value") else value
