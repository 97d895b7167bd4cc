"""Commands for what goes on elsewhere: rehearse, publish, fetch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from concrete_cli.backend import Options
from concrete_cli.cli import complete
from concrete_cli.cli import options as o
from concrete_cli.cli.command import page
from concrete_cli.errors import StepFailed
from concrete_cli.execute import Request


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    page(app, "concrete rehearse --backend azureml-v2", *(0, 3, 4, 7))(rehearse)
    page(app, "concrete publish concrete.toml --name nightly", 0, 3, 7)(publish)
    page(app, "concrete fetch latest select.leaderboard board", 0, 5)(fetch)


def rehearse(
    experiment: o.Experiment = None,
    backend: o.Cloud = "",
    workflow: o.Workflow = "",
    set_: o.Set = None,
    jobs: o.Jobs = 0,
    json: o.Json = False,
    home: o.Home = None,
    quiet: o.Quiet = False,
) -> int:
    """Run the compiled cloud pipeline on this machine.

    An emulator executes it, and every output is compared with that of a local run.
    """
    from concrete_cli.commands import rehearsing
    from concrete_cli.view import cloud as view

    request = Request(
        workflow, experiment, home, sets=tuple(set_ or ()), options=Options(jobs=jobs)
    )
    found = rehearsing.rehearse(request, o.cloud(backend), None if quiet else view.progress)
    view.rehearsed(found, as_json=json)
    return 0 if found["equal"] else StepFailed.exit_code


def publish(
    experiment: o.Experiment = None,
    workflow: o.Workflow = "",
    backend: o.Backend = "local",
    name: o.Called = "",
    withdraw: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Take this address away instead; v1: its id.", show_default=False
        ),
    ] = "",
    set_: o.Set = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Give a plan a URL that starts it.

    Prints the curl line that does so.
    """
    from concrete_cli import execute
    from concrete_cli.commands import publishing
    from concrete_cli.view import cloud as view

    if withdraw:
        publishing.withdraw(publishing.place(backend, experiment, home), withdraw)
        view.withdrawn(withdraw, as_json=json)
        return 0
    request = Request(workflow, experiment, home, backend, tuple(set_ or ()))
    view.published(publishing.publish(execute.prepare(request), name), as_json=json)
    return 0


def fetch(
    run: o.RunName,
    output: Annotated[str, typer.Argument(metavar="STEP.OUTPUT", autocompletion=complete.outputs)],
    into: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that is new, or empty.")],
    backend: o.Elsewhere = "",
    experiment: o.Whose = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Copy an output of a run to a folder.

    The output is copied from wherever it is, also from a cloud.
    """
    from concrete_cli.cloud import carrying, remote
    from concrete_cli.view import cloud as view

    target = remote.find(run, home=home, elsewhere=backend, experiment=experiment)
    view.fetched(carrying.fetch(target, output, into), as_json=json)
    return 0
