"""Commands about experiments of one's own: init, run."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from concrete_cli.backend import Options
from concrete_cli.cli import options as o
from concrete_cli.cli.command import page
from concrete_cli.cli.pages import RUN
from concrete_cli.execute import Request

TYPED = "rows.csv"  # the file that takes what stdin holds


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    page(app, "concrete init new --data mixes.csv --target strength", 0, 2)(init)
    page(app, "concrete run own.toml", *RUN)(run)


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder; made if need be.")],
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A CSV or Parquet file to learn from, or - for stdin; left out: the shipped"
            " example.",
        ),
    ] = None,
    target: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The numeric column to predict.")
    ] = None,
    json: o.Json = False,
    home: o.Home = None,  # noqa: ARG001  every command takes it; this one writes nothing there
) -> int:
    """Write an experiment for a data file.

    It is commented, and has the columns, types and ranges of the file.
    """
    from concrete_cli.commands import scaffold
    from concrete_cli.view import scaffold as view

    with _typed(folder, data) as file:
        view.made(scaffold.init(folder, file, target), as_json=json)
    return 0


@contextlib.contextmanager
def _typed(folder: Path, data: Path | None) -> Iterator[Path | None]:
    """Yield the file of the rows; what stdin holds becomes one in the folder of the experiment."""
    if str(data) != "-":
        yield data
        return
    from concrete_cli import permissions
    from concrete_cli.cli import streams
    from concrete_cli.errors import UsageError

    if (file := folder / TYPED).exists():
        raise UsageError(f"{file} is there already", help="choose another folder, or remove it")
    try:
        with permissions.of_user():
            folder.mkdir(parents=True, exist_ok=True)
            into = file.open("xb")
        with into:
            shutil.copyfileobj(streams.typed("rows of CSV"), into)
        yield file
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def run(
    experiment: o.Experiment = None,
    backend: o.Backend = "local",
    set_: o.Set = None,
    jobs: o.Jobs = 0,
    cold: o.Cold = False,
    no_reuse: o.NoReuse = False,
    force: o.Force = None,
    dry_run: o.DryRun = False,
    into: o.Into = None,
    detach: o.Detach = False,
    report: o.Report = None,
    json: o.Json = False,
    home: o.Home = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> int:
    """Run the steps of your own pipeline.

    They are the [pipeline.steps.NAME] tables of the experiment.
    """
    from concrete_cli.cli import drive

    options = Options(jobs=jobs, cold=cold, reuse=not no_reuse, force=tuple(force or ()))
    request = Request("run", experiment, home, backend, tuple(set_ or ()), options)
    if o.starts_nothing(dry_run, into):
        return drive.forecast(request, as_json=json, into=into)
    manner = drive.Manner(detach, json, quiet, verbose, report)
    return drive.execute(request, manner)
