"""`concrete train`: try every candidate, select one, test it."""

from __future__ import annotations

import typer

from concrete_cli.backend import Options
from concrete_cli.cli import options as o
from concrete_cli.cli.command import page
from concrete_cli.cli.pages import RUN
from concrete_cli.execute import Request


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    page(app, "concrete train concrete.toml", *RUN)(train)


def train(
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
    """Try every candidate and select the best model.

    The best is selected by cross-validation, then measured on the test rows, once.
    """
    from concrete_cli.cli import drive

    options = Options(jobs=jobs, cold=cold, reuse=not no_reuse, force=tuple(force or ()))
    request = Request("train", experiment, home, backend, tuple(set_ or ()), options)
    if o.starts_nothing(dry_run, into):
        return drive.forecast(request, as_json=json, into=into)
    manner = drive.Manner(detach, json, quiet, verbose, report)
    return drive.execute(request, manner)
