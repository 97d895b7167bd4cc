"""Puts a page where it belongs: whole, or not at all."""

from __future__ import annotations

from pathlib import Path

from concrete_cli import disk
from concrete_cli.report import page
from concrete_cli.runs import Run
from concrete_cli.workspace import Workspace


def write(space: Workspace, run: Run, into: Path | None = None) -> Path:
    """Write the report of a run, `report.html` in its folder unless told otherwise."""
    path = into or run.folder / "report.html"
    disk.write(path, page.of_run(space, run))
    return path


def write_comparison(space: Workspace, first: Run, second: Run, into: Path | None = None) -> Path:
    """Write two runs side by side, in the folder of the second unless told otherwise."""
    path = into or second.folder / f"compared-with-{first.id}.html"
    disk.write(path, page.of_two(space, first, second))
    return path
