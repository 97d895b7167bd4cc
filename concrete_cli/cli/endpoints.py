"""Commands about endpoints: list, show, logs, stop, restart, rotate-key; and invoke."""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from concrete_cli import workspace
from concrete_cli.cli import complete
from concrete_cli.cli import options as o
from concrete_cli.cli.command import group as commands
from concrete_cli.cli.command import page

group = commands("endpoints", "concrete endpoints list", alone=True)
Name = Annotated[
    str, typer.Argument(metavar="ENDPOINT", autocompletion=complete.endpoints, show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(group)
    page(app, "concrete invoke strength request.json", 0, 2, 5, 7)(invoke)


@group.callback()
def _endpoints(
    context: typer.Context,
    backend: o.Backend = "local",
    experiment: o.Whose = None,
    json: o.Json = False,
    home: o.Home = None,
) -> None:
    """List, show, stop and restart served models.

    By itself it lists them.
    """
    if context.invoked_subcommand is None:
        list_(backend, experiment, json, home)


@page(group, "concrete endpoints list", name="list")
def list_(
    backend: o.Backend = "local",
    experiment: o.Whose = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """List the endpoints."""
    from concrete_cli import lines
    from concrete_cli.commands import deploying
    from concrete_cli.view import endpoints as view

    space = workspace.here(home)
    there = _of(backend, experiment, home)
    rows = [deploying.with_model(one, space) for one in there.list()]
    view.endpoints(rows, lines.first("deploy", space.home), as_json=json)
    return 0


@page(group, "concrete endpoints show strength", 0, 5)
def show(
    endpoint: Name,
    backend: o.Backend = "local",
    experiment: o.Whose = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Show an endpoint.

    Its URL, its model, where its key and its log are.
    """
    return _show(_of(backend, experiment, home), endpoint, home, as_json=json)


@page(group, "concrete endpoints logs strength", 0, 5)
def logs(
    endpoint: Name,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on while it runs.")] = False,
    backend: o.Backend = "local",
    experiment: o.Whose = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Print the log of an endpoint.

    It has a line of JSON for each request and each event.
    """
    from concrete_cli.view import endpoints as view

    for line in _of(backend, experiment, home).logs(endpoint, follow=follow):
        print(view.log_line(line, as_json=json), flush=follow)
    return 0


@page(group, "concrete endpoints stop strength", 0, 5)
def stop(
    endpoint: Name,
    remove: Annotated[
        bool, typer.Option("--remove", help="Forget it too: its key, its log, its bundle.")
    ] = False,
    backend: o.Backend = "local",
    experiment: o.Whose = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Stop an endpoint.

    It first answers the requests that it has accepted.
    """
    from concrete_cli.view import endpoints as view

    there = _of(backend, experiment, home)
    if remove:
        there.remove(endpoint)
        view.removed(endpoint, as_json=json)
        return 0
    there.stop(endpoint)
    return _show(there, endpoint, home, as_json=json)


@page(group, "concrete endpoints restart strength", 0, 5)
def restart(
    endpoint: Name,
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65535, help="Another port, for one that was stopped.", show_default=False
        ),
    ] = None,
    backend: o.Backend = "local",
    experiment: o.Whose = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Restart an endpoint without a gap.

    One that was stopped is started again, at the same URL.
    """
    there = _of(backend, experiment, home)
    there.restart(endpoint, port)
    return _show(there, endpoint, home, as_json=json)


@page(group, "concrete endpoints rotate-key strength", 0, 5)
def rotate_key(
    endpoint: Name,
    backend: o.Backend = "local",
    experiment: o.Whose = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Make a new key for an endpoint.

    From the next request on, the old key is refused.
    """
    there = _of(backend, experiment, home)
    there.rotate_key(endpoint)
    _show(there, endpoint, home, as_json=json)
    if not json:
        print("there is a new key; the old one is refused from now on", file=sys.stderr)
    return 0


def invoke(
    endpoint: Name,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            allow_dash=True,
            help='JSON: {"data": [{column: value, ...}, ...]}, a format of MLflow or Azure ML, a'
            " row, or a list of rows; - is standard input.",
            show_default=False,
        ),
    ] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Ask with the row that the endpoint was tried with.")
    ] = False,
    intervals: Annotated[
        bool, typer.Option("--intervals/--no-intervals", help="Answer with intervals too.")
    ] = True,
    backend: o.Backend = "local",
    experiment: o.Whose = None,
    json: o.Json = False,  # noqa: ARG001  the answer is JSON in any case
    home: o.Home = None,
) -> int:
    """Ask an endpoint for predictions.

    Prints its answer, a JSON document.
    """
    from concrete_cli import lines
    from concrete_cli.cli import streams
    from concrete_cli.commands import invoking
    from concrete_cli.errors import UsageError

    if sample == bool(file):
        raise UsageError("a request is needed, from one place", help="name a FILE, or say --sample")
    there = _of(backend, experiment, home)
    if file is None:
        raw = invoking.sample(there, endpoint)
    else:
        typed = str(file) == "-"
        raw = streams.typed("a request in JSON").read() if typed else invoking.read(file)
    place = workspace.here(home).home if backend == "local" else None
    line = functools.partial(lines.line, home=place, backend=backend)
    print(invoking.ask(there, endpoint, raw, line, intervals=intervals))
    return 0


def _of(backend: str, experiment: Path | None, home: Path | None) -> Any:
    from concrete_cli.commands import deploying, publishing

    if backend == "local":
        return deploying.endpoints(workspace.here(home).backend("local", {}))
    return deploying.endpoints(publishing.place(backend, experiment, home))


def _show(there: Any, endpoint: str, home: Path | None, *, as_json: bool) -> int:
    from concrete_cli.commands import deploying
    from concrete_cli.view import endpoints as view

    found = deploying.with_model(there.show(endpoint), workspace.here(home))
    view.endpoint(found, as_json=as_json)
    return 0
