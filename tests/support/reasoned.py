"""Search trees, plans, passages and runs that hold them, made by hand or by hypothesis."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import strategies as st

from churon.graphs.contract import RagOutput
from churon.tools.types import Action, Evidence, Language, Op, PlanStep, StepResult, TreeNode

TEXT = {
    "en": ("capacity of the ferries", "198 passengers", "The larger ferry carries 198."),
    "ko": ("여객선의 승객 정원", "198명", "더 큰 배는 198명을 태운다."),
}


def node(key: str, parent: str | None = None, action: Action = "root", **given: Any) -> TreeNode:
    """A node without visits and text, but for what is given."""
    values: dict[str, Any] = {
        "id": key, "parent": parent, "depth": 0, "action": action, "text": "", "query": "",
        "answer": "", "evidence_ids": [], "claims": [], "tried": [], "N": 0, "Q": 0.0,
        "virtual_loss": 0, "terminal": given.get("value") is not None, "value": None,
        "vote": None, "s_sup": None,
    }  # fmt: skip
    return {**values, **given}  # type: ignore[typeddict-item, return-value]


def tree(language: Language) -> list[TreeNode]:
    """A root, two branches and two terminals; "n3" is the better one."""
    query, answer, sentence = TEXT[language]
    verdict = {"value": 0.92, "vote": 1.0, "s_sup": 0.84}
    return [
        node("n0", query=f"{query}?", N=3, Q=2.1),
        node("n1", "n0", "retrieve", query=query, answer=answer, N=2, Q=1.6),
        node("n2", "n0", "transform", query=f"{query}, {query}", N=1, Q=0.5),
        node("n3", "n1", "summarise", answer=sentence, N=1, Q=0.92, **verdict),
        node("n4", "n1", "reason", text=sentence),
        node("n5", "n2", "direct", answer=answer, N=1, Q=0.5, value=0.5),
    ]


def step(key: str, question: str, *needs: str, op: Op = "lookup") -> PlanStep:
    """A step of a plan."""
    return PlanStep(
        id=key, question=question, depends_on=list(needs), op=op, needs_retrieval=op == "lookup"
    )


def result(key: str, question: str, answer: str, **given: Any) -> StepResult:
    """What became of it: read from a passage that supports it, unless given otherwise."""
    values: dict[str, Any] = {
        "id": key, "question": question, "answer": answer, "reasoning": "", "evidence_ids": [],
        "support": "full", "support_score": 0.93, "method": "read",
    }  # fmt: skip
    return {**values, **given}  # type: ignore[typeddict-item, return-value]


def passage(key: str, text: str) -> Evidence:
    """A passage that was found and not graded."""
    return Evidence(
        id=key, document=f"{key}.md", title=key, page=None, start=0, end=len(text), text=text,
        retrieval_score=0.0, rerank_score=None, relevance=None, used_by=[],
    )  # fmt: skip


def run_of(language: Language, *steps: dict[str, Any], answer: str = "") -> RagOutput:
    """A run that recorded these steps."""
    return RagOutput(
        answer=answer, language=language, status="grounded", claims=[], evidence={},
        steps=list(steps), degraded=[], missing=[], stop_reason="",
        usage={"calls": 0, "tokens": 0, "searches": 0, "seconds": 0.0, "cache_hits": 0},
    )  # fmt: skip


def tree_run(language: Language) -> RagOutput:
    """An mcts_rag run."""
    winner = {"step": "winner", "node": "n3", "answer": "198", "share": 0.8}
    return run_of(language, {"step": "tree", "nodes": tree(language)}, winner)


def plan_run(language: Language) -> RagOutput:
    """A cot_rag run: two look-ups, of which one fails, and a comparison that was not run."""
    query, answer, sentence = TEXT[language]
    plan = [
        step("1", f"{query} A?"),
        step("2", f"{query} B?"),
        step("3", "#1 > #2?", "1", "2", op="compare"),
    ]
    done = result("1", f"{query} A?", answer)
    failed = result("2", f"{query} B?", "", support="none", support_score=0.1, method="none")
    return run_of(
        language,
        {"step": "plan", "plan": plan},
        {"step": "result", "result": done},
        {"step": "result", "result": failed},
        answer=sentence,
    )


@st.composite
def trees(draw: st.DrawFn) -> list[TreeNode]:
    """Any tree with any text, parents before children."""
    shares = st.none() | st.floats(0, 1)
    actions = st.sampled_from([action for action in get_args(Action) if action != "root"])
    nodes: list[TreeNode] = []
    for i in range(draw(st.integers(1, 25))):
        visits = draw(st.integers(0, 9))
        nodes.append(
            node(
                f"n{i}",
                f"n{draw(st.integers(0, i - 1))}" if i else None,
                draw(actions) if i else "root",
                text=draw(st.text(max_size=60)), query=draw(st.text(max_size=60)),
                answer=draw(st.text(max_size=200)), N=visits, Q=visits * draw(st.floats(0, 1)),
                value=draw(shares), vote=draw(shares), s_sup=draw(shares),
            )
        )  # fmt: skip
    return nodes


@st.composite
def plans(draw: st.DrawFn) -> list[PlanStep]:
    """Any plan without a circle."""
    steps: list[PlanStep] = []
    for i in range(1, draw(st.integers(1, 7)) + 1):
        needs = draw(st.lists(st.integers(1, i - 1), max_size=3)) if i > 1 else []
        question, op = draw(st.text(max_size=120)), draw(st.sampled_from(get_args(Op)))
        steps.append(step(str(i), question, *map(str, needs), op=op))
    return steps
