"""Commands that write pages: report, and what `compare --html` does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from concrete_cli import workspace
from concrete_cli.cli import options as o
from concrete_cli.runs import Run
from concrete_cli.workspace import Workspace

Into = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="Where; else beside the run's files."),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(report)


def report(
    run: o.RunName = "latest",
    output: Into = None,
    open_: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Write a run as one HTML file: result, charts, steps, data, lineage, experiment."""
    from concrete_cli.report import write

    space = workspace.here(home)
    found = space.runs.find(run)
    return told([found.id], write.write(space, found, output), open_=open_, json=json)


def compared(space: Workspace, first: Run, second: Run, into: Path | None, *, json: bool) -> int:
    """Write two runs side by side and say where."""
    from concrete_cli.report import write

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
