"""Commands about this machine: doctor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from concrete_cli.cli import complete
from concrete_cli.cli import options as o
from concrete_cli.cli.command import page
from concrete_cli.errors import BackendUnavailable, UsageError


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    page(app, "concrete doctor", 0, 7)(doctor)


def doctor(
    backend: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Look at a cloud instead: azureml, azureml-v2.",
            autocompletion=complete.backends,
            show_default=False,
        ),
    ] = "",
    live: Annotated[
        bool, typer.Option("--live", help="With --backend: log in and ask it.")
    ] = False,
    experiment: o.Whose = None,
    json: o.Json = False,
    home: o.Home = None,
) -> int:
    """Report what this machine has and lacks.

    Versions, extras, backends, disk, and whether the warm start works.
    """
    if backend:
        return _cloud(backend, experiment, live=live, json=json)
    if live:
        raise UsageError("--live asks a cloud: which?", help="--backend azureml or azureml-v2")
    from concrete_cli.commands import diagnosis
    from concrete_cli.view import output, style

    facts = diagnosis.examine(home)
    if json:
        output.document(facts)
        return 0
    for title, rows in facts.items():
        print(title)
        cells = [[f"  {name:<24}", str(value)] for name, value in rows.items()]
        print("\n".join(style.table(cells)))
    return 0


def _cloud(backend: str, experiment: Path | None, *, live: bool, json: bool) -> int:
    from concrete_cli.commands import diagnosis
    from concrete_cli.view import cloud as view

    rows = diagnosis.of_backend(backend, experiment, live=live)
    view.findings(backend, rows, as_json=json)
    fine = all(row["ok"] or row["what"] in diagnosis.ADVICE for row in rows)
    return 0 if fine else BackendUnavailable.exit_code
