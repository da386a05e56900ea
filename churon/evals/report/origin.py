"""Where rows come from: what all variants share, and what each has of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from churon.evals.metrics.judged import judged
from churon.evals.types import Row

_ORDER = ("model", "embedding", "reranker", "corpus", "prompts", "shortener", "seed")


def origin(variants: Mapping[str, Sequence[Row]]) -> dict[str, Any]:
    """Of one set: `shared` values by name, and `differing` ones by name and variant."""
    flat = {name: {**_flat(rows[0]), **_judge(rows)} for name, rows in variants.items()}
    names = dict.fromkeys(key for one in flat.values() for key in one)
    table = {key: {name: one.get(key, "–") for name, one in flat.items()} for key in names}
    alike = {key for key, values in table.items() if len(set(values.values())) == 1}
    return {
        "shared": {key: next(iter(table[key].values())) for key in names if key in alike},
        "differing": {key: table[key] for key in names if key not in alike},
    }


def mixed(rows: Sequence[Row]) -> list[str]:
    """Fields in which rows of one variant and set differ, though they have one name."""
    first = _flat(rows[0])
    others = [_flat(row) for row in rows[1:] if row["provenance"] != rows[0]["provenance"]]
    names = dict.fromkeys(key for one in [first, *others] for key in one)
    return [key for key in names if any(one.get(key) != first.get(key) for one in others)]


def _flat(row: Row) -> dict[str, str]:
    held: Mapping[str, Any] = row["provenance"]
    made = {"graph": row["graph"], **{name: str(held[name]) for name in _ORDER if name in held}}
    for field in ("context", "settings", "versions", "conditions"):
        made |= {f"{field}.{name}": _said(value) for name, value in _walk(held.get(field) or {})}
    return made


def _judge(rows: Sequence[Row]) -> dict[str, str]:
    """Who judged the answers, and with which prompts; nothing where nobody did."""
    held = judged(rows)
    prompts = ", ".join(dict.fromkeys(prompts for _, prompts in held.judges))
    return {"judge": held.models(), "judge.prompts": prompts} if held.done else {}


def _walk(values: Mapping[str, Any], under: str = "") -> list[tuple[str, Any]]:
    made: list[tuple[str, Any]] = []
    for name, value in values.items():
        inside = isinstance(value, Mapping)
        made += _walk(value, f"{under}{name}.") if inside else [(f"{under}{name}", value)]
    return made


def _said(value: Any) -> str:
    return "–" if value is None else str(value)
