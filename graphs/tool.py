"""A graph as a LangChain tool: text for the model that asked, the whole output as artifact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, StructuredTool, ToolException
from langgraph.errors import GraphInterrupt
from pydantic import BaseModel, ConfigDict, Field

from churon.graphs.contract import RagOutput
from churon.graphs.saver import SAVER
from churon.nodes.reply import Citation, citations, message
from churon.tools.errors import ChuronError
from churon.tools.loop import run_sync

if TYPE_CHECKING:
    from churon.graphs.machine import RagGraph

NAME = "ask_documents"
DESCRIPTION = (
    "Answer a question from the user's own documents, Korean and English, with the passages it"
    " rests on. Ask one complete question, without 'it' or 'that'. Says so when the documents do"
    " not tell."
)
_PAUSED = (
    "The run waits for its plan to be approved, and nothing can resume it. Give the agent a"
    " checkpointer, or set context.approve_plan to false."
)


class Question(BaseModel):
    """What a model fills in."""

    model_config = ConfigDict(extra="forbid")

    question: Annotated[str, Field(description="One complete question.")]
    language: Annotated[
        Literal["auto", "en", "ko"],
        Field(description="Of the answer: English, Korean, or the question's own."),
    ] = "auto"


def tool(
    graph: RagGraph,
    name: str | None = None,
    description: str | None = None,
    context: Mapping[str, Any] | None = None,
) -> BaseTool:
    """`context`: knobs of each run, the tenant among them; none of them is the model's to choose.

    A ChuronError becomes a tool message of status "error" that names the next action.
    """

    async def ask(
        question: str, config: RunnableConfig, language: Literal["auto", "en", "ko"] = "auto"
    ) -> tuple[str, RagOutput]:
        asked = {"question": question, "language": language}
        try:
            output = await graph.ainvoke(asked, config, context=cast(Any, context))
        except ChuronError as error:
            raise ToolException(str(error)) from error
        except GraphInterrupt as pause:  # an agent's own run pauses, where it can be resumed
            if (config.get("configurable") or {}).get(SAVER):
                raise
            raise ToolException(_PAUSED) from pause
        if "__interrupt__" in output:
            raise ToolException(_PAUSED)
        answer = cast(RagOutput, output)
        return text(answer), answer

    def ask_sync(
        question: str, config: RunnableConfig, language: Literal["auto", "en", "ko"] = "auto"
    ) -> tuple[str, RagOutput]:
        return run_sync(ask(question, config, language))

    return StructuredTool.from_function(
        ask_sync,
        ask,
        name=name or NAME,
        description=description or DESCRIPTION,
        args_schema=Question,
        response_format="content_and_artifact",
        handle_tool_error=True,
    )


def text(output: RagOutput) -> str:
    """The answer, its sources by number, and what a model has to know before it passes it on."""
    cited = citations(output["claims"], output["evidence"])
    lines = [str(message(output, "").content)]
    if output["status"] not in ("grounded", "abstained"):
        lines.append(f"Status: {output['status']} (not all of it is supported by the documents).")
    if output["missing"]:
        lines.append("Missing: " + "; ".join(output["missing"]))
    if cited:
        lines.append("Sources:\n" + "\n".join(map(_source, cited)))
    return "\n\n".join(lines)


def _source(cited: Citation) -> str:
    page = f", page {cited['page']}" if cited["page"] else ""
    said = " … ".join(cited["quotes"])
    return f"[{cited['n']}] {cited['document']}{page}: {said}"
