"""`Served`: a graph as the runnable that LangServe mounts."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from langchain_core.runnables import RunnableConfig, RunnableGenerator
from langchain_core.runnables.utils import AddableDict, ConfigurableFieldSpec
from pydantic import BaseModel, create_model

from churon.serving.house import House
from churon.serving.langserve.knobs import knobs_model
from churon.serving.run import moments
from churon.serving.visit import Visit

TICKET = "churon"
"""The key under `configurable` that carries a checked request to its run."""


@dataclass(frozen=True)
class Ticket:
    """Whose run it is, and its whole context."""

    visit: Visit
    context: dict[str, Any]


class Served(RunnableGenerator[Any, Any]):
    """Streams pieces of the output that add up to it: steps as they are made, then the rest."""

    def __init__(self, house: House, graph: str) -> None:
        # its type leaves out that the config may be asked for
        super().__init__(self._pieces, name=graph)  # type: ignore[arg-type]
        self.house, self.graph = house, graph

    def get_input_schema(self, config: RunnableConfig | None = None) -> type[BaseModel]:
        """The graph's own."""
        return self.house.graphs[self.graph].get_input_schema(config)

    def get_output_schema(self, config: RunnableConfig | None = None) -> type[BaseModel]:
        """The graph's own."""
        return self.house.graphs[self.graph].get_output_schema(config)

    @property
    def config_specs(self) -> list[ConfigurableFieldSpec]:
        """The knobs, for the playground's form."""
        return [
            ConfigurableFieldSpec(name, info.annotation, description=info.description)
            for name, info in knobs_model().model_fields.items()
        ]

    def config_schema(self, *, include: Any = None) -> type[BaseModel]:
        """The knobs, for LangServe's first look at a config."""
        kind: Any = knobs_model() | None
        return create_model(f"{self.graph}_config", configurable=(kind, None))

    async def abatch(self, inputs: list[Any], config: Any = None, **kwargs: Any) -> list[Any]:
        """One output an input; the first failure ends all.

        The request has a place for one run at a time; further ones are lent it, if any are free.
        """
        results: list[Any] = [None] * len(inputs)
        todo = deque(enumerate(zip(inputs, config, strict=True)))
        waiting: set[asyncio.Task[Any] | None] = set()

        async def next_one() -> None:
            if todo:
                place, (one, its_config) = todo.popleft()
                results[place] = await self.ainvoke(one, its_config)

        async def help_out() -> None:
            me = asyncio.current_task()
            while todo:
                waiting.add(me)
                async with self.house.places.lent():
                    waiting.discard(me)
                    await next_one()

        async with asyncio.TaskGroup() as group:
            for _ in inputs[1:]:
                group.create_task(help_out())
            while todo:
                await next_one()
            for helper in waiting:
                if helper is not None:
                    helper.cancel()
        return results

    async def _pieces(
        self, inputs: AsyncIterator[Any], config: RunnableConfig
    ) -> AsyncIterator[AddableDict]:
        ticket: Ticket = config["configurable"][TICKET]
        inner = RunnableConfig(**{**config, "configurable": {}})
        async for question in inputs:
            run = (self.house, ticket.visit, self.graph, question, ticket.context, inner)
            sent = 0
            async with aclosing(moments(*run)) as going:
                async for moment in going:
                    if moment["kind"] == "state":
                        new = moment["state"].get("steps", [])[sent:]
                        sent += len(new)
                        if new:
                            yield AddableDict(steps=new)
                    elif moment["kind"] == "output":
                        output = moment["output"]
                        yield AddableDict({**output, "steps": output["steps"][sent:]})
