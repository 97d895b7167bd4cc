"""What `concrete init` made, as people read it."""

from __future__ import annotations

from typing import Any

from concrete_cli import lines
from concrete_cli.config.read import shown
from concrete_cli.counts import counted
from concrete_cli.view import output


def made(found: dict[str, Any], *, as_json: bool) -> None:
    """Print what was written, what was left out, and what to type next."""
    if as_json:
        output.document(found)
        return
    from pathlib import Path

    file = shown(Path(found["experiment"]))
    columns = counted(len(found["columns"]), "column")
    print(f"wrote {file}: {found['rows']} rows, {columns} to tell {found['target']} by")
    output.warn(found["notices"])
    for name, why in found["left_out"].items():
        print(f"left out {name}: {why}")
    for note in found["notes"]:
        print(f"note: {note}")
    print(f"next: {lines.line('train', Path(found['experiment']))}")
