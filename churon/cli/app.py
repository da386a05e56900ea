"""The commands, a few lines each; they import what they need when they run: help is quick."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Optional

import typer

from churon.cli.common import print_version, remember, settings_of
from churon.cli.evals.app import evals

app = typer.Typer(
    name="churon",
    help="Reasoning RAG over your own Korean and English documents.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
models = typer.Typer(help="Model files: list, pull, verify.", no_args_is_help=True)
app.add_typer(models, name="models")
documents = typer.Typer(help="Documents of the store: list, forget.", no_args_is_help=True)
app.add_typer(documents, name="documents")
cases = typer.Typer(help="Plans that CoT-RAG learnt: list, forget.", no_args_is_help=True)
app.add_typer(cases, name="cases")
app.add_typer(evals, name="eval")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Graph = Annotated[
    str, typer.Option("--graph", "-g", help="self_rag, cot_rag, mcts_rag, auto or two_stage.")
]
Tenant = Annotated[Optional[str], typer.Option(help="Tenant, where tenancy is on.")]  # noqa: UP045
Filters = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--filter",
        "-f",
        metavar="KEY=VALUE",
        help="Only passages with this metadata: document, as `churon documents list` gives it;"
        " detected_language=ko or en; title; section; page.",
    ),
]


@app.callback()
def options(
    ctx: typer.Context,
    config: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--config", "-c", help="Settings file (default: ./churon.toml)."),
    ] = None,
    preset: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--preset", "-p", help="embedded, ollama or gpu."),
    ] = None,
    sets: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--set", "-s", metavar="NAME=VALUE", help="A setting, such as context.k2=5."),
    ] = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=print_version, is_eager=True, help="Print the version; no more."
        ),
    ] = False,
) -> None:
    """Settings: preset, then ./churon.toml, then CHURON_* variables, then these options."""
    remember(ctx, config, preset, sets or [])


@app.command()
def ingest(
    ctx: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Files and folders.")],
    json: Json = False,
    tenant: Tenant = None,
    prune: Annotated[bool, typer.Option(help="Remove documents that were deleted.")] = True,
) -> None:
    """Read documents into the store; later runs do what changed."""
    from churon.cli.ingest import run
    from churon.cli.stopping import stoppable

    raise typer.Exit(stoppable(run(settings_of(ctx), paths, json, tenant, prune)))


@app.command()
def ask(
    ctx: typer.Context,
    question: Annotated[str, typer.Argument(help="The question, in Korean or English.")],
    graph: Graph = "self_rag",
    json: Json = False,
    language: Annotated[str, typer.Option(help="Answer's language: auto, en or ko.")] = "auto",
    tenant: Tenant = None,
    filter: Filters = None,
    show_tree: Annotated[
        bool, typer.Option("--show-tree", help="Then print the search tree or the plan.")
    ] = False,
) -> None:
    """Answer a question, with live steps and quoted sources."""
    from churon.cli.ask import run
    from churon.cli.stopping import stoppable

    settings, filters = settings_of(ctx), filter or []
    raise typer.Exit(
        stoppable(run(settings, question, graph, json, language, tenant, filters, show_tree))
    )


@app.command()
def search(
    ctx: typer.Context,
    query: Annotated[str, typer.Argument()],
    json: Json = False,
    tenant: Tenant = None,
    filter: Filters = None,
) -> None:
    """Search only, with every score side by side."""
    from churon.cli.search import run

    raise typer.Exit(asyncio.run(run(settings_of(ctx), query, json, tenant, filter or [])))


@app.command()
def chat(
    ctx: typer.Context,
    graph: Graph = "self_rag",
    thread: Annotated[str, typer.Option(help="Conversation to begin or go on with.")] = "default",
    database: Annotated[Path, typer.Option(help="SQLite file of the conversations.")] = Path(
        ".churon/chat.db"
    ),
    tenant: Tenant = None,
) -> None:
    """Hold a conversation; threads are kept."""
    from churon.cli.chat import run

    raise typer.Exit(run(settings_of(ctx), graph, thread, database, tenant))


@app.command()
def serve(
    ctx: typer.Context,
    host: Annotated[Optional[str], typer.Option(help="Address (default 127.0.0.1).")] = None,  # noqa: UP045
    port: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=0, max=65_535, help="Port (default 8000); 0 takes a free one."),
    ] = None,
    new_key: Annotated[
        bool, typer.Option("--new-key", help="Print a new API key; no more.")
    ] = False,
    tenant: Annotated[Optional[str], typer.Option(help="Whose the new key is.")] = None,  # noqa: UP045
) -> None:
    """Serve the graphs over HTTP: OpenAI's protocol, LangServe, MCP, health and metrics."""
    from churon.cli import serve as serving

    if new_key:
        raise typer.Exit(serving.make_key(tenant))
    serving.refuse_tenant_alone(tenant)
    raise typer.Exit(serving.run(settings_of(ctx), host, port))


