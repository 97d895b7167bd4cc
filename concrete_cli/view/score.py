"""What `concrete score` came to, as people read it."""

from __future__ import annotations

import sys
from typing import Any

from concrete_cli.counts import counted
from concrete_cli.runs import Run
from concrete_cli.view import output, style

MANY = 1000  # rows; the time for fewer is that of loading the model


def scored(found: dict[str, Any], run: Run, *, as_json: bool) -> None:
    """Print how many rows were predicted, how fast, which are odd, and where the answers are."""
    rate = found["rows"] / found["seconds"] if found["seconds"] else 0.0
    if as_json:
        output.document({"run": run.id, **found, "rows_per_second": rate})
        return
    stream = sys.stderr
    speed = f", {rate:.0f} a second" if found["rows"] >= MANY else ""
    print(
        f"{counted(found['rows'], 'row')} in {style.seconds(found['seconds'])}{speed}", file=stream
    )
    if found["warned"]:
        told = ", ".join(f"{name} {count}" for name, count in found["odd"].items())
        mark = style.paint("warning", "yellow", stream=stream)
        rows = "1 row is" if found["warned"] == 1 else f"{found['warned']} rows are"
        print(f"{mark}: {rows} unlike the training rows: {told}", file=stream)
    if found["out"] != "-":
        print(found["out"])
