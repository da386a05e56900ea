"""A small world for graph tests: a handful of passages, a scripted model, a real toolkit."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.documents import Document
from langgraph.runtime import Runtime
from support.scripted import Reply, labelled, scripted_port

from churon.graphs.contract import RagOutput
from churon.graphs.registry import build_graph
from churon.tools.account import no_account
from churon.tools.korean import detect_language
from churon.tools.settings import Settings, load_settings
from churon.tools.toolkit import Toolkit

FERRY_TEXTS = (
    "The Lumen ferry leaves Aren harbour at 07:30 on weekdays.",
    "Captain Sora Han has led the Lumen since 2019.",
    "Dogs travel free of charge on the Lumen.",
)
Answer = Callable[[str, str], "Reply | str"]
"""(step, prompt) -> reply; the step is the prompt file's name, found by its wording."""

STEPS = {
    "condense": "without the conversation",
    "retrieve": "Is a search in the user's documents needed",
    "grade": "information that helps to answer",
    "candidate": "write one complete English sentence",
    "support": "Is the statement supported",
    "utility": "How useful is the answer",
    "sufficient": "together hold everything",
    "refine": "one new short search query",
    "answer": "Answer the question from the passages alone",
    "synthesise": "Write the final answer",
    "direct": "Answer in one or two English sentences",
    "restate": "Write the same answer in English",
    "decide": "What does the next sentence",
    "continue": "Write the next sentence",
    "plan": "Break a question into",
    "repair": "This plan is not valid",
    "replan": "Plan the remaining steps in another way",
    "hop": "Write the next thought",
    "query": "Write the next short question to look up",
    "decompose": "two or three short questions",
    "same": "Do both answers say the same",
    "read": '"statement", one English sentence that answers the question and ends',
    "combine": "Answer from these facts alone",
    "recall": "from your own knowledge",
    "conclude": "Answer from the passages and facts alone",
}


def step_of(prompt: str) -> str:
    """Which prompt file this is."""
    return next((step for step, words in STEPS.items() if words in prompt), "korean")


def labels(**probabilities: float) -> Reply:
    """An answer whose first token has these probabilities; digits as `d5=…`."""
    return labelled({name.removeprefix("d"): p for name, p in probabilities.items()})


class ListStore:
    """Finds passages by shared words; keeps what it was asked."""

    degraded: tuple[str, ...] = ()

    def __init__(self, texts: Sequence[str], error: Exception | None = None) -> None:
        self.documents = [
            Document(
                id=f"p{number}",
                page_content=text,
                metadata={
                    "document": f"{number}.md",
                    "title": f"Doc {number}",
                    "page": None,
                    "start": 0,
                    "end": len(text),
                },
            )
            for number, text in enumerate(texts, 1)
        ]
        self.asked: list[dict[str, Any]] = []
        self.error = error

    async def search(self, query: str, *, k: int, **rest: Any) -> list[Document]:
        self.asked.append({"query": query, "k": k, **rest})
        if self.error:
            raise self.error
        wanted = set(re.findall(r"\w+", query.casefold()))
        scored = [
            (len(wanted & set(re.findall(r"\w+", d.page_content.casefold()))), d)
            for d in self._kept(rest.get("filter"))
        ]
        found = sorted(scored, key=lambda pair: -pair[0])[:k]
        return [
            Document(
                id=d.id,
                page_content=d.page_content,
                metadata={**d.metadata, "retrieval_score": float(score)},
            )
            for score, d in found
        ]

    async def count(self, *, filter: dict[str, Any] | None = None, **_: Any) -> int:
        """How many passages there are, in the filter's language."""
        return len(self._kept(filter))

    def _kept(self, filter: dict[str, Any] | None) -> list[Document]:
        language = (filter or {}).get("detected_language")
        held = self.documents
        return [d for d in held if language in (None, detect_language(d.page_content))]

    def close(self) -> None:
        """Nothing to close."""


def settings(**context: Any) -> Settings:
    """Settings without reranker, with these run defaults."""
    return load_settings(
        rerank={"provider": "none"}, context={"k2": 3, "cross_language": False, **context}
    )


def world(
    answer: Answer,
    texts: Sequence[str] = FERRY_TEXTS,
    *,
    store: Any = None,
    port: Any = None,
    reranker: Any = None,
    memory: Any = None,
    **context: Any,
) -> Toolkit:
    """A toolkit over these passages whose model answers by `answer(step, prompt)`.

    `memory` is where cases are kept.
    """

    def script(messages: list[Any], kwargs: dict[str, Any]) -> Reply | str:
        prompt = str(messages[-1].content)
        return answer(step_of(prompt), prompt)

    return Toolkit(
        settings(**context),
        chat=port or scripted_port(script),
        store=store or ListStore(texts),
        reranker=reranker,
        cases=memory,
    )


async def after(node: Any, **state: Any) -> Any:
    """What a node writes when it is called with this state, outside any graph."""
    begun = {"run": "r", "language": "en", "account": no_account(), "stop_reason": "", **state}
    return await node(begun, Runtime(context=None))


async def run(
    graph: str, answer: Any, question: str, texts: Any, *, store: Any = None, **options: Any
) -> RagOutput:
    """A graph's answer; what is no part of its input among `options` is its context."""
    given = {key: options.pop(key) for key in ("history", "language", "filter") if key in options}
    toolkit = world(answer, texts, store=store, **options)
    output: RagOutput = await build_graph(graph, toolkit).ainvoke({"question": question, **given})
    return output
