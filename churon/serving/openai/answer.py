"""A run's output as a chat completion."""

from __future__ import annotations

import time
from typing import Any

from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.outputs import ChatGeneration, LLMResult

from churon.graphs.contract import RagOutput
from churon.nodes.uncut import CUT
from churon.serving.openai.citations import cited


class Counted(AsyncCallbackHandler):
    """Counts generated tokens: a run's usage has only the sum of prompts and answers."""

    ignore_chain = ignore_retriever = ignore_custom_event = True
    """Of the many events of a run only the models' are wanted."""

    def __init__(self) -> None:
        self.generated = 0

    async def on_llm_end(self, response: LLMResult, **_: Any) -> None:
        """One model call is over."""
        for generation in (one for many in response.generations for one in many):
            if isinstance(generation, ChatGeneration):
                usage = getattr(generation.message, "usage_metadata", None)
                self.generated += usage["output_tokens"] if usage else 0

    def usage(self, output: RagOutput) -> dict[str, int]:
        """All tokens of the run, those of its inner steps too."""
        total = output["usage"]["tokens"]
        generated = min(self.generated, total)
        return {
            "prompt_tokens": total - generated,
            "completion_tokens": generated,
            "total_tokens": total,
        }


def head(visit_id: str, kind: str, model: str) -> dict[str, Any]:
    """What every object begins with."""
    return {
        "id": f"chatcmpl-{visit_id}",
        "object": kind,
        "created": int(time.time()),
        "model": model,
    }


def finish_reason(output: RagOutput) -> str:
    """Abstaining is an end like any other; a used-up budget is a cut, and so is the end of
    `answer_tokens` in the middle of the answer.
    """
    cut = output["status"] == "budget_exhausted" or CUT in output["degraded"]
    return "length" if cut else "stop"


def details(output: RagOutput) -> dict[str, Any]:
    """Everything else that the run says of itself."""
    return {name: value for name, value in output.items() if name != "answer"}


def completion(visit_id: str, model: str, output: RagOutput, counted: Counted) -> dict[str, Any]:
    """The whole answer in one object."""
    pieces, annotations = cited(output)
    message = {
        "role": "assistant",
        "content": "".join(pieces),
        "refusal": None,
        "annotations": annotations,
    }
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": finish_reason(output),
    }
    return {
        **head(visit_id, "chat.completion", model),
        "choices": [choice],
        "usage": counted.usage(output),
        "churon": details(output),
    }
