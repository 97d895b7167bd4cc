"""`concrete models`: what is registered, and what it is called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from concrete_cli import workspace
from concrete_cli.cli import complete
from concrete_cli.cli import options as o
from concrete_cli.cli.command import group as commands
from concrete_cli.cli.command import page

if TYPE_CHECKING:
    from concrete_cli.cloud.models import CloudRegistry
    from concrete_cli.commands.catalogue import Registry

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
group = commands("models", "concrete models list", alone=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(group)


@group.callback()
def models(
    context: typer.Context,
    backend: o.Registry = "local",
    experiment: o.Whose = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """List, show, tag and move registered models.

    By itself it lists them.
    """
    if context.invoked_subcommand:
        return 0
    return list_("", backend, experiment, json, home)


@page(group, "concrete models list", name="list")
def list_(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="Of this model only.", autocompletion=complete.models),
    ] = "",
    backend: o.Registry = "local",
    experiment: o.Whose = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """List the versions of models, newest first."""
    from concrete_cli import lines
    from concrete_cli.view import models as view

    rows = _of(backend, experiment, home).listed(name)
    view.listed(rows, lines.first("finetune", workspace.here(home).home), as_json=json)
    return 0


@page(group, "concrete models show mixes", 0, 5)
def show(
    model: Ref,
    backend: o.Registry = "local",
    experiment: o.Whose = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Show a version of a model.

    Its model card, where it comes from, its files.
    """
    from concrete_cli.view import models as view

    view.shown(_of(backend, experiment, home).shown(model), as_json=json)
    return 0


@page(group, "concrete models tag mixes:1 production", 0, 5)
def tag(
    version: Exact,
    alias: Annotated[str, typer.Argument(metavar="ALIAS", help="A word such as production.")],
    backend: o.Registry = "local",
    experiment: o.Whose = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Give an alias to a version.

    Another version that has the alias loses it.
    """
    from concrete_cli.view import models as view

    view.tagged(_of(backend, experiment, home).tag(version, alias), alias, as_json=json)
    return 0


@page(group, "concrete models untag mixes@production", 0, 5)
def untag(
    alias: Annotated[
        str,
        typer.Argument(
            metavar="NAME@ALIAS", help="The alias to take away.", autocompletion=complete.models
        ),
    ],
    backend: o.Registry = "local",
    experiment: o.Whose = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Remove an alias; the version stays."""
    from concrete_cli.registry import naming
    from concrete_cli.view import models as view

    name, word = naming.alias_of(alias)
    _of(backend, experiment, home).untag(name, word)
    view.untagged(name, word, as_json=json)
    return 0


@page(group, "concrete models verify", 0, 5, 8)
def verify(
    model: Annotated[
        str,
        typer.Argument(
            metavar="[MODEL]",
            help="Left out: all versions of all models.",
            autocompletion=complete.models,
        ),
    ] = "",
    backend: o.Registry = "local",
    experiment: o.Whose = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Check that models are as they were registered.

    Every file is checked; the exit code is 8 if one is not as it was.
    """
    from concrete_cli.errors import Damaged
    from concrete_cli.view import models as view

    found = _of(backend, experiment, home).verified(model)
    view.verified(found, as_json=json)
    return Damaged.exit_code if any(one["damage"] for one in found) else 0


@page(group, "concrete models delete mixes:1 --yes", 0, 5)
def delete(
    version: Exact,
    yes: o.Yes = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go.")] = False,
    backend: o.Registry = "local",
    experiment: o.Whose = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Remove a version that has no alias.

    Its number is never given again.
    """
    from concrete_cli.view import models as view

    registry = _of(backend, experiment, home)
    going = registry.going(version)
    if dry_run:
        view.going(going, as_json=json)
    elif o.agreed(f"{going['name']}:{going['version']} goes for good", yes=yes):
        view.deleted(registry.delete(version), as_json=json)
    return 0


def _of(backend: str, experiment: Path | None, home: Path | None) -> Registry | CloudRegistry:
    """Return the registry of this machine, or of a cloud."""
    if backend == "local":
        from concrete_cli.commands import catalogue
        from concrete_cli.registry.models import Models

        return catalogue.Registry(Models(workspace.here(home).home))
    from concrete_cli.cloud.models import CloudRegistry
    from concrete_cli.commands import publishing

    return CloudRegistry(publishing.place(backend, experiment, home))