@app.command()
def mcp(ctx: typer.Context, tenant: Tenant = None) -> None:
    """Offer search, ask and get_source to an MCP client over stdin and stdout."""
    from churon.cli.mcp import run

    raise typer.Exit(run(settings_of(ctx), tenant))


@app.command()
def doctor(ctx: typer.Context, json: Json = False) -> None:
    """Check settings, models and store, with remedies."""
    from churon.cli.doctor import run

    raise typer.Exit(asyncio.run(run(settings_of(ctx), json)))


@app.command()
def config(ctx: typer.Context) -> None:
    """Print every setting in force as TOML; secrets are starred out."""
    from churon.cli.config import run

    raise typer.Exit(run(settings_of(ctx)))


@app.command()
def draw(
    graph: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(
            help="A graph (self_rag by default), or retrieval, long_form, cot_step or mcts_leaf."
        ),
    ] = None,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--output",
            "-o",
            help="A .png or .mmd file, of a run also .svg; otherwise mermaid is printed.",
        ),
    ] = None,
    source: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--run",
            metavar="FILE",
            help="What `churon ask --json` printed (- for standard input): its tree or plan is"
            " drawn, not a graph.",
        ),
    ] = None,
) -> None:
    """Draw a graph, or a run's search tree or plan, without network."""
    from churon.cli.draw import run, run_file

    raise typer.Exit(run(graph, output) if source is None else run_file(graph, source, output))


@app.command()
def demo(ctx: typer.Context) -> None:
    """Pull models, ingest the samples, ask in English and Korean."""
    from churon.cli.demo import run

    raise typer.Exit(asyncio.run(run(settings_of(ctx))))


@models.command("list")
def models_list(ctx: typer.Context) -> None:
    """Every model of the catalogue and whether it is here."""
    from churon.cli.models import list_all

    raise typer.Exit(list_all(settings_of(ctx)))


@models.command("pull")
def models_pull(
    ctx: typer.Context,
    names: Annotated[Optional[list[str]], typer.Argument()] = None,  # noqa: UP045
    quick: Annotated[bool, typer.Option("--quick", help="The small ones that tests use.")] = False,
) -> None:
    """Fetch models by name; without one, those that the settings need. Resumes where it stopped."""
    from churon.cli.models import pull_all

    raise typer.Exit(pull_all(settings_of(ctx), names or [], quick))


@models.command("verify")
def models_verify(
    ctx: typer.Context,
    names: Annotated[Optional[list[str]], typer.Argument()] = None,  # noqa: UP045
) -> None:
    """Compare the files that are here with their sha256."""
    from churon.cli.models import verify_all

    raise typer.Exit(verify_all(settings_of(ctx), names or []))


@documents.command("list")
def documents_list(ctx: typer.Context, json: Json = False, tenant: Tenant = None) -> None:
    """Every document that was ingested, with its number of passages."""
    from churon.cli.documents import list_all

    raise typer.Exit(list_all(settings_of(ctx), json, tenant))


@documents.command("forget")
def documents_forget(
    ctx: typer.Context,
    paths: Annotated[Optional[list[Path]], typer.Argument(help="Files and folders.")] = None,  # noqa: UP045
    everything: Annotated[bool, typer.Option("--all", help="Every document.")] = False,
    tenant: Tenant = None,
) -> None:
    """Remove documents from the store; the files stay where they are."""
    from churon.cli.documents import forget

    raise typer.Exit(asyncio.run(forget(settings_of(ctx), paths or [], everything, tenant)))


@cases.command("list")
def cases_list(ctx: typer.Context, json: Json = False, tenant: Tenant = None) -> None:
    """Every question whose plan is kept, oldest first, with the plan's steps."""
    from churon.cli.cases import list_all

    raise typer.Exit(asyncio.run(list_all(settings_of(ctx), json, tenant)))


@cases.command("forget")
def cases_forget(
    ctx: typer.Context,
    ids: Annotated[Optional[list[str]], typer.Argument(help="Ids, or how they begin.")] = None,  # noqa: UP045
    everything: Annotated[bool, typer.Option("--all", help="Every case of the tenant.")] = False,
    tenant: Tenant = None,
) -> None:
    """Delete cases for good."""
    from churon.cli.cases import forget

    raise typer.Exit(asyncio.run(forget(settings_of(ctx), ids or [], everything, tenant)))
