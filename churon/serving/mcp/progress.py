"""Steps of a run as progress notifications, for a client that asked for them."""

from __future__ import annotations

from mcp.server.session import ServerSession

from churon.cli.common import visible
from churon.cli.show import step_lines
from churon.graphs.contract import RagInput
from churon.serving.run import Moment
from churon.tools.korean import detect_language
from churon.tools.types import Language


class Progress:
    """Counts what it tells; how many there will be nobody knows."""

    def __init__(self, session: ServerSession) -> None:
        self._session, self._told = session, 0

    async def step(self, moment: Moment, question: RagInput) -> None:
        """Tell what a finished node did; most have nothing to say."""
        lines = step_lines(moment["node"], moment["update"], _language(question))
        if said := "; ".join(f"{label}: {what}" if label else what for label, what in lines):
            self._told += 1
            await self._session.report_progress(self._told, message=visible(said))


def _language(question: RagInput) -> Language:
    given = question.get("language", "auto")
    return detect_language(question["question"]) if given == "auto" else given
