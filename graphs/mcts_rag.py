"""MCTS-RAG (arXiv 2503.20757; AirRAG 2501.10053; rStar): a search over reasoning paths.

Selection is `select` (UCT, virtual loss), expansion `expand` and `grow`, simulation the same two
until every rollout has its answer, reward `evaluate`, then `backpropagate`, which also decides
whether to go on. `rank` groups the answers, `take` and `check` verify the winner, then the
runner-up. The tree is plain data in the state: a checkpoint resumes in the middle of a search.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from langgraph.graph import StateGraph
from langgraph.types import Send

from churon.graphs import mcts_leaf
from churon.graphs.contract import RagState, merge_by_key
from churon.graphs.frame import NestedSearch, add_end, add_opening, framed
from churon.graphs.machine import RagGraph, compiled
from churon.graphs.policy import model_node
from churon.nodes.evaluate import Evaluate
from churon.nodes.finish import Finish
from churon.nodes.rank import JudgeWinner, Rank, TakeWinner
from churon.nodes.search import Backpropagate, Grow, SelectLeaves
from churon.nodes.support import CheckClaims
from churon.nodes.tree import Tree, children, path_to
from churon.tools.toolkit import Toolkit, served_toolkit
from churon.tools.types import AnswerGroup, Draft, Judgement, Play, TreeNode


class State(RagState):
    tree: Tree
    plays: list[Play]
    """Rollouts under way."""
    drafts: Annotated[dict[str, Draft], merge_by_key]
    judged: Annotated[dict[str, Judgement], merge_by_key]
    begun: int
    done: int
    calls_before: int
    ended: str
    """Why the search stops, "" while it goes on."""
    ranking: list[AnswerGroup]
    tried: int
    verdict: Literal["next", "done", "settle"]


def after_select(state: State) -> list[Send] | Literal["rank"]:
    """A leaf a rollout, all at once."""
    return "rank" if state["ended"] else _expansions(state)


def after_grow(state: State) -> list[Send] | Literal["backpropagate"]:
    """On until every rollout has come to an answer; then every new answer is evaluated, once."""
    going = [] if state.get("stop_reason") else _expansions(state)
    # answers that came before the budget ended are evaluated as far as it goes
    return going or _evaluations(state) or "backpropagate"


def _evaluations(state: State) -> list[Send]:
    fresh = {}
    for play in state["plays"]:
        node = state["tree"][play["at"]]
        if node["terminal"] and node["value"] is None:
            fresh[node["id"]] = path_to(state["tree"], node["id"])
    return [Send("evaluate", _given(state, path)) for path in fresh.values()]


def after_backpropagate(state: State) -> Literal["select", "rank"]:
    """More rollouts, or the winner."""
    return "rank" if state["ended"] else "select"


def after_winner(state: State) -> Literal["take", "restate"]:
    """The runner-up, or the end."""
    return "take" if state["verdict"] == "next" else "restate"


def _expansions(state: State) -> list[Send]:
    sends = []
    for play in state["plays"]:
        if play["action"]:
            path = path_to(state["tree"], play["at"])
            below = children(state["tree"], play["at"])
            siblings = [node["query"] for node in below if node["query"]]
            given = {**_given(state, path), "filter": state["filter"], "siblings": siblings}
            sends.append(Send("expand", {**given, "play": play}))
    return sends


def _given(state: State, path: list[TreeNode]) -> dict[str, Any]:
    ids = dict.fromkeys(key for node in path for key in node["evidence_ids"])
    return {
        "run": state["run"],
        "language": state["language"],
        "account": state["account"],
        "standalone": state["standalone"],
        "path": path,
        "evidence": {key: state["evidence"][key] for key in ids},
    }


def build(toolkit: Toolkit, *, checkpointer: Any = None, nested: bool = False) -> RagGraph:
    """The graph over these resources; `nested` inside `auto`."""
    b = framed(State, nested=nested, inside=NestedSearch)
    add_opening(b, toolkit, State, "select", nested=nested)
    b.add_node("select", SelectLeaves(toolkit, nested))
    b.add_node("expand", mcts_leaf.build(toolkit))
    b.add_node("grow", Grow(toolkit))
    b.add_node("evaluate", Evaluate(toolkit), **model_node("backpropagate"))
    b.add_node("backpropagate", Backpropagate(toolkit))
    b.add_node("rank", Rank(toolkit), **model_node("take", degrade=False))
    b.add_node("take", TakeWinner(toolkit), **model_node("check"))
    b.add_node("check", CheckClaims(toolkit), **model_node("judge_winner"))
    b.add_node("judge_winner", JudgeWinner(toolkit))
    add_end(b, toolkit, Finish(toolkit, weigh_relevance=False, last=not nested))
    _connect(b)
    return compiled(b, "mcts_rag", toolkit, checkpointer)


def _connect(b: StateGraph[Any, Any, Any, Any]) -> None:
    b.add_conditional_edges("select", after_select, ["expand", "rank"])
    b.add_edge("expand", "grow")
    b.add_conditional_edges("grow", after_grow, ["expand", "evaluate", "backpropagate"])
    b.add_edge("evaluate", "backpropagate")
    b.add_conditional_edges("backpropagate", after_backpropagate)
    b.add_edge("rank", "take")
    b.add_edge("take", "check")
    b.add_edge("check", "judge_winner")
    b.add_conditional_edges("judge_winner", after_winner)


graph = build(served_toolkit())
