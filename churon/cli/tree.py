"""The search tree or the plan of a run as text on the terminal, each line cut to its width."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from rich.console import Console
from rich.text import Text

from churon.cli.reasoning import Plan, asked, mean, path_to, plain, plan_of, tree_of
from churon.cli.words import SUPPORT, say
from churon.graphs.contract import RagOutput
from churon.tools.types import Language, PlanStep, StepResult, TreeNode

_WON, _DIM = "bold green", "dim"


def show_reasoning(console: Console, output: RagOutput) -> None:
    """The plan, the tree or, where `auto` took both ways, both; or a line that says: neither."""
    language, plan, tree = output["language"], plan_of(output), tree_of(output)
    if plan:
        show_plan(console, plan, language)
    if tree:
        show_tree(console, tree.nodes, language, tree.winner)
    if not plan and not tree:
        console.print(Text(f"\n{say(language, 'no_tree')}", style=_DIM))


def show_tree(
    console: Console, nodes: list[TreeNode], language: Language, winner: str | None
) -> None:
    """Every node: its action and numbers, below them what it asked and got; the winner's path
    stands out. `nodes` are in any order in which parents come before children."""
    path, rollouts = path_to(nodes, winner), nodes[0]["N"] if nodes else 0
    counts = say(language, "tree_counts", nodes=len(nodes), rollouts=rollouts)
    _heading(console, say(language, "tree_title"), counts)
    for node, first, below in _guided(nodes):
        style = _WON if node["id"] in path else ""
        label = action(node, language) + (" ★" if node["id"] == winner else "")
        head = Text(label, style=style or "bold").append(
            f"  {' · '.join(numbers(node, language))}", style=_DIM
        )
        _line(console, first, head)
        if text := _said(node, nodes[0]):
            _line(console, below, Text(text, style=style))


def show_plan(console: Console, plan: Plan, language: Language) -> None:
    """Every step: what it does and waits for, how it was found; below, its question and answer."""
    _heading(console, say(language, "plan_title"))
    for step, following in pairwise([*plan.steps, None]):
        assert step is not None  # only the last of the list is
        result = plan.results.get(step["id"])
        head = Text(step_title(step, language), style="bold")
        facts = [*_needs(step, language), *result_facts(result, language)]
        head.append(f"  {' · '.join(facts)}", style=_DIM)
        _line(console, "├─ " if following else "└─ ", head)
        question = result["question"] if result else step["question"]
        answer = (result["answer"] if result else "") or "—"
        below = Text(f"{plain(question)} → ").append(plain(answer), style="bold")
        _line(console, "│  " if following else "   ", below)


def action(node: TreeNode, language: Language) -> str:
    """What led to the node."""
    return say(language, f"action_{node['action']}")


def numbers(node: TreeNode, language: Language, *, short: bool = False) -> list[str]:
    """Rollouts and mean value; for a terminal what its value consists of, unless `short`."""
    average = mean(node)
    parts = [f"N {node['N']}"]
    parts += [] if average is None else [f"{say(language, 'mean')} {average:.2f}"]
    return parts if short else [*parts, *verdict(node, language)]


def verdict(node: TreeNode, language: Language) -> list[str]:
    """A terminal's value, vote and support, as far as they are known."""
    known = [("value", node["value"]), ("vote", node["vote"]), ("support", node["s_sup"])]
    return [f"{say(language, key)} {number:.2f}" for key, number in known if number is not None]


def step_title(step: PlanStep, language: Language) -> str:
    """Number and kind."""
    return f"{plain(step['id'])} · " + say(language, f"op_{step['op']}")


def result_facts(result: StepResult | None, language: Language) -> list[str]:
    """How the step's answer was found and what it rests on."""
    if result is None:
        return [say(language, "not_run")]
    facts = [say(language, f"method_{result['method']}")]
    if result["method"] != "none":
        score = result["support_score"]
        support = say(language, SUPPORT[result["support"]])
        facts.append(support if score is None else f"{support} {score:.2f}")
    return facts


def _needs(step: PlanStep, language: Language) -> Iterable[str]:
    steps = ", ".join(map(plain, step["depends_on"]))
    return [say(language, "after", steps=steps)] if steps else []


def _said(node: TreeNode, root: TreeNode) -> str:
    query, got = asked(node, root), plain(node["answer"]) or plain(node["text"])
    return f"{query} → {got}" if query and got else query or got


def _guided(nodes: list[TreeNode]) -> Iterator[tuple[TreeNode, str, str]]:
    """Depth first: (node, guide of its first line, guide of its second)."""
    children: dict[str | None, list[TreeNode]] = {}
    for node in nodes:
        children.setdefault(node["parent"], []).append(node)
    waiting = [(node, "", "") for node in reversed(children.get(None, []))]
    while waiting:
        node, first, indent = waiting.pop()
        own = children.get(node["id"], [])
        yield node, first, indent + ("│  " if own else "   ")
        last = len(own) - 1
        turns = [("└─ ", "   ") if i == last else ("├─ ", "│  ") for i in range(len(own))]
        rows = zip(own, turns, strict=True)
        waiting += reversed([(child, indent + a, indent + b) for child, (a, b) in rows])


def _heading(console: Console, title: str, counts: str = "") -> None:
    line = Text(f"\n{title}", style="bold")
    console.print(line.append(f"  {counts}", style="not bold dim") if counts else line)


def _line(console: Console, guide: str, content: Text) -> None:
    """One line, never wrapped; a guide deeper than half the terminal loses its beginning."""
    line = Text(guide[-(console.width // 2) :], style=_DIM)
    line = Text.assemble(line, content)
    line.truncate(console.width, overflow="ellipsis")
    console.print(line, no_wrap=True, crop=True)
