"""The table of commands in the README, made from the commands themselves.

.venv/bin/python tests/support/command_table.py     writes it into README.md
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from concrete_cli.cli import app

README = Path(__file__).parents[2] / "README.md"
BLOCK = re.compile(r"(?<=<!-- commands -->\n).*?(?=<!-- end of commands -->)", re.DOTALL)


def commands() -> Iterator[tuple[str, str]]:
    """Yield each command as it is typed, and the first line of its help."""
    for path, command in leaves():
        arguments = [part for part in map(_argument, command.params) if part]
        yield " ".join([path, *arguments]), (command.help or "").strip().splitlines()[0]


def leaves() -> Iterator[tuple[str, Any]]:
    """Yield each command that does something, by its name."""
    app.add_commands()
    group = typer.main.get_group(app.app)
    order = [name for names in app.SECTIONS.values() for name in names]
    for name in sorted(group.commands, key=order.index):  # whatever was asked for before
        yield from _below(group.commands[name], f"concrete {name}")


def table() -> str:
    """Return the table in Markdown."""
    lines = ["| command | what it does |", "|---|---|"]
    for title, names in app.SECTIONS.items():
        rows = [f"| `{row}` | {text} |" for row, text in commands() if row.split()[1] in names]
        lines += [f"| **{title}** | |", *rows]
    return "\n".join([*lines, ""])


def _below(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name, child in children.items():
        yield from _below(child, f"{path} {name}")


def _argument(parameter: Any) -> str:
    if parameter.param_type_name != "argument":
        return ""
    name = (parameter.metavar or parameter.name).upper()
    return name if parameter.required or name.startswith("[") else f"[{name}]"


if __name__ == "__main__":
    README.write_text(BLOCK.sub(lambda _: table(), README.read_text()))
