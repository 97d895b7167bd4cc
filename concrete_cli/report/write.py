"""Puts a page where it belongs: whole, or not at all."""

from __future__ import annotations

import logging
from pathlib import Path

from concrete_cli import disk, permissions
from concrete_cli.report import page
from concrete_cli.runs import Run
from concrete_cli.workspace import Workspace

LOG = logging.getLogger("concrete")


def write(space: Workspace, run: Run, into: Path | None = None) -> Path:
    """Write the report of a run, `report.html` in its folder unless told otherwise."""
    text = page.of_run(space, run)
    return _write(text, into, run.folder / "report.html", f"report-{run.id}.html")


def write_comparison(space: Workspace, first: Run, second: Run, into: Path | None = None) -> Path:
    """Write two runs side by side, in the folder of the second unless told otherwise."""
    text = page.of_two(space, first, second)
    name = f"compared-with-{first.id}.html"
    return _write(text, into, second.folder / name, f"{second.id}-{name}")


def _write(text: str, into: Path | None, beside: Path, name: str) -> Path:
    """Write to where somebody wants it, or beside the run; in a home that takes nothing, here."""
    if into is None:
        try:
            disk.write(beside, text)
        except OSError as error:
            into = Path(name)
            LOG.warning("cannot write %s (%s): the page is here", beside, error.strerror)
        else:
            return beside
    disk.write(into, text)
    return permissions.give(into)
