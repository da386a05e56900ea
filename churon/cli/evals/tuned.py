"""The settings file that tuning writes, and the lines that tell what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from churon.cli.config import as_toml
from churon.evals.tune.critic import Fitted
from churon.evals.tune.gain import Gain
from churon.tools.errors import InputError
from churon.tools.settings import Settings

MARK = "# Written by `churon eval tune`"
NONE = "No gain was shown: keep the settings in force."


@dataclass(frozen=True)
class Told:
    """What is said of the settings found."""

    set: str
    graph: str
    seed: int
    objective: str
    trials: int
    development: int
    held_back: int
    before: float
    after: float
    """Means over the development questions; the better of many is always too high there."""
    changed: dict[str, Any]
    was: dict[str, Any]
    fits: Sequence[Fitted]
    gain: Gain | None
    stopped: str
    """The limit that came before the last held-back question."""

    def lines(self) -> list[str]:
        """For people, a line each."""
        said = [
            f"{self.graph} on {self.set}, {self.objective}, {self.trials} trials, seed {self.seed}"
        ]
        said += [f"{name}: {self.was.get(name)} -> {value}" for name, value in self.changed.items()]
        said += [
            f"{one.name}: Brier {one.before:.3f} -> {one.after:.3f} over {one.n} judgements"
            for one in (self.fits if "calibration" in self.changed else ())
        ]
        said += [
            f"development ({self.development} questions, chosen by): "
            f"{self.before:.3f} -> {self.after:.3f}",
        ]
        if self.gain is None:
            return [*said, f"held back: not asked yet. {NONE}"]
        said.append(f"held back (never tuned on): {self.gain}")
        said += [
            f"  {one.measure}: {one.mean_a:.3f} -> {one.mean_b:.3f} ({one.difference:+.3f})"
            for one in self.gain.others
        ]
        if self.stopped:
            said.append(f"stopped after {self.stopped}: {self.held_back} questions were meant.")
        return [*said, "The gain is shown." if self.gain.found else self._none()]

    def _none(self) -> str:
        find = self.gain.objective.detectable if self.gain else None
        if find is None or not find:
            return NONE
        return f"{NONE} {self.held_back} questions would find a difference of {find:.2f}."


def check(path: Path) -> None:
    """Raise InputError where the file is not ours to write over."""
    if path.exists() and not path.read_text("utf-8", "replace").startswith(MARK):
        raise InputError(
            f"{str(path)!r} was not written by `churon eval tune`.",
            remedy="Name another folder with --output.",
        )


def write(path: Path, settings: Settings, told: Told) -> None:
    """All that is not a built-in default, so that the file stands alone; keys are left out."""
    check(path)
    at = datetime.now(UTC).isoformat(" ", "minutes")
    head = [f"{MARK}, {at}.", "#", *(f"# {_plain(line)}" for line in told.lines())]
    head += ["#", "# Secrets are not in it: keep them in CHURON_… variables.", ""]
    body = as_toml(settings.model_dump(mode="json", exclude_unset=True))
    new = path.with_name(f"{path.name}.new")
    new.write_text("\n".join([*head, body.rstrip(), ""]), "utf-8")
    new.replace(path)


def _plain(text: str) -> str:
    """One line that TOML takes as a comment."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
