"""`concrete warm`: libraries that stay imported between runs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from concrete_cli.cli import options as o

Idle = Annotated[str, typer.Option(help="End it after so long without a run: 10m, 2h.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    warm = typer.Typer(
        help="Keep the libraries imported between runs.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    for command in (start, stop, status):
        warm.command()(command)
    app.add_typer(warm, name="warm")


def start(
    experiment: o.Experiment = None,
    idle: Idle = "30m",
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Start a process that has imported what the experiment's steps import."""
    from concrete_cli.commands import warmth

    return _show(warmth.start(experiment, home, o.seconds("--idle", idle)), as_json=json)


def stop(
    json: o.Json = False,
    home: o.Home = None,  # noqa: ARG001  every command takes it
) -> int:
    """End that process."""
    from concrete_cli.commands import warmth
    from concrete_cli.view import output

    was = warmth.resident().stop()
    if json:
        output.document({"stopped": was})
    else:
        print("stopped" if was else "nothing was warm")
    return 0


def status(
    json: o.Json = False,
    home: o.Home = None,  # noqa: ARG001  every command takes it
) -> int:
    """Say whether there is one, and what it has imported."""
    from concrete_cli.commands import warmth

    return _show(warmth.resident().status(), as_json=json)


def _show(facts: dict[str, object] | None, *, as_json: bool) -> int:
    from concrete_cli.view import output

    if as_json:
        output.document({"warm": facts})
    elif facts is None:
        print("nothing is warm: concrete warm start")
    else:
        modules = facts["modules"]
        names = [] if not isinstance(modules, list) else modules
        named = ", ".join(name for name in names if name not in sys.stdlib_module_names)
        print(f"warm, process {facts['pid']}, {named or 'importing'}")
    return 0
