"""How a run looks on a terminal: a line a step, the answer, numbered sources with quotes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from churon.cli.common import named, visible
from churon.cli.show_reasoning import REASONING, Line, Teller
from churon.cli.words import SUPPORT, say
from churon.graphs.contract import RagOutput
from churon.nodes.cite import numbering, quote, with_keys
from churon.tools.types import Evidence, Language


def step_lines(node: str, update: dict[str, Any], language: Language) -> Iterator[Line]:
    """What one finished node is worth saying; most say nothing."""
    teller = _TELLERS.get(node)
    if teller is not None:
        yield from teller(update, language)


def step_row(label: str, what: str) -> Table:
    """A line on the terminal; what is long goes on below its beginning, not below the label."""
    row = Table.grid(padding=(0, 2))
    row.add_column(justify="right", width=10, style="dim cyan")
    row.add_column(overflow="fold")
    row.add_row(Text(label), Text(visible(" ".join(what.splitlines()))))
    return row


def _gap(update: dict[str, Any], language: Language) -> Iterator[Line]:
    if update.get("queries"):
        yield say(language, "search"), update["queries"][-1]
    elif update.get("sufficient"):
        yield say(language, "search"), say(language, "enough")
    elif update.get("stale"):
        yield say(language, "search"), say(language, "stale")


def _search(update: dict[str, Any], language: Language) -> Iterator[Line]:
    for step in update.get("steps", ()):
        yield "", say(language, "found", n=step["found"])


def _rerank(update: dict[str, Any], language: Language) -> Iterator[Line]:
    yield "", say(language, "rerank", n=len(update.get("top", ())))


def _grade(update: dict[str, Any], language: Language) -> Iterator[Line]:
    for passage in update.get("evidence", {}).values():
        relevance = passage["relevance"]
        score = say(language, "ungraded") if relevance is None else f"{relevance:.2f}"
        yield say(language, "grade"), f"{score}  {where(passage, language)}"


def _candidate(update: dict[str, Any], language: Language) -> Iterator[Line]:
    for candidate in update.get("candidates", {}).values():
        yield say(language, "candidate"), candidate["text"] or say(language, "nothing")


def _critique(update: dict[str, Any], language: Language) -> Iterator[Line]:
    for candidate in update.get("candidates", {}).values():
        support, use = candidate["s_sup"], candidate["s_use"]
        parts = [] if support is None else [f"{support:.2f}"]
        parts += [] if use is None else [f"{say(language, 'utility')} {use:+.2f}"]
        yield say(language, "support"), "  ".join([*parts, candidate["text"]])


def _select(update: dict[str, Any], language: Language) -> Iterator[Line]:
    for step in update.get("steps", ()):
        if step.get("score") is not None:  # other graphs select otherwise
            yield "", say(language, "select", n=step["candidates"], score=f"{step['score']:.2f}")


def _partial(update: dict[str, Any], language: Language) -> Iterator[Line]:
    if update.get("answer"):
        yield say(language, "partial"), update["answer"]


def _checked(update: dict[str, Any], language: Language) -> Iterator[Line]:
    for claim in update.get("claims", ()):
        if claim["support_score"] is not None:
            yield say(language, "support"), f"{claim['support_score']:.2f}  {claim['text']}"


def _beams(update: dict[str, Any], language: Language) -> Iterator[Line]:
    for step in update.get("steps", ()):
        if step["step"] == "long_form":
            yield say(language, "beam"), say(language, "long", n=step["most_generations"])
        for text in step.get("sentences", ()):
            yield say(language, "beam"), text


def _restate(update: dict[str, Any], language: Language) -> Iterator[Line]:
    if update.get("answer"):
        yield "", say(language, "restate")


_TELLERS: dict[str, Teller] = {
    "gap": _gap,
    "search": _search,
    "rerank": _rerank,
    "grade": _grade,
    "candidate": _candidate,
    "critique": _critique,
    "select": _select,
    "partial": _partial,
    "check_partial": _checked,
    "decide": _beams,
    "prune": _beams,
    "restate": _restate,
    **REASONING,
}


def where(passage: Evidence, language: Language) -> str:
    """File and page of a passage, relative to here where that is shorter."""
    path = Path(passage["document"])
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    page = f", {say(language, 'page', n=passage['page'])}" if passage["page"] else ""
    return f"{named(str(path))}{page}"


def show_answer(console: Console, output: RagOutput) -> None:
    """The answer with source numbers, then each source."""
    language, numbers = output["language"], numbering(output["claims"])
    console.print(Text(f"\n{say(language, 'answer')}", style="bold"))
    console.print(Text(visible(with_keys(output["claims"]) or output["answer"])))
    if numbers:
        console.print(Text(f"\n{say(language, 'sources')}", style="bold"))
    for key, number in numbers.items():
        show_source(console, output, key, number)
    for fact in output["missing"]:
        console.print(Text(visible(f"{say(language, 'missing')}: {fact}"), style="yellow"))
    show_usage(console, output)


_QUOTE_CHARS = 400


def show_source(console: Console, output: RagOutput, key: str, number: int) -> None:
    """One source: file, page, support, and the exact words that bear the answer."""
    language, passage = output["language"], output["evidence"][key]
    claims = [claim for claim in output["claims"] if key in claim["evidence_ids"]]
    support = say(language, SUPPORT[claims[0]["support"]])
    line = Text(f"[{number}] ", style="bold cyan")
    line.append(where(passage, language), style="cyan").append(f"  {support}", style="dim")
    console.print(line)
    for words in dict.fromkeys(quote(claim["text"], passage["text"]) for claim in claims):
        shown = words if len(words) <= _QUOTE_CHARS else f"{words[:_QUOTE_CHARS].rstrip()} …"
        console.print(
            Padding(Text(visible(f"“{shown}”"), style="green"), (0, 0, 0, 4), expand=False)
        )


def show_usage(console: Console, output: RagOutput) -> None:
    """Status and what the run spent; fallbacks are said."""
    language, usage = output["language"], output["usage"]
    key = "status_partial" if output["status"] == "partial" else output["status"]
    line = say(
        language,
        "usage",
        status=say(language, key),
        calls=usage["calls"],
        tokens=f"{usage['tokens']:,}",
        searches=usage["searches"],
        s=f"{usage['seconds']:.1f}",
    )
    console.print(Text(f"\n{line}", style="dim"))
    if output["degraded"]:
        fallbacks = ", ".join(output["degraded"])
        console.print(Text(f"{say(language, 'degraded')}: {fallbacks}", style="yellow"))
