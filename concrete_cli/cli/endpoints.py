"""Commands about endpoints: list, show, logs, stop, restart, rotate-key; and invoke."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from concrete_cli import workspace
from concrete_cli.cli import complete
from concrete_cli.cli import options as o

if TYPE_CHECKING:
    from concrete_cli.workspace import Workspace

group = typer.Typer(name="endpoints", help="List, show, stop and restart the served models.")
Name = Annotated[
    str, typer.Argument(metavar="ENDPOINT", autocompletion=complete.endpoints, show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(group)
    app.command()(invoke)


@group.callback(invoke_without_command=True)
def _endpoints(context: typer.Context, json: o.Json = False, home: o.Home = None) -> None:
    if context.invoked_subcommand is None:
        list_(json, home)


@group.command("list")
def list_(json: o.Json = False, home: o.Home = None) -> int:
    """List the endpoints."""
    from concrete_cli import deploying
    from concrete_cli.view import endpoints as view

    space = workspace.here(home)
    rows = [deploying.with_model(one, space) for one in _of(space).list()]
    view.endpoints(rows, as_json=json)
    return 0


@group.command()
def show(endpoint: Name, json: o.Json = False, home: o.Home = None) -> int:
    """Show an endpoint: its URL, its model, where its key and its log are."""
    return _show(workspace.here(home), endpoint, as_json=json)


@group.command()
def logs(
    endpoint: Name,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on while it runs.")] = False,
    json: o.Json = False,  # noqa: ARG001  its lines are JSON in any case
    home: o.Home = None,
) -> int:
    """Print the log of an endpoint: a line of JSON for each request and each event."""
    for line in _of(workspace.here(home)).logs(endpoint, follow=follow):
        print(line, flush=follow)
    return 0


@group.command()
def stop(
    endpoint: Name,
    remove: Annotated[
        bool, typer.Option("--remove", help="Forget it too: its key, its log, its bundle.")
    ] = False,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Stop an endpoint; it first answers what it has accepted."""
    from concrete_cli.view import endpoints as view

    space = workspace.here(home)
    if remove:
        _of(space).remove(endpoint)
        view.removed(endpoint, as_json=json)
        return 0
    _of(space).stop(endpoint)
    return _show(space, endpoint, as_json=json)


@group.command()
def restart(endpoint: Name, json: o.Json = False, home: o.Home = None) -> int:
    """Start an endpoint anew, without a gap; or start one that was stopped, where it was."""
    space = workspace.here(home)
    _of(space).restart(endpoint)
    return _show(space, endpoint, as_json=json)


@group.command()
def rotate_key(endpoint: Name, json: o.Json = False, home: o.Home = None) -> int:
    """Make a new key; from the next request on the old one is refused."""
    space = workspace.here(home)
    _of(space).rotate_key(endpoint)
    return _show(space, endpoint, as_json=json)


def invoke(
    endpoint: Name,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            allow_dash=True,
            help='JSON: {"data": [{column: value, ...}, ...]}, or a row, or a list of rows; - is'
            " standard input.",
        ),
    ],
    intervals: Annotated[
        bool, typer.Option("--intervals/--no-intervals", help="Answer with intervals too.")
    ] = True,
    json: o.Json = False,  # noqa: ARG001  the answer is JSON in any case
    home: o.Home = None,
) -> int:
    """Ask an endpoint; print its answer, a JSON document."""
    import sys

    from concrete_cli import invoking

    raw = sys.stdin.buffer.read() if str(file) == "-" else invoking.read(file)
    print(invoking.ask(_of(workspace.here(home)), endpoint, raw, intervals=intervals))
    return 0


def _of(space: Workspace) -> Any:
    from concrete_cli import deploying

    return deploying.endpoints(space.backend("local", {}))


def _show(space: Workspace, endpoint: str, *, as_json: bool) -> int:
    from concrete_cli import deploying
    from concrete_cli.view import endpoints as view

    view.endpoint(deploying.with_model(_of(space).show(endpoint), space), as_json=as_json)
    return 0
