"""A path of the search tree as text: its findings, the answer they lead to, drafts of nodes."""

from __future__ import annotations

from churon.nodes.common import chosen
from churon.nodes.reading import Reading, conclude
from churon.tools.run import Run
from churon.tools.types import Draft, Evidence, Language, TreeNode


async def summary(
    run: Run,
    question: str,
    language: Language,
    path: list[TreeNode],
    evidence: dict[str, Evidence],
    *,
    temperature: float | None = None,
    seed: int | None = None,
) -> Reading:
    """The question answered from a path's findings and passages."""
    ids = [key for node in reversed(path) for key in node["evidence_ids"]]
    passages = chosen(evidence, list(dict.fromkeys(ids))[: run.context.final_passages])
    return await conclude(
        run,
        question,
        passages,
        facts_of(path),
        language,
        temperature=temperature,
        seed=seed,
    )


def facts_of(path: list[TreeNode]) -> str:
    """What the path found, a line each; "" for nothing.

    An early answer to the whole question is no fact once the path went on from it.
    """
    lines = []
    early = path[0]["query"] if any(_partial(node, path[0]) for node in path[1:]) else None
    for node in path[1:]:
        if node["query"] == early:
            continue
        if node["answer"] and node["query"]:
            lines.append(f"- {node['query']} → {node['answer']}")
        elif node["text"]:
            lines.append(f"- {node['text']}")
    return "\n".join(lines)


def _partial(node: TreeNode, root: TreeNode) -> bool:
    return bool(node["answer"] and node["query"] and node["query"] != root["query"])


def ending(question: str, reading: Reading) -> Draft:
    """A terminal draft."""
    return Draft(
        text=reading.statement,
        query=question,
        answer=reading.answer,
        evidence_ids=reading.evidence_ids,
        claims=reading.claims,
        terminal=True,
    )


def drafted(text: str = "", query: str = "", answer: str = "") -> Draft:
    """A draft on the way."""
    return Draft(text=text, query=query, answer=answer, evidence_ids=[], claims=[], terminal=False)


def as_draft(node: TreeNode) -> Draft:
    """A terminal node's content."""
    return Draft(
        text=node["text"],
        query=node["query"],
        answer=node["answer"],
        evidence_ids=node["evidence_ids"],
        claims=node["claims"],
        terminal=True,
    )
