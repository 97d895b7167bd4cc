"""`concrete warm`: libraries that stay imported between runs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from concrete_cli.cli import options as o
from concrete_cli.cli.command import group, page

Idle = Annotated[
    str, typer.Option(metavar="TIME", help="End it after so long without a run: 10m, 2h.")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    warm = group("warm", "concrete warm start concrete.toml", alone=False)
    warm.callback()(_warm)
    page(warm, "concrete warm start concrete.toml --idle 30m")(start)
    page(warm, "concrete warm stop")(stop)
    page(warm, "concrete warm status")(status)
    app.add_typer(warm)


def _warm() -> None:
    """Keep the libraries imported between runs."""


def start(
    experiment: o.Experiment = None,
    idle: Idle = "30m",
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Start a process that has the libraries imported.

    They are those that the steps of the experiment import.
    """
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
    """Show whether it runs, and what it has imported."""
    from concrete_cli.commands import warmth

    return _show(warmth.resident().status(), as_json=json)


def _show(facts: dict[str, object] | None, *, as_json: bool) -> int:
    from concrete_cli.view import output

    if as_json:
        output.document({"warm": facts})
    elif facts is None:
        print("nothing is warm: concrete warm start --help")
    else:
        modules = facts["modules"]
        names = [] if not isinstance(modules, list) else modules
        named = ", ".join(name for name in names if name not in sys.stdlib_module_names)
        print(f"warm, process {facts['pid']}, {named or 'importing'}")
    return 0
