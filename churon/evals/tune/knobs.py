"""What can be tuned of each graph, and between which values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from churon.tools.context import RagContext, resolve_context
from churon.tools.errors import InputError
from churon.tools.settings import Settings

CALIBRATION = "calibration"
"""Beside the context's knobs: the critic's, as it is or as fitted on the development questions."""
BOUNDS: dict[str, tuple[float, float]] = {
    "k1": (5, 50),
    "k2": (1, 10),
    "relevance_threshold": (0.1, 0.9),
    "support_threshold": (0.1, 0.9),
    "uncertain_low": (0.0, 0.5),
    "uncertain_high": (0.5, 1.0),
    "max_rewrites": (0, 3),
    "max_iter": (1, 5),
    "delta": (0.0, 0.8),
    "beam": (1, 4),
    "depth": (2, 10),
    "w_rel": (0.0, 2.0),
    "w_sup": (0.0, 2.0),
    "w_use": (0.0, 2.0),
    "max_steps": (2, 8),
    "max_replans": (0, 3),
    "max_hops": (0, 4),
    "final_passages": (3, 20),
    "rollouts": (2, 12),
    "exploration": (0.3, 4.0),
    "hopeless": (0.0, 0.4),
    "tree_depth": (3, 7),
}
_SEARCH = ("k1", "k2")
_GRADED = (*_SEARCH, "relevance_threshold", "support_threshold", "max_rewrites")
_PRIORS = ("uncertain_low", "uncertain_high")
_WEIGHTS = ("w_rel", "w_sup", "w_use")
_REFLECT = (*_GRADED, *_PRIORS, *_WEIGHTS, "max_iter", "delta", "beam", "depth")
_PLAN = (*_GRADED, *_PRIORS, "max_steps", "max_replans", "max_hops", "final_passages")
_TREE = (*_GRADED, *_PRIORS, "rollouts", "exploration", "hopeless", "tree_depth", "final_passages")
SPACES: dict[str, tuple[str, ...]] = {
    "self_rag": _REFLECT,
    "cot_rag": _PLAN,
    "mcts_rag": _TREE,
    "auto": tuple(dict.fromkeys((*_REFLECT, *_PLAN, *_TREE))),
    "two_stage": _SEARCH,
    "agent": _SEARCH,
}
CRITIC = ("self_rag", "cot_rag", "mcts_rag", "auto")
"""Graphs that ask the critic."""
_WHEN: dict[str, Callable[[Settings], bool]] = {
    "max_iter": lambda settings: settings.context.form == "iterative",
    "beam": lambda settings: settings.context.form == "long",
    "depth": lambda settings: settings.context.form == "long",
    "delta": lambda settings: not settings.context.always_retrieve,
    **dict.fromkeys(
        _PRIORS, lambda settings: settings.rerank.provider not in ("none", "late_interaction")
    ),
}
"""Other settings leave these without effect."""
_GIVEN = re.compile(r"(\w+)(?:=([\d.]+)\.\.([\d.]+))?")
_WRITTEN = "Write for example --knob k2 or --knob k2=1..8."


@dataclass(frozen=True)
class Knob:
    """A number of the context, and the values to try, both ends among them."""

    name: str
    low: float
    high: float
    whole: bool

    def __str__(self) -> str:
        return f"{self.name}={self.low:g}..{self.high:g}"


def space(graph: str, settings: Settings, given: Sequence[str] = ()) -> list[Knob]:
    """The graph's knobs, or those `given` as NAME or NAME=LOW..HIGH. The value in force always lies
    within. Raises InputError, and SettingsError for a value that the context does not take.
    """
    if graph not in SPACES:
        raise InputError(
            f"Nothing of the graph {graph!r} can be tuned.",
            remedy=f"Use one of {', '.join(SPACES)}.",
        )
    wanted = dict(_given(text) for text in given if text != CALIBRATION)
    if not given:
        idle = {name for name, used in _WHEN.items() if not used(settings)}
        wanted = {name: None for name in SPACES[graph] if name not in idle}
    return [_knob(name, bounds, settings.context) for name, bounds in wanted.items()]


def calibrates(graph: str, given: Sequence[str]) -> bool:
    """Whether the critic's calibration is tuned too. Raises InputError for a graph without."""
    if CALIBRATION in given and graph not in CRITIC:
        raise InputError(f"The graph {graph!r} asks no critic.", remedy="Leave out calibration.")
    return graph in CRITIC and (not given or CALIBRATION in given)


def _given(text: str) -> tuple[str, tuple[float, float] | None]:
    found = _GIVEN.fullmatch(text.strip())
    try:
        bounds = None if found is None or found[2] is None else (float(found[2]), float(found[3]))
    except ValueError:
        found = None
    if found is None:
        raise InputError(f"{text!r} is not NAME or NAME=LOW..HIGH.", remedy=_WRITTEN)
    name = found[1]
    if name not in _numbers():
        raise InputError(
            f"There is no knob {name!r}.",
            remedy=f"Use {CALIBRATION} or one of {', '.join(sorted(_numbers()))}.",
        )
    if bounds is None and name not in BOUNDS:
        raise InputError(f"The knob {name!r} has no usual bounds.", remedy=_WRITTEN)
    if bounds and bounds[0] >= bounds[1]:
        raise InputError(f"{text!r} leaves nothing to try.", remedy="Give LOW below HIGH.")
    return name, bounds


def _numbers() -> Mapping[str, Any]:
    """Not the seed: the luckiest one is no better."""
    fields = {name: one.annotation for name, one in RagContext.model_fields.items()}
    return {k: v for k, v in fields.items() if v in (int, float) and k != "seed"}


def _knob(name: str, bounds: tuple[float, float] | None, context: RagContext) -> Knob:
    whole = _numbers()[name] is int
    low, high = bounds or BOUNDS[name]
    for end in (low, high):
        resolve_context({name: int(end) if whole and end == int(end) else end}, context)
    value = getattr(context, name)
    return Knob(name, min(low, value), max(high, value), whole)
