"""`churon demo`: models, sample documents, one English and one Korean question."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from churon.cli.ask import as_question, show_run
from churon.cli.ingest import read, show
from churon.cli.models import needed, pull
from churon.tools.errors import InputError
from churon.tools.models import catalogue
from churon.tools.setting_values import home_path
from churon.tools.settings import Settings
from churon.tools.toolkit import Toolkit

SAMPLES = Path("samples")


async def run(settings: Settings) -> int:
    """Everything from nothing; a second run finds models and passages in place."""
    if not (SAMPLES / "documents").is_dir():
        raise InputError(
            "The sample documents are not here.", remedy="Run it at the top of a clone of churon."
        )
    console = Console(highlight=False)
    folder = home_path(settings.models.folder, "models.folder")
    for name in needed(settings):
        if not catalogue.present(name, folder):
            console.print(f"fetching {name} …")
        pull(name, folder, settings.models.offline)
    async with Toolkit(settings) as toolkit:
        console.print(Rule("churon ingest samples/documents", align="left"))
        show(await read(toolkit, [SAMPLES / "documents"], None, True, quiet=False))
        for question in demo_questions():
            console.print()
            console.print(Rule(Text(f'churon ask "{question}"'), align="left"))
            await show_run(console, as_question(question, "auto", []), "self_rag", toolkit, None)
    return 0


def demo_questions() -> list[str]:
    """The first English and the first Korean question of the samples."""
    lines = (SAMPLES / "questions.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return [next(r["question"] for r in rows if r["language"] == lang) for lang in ("en", "ko")]
