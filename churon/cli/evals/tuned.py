"""The settings file that tuning writes, and the lines that tell what came of it."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from churon.cli.config import as_toml
from churon.cli.output import write_whole
from churon.evals.tune.critic import Fitted
from churon.evals.tune.gain import LEVEL, Gain
from churon.tools.errors import InputError
from churon.tools.settings import Settings

MARK = "# Written by `churon eval tune`"
SHOWN = "The gain is shown."
NONE = "No gain was shown: keep the settings in force."
WRITTEN = "settings: {path}, for `churon --config`; nothing else changed."
KEPT = "{path} is left as it is: it holds earlier settings, whose gain was shown."


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
        if n := self.gain.earlier:
            winners = "winner was" if n == 1 else "winners were"
            said.append(
                f"{n} earlier {winners} judged by these questions: a gain is shown below "
                f"p = {self.gain.level:.3g} only, not {LEVEL:g}."
            )
        said += [
            f"  {one.measure}: {one.mean_a:.3f} -> {one.mean_b:.3f} ({one.difference:+.3f})"
            for one in self.gain.others
        ]
        if self.stopped:
            said.append(f"stopped after {self.stopped}: {self.held_back} questions were meant.")
        return [*said, SHOWN if self.gain.found else self._none()]

    def _none(self) -> str:
        find = self.gain.objective.detectable if self.gain else None
        if find is None or not find:
            return NONE
        asked = self.gain.objective.n if self.gain else 0
        return f"{NONE} {asked} questions would find a difference of {find:.2f}."


def check(path: Path) -> None:
    """Raise InputError where the file is not ours to write over."""
    if path.exists() and not path.read_text("utf-8", "replace").startswith(MARK):
        raise InputError(
            f"{str(path)!r} was not written by `churon eval tune`.",
            remedy="Name another folder with --output.",
        )


def write(path: Path, settings: Settings, told: Told) -> bool:
    """All that is not a built-in default, so that the file stands alone; keys are left out. False:
    nothing was written, as the file holds other settings of a gain that these have not. Raises
    InputError.
    """
    check(path)
    body = as_toml(settings.model_dump(mode="json", exclude_unset=True))
    gained = told.gain is not None and told.gain.found
    if not gained and _proven(path) and _values(path) != tomllib.loads(body):
        return False
    at = datetime.now(UTC).isoformat(" ", "minutes")
    head = [f"{MARK}, {at}.", "#", *(f"# {_plain(line)}" for line in told.lines())]
    head += ["#", "# Secrets are not in it: keep them in CHURON_… variables.", ""]
    write_whole(path, "\n".join([*head, body.rstrip(), ""]).encode())
    return True


def _proven(path: Path) -> bool:
    """The file says that the gain of its settings was shown, in a whole line: a set may be named
    like one.
    """
    return path.exists() and f"# {SHOWN}" in path.read_text("utf-8", "replace").splitlines()


def _values(path: Path) -> dict[str, Any] | None:
    try:
        return tomllib.loads(path.read_text("utf-8", "replace"))
    except tomllib.TOMLDecodeError:  # edited since
        return None


def _plain(text: str) -> str:
    """One line that TOML takes as a comment."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
