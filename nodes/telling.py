"""What a node writes, told piece by piece while it is written."""

from __future__ import annotations

from langchain_core.messages import BaseMessage
from langgraph.runtime import Runtime

from churon.nodes.uncut import uncut
from churon.tools.context import RagContext
from churon.tools.models.base import Want
from churon.tools.models.voice import tell
from churon.tools.run import Run


class Telling:
    """An `OnToken` that marks pieces with their node and holds back a NONE.

    A node that fails while it writes is tried again: what was told then is not told twice.
    """

    def __init__(self, run: Run, runtime: Runtime[RagContext], node: str) -> None:
        self._run, self._runtime, self._node = run, runtime, node
        self._told = run.told.get(node, "")
        self._said = self._held = ""

    def __call__(self, piece: str) -> None:
        """The next piece that the model wrote."""
        self._held += piece
        if "NONE".startswith(self._held.strip()[:4]):
            return
        self._said, self._held = self._said + self._held, ""
        if self._told.startswith(self._said):
            return
        # another text than last time stands below it
        goes_on = self._said.startswith(self._told)
        new = self._said[len(self._told) :] if goes_on else f"\n\n{self._said}"
        self._told = self._run.told[self._node] = self._said
        self._runtime.stream_writer({"token": new, "node": self._node})
        tell(self._node, new)

    async def written(self, prompt: list[BaseMessage], want: Want) -> str:
        """Ask, and tell on the way; the text without what its limit cut."""
        text = uncut(self._run, await self._run.complete(prompt, want, self))
        self._run.told.pop(self._node, None)
        return text
