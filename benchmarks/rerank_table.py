"""The benchmark's table: each figure with its bar, its goal, and whether it holds."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

CONTROL = (0.85, 1.18)
"""The same engine twice: a median outside makes the run void."""


@dataclass(frozen=True)
class Bar:
    """What a figure has to reach, and what we want it to."""

    bar: float
    goal: float
    at_most: bool = False

    def held_by(self, value: float) -> bool:
        """Whether the bar holds."""
        return value <= self.bar if self.at_most else value >= self.bar

    def reached_by(self, value: float) -> bool:
        """Whether the goal is reached."""
        return value <= self.goal if self.at_most else value >= self.goal


BARS = {
    ("W1", "ours against flag"): Bar(4.0, 6.0),
    ("W2", "ours against flag"): Bar(6.0, 9.0),
    ("W4", "ours against flag"): Bar(2.5, 3.3),
    ("W5", "ours against flag"): Bar(2.7, 3.5),
    ("W1", "ours against st"): Bar(2.0, 3.0),
    ("W2", "ours against st"): Bar(1.9, 2.5),
    ("W4", "ours against st"): Bar(1.25, 1.5),
    ("W1", "ours bf16 against flag"): Bar(10.0, 16.0),
    ("W2", "ours bf16 against flag"): Bar(15.0, 25.0),
    ("W1", "ours bf16 against st best"): Bar(1.6, 2.2),
    ("W2", "ours bf16 against st best"): Bar(1.5, 2.0),
    ("W4", "ours bf16 against st best"): Bar(1.1, 1.3),
    ("W2", "certified against ours"): Bar(1.6, 2.0),
    ("W7", "ours against flag"): Bar(5.0, 5.0),
    ("W7", "p95 of waiting, share of flag's"): Bar(1 / 6, 1 / 15, at_most=True),
    ("W8", "pairs scored, share"): Bar(0.55, 0.45, at_most=True),
    ("W9 short", "ours against flag"): Bar(5.0, 8.0),
    ("W9 long", "ours against flag"): Bar(7.0, 10.0),
    ("tokens", "ours against flag"): Bar(5.0, 8.0),
    ("H100 W2", "ours against flag fp16"): Bar(5.0, 8.0),
    ("H100 W2", "ours against flag"): Bar(20.0, 40.0),
    ("H100 W2", "ours against st best"): Bar(2.0, 3.0),
    ("H100 W5", "share of the peak"): Bar(0.45, 0.55),
    ("H100 256 tokens", "pairs/s"): Bar(2_300, 3_200),
    ("H100 512 tokens", "pairs/s"): Bar(1_100, 1_550),
    ("H100 W9 short, 100", "ours against flag"): Bar(5.0, 7.0),
    ("H100 W9 short, 100", "share of the peak, each token once"): Bar(0.45, 0.60),
}
LARGE_BARS = {(name, "ours bf16 against flag"): Bar(15.0, 22.0) for name in ("W1", "W2")}
"""At bge-reranker-v2-m3's size only this one was set."""


@dataclass
class Table:
    """Prints as it goes."""

    large: bool = False
    failed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        _print("workload", "figure", "median (least to largest)", "bar", "goal", "holds")
        _print(*["---"] * 6)

    @property
    def held(self) -> bool:
        """Whether nothing failed so far."""
        return not self.failed

    def row(self, workload: str, figure: str, values: list[float]) -> None:
        """A figure; one without a bar is told all the same."""
        middle = statistics.median(values)
        told = f"{middle:.2f} ({min(values):.2f} to {max(values):.2f})"
        bar = (LARGE_BARS if self.large else BARS).get((workload, figure))
        if bar is None:
            _print(workload, figure, told, "", "", "")
            return
        holds = self._note(bar.held_by(middle), f"{workload} {figure}")
        goal = ", goal" if bar.reached_by(middle) else ""
        _print(workload, figure, told, _round(bar.bar), _round(bar.goal), holds + goal)

    def gate(self, workload: str, figure: str, holds: bool) -> None:
        """Something that must be so."""
        _print(workload, figure, "", "gate", "", self._note(holds, f"{workload} {figure}"))

    def control(self, workload: str, values: list[float]) -> None:
        """The same engine twice."""
        middle = statistics.median(values)
        fair = CONTROL[0] <= middle <= CONTROL[1]
        self._note(fair, f"{workload} control")
        told = f"{middle:.2f} ({min(values):.2f} to {max(values):.2f})"
        _print(workload, "ours against itself", told, "0.85-1.18", "", "yes" if fair else "VOID")

    def verdict(self) -> str:
        """What failed, in words."""
        return "all bars and gates hold" if self.held else f"FAILED: {'; '.join(self.failed)}"

    def _note(self, holds: bool, what: str) -> str:
        if not holds:
            self.failed.append(what)
        return "yes" if holds else "NO"


def _round(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _print(*cells: str) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)
