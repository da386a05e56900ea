"""Steps of a run as progress notifications, for a client that asked for them."""

from __future__ import annotations

from mcp.server.session import ServerSession

from churon.cli.common import visible
from churon.cli.show import step_lines
from churon.graphs.contract import RagInput
from churon.nodes.begin import language_of
from churon.serving.run import Moment


class Progress:
    """Counts what it tells; how many there will be nobody knows."""

    def __init__(self, session: ServerSession) -> None:
        self._session, self._told = session, 0

    async def step(self, moment: Moment, question: RagInput) -> None:
        """Tell what a finished node did; most have nothing to say."""
        lines = step_lines(moment["node"], moment["update"], language_of(question))
        if said := "; ".join(f"{label}: {what}" if label else what for label, what in lines):
            self._told += 1
            await self._session.report_progress(self._told, message=visible(said))
