"""`concrete models export`, `import`, `pull` and `push`: the registry here, files, and clouds."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from concrete_cli.cli import models, streams
from concrete_cli.cli import options as o
from concrete_cli.cli.command import page
from concrete_cli.errors import UsageError

if TYPE_CHECKING:
    from concrete_cli.registry.models import Models


PIPE = Path("-")


def register(app: typer.Typer) -> None:  # noqa: ARG001  its commands stand below `models`
    """Add the commands of this module."""
    group = models.group
    page(group, "concrete models import mixes.zip", 0, 5, 8, name="import")(import_)
    page(group, "concrete models export mixes:1 mixes.zip", 0, 5, 8)(export)
    page(group, "concrete models pull mixes --backend azureml-v2", 0, 5, 7, 8)(pull)
    page(group, "concrete models push mixes --backend azureml-v2", 0, 5, 7, 8)(push)


def export(
    model: models.Ref,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The zip file to write, or - for stdout.")
    ],
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Write a version to a zip file."""
    from concrete_cli.registry import archive as model_archive
    from concrete_cli.view import models as view

    found = _here(home).find(model)
    if file != PIPE:
        model_archive.export(found, file)
        view.exported(found, file, as_json=json)
        return 0
    if json:
        raise UsageError("stdout cannot hold both the zip file and --json", help="name a FILE")
    with tempfile.TemporaryDirectory(prefix="concrete-") as scratch:
        model_archive.export(found, Path(scratch) / "model.zip")
        with (Path(scratch) / "model.zip").open("rb") as archive:
            shutil.copyfileobj(archive, streams.answer().buffer)
    return 0


def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What `export` wrote, or - for stdin.")
    ],
    name: Annotated[
        str, typer.Option(metavar="NAME", help="Another name for it.", show_default=False)
    ] = "",
    trust: o.Trust = False,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Register a version from a zip file.

    It gets the next number of its name here.
    """
    from concrete_cli.registry import archive as model_archive
    from concrete_cli.view import models as view

    models = _here(home)
    known = {version.ref for version in models.all()}
    with _typed(file) as archive:
        version = model_archive.bring(models, archive, name, trust=trust)
    view.imported(version, new=version.ref not in known, as_json=json)
    return 0


@contextlib.contextmanager
def _typed(file: Path) -> Iterator[Path]:
    if file != PIPE:
        yield file
        return
    with tempfile.TemporaryDirectory(prefix="concrete-") as scratch:
        archive = Path(scratch) / "stdin.zip"
        with archive.open("xb") as into:
            shutil.copyfileobj(streams.typed("a zip file"), into)
        yield archive


def pull(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="NAME (the newest version), NAME:N or NAME@ALIAS, as it is there."
        ),
    ],
    backend: o.Cloud = "",
    experiment: o.Whose = None,
    trust: o.Trust = False,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Register a model of a cloud on this machine.

    The same content is the same version.
    """
    from concrete_cli.cloud import carrying
    from concrete_cli.commands import publishing
    from concrete_cli.view import cloud as view

    place = publishing.place(o.cloud(backend), experiment, home)
    there = _here(home)
    view.carried(carrying.pull(there, place, model, trust=trust), as_json=json)
    return 0


def push(
    model: models.Ref,
    backend: o.Cloud = "",
    experiment: o.Whose = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Register a model of this machine in a cloud.

    It becomes the next version of its name there.
    """
    from concrete_cli.cloud import carrying
    from concrete_cli.commands import publishing
    from concrete_cli.view import cloud as view

    place = publishing.place(o.cloud(backend), experiment, home)
    there = _here(home)
    view.carried(carrying.push(there, place, model), as_json=json)
    return 0


def _here(home: Path | None) -> Models:
    from concrete_cli import workspace
    from concrete_cli.registry.models import Models

    return Models(workspace.here(home).home)
