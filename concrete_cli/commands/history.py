"""What the runs of a home say when they are put side by side: list, logs, comparison."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from concrete_cli import documents, formats, results
from concrete_cli.cache import Cache
from concrete_cli.errors import Damaged
from concrete_cli.plan import Plan
from concrete_cli.runs import Run
from concrete_cli.workspace import Workspace

LOG = logging.getLogger("concrete")
FACTS = ("workflow", "experiment", "backend", "created", "seconds")
PATIENCE = 0.2  # seconds between looks at a log that grows


def runs(space: Workspace) -> list[dict[str, Any]]:
    """Return run, status, workflow, experiment, backend, created, seconds and damage of each."""
    rows = [_row(run) for run in space.runs.all()]
    return rows + [_damaged(run, damage) for run, damage in space.runs.damaged()]


def log_of(space: Workspace, run: Run, step: str) -> Path | None:
    """Return the log of a step, wherever it is now."""
    event = run.last_event(step)
    if event is None:
        return None
    if event.entry:
        return Cache(space.home).entry(event.entry).log
    return Path(str(event.facts["log"])) if event.facts.get("log") else None


def logs(
    space: Workspace, run: Run, step: str | None, *, follow: bool
) -> Iterator[tuple[str, bytes]]:
    """Yield pieces of log with the name of their step; with `follow` until the run has ended."""
    run.check()
    plan = run.plan
    names = [plan.step(step).name] if step else [one.name for one in plan.steps]
    read: dict[tuple[int, int], int] = {}  # by file: a log is moved when its step has ended
    while True:
        driven = follow and run.driven
        for name in names:
            log = log_of(space, run, name)
            text = _new_in(log, read) if log else b""
            if text:
                yield name, text
        if not driven:
            return
        time.sleep(PATIENCE)


def _new_in(log: Path, read: dict[tuple[int, int], int]) -> bytes:
    """Return what was added to a log since it was last read, all of it after it was cut."""
    with contextlib.suppress(FileNotFoundError), log.open("rb") as file:
        facts = os.fstat(file.fileno())
        key = facts.st_dev, facts.st_ino
        begin = read.get(key, 0)
        file.seek(begin if begin <= facts.st_size else 0)
        text = file.read()
        read[key] = file.tell()
        return text
    return b""


def compare(space: Workspace, first: Run, second: Run) -> dict[str, Any]:
    """Return what differs between two runs: steps, their parameters, scores, seconds."""
    documents = [results.document(run, space.backend_of(run)) for run in (first, second)]
    return {
        "runs": [first.id, second.id],
        "only": _only(first.plan, second.plan),
        "params": _differences(first.plan, second.plan),
        "versions": _versions(_libraries(space, first), _libraries(space, second)),
        "leaderboard": _side_by_side(*documents),
        "test": [document["test"] for document in documents],
        "selected": [document["selected"] for document in documents],
        "seconds": [document["seconds"] for document in documents],
    }


def _row(run: Run) -> dict[str, Any]:
    """Return what the list says of a run; a damaged one hides no other."""
    try:
        return _facts(run)
    except Damaged as error:
        LOG.warning("%s", error)
        return _damaged(run, str(error))


def _damaged(run: Run, damage: str) -> dict[str, Any]:
    return {"run": run.id, "status": "damaged", **dict.fromkeys(FACTS), "damage": damage}


def _libraries(space: Workspace, run: Run) -> dict[str, str]:
    """Return the versions of Python and the libraries that the steps of a run were made with.

    A run elsewhere has none of its steps here, but its model, which says so too.
    """
    cache, found = Cache(space.home), dict[str, set[str]]()
    for event in run.last_events().values():
        with contextlib.suppress(OSError, KeyError, Damaged):
            recipe = cache.entry(event.entry).record["recipe"] if event.entry else {}
            for name, version in {"python": recipe["python"], **recipe["versions"]}.items():
                found.setdefault(name, set()).add(str(version))
    if not found:
        with contextlib.suppress(OSError, KeyError, Damaged):
            manifest = documents.read(run.folder / "model" / "manifest.json", formats.MANIFEST)
            found = {name: {str(version)} for name, version in manifest["versions"].items()}
    return {name: ", ".join(sorted(versions)) for name, versions in found.items()}


def _versions(first: dict[str, str], second: dict[str, str]) -> list[dict[str, Any]]:
    """Return the libraries that both runs used, in different versions."""
    pairs = {name: [first[name], second[name]] for name in sorted({*first} & {*second})}
    return [{"library": name, "values": pair} for name, pair in pairs.items() if len({*pair}) > 1]


def _facts(run: Run) -> dict[str, Any]:
    run.check()
    said = {name: run.record.get(name) for name in FACTS}
    return {"run": run.id, "status": results.status(run), **said, "damage": None}


def _only(first: Plan, second: Plan) -> list[list[str]]:
    """Return the steps that only the first plan has, and those that only the second one has."""
    sides = [[step.name for step in plan.steps] for plan in (first, second)]
    return [[name for name in sides[side] if name not in sides[1 - side]] for side in (0, 1)]


def _differences(first: Plan, second: Plan) -> list[dict[str, Any]]:
    steps = [{step.name: step for step in plan.steps} for plan in (first, second)]
    found = []
    for name in dict.fromkeys([*steps[0], *steps[1]]):
        params = [dict(side[name].params) if name in side else {} for side in steps]
        for key in dict.fromkeys([*params[0], *params[1]]):
            values = [side.get(key) for side in params]
            if values[0] != values[1]:
                found.append({"step": name, "param": key, "values": values})
    return found


def _side_by_side(first: dict[str, Any], second: dict[str, Any]) -> list[dict[str, Any]]:
    boards = [
        {one["candidate"]: one for one in document["leaderboard"]} for document in (first, second)
    ]
    return [
        {"candidate": name, "cv": [(board.get(name) or {}).get("cv") for board in boards]}
        for name in dict.fromkeys([*boards[0], *boards[1]])
    ]
