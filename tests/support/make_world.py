"""A store with three documents, and a model that proposes sensible questions about them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from langchain_core.documents import Document
from support.eval_world import MemoryStore
from support.hashing import HashingEmbeddings
from support.scripted import Reply, scripted_port
from support.world import labels, settings, step_of

from churon.cli.evals.make import Wanted, run
from churon.tools.settings import Settings
from churon.tools.toolkit import Toolkit

BRIDGE = "The Halden bridge stands in the town of Aren. It is old."
MAYOR = "Aren is a small town. The mayor of Aren is Sora Han since 2019."
SHIP = "파도호는 큰 배이다. 파도호의 승객 정원은 198명이다. 매일 떠난다."
TEXTS = {"bridge.md": BRIDGE, "mayor.md": MAYOR, "배.md": SHIP}
SINGLE = {
    BRIDGE: ("In which town does the Halden bridge stand?", "Aren"),
    MAYOR: ("Who is the mayor of Aren?", "Sora Han"),
    SHIP: ("파도호의 승객 정원은 몇 명인가?", "198명"),
}
TWO = ("Who is the mayor of the town where the Halden bridge stands?", "Sora Han")
NOWHERE = {
    BRIDGE: "Who built the Halden bridge?",
    MAYOR: "How old is Sora Han of Aren?",
    SHIP: "파도호의 선장은 누구인가?",
}


def sensible(step: str, prompt: str) -> Reply | str:
    """Proposes from SINGLE, TWO and NOWHERE; answers what the passages answer."""
    if step == "support":
        return labels(F=0.9, P=0.05, N=0.05)
    seen = [text for text in TEXTS.values() if text in prompt]
    if "needs both" in prompt or "두 글이 다" in prompt:
        return json.dumps(dict(zip(("question", "answer"), TWO, strict=True)))
    if "do not answer" in prompt or "실제로는 답이 없는" in prompt:
        return json.dumps({"question": NOWHERE[seen[0]]}, ensure_ascii=False)
    if "somebody who knows none" in prompt or "물을 만하고" in prompt:
        asked, answer = SINGLE[seen[0]]
        return json.dumps({"question": asked, "answer": answer}, ensure_ascii=False)
    for text, (question, answer) in SINGLE.items():
        if question in prompt and text in seen:
            return f"{answer}."
    return "Sora Han" if TWO[0] in prompt and len(seen) > 1 else "NONE"


class World:
    """A store with three documents and a scripted model."""

    def __init__(self, folder: Path, answer: Any = sensible) -> None:
        self.output = folder / "mine.csv"
        self.answer = answer
        self.prompts: list[str] = []
        self.store = MemoryStore()
        for number, (name, text) in enumerate(TEXTS.items()):
            place = {"document": name, "title": name, "start": 100, "end": 100 + len(text)}
            self.store.held[f"p{number}"] = Document(
                id=f"p{number}", page_content=text, metadata=place
            )

    def make(self, given: Settings, **shared: Any) -> Toolkit:
        def script(messages: list[Any], kwargs: dict[str, Any]) -> Reply | str:
            prompt = str(messages[-1].content)
            self.prompts.append(prompt)
            reply: Reply | str = self.answer(step_of(prompt), prompt)
            return reply

        store: Any = self.store
        return Toolkit(
            given, chat=scripted_port(script), store=store, embeddings=HashingEmbeddings()
        )

    async def run(self, **given: Any) -> int:
        options: dict[str, Any] = {
            "documents": (),
            "n": 4,
            "output": self.output,
            "kinds": "single,two_hop,unanswerable",
            "language": "auto",
            "seed": 7,
            "overwrite": False,
        }
        return await run(settings(), Wanted(**{**options, **given}), self.make)

    def log(self) -> list[dict[str, Any]]:
        path = self.output.with_name(f"{self.output.name}.log.jsonl")
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def proposing(question: str, answer: str = "Sora Han") -> Any:
    """A model that proposes this whatever it reads, and answers so whatever it is asked."""

    def answer_to(step: str, prompt: str) -> Reply | str:
        if "Write one question" in prompt or "질문을 한국어로 하나" in prompt:
            return json.dumps({"question": question, "answer": answer}, ensure_ascii=False)
        return answer

    return answer_to
