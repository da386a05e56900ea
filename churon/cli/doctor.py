"""`churon doctor`: what the settings need, looked at one by one, each finding with its remedy."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import asdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from churon.cli.checks import installed, server, sizes, stored, tracing, vectors
from churon.cli.checks.finding import Finding, error
from churon.cli.checks.reranker import reranker
from churon.cli.common import print_json, visible
from churon.tools.errors import ChuronError
from churon.tools.settings import Settings
from churon.tools.toolkit import Toolkit

_STYLES = {"ok": "green", "warning": "yellow", "error": "bold red"}


async def run(settings: Settings, as_json: bool) -> int:
    """Exit status 1 when a finding is an error. Nothing is fetched and no store is made."""
    findings = await examine(offline(settings))
    if as_json:
        report = {"findings": [asdict(finding) for finding in findings]}
        print_json(report)
    else:
        show(Console(highlight=False), findings)
    return 1 if any(finding.level == "error" for finding in findings) else 0


def offline(settings: Settings) -> Settings:
    """The same settings with downloads off."""
    models = settings.models.model_copy(update={"offline": True})
    return settings.model_copy(update={"models": models})


async def examine(settings: Settings) -> list[Finding]:
    """Everything that was found, in the order of the checks."""
    basic = [
        *await settled("packages", lambda: installed.packages(settings)),
        *await settled("model files", lambda: installed.files(settings)),
        *await settled("server", lambda: server.servers(settings)),
    ]
    rest = [
        *await settled("store", lambda: stored.passages(settings)),
        *await settled("context", lambda: sizes.context(settings)),
        *await settled("reranker", lambda: reranker(settings)),
        *await settled("tracing", lambda: tracing.tracing(settings)),
    ]
    return [*basic, *await _embedding(settings, basic), *rest]


async def _embedding(settings: Settings, basic: list[Finding]) -> list[Finding]:
    blocked = {finding.check for finding in basic if finding.level == "error"}
    if "embedding server" in blocked:
        return []  # said already, with its remedy
    async with Toolkit(settings) as toolkit:
        findings = await settled("embedding", lambda: vectors.embedding(toolkit))
        if any(finding.level == "error" for finding in findings):
            return [] if blocked & {"packages", "model files"} else findings
        return [*findings, *await settled("Korean", lambda: vectors.korean(toolkit))]


async def settled(
    check: str, look: Callable[[], list[Finding] | Awaitable[list[Finding]]]
) -> list[Finding]:
    """The check's findings; one that fails is a finding itself."""
    try:
        found = look()
        return await found if inspect.isawaitable(found) else found
    except ChuronError as failure:
        return [error(check, failure.message, failure.remedy)]
    except Exception as failure:  # a doctor that stops at the first surprise is of no use
        what = str(failure) or type(failure).__name__
        return [error(check, f"the check failed: {type(failure).__name__}: {what}", "Report it.")]


def show(console: Console, findings: list[Finding]) -> None:
    """A line a finding, its remedy below it."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for finding in findings:
        said = Text(visible(finding.message))
        if finding.remedy:
            said.append(visible(f"\n→ {finding.remedy}"), style="cyan")
        table.add_row(Text(finding.level, style=_STYLES[finding.level]), finding.check, said)
    console.print(table)
    counts = [_counted(findings, level) for level in ("error", "warning")]
    console.print("\n" + (", ".join(filter(None, counts)) or "All is well."))


def _counted(findings: list[Finding], level: str) -> str:
    n = sum(finding.level == level for finding in findings)
    return f"{n} {level}{'s' if n > 1 else ''}" if n else ""
