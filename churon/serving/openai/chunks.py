"""A run as chunks of a chat completion, as it happens.

Steps and drafts go out at once as `reasoning_content`, which many chat pages show while they wait.
`content` is what stands when the run has ended and its sentences were checked: what a client has
shown cannot be taken back.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from churon.cli.common import visible
from churon.cli.show import step_lines
from churon.graphs.contract import RagOutput
from churon.serving.openai.answer import Counted, details, finish_reason, head
from churon.serving.openai.citations import cited
from churon.serving.run import Moment
from churon.tools.types import Language


class Chunks:
    """Makes the chunks of one answer."""

    def __init__(
        self, visit_id: str, model: str, language: Language, counted: Counted, usage: bool
    ) -> None:
        self._head = head(visit_id, "chat.completion.chunk", model)
        self._language, self._counted, self._usage = language, counted, usage
        self._drafting = False

    async def of(self, moments: AsyncIterator[Moment]) -> AsyncIterator[str]:
        """The data of each server-sent event, `[DONE]` at the end."""
        yield self._chunk({"role": "assistant", "content": ""})
        async for moment in moments:
            if moment["kind"] == "output":
                for chunk in self._ending(moment["output"]):
                    yield chunk
            elif text := self._thought(moment):
                yield self._chunk({"reasoning_content": visible(text)})
        yield "[DONE]"

    def _thought(self, moment: Moment) -> str:
        if moment["kind"] == "token":
            self._drafting = True
            return moment["text"]
        if moment["kind"] != "step":
            return ""
        told = step_lines(moment["node"], moment["update"], self._language)
        text = "".join(f"{label}: {what}\n" if label else f"{what}\n" for label, what in told)
        if text and self._drafting:
            self._drafting, text = False, f"\n{text}"
        return text

    def _ending(self, output: RagOutput) -> list[str]:
        pieces, annotations = cited(output)
        last = self._chunk(
            {"annotations": annotations}, finish_reason(output), churon=details(output)
        )
        ending = [*(self._chunk({"content": piece}) for piece in pieces), last]
        if self._usage:
            usage = {**self._head, "choices": [], "usage": self._counted.usage(output)}
            ending.append(json.dumps(usage))
        return ending

    def _chunk(self, delta: dict[str, Any], reason: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        usage = {"usage": None} if self._usage else {}
        whole = {**self._head, "choices": [choice], **usage, **more}
        return json.dumps(whole, ensure_ascii=False)
