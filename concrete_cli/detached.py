"""A run that is left to a process of its own, which outlives the one that made the run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from concrete_cli import interpreter, permissions
from concrete_cli.runs import Run

LOG = "runner.log"


def leave(run: Run, home: Path) -> subprocess.Popen[bytes]:
    """Start a process that carries the run out; what it has to say goes to `runner.log`.

    A terminal that is closed does not stop it.
    """
    words = ("resume", run.id, "--quiet", "--home", str(home))
    with (run.folder / LOG).open("ab") as log:
        return subprocess.Popen(
            interpreter.module("concrete_cli", *words),
            env=os.environ | {interpreter.STAYS: "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            umask=permissions.users(),
        )
