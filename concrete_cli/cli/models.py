"""`concrete models`: what is registered, and what it is called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from concrete_cli.cli import complete
from concrete_cli.cli import options as o

if TYPE_CHECKING:
    from concrete_cli.backend import Backend
    from concrete_cli.models import Models
    from concrete_cli.runs import Run
    from concrete_cli.workspace import Workspace

Ref = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="NAME (the newest version), NAME:N or NAME@ALIAS.",
        autocompletion=complete.models,
    ),
]
Exact = Annotated[
    str,
    typer.Argument(
        metavar="NAME:N", help="One version, by its number.", autocompletion=complete.versions
    ),
]
group = typer.Typer(
    help="List, show, tag and carry registered models.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(group, name="models")
    app.command()(reproduce)


@group.callback()
def models(context: typer.Context, json: o.Json = False, home: o.Home = None) -> int:
    """List, show, tag and carry registered models; alone: list them."""
    if context.invoked_subcommand:
        return 0
    return list_("", json=json, home=home)


@group.command("list")
def list_(
    name: Annotated[
        str, typer.Argument(help="Of this model only.", autocompletion=complete.models)
    ] = "",
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """List the versions of all models, newest first."""
    from concrete_cli import catalogue
    from concrete_cli.view import models as view

    there = _models(home)
    if name:
        there.find(name)  # NotFound names the nearest
    view.listed(catalogue.listed(there, name), as_json=json)
    return 0


@group.command()
def show(model: Ref, json: o.Json = False, home: o.Home = None) -> int:
    """Show a version: its model card, where it comes from, its files."""
    from concrete_cli import catalogue
    from concrete_cli.view import models as view

    there = _models(home)
    view.shown(catalogue.shown(there, there.find(model)), as_json=json)
    return 0


@group.command()
def tag(
    version: Exact,
    alias: Annotated[str, typer.Argument(help="A word such as production.")],
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Let an alias stand for this version, and for no other any more."""
    from concrete_cli import tracking
    from concrete_cli.view import models as view

    there = _models(home)
    found = there.find(version)
    before = [one for one in there.all(found.name) if alias in tracking.aliases_of(there, one)]
    there.tag(found.name, found.number, alias)
    for one in (*before, found):
        tracking.tell_aliases(there, one)
    view.tagged(found, alias, as_json=json)
    return 0


@group.command()
def untag(
    alias: Annotated[
        str,
        typer.Argument(
            metavar="NAME@ALIAS", help="The alias to take away.", autocompletion=complete.models
        ),
    ],
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Take an alias away; the version stays."""
    from concrete_cli import tracking
    from concrete_cli.errors import UsageError
    from concrete_cli.models import parse
    from concrete_cli.view import models as view

    name, _, word = parse(alias)
    if not word:
        raise UsageError(f"{alias!r} names no alias", help="concrete models untag NAME@ALIAS")
    there = _models(home)
    before = there.find(f"{name}@{word}")
    there.untag(name, word)
    tracking.tell_aliases(there, before)
    view.untagged(name, word, as_json=json)
    return 0


@group.command()
def verify(
    model: Annotated[
        str,
        typer.Argument(
            metavar="[MODEL]",
            help="Left out: all versions of all models.",
            autocompletion=complete.models,
        ),
    ] = "",
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Check that every file is as it was registered; exit with 8 if one is not."""
    from concrete_cli import catalogue
    from concrete_cli.errors import Damaged
    from concrete_cli.view import models as view

    found = catalogue.verified(_models(home), model)
    view.verified(found, as_json=json)
    return Damaged.exit_code if any(one["damage"] for one in found) else 0


@group.command()
def export(
    model: Ref,
    file: Annotated[Path, typer.Argument(help="The zip file to write.")],
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Write a version to a zip file."""
    from concrete_cli import model_archive
    from concrete_cli.view import models as view

    found = _models(home).find(model)
    model_archive.export(found, file)
    view.exported(found, file, as_json=json)
    return 0


@group.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A zip file that `export` wrote.")],
    name: Annotated[str, typer.Option(help="Another name for it.", show_default=False)] = "",
    trust: Annotated[
        bool, typer.Option("--trust", help="Allow a model of a class of somebody's own.")
    ] = False,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Register a version that was exported; it gets the next number here."""
    from concrete_cli import model_archive
    from concrete_cli.view import models as view

    view.imported(model_archive.bring(_models(home), file, name, trust=trust), as_json=json)
    return 0


@group.command()
def delete(version: Exact, json: o.Json = False, home: o.Home = None) -> int:
    """Remove a version that has no alias; its number is never given again."""
    from concrete_cli.errors import UsageError
    from concrete_cli.models import parse
    from concrete_cli.view import models as view

    if not parse(version)[1]:
        raise UsageError(f"{version!r} names no single version", help="say which: NAME:N")
    there = _models(home)
    found = there.find(version)
    there.delete(found)
    view.deleted(found, as_json=json)
    return 0


def reproduce(
    model: Ref,
    json: o.Json = False,
    home: o.Home = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> int:
    """Run the recorded experiment of a model again; exit with 8 if it comes to something else."""
    from concrete_cli import reproduce as reproduction
    from concrete_cli import workspace
    from concrete_cli.cli import drive
    from concrete_cli.errors import Damaged
    from concrete_cli.view import models as view

    manner = drive.Manner(as_json=json, quiet=quiet, verbose=verbose)

    def see_through(run: Run, space: Workspace, backend: Backend) -> None:
        drive.watch(run, space, backend, manner)
        drive.check(run, backend, manner)

    found = reproduction.reproduce(workspace.here(home), model, see_through)
    view.reproduced(found, as_json=json)
    return 0 if found["same"] else Damaged.exit_code


def _models(home: Path | None) -> Models:
    from concrete_cli import workspace
    from concrete_cli.models import Models

    return Models(workspace.here(home).home)
