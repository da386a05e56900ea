"""A node that fails while it writes is tried again: its reader sees no word twice."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk
from support.ferry import QUESTION, TEXTS, model
from support.scripted import ScriptedChat
from support.world import world

from churon.graphs.registry import build_graph
from churon.tools.errors import ModelUnreachable

ANSWER = "The Lumen leaves at 07:30 [1]."


class Breaking(ScriptedChat):
    """Its first stream of an answer ends after four words of `first`."""

    first: str = ANSWER
    broken: bool = False

    async def _astream(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
        if not self.broken and "[1]" in messages[-1].text:
            self.broken = True
            for word in self.first.split()[:4]:
                yield ChatGenerationChunk(message=AIMessageChunk(f"{word} "))
            raise ModelUnreachable("The server went away.")
        async for chunk in super()._astream(messages, *args, **kwargs):
            yield chunk


@pytest.mark.parametrize(
    ("first", "told"), [(ANSWER, ANSWER), ("It is not so.", f"It is not so. \n\n{ANSWER}")]
)
async def test_what_was_told_is_not_told_twice(
    first: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    toolkit = world(model(answer=ANSWER), TEXTS)
    port = await toolkit.chat()
    held: Any = port.model
    object.__setattr__(port, "model", Breaking(**{**dict(held), "first": first}))
    heard = ""
    async for event in build_graph("two_stage", toolkit).astream(
        {"question": QUESTION}, stream_mode="custom"
    ):
        heard += event.get("token", "")
    assert heard == told
