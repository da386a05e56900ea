"""Optuna's study in a journal on disk: which settings come next, which are given up.

Asynchronous successive halving (Li et al. 2018, arXiv 1810.05934): settings that are not among the
best third after so many questions are not asked the rest. Which sampler draws what is decided by
the seed and the trial's number alone, so that a study that was killed goes on as it would have.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from churon.evals.extra import library
from churon.evals.tune.knobs import CALIBRATION, Knob
from churon.tools.errors import InputError

FACTOR = 3
_RANDOM = 8
"""Trials before the sampler (TPE) learns from earlier ones."""
_LARGE = 7_919
_DAMAGED = (ValueError, TypeError, LookupError, AttributeError, AssertionError, RecursionError)
"""What Optuna raises at a line that is no JSON, or not what it writes."""


class Study:
    """Trials of one study; a number each, 0 has the settings in force."""

    def __init__(
        self,
        path: Path,
        *,
        seed: int,
        first_rung: int,
        about: Mapping[str, Any],
        start: dict[str, Any],
    ) -> None:
        """Raises InputError where the file is damaged or holds a study about something else."""
        self._optuna: Any = library("optuna")
        self._optuna.logging.set_verbosity(self._optuna.logging.WARNING)
        self._seed = seed
        self._study = self._opened(path, first_rung)
        told = json.dumps(about, sort_keys=True, ensure_ascii=False)
        held = self._study.user_attrs.get("about")
        if held is None:
            self._study.set_user_attr("about", told)
        elif held != told:
            raise InputError(
                _otherwise(path, json.loads(held), json.loads(told)),
                remedy="Name another folder with --output.",
            )
        if not self._trials():
            self._study.enqueue_trial(start)

    def _opened(self, path: Path, first_rung: int) -> Any:
        _mended(path)
        journal = library("optuna.storages.journal")
        backend = journal.JournalFileBackend(str(path), lock_obj=_Alone())
        pruner = self._optuna.pruners.SuccessiveHalvingPruner(
            min_resource=first_rung, reduction_factor=FACTOR
        )
        try:
            return self._optuna.create_study(
                storage=journal.JournalStorage(backend),
                study_name="churon",
                direction="maximize",
                load_if_exists=True,
                pruner=pruner,
            )
        except _DAMAGED as error:
            raise InputError(
                f"The study {str(path)!r} is damaged: {type(error).__name__}: {error}.",
                remedy="Put a copy of it back, or name another folder with --output.",
            ) from error

    def _trials(self, *states: str) -> list[Any]:
        wanted = [getattr(self._optuna.trial.TrialState, name) for name in states] or None
        found: list[Any] = self._study.get_trials(deepcopy=False, states=wanted)
        return found

    @property
    def finished(self) -> int:
        """Trials that were asked all questions or given up."""
        return len(self._trials("COMPLETE", "PRUNED"))

    def enqueue(self, params: dict[str, Any]) -> None:
        """Try these next."""
        self._study.enqueue_trial(params)

    @property
    def begun(self) -> int:
        """Trials of any state, also those that wait."""
        return len(self._trials())

    def next(self) -> Any:
        """The trial that was under way when an earlier run ended, else a new one."""
        going = self._trials("RUNNING")
        number = going[0].number if going else len(self._trials("RUNNING", "COMPLETE", "PRUNED"))
        self._study.sampler = self._optuna.samplers.TPESampler(
            n_startup_trials=_RANDOM, seed=(self._seed * _LARGE + number) % 2**32
        )
        if going:
            return self._optuna.trial.Trial(self._study, going[0]._trial_id)
        return self._study.ask()

    def suggested(self, trial: Any, knobs: Sequence[Knob], *, fits: bool) -> dict[str, Any]:
        """A value of every knob."""
        made: dict[str, Any] = {}
        for knob in knobs:
            if knob.whole:
                made[knob.name] = trial.suggest_int(knob.name, int(knob.low), int(knob.high))
            else:
                made[knob.name] = trial.suggest_float(knob.name, knob.low, knob.high)
        if fits:
            made[CALIBRATION] = trial.suggest_categorical(CALIBRATION, ["current", "fitted"])
        return made

    def hopeless(self, trial: Any, asked: int, mean: float) -> bool:
        """Whether the trial ends here, with this mean after so many questions."""
        if asked not in self._study.get_trials(deepcopy=False)[trial.number].intermediate_values:
            trial.report(mean, asked)
        if not trial.should_prune():
            return False
        self._study.tell(trial, state=self._optuna.trial.TrialState.PRUNED)
        return True

    def complete(self, trial: Any, mean: float) -> None:
        """The trial's mean over all questions."""
        self._study.tell(trial, mean)

    def best(self) -> Any:
        """Of the trials that were asked everything; of equals the earliest. None for none."""
        return max(self._trials("COMPLETE"), key=lambda one: (one.value, -one.number), default=None)

    def start(self) -> Any:
        """The trial with the settings in force; None until it was asked everything."""
        return next((one for one in self._trials("COMPLETE") if one.number == 0), None)


class _Alone:
    """The folder has a lock already; the journal's own would outlive a killed process."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        """Nothing to release."""


def _mended(path: Path) -> None:
    """Cut off what a killed process left of its last line."""
    whole = path.read_bytes() if path.is_file() else b""
    if whole and not whole.endswith(b"\n"):
        path.write_bytes(whole[: whole.rfind(b"\n") + 1])


def _otherwise(path: Path, held: dict[str, Any], told: dict[str, Any]) -> str:
    names = [name for name in told if held.get(name) != told[name]]
    differ = "; ".join(f"{name}: {held.get(name)}, now {told[name]}" for name in names)
    return f"{str(path)!r} holds a study about something else: {differ[:400]}."
