"""Whether processes that were killed have left something in a home. Quick: each command asks.

A runner has a folder in `tmp/`, called like its run, from its first step on until what the run
publishes is registered. A supervisor has a mapped file in the folder of its endpoint.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from concrete_cli.runs import Run

BOARD = "board-"  # then the pid of the supervisor


def abandoned(home: Path) -> Iterator[Run]:
    """Yield the runs whose runner is gone, though it had more to do."""
    for name in _names(home / "tmp"):
        run = Run(home / "runs" / name)
        with contextlib.suppress(OSError):
            if run.lock.is_file() and not run.driven:
                yield run


def of_endpoints(home: Path) -> bool:
    """Whether an endpoint has the file of a supervisor that is gone."""
    return any(
        name.startswith(BOARD) and not _lives(name.removeprefix(BOARD).partition("-")[0])
        for endpoint in _names(home / "endpoints")
        for name in _names(home / "endpoints" / endpoint)
    )


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, OverflowError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def _names(folder: Path) -> list[str]:
    with contextlib.suppress(OSError):
        return os.listdir(folder)  # noqa: PTH208  a Path costs more than the call
    return []
