"""A run's steps as the report shows and compares them: kind, text, and a plan or tree's parts.

Rows come from files: nothing of a step's shape is taken for granted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Told = dict[str, Any]
"""`kind`, `text` and `note`; of a plan `parts`, of a tree `nodes`."""
LONGEST = 1_200


def told(steps: Sequence[Mapping[str, Any]]) -> list[Told]:
    """All steps; the tree's nodes know whether they are on the winner's path."""
    winner = next((one.get("node") for one in steps if one.get("step") == "winner"), None)
    made = []
    for step in steps:
        kind = str(step.get("step", "?"))
        teller = _TELLERS.get(kind, _other)
        made.append({"kind": kind, "text": "", "note": "", **teller(step)})
    for one in made:
        if "nodes" in one:
            _mark_path(one["nodes"], winner)
    return made


def same(first: Told, second: Told) -> bool:
    """They did the same; counts and scores may differ."""
    return _key(first) == _key(second)


def _key(one: Told) -> list[Any]:
    parts = [(part["id"], part["text"]) for part in one.get("parts", [])]
    nodes = [(node["id"], node["action"], node["text"]) for node in one.get("nodes", [])]
    return [one["kind"], one["text"], parts, nodes]


def _search(step: Mapping[str, Any]) -> Told:
    return {"text": text(step.get("query")), "note": text(step.get("found"))}


def _plan(step: Mapping[str, Any]) -> Told:
    return {"parts": [_part(one) for one in _mappings(step.get("plan"))]}


def _part(one: Mapping[str, Any]) -> Told:
    after = [text(key) for key in _list(one.get("depends_on"))]
    return {"id": text(one.get("id")), "text": text(one.get("question")), "after": after,
            "op": text(one.get("op"))}  # fmt: skip


def _result(step: Mapping[str, Any]) -> Told:
    found = step.get("result")
    one: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    said = f"#{text(one.get('id'))} {text(one.get('question'))} → {text(one.get('answer')) or '–'}"
    return {"text": said, "note": number(one.get("support_score"))}


def _tree(step: Mapping[str, Any]) -> Told:
    return {"nodes": [_node(one) for one in _mappings(step.get("nodes"))]}


def _node(one: Mapping[str, Any]) -> Told:
    visits, total = one.get("N"), one.get("Q")
    known = isinstance(visits, int) and 0 < visits < 2**31 and isinstance(total, int | float)
    return {
        "id": text(one.get("id")),
        "parent": None if one.get("parent") is None else text(one.get("parent")),
        "action": text(one.get("action")),
        "asked": text(one.get("query")),
        "text": text(one.get("answer")) or text(one.get("text")),
        "visits": text(visits),
        "mean": number(float(str(total)) / visits) if known else "",  # type: ignore[operator]
        "value": number(one.get("value")),
        "path": False,
    }


def _mark_path(nodes: list[Told], winner: object) -> None:
    known = {node["id"]: node for node in nodes}
    at = known.get(winner) if isinstance(winner, str) else None
    while at is not None and not at["path"]:
        at["path"] = True
        at = known.get(at["parent"])


def _rollouts(step: Mapping[str, Any]) -> Told:
    best = step.get("best")
    said = text(best.get("answer")) if isinstance(best, Mapping) else ""
    return {"text": said, "note": f"{text(step.get('done'))}/{text(step.get('of'))}"}


def _of(key: str, note: str = "") -> Callable[[Mapping[str, Any]], Told]:
    """A step whose text, and note, are fields of it."""
    return lambda step: {"text": text(step.get(key)), "note": number(step.get(note))}


def _route(step: Mapping[str, Any]) -> Told:
    why = text(step.get("reason"))
    return {"text": text(step.get("graph")) + (f": {why}" if why else "")}


def _beam(step: Mapping[str, Any]) -> Told:
    return {"text": " ".join(map(text, _list(step.get("sentences"))))}


def _digest(step: Mapping[str, Any]) -> Told:
    found = step.get("relevant")
    return {
        "note": f"{len(found) if isinstance(found, list) else text(found)}/{text(step.get('read'))}"
    }


def _other(step: Mapping[str, Any]) -> Told:
    rest = {key: value for key, value in step.items() if key != "step"}
    return {"text": text(json.dumps(rest, ensure_ascii=False, default=str)) if rest else ""}


_TELLERS: dict[str, Callable[[Mapping[str, Any]], Told]] = {
    "search": _search,
    "digest": _digest,
    "plan": _plan,
    "result": _result,
    "tree": _tree,
    "rollouts": _rollouts,
    "winner": _of("answer", "share"),
    "route": _route,
    "select": _of("candidates", "score"),
    "beam": _beam,
    "cite": _of("statement"),
    "finish": _of("status"),
}


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [one for one in _list(value) if isinstance(one, Mapping)]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    """Anything as text that is not too long; "" for None."""
    made = "" if value is None else str(value)
    return made if len(made) <= LONGEST else made[: LONGEST - 1] + "…"


def number(value: object) -> str:
    """Two decimals; whole numbers as they are."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return str(value) if isinstance(value, int) else f"{value:.2f}"
