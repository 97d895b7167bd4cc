"""`concrete reproduce`: the run that led to a model, once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from concrete_cli.cli import options as o
from concrete_cli.cli.command import page
from concrete_cli.cli.models import Ref
from concrete_cli.cli.pages import RUN

if TYPE_CHECKING:
    from concrete_cli.backend import Backend
    from concrete_cli.runs import Run
    from concrete_cli.workspace import Workspace


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    page(app, "concrete reproduce mixes", *RUN, 8)(reproduce)


def reproduce(
    model: Ref,
    trust: o.Trust = False,
    json: o.Json = False,
    home: o.Home = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> int:
    """Run the experiment of a model again.

    The recorded experiment runs, and what it gives is compared with the model, file by file; the
    exit code is 8 where they differ.
    """
    from concrete_cli import workspace
    from concrete_cli.cli import drive
    from concrete_cli.commands import reproduce as reproduction
    from concrete_cli.errors import Damaged
    from concrete_cli.view import models as view

    manner = drive.Manner(as_json=json, quiet=quiet, verbose=verbose)

    def see_through(run: Run, space: Workspace, backend: Backend) -> None:
        drive.watch(run, space, backend, manner)
        drive.check(run, backend, manner)

    found = reproduction.reproduce(workspace.here(home), model, see_through, trust=trust)
    view.reproduced(found, as_json=json)
    return 0 if found["same"] else Damaged.exit_code
