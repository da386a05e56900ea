"""Answers and their judge: a scripted model, and a judging that can be killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.eval_world import World
from support.scripted import Reply, labelled, scripted_port

from churon.cli.evals.judge import run
from churon.tools.settings import Settings
from churon.tools.toolkit import Toolkit

Said = Callable[[str], "Reply | str"]
"""What the judge replies to a prompt."""


def leaning(prompt: str) -> Reply:
    """Rather correct where it is about the Lumen, rather wrong elsewhere."""
    p = 0.8 if "Lumen" in prompt else 0.3
    return labelled({"C": p, "W": 1 - p})


class JudgeWorld(World):
    """`said` and `supports` may be replaced between calls; `seen` is what the judge was asked."""

    def __init__(self, folder: Path, said: Said = leaning) -> None:
        super().__init__(folder)
        self.said = said
        self.supports = frozenset({"logprobs", "schema"})
        self.seen: list[str] = []

    def judge(self, settings: Settings) -> Toolkit:
        """A toolkit that holds the judge and nothing else."""

        def script(messages: list[Any], kwargs: dict[str, Any]) -> Reply | str:
            self.seen.append("\n".join(str(message.content) for message in messages))
            return self.said(self.seen[-1])

        return Toolkit(settings, chat=scripted_port(script, supports=self.supports))

    async def judged(self, *settings: str, at_once: int = 1) -> int:
        """`churon -s … eval judge ROWS` with this world's model."""
        given = self.settings_for(None, list(settings))
        return await run(given, self.output, at_once, self.judge)

    def verdicts(self) -> dict[str, Any]:
        """P(correct) by case id, of the rows that have a judgement."""
        return {r["case"]["id"]: r["judge"]["correct"] for r in self.rows() if "judge" in r}


def killed_at(calls: int) -> Said:
    """Judges, and kills the process at its next call after `calls`."""
    left = calls

    def said(prompt: str) -> Reply | str:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return leaning(prompt)

    return said


if __name__ == "__main__":
    world = JudgeWorld(Path(sys.argv[1]), killed_at(int(sys.argv[2])))
    asyncio.run(world.judged(at_once=int(sys.argv[3])))
