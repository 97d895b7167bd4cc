"""Commands about this machine: doctor."""

from __future__ import annotations

import typer

from concrete_cli.cli import options as o


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(doctor)


def doctor(json: o.Json = False, home: o.Home = None) -> int:
    """Report versions, extras, backends, disk and fork support of this machine."""
    from concrete_cli import diagnosis
    from concrete_cli.view import output

    facts = diagnosis.examine(home)
    if json:
        output.document(facts)
        return 0
    for title, rows in facts.items():
        print(title)
        for name, value in rows.items():
            print(f"  {name:<24} {value}")
    return 0
