"""`concrete models pull` and `push`: between the registry here and that of a cloud."""

from __future__ import annotations

from typing import Annotated

import typer

from concrete_cli.cli import models
from concrete_cli.cli import options as o
from concrete_cli.errors import UsageError


def register(app: typer.Typer) -> None:  # noqa: ARG001  its commands stand below `models`
    """Add the commands of this module."""
    for command in (pull, push):
        models.group.command()(command)


def pull(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="NAME (the newest version), NAME:N or NAME@ALIAS, as it is there."
        ),
    ],
    backend: o.Cloud = "",
    experiment: o.Whose = None,
    trust: Annotated[
        bool, typer.Option("--trust", help="Allow a model of a class of somebody's own.")
    ] = False,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Register a model of a cloud here; the same content is the same version."""
    from concrete_cli import carrying, publishing
    from concrete_cli.view import cloud as view

    place = publishing.place(_named(backend), experiment, home)
    there = models._models(home)  # noqa: SLF001  the other half of the same commands
    view.carried(carrying.pull(there, place, model, trust=trust), as_json=json)
    return 0


def push(
    model: models.Ref,
    backend: o.Cloud = "",
    experiment: o.Whose = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Register a model of this machine in a cloud, as the next version of its name."""
    from concrete_cli import carrying, publishing
    from concrete_cli.view import cloud as view

    place = publishing.place(_named(backend), experiment, home)
    there = models._models(home)  # noqa: SLF001  the other half of the same commands
    view.carried(carrying.push(there, place, model), as_json=json)
    return 0


def _named(backend: str) -> str:
    if not backend:
        raise UsageError("which cloud?", help="--backend azureml or azureml-v2")
    return backend
