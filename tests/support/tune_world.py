"""A set about lamps, and a model for which one threshold decides whether it answers."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.eval_world import GOLD, World
from support.scripted import Reply
from support.world import labels

from churon.cli.evals.tune import HELD_BACK, ROWS, SETTINGS, Wanted, run
from churon.evals.datasets.load import load
from churon.evals.tune.split import Split, split

COLOURS = ("violet", "amber", "green", "white")
N = 32
_LAMP = re.compile(r"lamp (ax\d+)")


def colour(lamp: str) -> str:
    return COLOURS[int(lamp[2:]) % len(COLOURS)]


def lamps(folder: Path, answers: Callable[[str], list[str]] | None = None) -> Path:
    """Every fourth question is about a lamp that no document names."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"ax{number}" for number in range(10, 10 + N)]
    asked, known = enumerate(names), [one for n, one in enumerate(names) if n % 4]
    documents = [
        {"_id": f"d{one}", "text": f"The lamp {one} shines {colour(one)}."} for one in known
    ]
    wanted = answers or (lambda one: [colour(one), f"{GOLD} {one}"])
    queries = [
        {
            "_id": f"q{one}",
            "text": f"How does the lamp {one} shine?",
            "answers": wanted(one) if n % 4 else [],
            "answerable": bool(n % 4),
            "lang": "en",
        }
        for n, one in asked
    ]
    for name, rows in (("corpus", documents), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    judged = "".join(f"q{one}\td{one}\t1\n" for one in known)
    (folder / "qrels.tsv").write_text(f"query-id\tcorpus-id\tscore\n{judged}")
    return folder


def model(yes: float = 0.45, no: float = 0.15, right: Callable[[str], bool] = bool) -> Any:
    """s_sup of what the passage says of the lamp, and of what is made up; `right(lamp)`: it knows
    this one.
    """

    def answer(step: str, prompt: str) -> Reply | str:
        found = _LAMP.findall(prompt)
        about = len(found) > 1 and found[0] == found[1]
        if step == "grade":
            return labels(Y=0.9, N=0.1) if about else labels(Y=0.1, N=0.9)
        if step == "support":
            p = yes if about else no
            return labels(F=p, P=1e-9, N=1 - p)
        if step == "utility":
            return labels(d1=0.02, d2=0.03, d3=0.05, d4=0.1, d5=0.8)
        said = colour(found[-1]) if found and right(found[-1]) else "dimly"
        if step in ("candidate", "answer"):
            return f"The lamp {found[-1]} shines {said if about else 'dimly'}."
        return said if found else "Hi"

    return answer


class TuneWorld(World):
    """`churon eval tune` over the lamps."""

    def __init__(self, folder: Path, answer: Any = None, answers: Any = None) -> None:
        super().__init__(folder, answer or model())
        self.set = lamps(folder / "lamps", answers)
        self.folder = folder / "tuning"

    async def tune(self, *knobs: str, sets: tuple[str, ...] = (), **given: Any) -> int:
        options: dict[str, Any] = {"trials": 6, "output": self.folder, "graph": "self_rag", **given}
        settings = self.settings_for(None, ["context.k2=2", "context.max_rewrites=0", *sets])
        wanted = Wanted(self.set, knobs=knobs or ("support_threshold",), **options)
        return await run(wanted, settings, self.make)

    def sides(self, seed: int = 7) -> Split:
        return split(load(self.set).sample(None, seed).cases, 0.5, seed)

    def rows_in(self, name: str = ROWS) -> list[dict[str, Any]]:
        path = self.folder / name
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def held_back(self) -> list[dict[str, Any]]:
        return self.rows_in(HELD_BACK)

    @property
    def tuned(self) -> Path:
        return self.folder / SETTINGS


def killed_at(calls: int) -> Any:
    """Kills the process at its next call after `calls`."""
    left, whole = calls, model()

    def answer(step: str, prompt: str) -> Reply | str:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        reply: Reply | str = whole(step, prompt)
        return reply

    return answer


if __name__ == "__main__":
    asyncio.run(TuneWorld(Path(sys.argv[1]), killed_at(int(sys.argv[2]))).tune())
