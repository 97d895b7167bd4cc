"""Commands about runs: runs, show, logs, compare, resume, cancel, gc."""

from __future__ import annotations

from typing import Annotated

import typer

from concrete_cli import workspace
from concrete_cli.cli import options as o
from concrete_cli.cli import report as pages


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (runs, show, logs, compare, resume, cancel, gc):
        app.command()(command)


def runs(json: o.Json = False, home: o.Home = None) -> int:
    """List the runs, newest first."""
    from concrete_cli import history
    from concrete_cli.view import history as view

    view.runs(history.runs(workspace.here(home)), as_json=json)
    return 0


def show(run: o.RunName = "latest", json: o.Json = False, home: o.Home = None) -> int:
    """Show a run: its steps, and its result as far as it has one."""
    from concrete_cli import results
    from concrete_cli.view import history as view

    space = workspace.here(home)
    found = space.runs.find(run)
    view.show(found, results.document(found, space.backend_of(found)), as_json=json)
    return 0


def logs(
    run: o.RunName = "latest",
    step: o.StepName = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until it ends.")] = False,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Print what the steps of a run have printed."""
    from concrete_cli import history
    from concrete_cli.view import history as view

    space = workspace.here(home)
    found = space.runs.find(run)
    view.logs(history.logs(space, found, step, follow=follow), as_json=json)
    return 0


def compare(
    first: o.RunName,
    second: o.RunName,
    html: Annotated[bool, typer.Option("--html", help="Write one HTML file instead.")] = False,
    output: pages.Into = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Compare two runs: what was different in them, and in what they came to."""
    from concrete_cli import history
    from concrete_cli.view import history as view

    space = workspace.here(home)
    one, other = space.runs.find(first), space.runs.find(second)
    if html or output:
        return pages.compared(space, one, other, output, json=json)
    view.comparison(history.compare(space, one, other), as_json=json)
    return 0


def resume(
    run: o.RunName = "latest",
    json: o.Json = False,
    home: o.Home = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> int:
    """Go on with a run that was stopped, killed or has failed; what is done stays done."""
    from concrete_cli.cli import drive

    space = workspace.here(home)
    found = space.runs.find(run)
    manner = drive.Manner(as_json=json, quiet=quiet, verbose=verbose)
    return drive.follow(found, space, space.backend_of(found), manner)


def cancel(run: o.RunName = "latest", json: o.Json = False, home: o.Home = None) -> int:
    """Stop a run; one that has ended is left as it is."""
    from concrete_cli import results
    from concrete_cli.view import output

    space = workspace.here(home)
    found = space.runs.find(run)
    space.backend_of(found).cancel(found.record.get("handle", found.id))
    status = results.status(found)
    if json:
        output.document({"run": found.id, "status": status})
    else:
        print(f"{found.id} {status}")
    return 0


def gc(
    older_than: Annotated[str, typer.Option(help="Remove runs older than this: 30d, 12h.")] = "30d",
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Remove old runs, the finished steps that no run needs any more, and leftovers."""
    from concrete_cli import collect, durations
    from concrete_cli.view import output, style

    removed = collect.collect(workspace.here(home), durations.parse(older_than))
    if json:
        output.document(removed)
    else:
        print(
            f"removed {removed['runs']} runs, {removed['entries']} finished steps,"
            f" {style.size(removed['bytes'])}"
        )
    return 0
