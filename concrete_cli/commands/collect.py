"""Removing what nobody needs any more. It waits for nobody: while a run goes on it is refused."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from concrete_cli import disk, planned
from concrete_cli.cache import Cache, Entry
from concrete_cli.commands import served
from concrete_cli.home import alone
from concrete_cli.runs import Run
from concrete_cli.sources import fetching
from concrete_cli.workspace import Workspace

ENTRY = re.compile(rb'"entry": "([0-9a-f]{64})"')  # in the journal of a run, damaged or not
ABOUT_TO_BEGIN = 600.0  # seconds; a run that was made just now may not have had time to start


Agree = Callable[[dict[str, Any]], bool]


def collect(space: Workspace, older_than: float, agree: Agree = lambda _: True) -> dict[str, Any]:
    """Remove runs older than so many seconds, entries and fetched sources only they had, old plans.

    Returns the names of the runs, the endpoints of those that stay since their models are served,
    and how many runs, entries and bytes go; `removed` says whether somebody has agreed to that.
    """
    cache, scratch = Cache(space.home), space.home / "tmp"
    horizon = time.time() - older_than
    with alone(space.home):
        runs = space.runs.all()
        held = served.runs(space)
        old = [run for run in runs if _is_old(run, horizon) and run.id not in held]
        old = _not_read(old, runs)
        # A damaged run keeps what it cites: somebody may still want to look at it.
        kept_runs = [run for run in runs if run not in old] + [
            run for run, _ in space.runs.damaged()
        ]
        needed = {key for run in kept_runs for key in _entries(run)}
        spare = [one for one in cache.entries() if one.key not in needed and _unused(one, horizon)]
        plans = [_plan(run) for run in kept_runs]
        kept = fetching.unused(space.home, plans, horizon) + planned.old(space.home, horizon)
        freed = sum(disk.size(folder) for folder in [run.folder for run in old])
        freed += sum(disk.size(path) for path in [*(entry.path for entry in spare), *kept])
        facts = {
            "runs": len(old),
            "entries": len(spare),
            "bytes": freed,
            "names": [run.id for run in old],
            "served": {run.id: held[run.id] for run in runs if run.id in held},
        }
        if not agree(facts):
            return facts | {"removed": False}
        for run in old:
            space.runs.remove(run, scratch)
        for entry in spare:
            cache.forget(entry)
        for path in kept:
            disk.put_aside(path, scratch)
        freed += _empty(scratch) + _unfinished(space.runs.folder)
    return facts | {"bytes": freed, "removed": True}


def _is_old(run: Run, horizon: float) -> bool:
    created = datetime.fromisoformat(run.record["created"]).timestamp()
    waits = not run.events() and time.time() - created < ABOUT_TO_BEGIN
    return created < horizon and not waits


def _not_read(old: list[Run], runs: list[Run]) -> list[Run]:
    """Return the old runs without those that younger ones start from, and may be about to read."""
    read = "".join(_plan(run) for run in runs if run not in old)
    return [run for run in old if f"run:{run.id}/" not in read]


def _unused(entry: Entry, horizon: float) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return entry.path.stat().st_mtime < horizon
    return False


def _entries(run: Run) -> set[str]:
    found = ENTRY.findall(_bytes(run.folder / "events.jsonl"))
    return {key.decode() for key in found}


def _plan(run: Run) -> str:
    return _bytes(run.folder / "plan.json").decode("utf-8", errors="replace")


def _bytes(file: Path) -> bytes:
    with contextlib.suppress(FileNotFoundError):
        return file.read_bytes()
    return b""


def _empty(folder: Path) -> int:
    freed = 0
    for path in folder.iterdir():
        freed += disk.size(path)
        if path.is_dir():
            disk.remove(path)
        else:
            path.unlink(missing_ok=True)
    return freed


def _unfinished(runs: Path) -> int:
    """Remove what is left of processes that died while they wrote a new run down."""
    left = []
    for path in runs.glob(".*"):
        with contextlib.suppress(FileNotFoundError):  # the run has its name by now
            if time.time() - path.stat().st_mtime > ABOUT_TO_BEGIN:
                left.append(path)
    freed = sum(map(disk.size, left))
    for path in left:
        disk.remove(path)
    return freed
