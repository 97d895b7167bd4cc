"""`concrete score`: predictions for new rows."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated

import typer

from concrete_cli.backend import Options
from concrete_cli.cli import options as o
from concrete_cli.cli.command import page
from concrete_cli.cli.pages import RUN
from concrete_cli.execute import Request

Data = Annotated[
    str,
    typer.Option(metavar="FILE", help="A CSV or Parquet file, URL#sha256=DIGEST, or - for stdin."),
]
Out = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Where to: .parquet, .csv, or - for CSV on stdout; else beside the run's files.",
        show_default=False,
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="NAME, NAME:N, NAME@ALIAS, run:RUN or the folder of a model; else the newest of the"
        " experiment's own.",
        show_default=False,
    ),
]
Keep = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN",
        help="Carry a column over to the predictions; may be given again.",
        show_default=False,
    ),
]
Shards = Annotated[
    int | None,
    typer.Option(min=1, max=256, metavar="N", help="In how many parts.", show_default=False),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    page(app, "concrete score --data new.csv --out predictions.csv", *RUN, 5)(score)


def score(
    experiment: o.Experiment = None,
    data: Data = "-",
    out: Out = None,
    model: Model = None,
    keep: Keep = None,
    shards: Shards = None,
    backend: o.Backend = "local",
    set_: o.Set = None,
    jobs: o.Jobs = 0,
    cold: o.Cold = False,
    no_reuse: o.NoReuse = False,
    trust: o.Trust = False,
    dry_run: o.DryRun = False,
    into: o.Into = None,
    json: o.Json = False,
    home: o.Home = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> int:
    """Predict new rows with a model.

    Each row gets a prediction and its interval, in the order of the rows.
    """
    from concrete_cli import execute, workspace
    from concrete_cli.cli import drive, streams
    from concrete_cli.commands import scoring
    from concrete_cli.workspace import Workspace

    if json and out == "-":
        from concrete_cli.errors import UsageError

        raise UsageError("stdout cannot hold both the predictions and --json", help="--out FILE")
    file = experiment or workspace.nearest_experiment(Path.cwd())
    place = workspace.home_of(file, home)
    space = Workspace(place) if dry_run else workspace.of_experiment(file, home)
    typed = functools.partial(streams.typed, "rows of CSV", "--data FILE reads a file")
    with scoring.rows(data, space, typed, dry=dry_run) as path:
        request = Request(
            "score",
            file,
            home,
            backend,
            tuple(set_ or ()),
            Options(jobs=jobs, cold=cold, reuse=not no_reuse),
            {
                "data": path,
                "model": model,
                "offline": dry_run,
                "trust": trust,
                "keep": keep,
                "shards": shards,
                "format": scoring.format_of(out),
            },
        )
        if o.starts_nothing(dry_run, into):
            return drive.forecast(request, as_json=json, into=into)
        prepared = execute.prepare(request)
        run = execute.submit(prepared)
        run.note(out=scoring.wanted_at(out))  # `resume` brings them there, too
        manner = drive.Manner(as_json=json, quiet=quiet, verbose=verbose)
        return drive.follow(run, space, prepared.backend, manner)
