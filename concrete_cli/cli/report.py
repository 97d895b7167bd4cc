"""Commands that write pages: report, and what `compare --html` does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from concrete_cli import workspace
from concrete_cli.cli import complete, streams
from concrete_cli.cli import options as o
from concrete_cli.cli.command import page
from concrete_cli.errors import NotFound
from concrete_cli.runs import Run as RunOnDisk
from concrete_cli.workspace import Workspace

Run = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="A run: its name, the beginning of it, its word, or `latest`; left out: the latest"
        " train or finetune run.",
        autocompletion=complete.runs,
        show_default=False,
    ),
]
Into = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", metavar="FILE", help="Where, - is stdout; else beside the run's files."
    ),
]

PIPE = Path("-")
REPORTED = ("train", "finetune")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    page(app, "concrete report latest -o report.html", 0, 5)(report)


def report(
    run: Run = "",
    output: Into = None,
    open_: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Write a run as one HTML file.

    It holds the result, charts, steps, data, lineage and the experiment.
    """
    from concrete_cli.report import page, write

    space = workspace.here(home)
    found = space.runs.find(run) if run else _latest(space)
    if output == PIPE:
        streams.answer().write(page.of_run(space, found))
        return 0
    return told([found.id], write.write(space, found, output), open_=open_, json=json)


def _latest(space: Workspace) -> RunOnDisk:
    """Return the latest run that has a result to report; if there is none, the latest of all."""
    try:
        return space.runs.find("latest", lambda run: run.record["workflow"] in REPORTED)
    except NotFound:
        return space.runs.find("latest")


def compared(
    space: Workspace, first: RunOnDisk, second: RunOnDisk, into: Path | None, *, json: bool
) -> int:
    """Write two runs side by side and say where."""
    from concrete_cli.report import page, write

    if into == PIPE:
        streams.answer().write(page.of_two(space, first, second))
        return 0
    path = write.write_comparison(space, first, second, into)
    return told([first.id, second.id], path, json=json)


def told(runs: list[str], path: Path, *, open_: bool = False, json: bool = False) -> int:
    """Say where a page is; show it if a person wants to see it."""
    from concrete_cli.view import output

    path = path.absolute()
    if json:
        output.document({"runs": runs, "path": str(path), "bytes": path.stat().st_size})
    else:
        print(path)
    if open_:
        import webbrowser

        webbrowser.open(path.as_uri())
    return 0
