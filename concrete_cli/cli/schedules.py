"""Commands about plans that start at given times: schedule; schedules list, disable, delete."""

from __future__ import annotations

from typing import Annotated

import typer

from concrete_cli.cli import options as o
from concrete_cli.cli.command import group as commands
from concrete_cli.cli.command import page
from concrete_cli.execute import Request

group = commands("schedules", "concrete schedules list", alone=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The schedule.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    page(app, 'concrete schedule concrete.toml --cron "0 3 * * 1"', 0, 2, 3, 7)(schedule)
    app.add_typer(group)


def schedule(
    experiment: o.Experiment = None,
    cron: Annotated[
        str,
        typer.Option(
            metavar="CRON",
            help='Minute, hour, day, month, weekday: "0 3 * * 1". Azure: UTC.',
            show_default=False,
        ),
    ] = "",
    every: Annotated[
        str, typer.Option(metavar="TIME", help="30m, 12h, 1d, 1w.", show_default=False)
    ] = "",
    workflow: o.Workflow = "",
    backend: o.Backend = "local",
    name: o.Called = "",
    install: Annotated[
        bool,
        typer.Option(
            "--install",
            help="Local: install the systemd timer or crontab line, do not only show it.",
        ),
    ] = False,
    set_: o.Set = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Start a plan at given times.

    It starts without this terminal: by a timer of this machine, or in a cloud.
    """
    from concrete_cli import execute
    from concrete_cli.commands import publishing
    from concrete_cli.view import cloud as view

    prepared = execute.prepare(Request(workflow, experiment, home, backend, tuple(set_ or ())))
    found = publishing.schedule(prepared, name, cron=cron, every=every, install=install)
    view.scheduled(found, as_json=json)
    return 0


@group.callback()
def _schedules(
    context: typer.Context,
    backend: o.Backend = "local",
    experiment: o.Whose = None,
    json: o.Json = False,
    home: o.Home = None,
) -> None:
    """List, disable and delete schedules.

    By itself it lists them.
    """
    if context.invoked_subcommand is None:
        list_(backend, experiment, json, home)


@page(group, "concrete schedules list", name="list")
def list_(
    backend: o.Backend = "local",
    experiment: o.Whose = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """List the schedules, the disabled ones too."""
    from concrete_cli import lines, workspace
    from concrete_cli.commands import publishing
    from concrete_cli.view import cloud as view

    rows = publishing.schedules(publishing.place(backend, experiment, home))
    first = lines.first("schedule", workspace.here(home).home, "--every", "1d")
    view.schedules(rows, first, as_json=json)
    return 0


@page(group, "concrete schedules disable nightly", 0, 5)
def disable(
    name: Name,
    backend: o.Backend = "local",
    experiment: o.Whose = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Keep a schedule, but let it start nothing."""
    from concrete_cli.commands import publishing
    from concrete_cli.view import cloud as view

    found = publishing.disable(publishing.place(backend, experiment, home), name)
    view.scheduled(found, as_json=json)
    return 0


@page(group, "concrete schedules delete nightly", 0, 5)
def delete(
    name: Name,
    backend: o.Backend = "local",
    experiment: o.Whose = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Remove a schedule."""
    from concrete_cli.commands import publishing
    from concrete_cli.view import cloud as view

    found = publishing.delete(publishing.place(backend, experiment, home), name)
    view.deleted(found, as_json=json)
    return 0
