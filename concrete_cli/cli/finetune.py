"""`concrete finetune`: tune what training selected, test it, register it."""

from __future__ import annotations

from json import dumps as json_text
from typing import Annotated

import typer

from concrete_cli.backend import Options
from concrete_cli.cli import complete
from concrete_cli.cli import options as o
from concrete_cli.cli.command import page
from concrete_cli.cli.pages import RUN
from concrete_cli.errors import GateNotMet
from concrete_cli.execute import Request


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    example = "concrete finetune concrete.toml --trials 10 --budget 1m"
    page(app, example, *RUN, GateNotMet.exit_code)(finetune)


def finetune(
    experiment: o.Experiment = None,
    start: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="RUN",
            help="The train run whose model is tuned.",
            autocompletion=complete.runs,
        ),
    ] = "latest",
    trials: Annotated[
        int | None,
        typer.Option(metavar="N", help="Configurations to try.", show_default=False),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="No trial begins after this: 60s, 10m.", show_default=False
        ),
    ] = None,
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
    """Tune the selected model, test and register it.

    Without [register] in the experiment, nothing is registered. The tuned model has to be better
    than the untuned one by more than the standard error of the gain, or the untuned one is kept.
    """
    from concrete_cli.cli import drive

    sets = list(set_ or ())
    sets += [f"finetune.trials={trials}"] if trials is not None else []
    sets += [f"finetune.budget={json_text(budget)}"] if budget is not None else []
    options = Options(jobs=jobs, cold=cold, reuse=not no_reuse, force=tuple(force or ()))
    request = Request("finetune", experiment, home, backend, tuple(sets), options, {"start": start})
    if o.starts_nothing(dry_run, into):
        return drive.forecast(request, as_json=json, into=into)
    manner = drive.Manner(detach, json, quiet, verbose, report)
    return drive.execute(request, manner)
