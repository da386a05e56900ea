"""`House`: what all doors share, made once an app."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from churon.graphs.machine import RagGraph
from churon.graphs.registry import GRAPHS, build_graph
from churon.serving.attend import stopping
from churon.serving.context import check_tenancy
from churon.serving.keys import Keys
from churon.serving.metrics import Metrics
from churon.serving.places import Places
from churon.serving.readiness import Readiness
from churon.serving.visit import Visit
from churon.tools.settings import Settings, load_settings
from churon.tools.toolkit import Toolkit


@dataclass(eq=False)
class House:
    """One toolkit, the graphs over it, and who is inside."""

    settings: Settings
    toolkit: Toolkit
    owned: bool
    """The toolkit was made here, and is closed here."""
    graphs: Mapping[str, RagGraph]
    keys: Keys
    places: Places
    readiness: Readiness
    metrics: Metrics = field(default_factory=Metrics)
    visits: set[Visit] = field(default_factory=set)
    """Requests under way."""
    draining: bool = False
    """No new runs: the server is about to stop."""

    @classmethod
    def of(cls, toolkit: Toolkit | None, settings: Settings | None) -> House:
        """A house over `toolkit`, by default one made from the settings. Raises SettingsError."""
        if settings is None:
            settings = toolkit.settings if toolkit else load_settings()
        check_tenancy(settings)
        hands = toolkit or Toolkit(settings)
        house = cls(
            settings=settings,
            toolkit=hands,
            owned=toolkit is None,
            graphs={name: build_graph(name, hands) for name in GRAPHS},
            keys=Keys(settings.serve.keys),
            places=Places(settings.serve.runs),
            readiness=Readiness(hands, settings),
        )
        house.metrics.watch(lambda: house.places.taken, house.readiness.rerank_hit_rate)
        return house

    async def drain(self, seconds: float) -> None:
        """Take no new runs, let those under way end for `seconds`, then cancel them."""
        self.draining = True
        running = {visit.work: visit for visit in self.visits if visit.runs and visit.work}
        if not running:
            return
        _, late = await asyncio.wait(running, timeout=seconds)
        for work in late:
            running[work].end(stopping())

    async def aclose(self) -> None:
        """Let go of what is being opened, then close the toolkit that was made here."""
        await self.readiness.aclose()
        if self.owned:
            await self.toolkit.aclose()
