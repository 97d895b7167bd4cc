"""`concrete deploy`: a model behind a URL."""

from __future__ import annotations

from typing import Annotated

import typer

from concrete_cli.backend import Options
from concrete_cli.cli import options as o
from concrete_cli.cli.command import page
from concrete_cli.cli.pages import RUN
from concrete_cli.execute import Request


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    page(app, "concrete deploy --model mixes --name strength", *RUN, 5)(deploy)


def deploy(
    experiment: o.Experiment = None,
    model: Annotated[
        str,
        typer.Option(
            metavar="MODEL",
            help="NAME (its newest version), NAME:N, NAME@ALIAS, run:RUN, or the folder of a model;"
            " left out: the experiment's own.",
            show_default=False,
        ),
    ] = "",
    name: Annotated[
        str,
        typer.Option(metavar="ENDPOINT", help="Left out: like the model.", show_default=False),
    ] = "",
    port: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=65535,
            metavar="PORT",
            help="Left out: the first free one from 8400 on.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, max=64, metavar="N", help="Left out: one per processor.", show_default=False
        ),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="The address to listen on; left out: 127.0.0.1, which only this machine reaches.",
            show_default=False,
        ),
    ] = None,
    host_name: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A name that a Host header may hold, such as that of a proxy in front:"
            " models.example.com, or *.example.com; may be given again.",
            show_default=False,
        ),
    ] = None,
    root_path: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="The path below which a proxy shows the endpoint, such as /models/strength.",
            show_default=False,
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of an endpoint that runs, gapless.")
    ] = False,
    backend: o.Backend = "local",
    with_: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="KEY=VALUE",
            help="What a cloud wants to know: instance_type=..., kind=aks; may be given again.",
            show_default=False,
        ),
    ] = None,
    set_: o.Set = None,
    cold: o.Cold = False,
    trust: o.Trust = False,
    dry_run: o.DryRun = False,
    into: o.Into = None,
    json: o.Json = False,
    home: o.Home = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> int:
    """Serve a registered model at a URL.

    The model is packed, tried with a request, and then served until it is stopped.
    """
    from concrete_cli import execute
    from concrete_cli.cli import drive
    from concrete_cli.commands import deploying
    from concrete_cli.view import endpoints as view

    request = Request(
        "deploy",
        experiment,
        home,
        backend,
        tuple(set_ or ()),
        Options(cold=cold),
        {"model": model, "offline": dry_run, "trust": trust},
    )
    if o.starts_nothing(dry_run, into):
        return drive.forecast(request, as_json=json, into=into)
    prepared = execute.prepare(request)
    typed = {
        "host": host,
        "port": port,
        "workers": workers,
        "hosts": host_name,
        "root_path": root_path,
    }
    settings = {**deploying.settings(prepared, typed), "replace": replace}
    settings |= deploying.options(prepared.backend, with_ or ())
    called = deploying.name_of(prepared, name, settings)
    manner = drive.Manner(as_json=json, quiet=quiet, verbose=verbose)
    run = execute.submit(prepared)
    drive.watch(run, prepared.workspace, prepared.backend, manner)
    drive.check(run, prepared.backend, manner)
    found = deploying.serve(prepared, run, called, settings)
    view.deployed(deploying.with_model(found, prepared.workspace), as_json=json)
    return 0
