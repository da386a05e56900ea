"""The commands of `churon eval`, a few lines each."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Optional

import typer

from churon.cli.common import settings_of

evals = typer.Typer(
    help="Evaluate: make questions, ask them, judge answers, show rows.", no_args_is_help=True
)

Format = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--format",
        help="beir, hotpotqa, musique, squad, korquad, csv or jsonl; default: by its content.",
    ),
]


@evals.command("run")
def run_set(
    ctx: typer.Context,
    set_: Annotated[
        Path, typer.Argument(metavar="SET", help="A set's folder or file, or your own questions.")
    ],
    variants: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            "--variant",
            "-v",
            metavar="NAME=GRAPH[,KEY=VALUE…]",
            help="A graph, closed_book or agent, with settings of its own such as k2=3,"
            " limits.calls=20, preset=gpu or rerank.provider=none. Several are compared.",
        ),
    ] = None,
    n: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("-n", "--questions", min=1, help="A sample of so many; default: all."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the sample; a larger n adds to a smaller.")] = 7,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--output", "-o", help="Rows, which a later run goes on with (.churon/evals/SET.jsonl)."
        ),
    ] = None,
    form: Format = None,
    at_once: Annotated[
        int,
        typer.Option(
            "--at-once",
            min=1,
            max=64,
            help="Questions asked at once; 1 is best for a model in this process.",
        ),
    ] = 1,
    calls: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, help="Stop after so many model calls, earlier rows included."),
    ] = None,
    tokens: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, help="Stop after so many tokens, earlier rows included."),
    ] = None,
    minutes: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(min=0, help="Stop after so many minutes, at the end of a row."),
    ] = None,
    keep_errors: Annotated[
        bool, typer.Option("--keep-errors", help="Do not ask again what failed before.")
    ] = False,
    use_store: Annotated[
        bool, typer.Option("--use-store", help="Search what you ingested, not the set's corpus.")
    ] = False,
) -> None:
    """Ask every variant the questions of a set, one row each; goes on where it was stopped."""
    from churon.cli.evals.run import Wanted, run
    from churon.evals.spending import Budget

    budget = Budget(calls, tokens, minutes)
    wanted = Wanted(
        set_, form, variants or [], n, seed, output, at_once, budget, keep_errors, use_store
    )
    settings_for = lambda preset, more: settings_of(ctx, preset, more)  # noqa: E731
    raise typer.Exit(asyncio.run(run(wanted, settings_for)))


@evals.command("tune")
def tune_settings(
    ctx: typer.Context,
    set_: Annotated[
        Path, typer.Argument(metavar="SET", help="A set's folder or file, or your own questions.")
    ],
    graph: Annotated[
        str, typer.Option("--graph", "-g", help="self_rag, cot_rag, mcts_rag, auto or two_stage.")
    ],
    knobs: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            "--knob",
            metavar="NAME[=LOW..HIGH]",
            help="Tune these only, such as k2=1..8, w_sup or calibration (default: the graph's).",
        ),
    ] = None,
    objective: Annotated[
        str, typer.Option(help="quality (answers, and abstaining rightly), answer, settled, …")
    ] = "quality",
    call_cost: Annotated[
        float, typer.Option("--call-cost", min=0, help="What a model call takes off it.")
    ] = 0.0,
    held_back: Annotated[
        float, typer.Option("--held-back", min=0.1, max=0.9, help="Share that only judges.")
    ] = 0.5,
    n: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("-n", "--questions", min=1, help="A sample of so many; default: all."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of sample, halves and search.")] = 7,
    trials: Annotated[int, typer.Option(min=1, help="Settings to try, those in force first.")] = 20,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--output",
            "-o",
            help="Folder of rows, study and tuned.toml (.churon/evals/SET-GRAPH-tune).",
        ),
    ] = None,
    form: Format = None,
    at_once: Annotated[
        int, typer.Option("--at-once", min=1, max=64, help="Questions asked at once.")
    ] = 1,
    calls: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, help="Stop after so many model calls, the verdict's among them."),
    ] = None,
    minutes: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(min=0, help="Stop after so many minutes, the verdict's among them."),
    ] = None,
    use_store: Annotated[
        bool, typer.Option("--use-store", help="Search what you ingested, not the set's corpus.")
    ] = False,
) -> None:
    """Fit settings to a part of a set, judge them on the rest; goes on where it was stopped."""
    from churon.cli.evals.tune import Wanted, run
    from churon.evals.spending import Budget

    wanted = Wanted(
        set_, graph, form, knobs or [], objective, call_cost, held_back, n, seed, trials, output,
        at_once, Budget(calls=calls, minutes=minutes), use_store,
    )  # fmt: skip
    raise typer.Exit(asyncio.run(run(wanted, settings_of(ctx))))


@evals.command("make")
def make_set(
    ctx: typer.Context,
    documents: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Argument(help="Files and folders to ask about; default: what you ingested."),
    ] = None,
    n: Annotated[int, typer.Option("-n", "--questions", min=1, help="How many.")] = 20,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="A .csv or .jsonl file; more is added to it.")
    ] = Path("questions.csv"),
    kinds: Annotated[
        str, typer.Option(help="Of single, two_hop and unanswerable, parted by commas.")
    ] = "single,two_hop,unanswerable",
    language: Annotated[str, typer.Option(help="auto (the documents' own), en or ko.")] = "auto",
    seed: Annotated[int, typer.Option(help="Of the choice of passages.")] = 7,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Begin anew: questions and edits there are lost.")
    ] = False,
) -> None:
    """Propose questions about your documents, for you to accept, edit or refuse in the file."""
    from churon.cli.evals.make import Wanted, run

    wanted = Wanted(documents or [], n, output, kinds, language, seed, overwrite)
    raise typer.Exit(asyncio.run(run(settings_of(ctx), wanted)))


@evals.command("judge")
def judge_rows(
    ctx: typer.Context,
    rows: Annotated[Path, typer.Argument(help="What `churon eval run` wrote.")],
    at_once: Annotated[
        int, typer.Option("--at-once", min=1, max=64, help="Answers judged at once.")
    ] = 1,
) -> None:
    """Let the model in force say which answers are right; goes on where it was stopped.

    Models favour their own answers: name another one, best a larger one, such as
    churon --preset ollama -s chat.model=NAME eval judge ROWS.
    """
    from churon.cli.evals.judge import run

    raise typer.Exit(asyncio.run(run(settings_of(ctx), rows, at_once)))


@evals.command("show")
def show_rows(
    rows: Annotated[Path, typer.Argument(help="What `churon eval run` wrote.")],
) -> None:
    """How many rows and errors there are, and what each variant did and cost."""
    from churon.cli.evals.show import run

    raise typer.Exit(run(rows))


@evals.command("report")
def report_rows(
    rows: Annotated[
        list[Path], typer.Argument(help="What `churon eval run` wrote; several files.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The page, one file that needs no network.")
    ] = Path("report.html"),
    markdown: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="A summary for a pull request too; - prints it."),
    ] = None,
    a: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--a", metavar="NAME", help="Hold others against this variant (the first)."),
    ] = None,
    b: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--b", metavar="NAME", help="The only variant to compare with A (all)."),
    ] = None,
    lang: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="en or ko; default: the reader's browser's, and English in Markdown."),
    ] = None,
    allow: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar="FIELD", help="Compare although this differs, such as model."),
    ] = None,
) -> None:
    """Show rows on one HTML page: figures, plots, differences, every question."""
    from churon.cli.evals.report import Wanted, run

    raise typer.Exit(run(Wanted(rows, output, markdown, a, b, lang, allow or [])))


@evals.command("publish")
def publish_rows(
    ctx: typer.Context,
    rows: Annotated[
        list[Path], typer.Argument(help="What `churon eval run` wrote; several files.")
    ],
    to: Annotated[str, typer.Option("--to", help="langfuse or wandb.")],
    project: Annotated[
        str, typer.Option(help="W&B's project, or before the names of Langfuse's datasets.")
    ] = "churon",
) -> None:
    """Send rows and their scores to Langfuse or Weights & Biases."""
    from churon.cli.evals.publish import run

    raise typer.Exit(run(settings_of(ctx), rows, to, project))
