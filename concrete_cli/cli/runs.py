"""Commands about runs: runs, show, logs, compare, resume, cancel, gc."""

from __future__ import annotations

import contextlib
import sys
from typing import Annotated, Any

import typer

from concrete_cli import workspace
from concrete_cli.cli import options as o
from concrete_cli.cli import report as pages
from concrete_cli.cli.command import page
from concrete_cli.cli.pages import RUN


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    page(app, "concrete runs")(runs)
    page(app, "concrete show latest", 0, 5)(show)
    page(app, "concrete logs latest prepare", 0, 5)(logs)
    page(app, "concrete compare latest latest", 0, 5)(compare)
    page(app, "concrete resume latest", *RUN, 5)(resume)
    page(app, "concrete cancel latest", 0, 5)(cancel)
    page(app, "concrete gc --older-than 30d", 0, 75)(gc)


def runs(
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Ask the clouds first; else: as they were last seen.")
    ] = False,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """List the runs, newest first."""
    from concrete_cli import lines
    from concrete_cli.cloud import remote
    from concrete_cli.commands import history
    from concrete_cli.view import history as view

    space = workspace.here(home)
    if refresh:
        remote.refresh_all(space)
    view.runs(history.runs(space), lines.first("train", space.home), as_json=json)
    return 0


def show(
    run: o.RunName = "latest",
    backend: o.Elsewhere = "",
    experiment: o.Whose = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Show a run: its steps and its result."""
    from concrete_cli import results
    from concrete_cli.cloud import remote
    from concrete_cli.view import cloud
    from concrete_cli.view import history as view

    target = remote.find(run, home=home, elsewhere=backend, experiment=experiment)
    if target.run is None:
        cloud.seen(remote.document(target), as_json=json)
        return 0
    remote.refresh(target.run, target.backend)
    document = results.document(target.run, target.backend)
    failure = results.failure(target.run) if document["failure"] else None
    view.show(target.run, document, failure, as_json=json)
    return 0


def logs(
    run: o.RunName = "latest",
    step: o.StepName = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until it ends.")] = False,
    backend: o.Elsewhere = "",
    experiment: o.Whose = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Print what the steps of a run have printed."""
    from concrete_cli.cli import drive
    from concrete_cli.cloud import logs as elsewhere
    from concrete_cli.cloud import remote
    from concrete_cli.commands import history
    from concrete_cli.view import history as view

    target = remote.find(run, home=home, elsewhere=backend, experiment=experiment)
    if target.run and not remote.goes_on(target.backend):
        pieces = history.logs(target.workspace, target.run, step, follow=follow)
    else:
        pieces = elsewhere.pieces(target, step, follow=follow)
    with drive.leaving(target.run) if follow and target.run else contextlib.nullcontext():
        view.logs(pieces, as_json=json)
    return 0


def compare(
    first: o.RunName,
    second: o.RunName,
    html: Annotated[bool, typer.Option("--html", help="Write one HTML file instead.")] = False,
    output: pages.Into = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Compare two runs.

    Shows what differs in their steps, parameters, library versions and results.
    """
    from concrete_cli.commands import history
    from concrete_cli.view import history as view

    space = workspace.here(home)
    one, other = space.runs.find(first), space.runs.find(second)
    if html or output:
        return pages.compared(space, one, other, output, json=json)
    view.comparison(history.compare(space, one, other), as_json=json)
    return 0


def resume(
    run: o.RunName = "latest",
    backend: o.Elsewhere = "",
    experiment: o.Whose = None,
    json: o.Json = False,
    home: o.Home = None,
    report: o.Report = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> int:
    """Continue a run that was stopped or has failed.

    What is done is not done again. A run that is going on is only watched.
    """
    from concrete_cli.cli import drive
    from concrete_cli.cloud import adopting, remote

    target = remote.find(run, home=home, elsewhere=backend, experiment=experiment)
    space = target.workspace
    found = target.run or adopting.adopt(space, target.backend, target.handle, experiment)
    manner = drive.Manner(False, json, quiet, verbose, report)
    return drive.resume(found, space, target.backend, manner)


def cancel(
    run: o.RunName = "latest",
    backend: o.Elsewhere = "",
    experiment: o.Whose = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Stop a run.

    A run that has ended is left as it is.
    """
    from concrete_cli import results
    from concrete_cli.cloud import remote
    from concrete_cli.view import output

    target = remote.find(run, home=home, elsewhere=backend, experiment=experiment)
    remote.cancel(target)
    name = target.run.id if target.run else target.handle
    status = results.status(target.run) if target.run else "cancelled"
    if json:
        output.document({"run": name, "status": status})
    else:
        print(f"{name} {status}")
    return 0


def gc(
    older_than: Annotated[
        str, typer.Option(metavar="TIME", help="Remove runs older than this: 30d, 12h.")
    ] = "30d",
    yes: o.Yes = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go.")] = False,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Remove old runs, and results that no run needs.

    It is refused while a run is going on.
    """
    from concrete_cli.commands import collect
    from concrete_cli.view import output, style

    def agree(going: dict[str, Any]) -> bool:
        if dry_run or not going["runs"]:  # finished steps can be made again, runs cannot
            return not dry_run
        names = "\n".join(f"  {name}" for name in going["names"])
        return o.agreed(f"these runs go:\n{names}", yes=yes)

    seconds = o.seconds("--older-than", older_than)
    removed = collect.collect(workspace.here(home), seconds, agree)
    if json:
        output.document(removed)
        return 0
    for name, endpoint in removed["served"].items():
        print(f"{name} stays: the endpoint {endpoint} serves its model", file=sys.stderr)
    if not removed["removed"]:
        print("".join(f"{name}\n" for name in removed["names"]), end="")
    word = "removed" if removed["removed"] else "would remove" if dry_run else "kept"
    print(
        f"{word} {removed['runs']} runs, {removed['entries']} finished steps,"
        f" {style.size(removed['bytes'])}"
    )
    return 0
