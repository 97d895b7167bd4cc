"""Where a model comes from: run, experiment, plan, and the recipe of every step that led to it.

A recipe holds the digests of the data and the code and the versions of the libraries, so that
`concrete reproduce` can say which ingredient differs. Steps of earlier runs, whose outputs are
sources of this one, belong to it as well.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from concrete_cli import __version__, plan_json
from concrete_cli.cache import Cache
from concrete_cli.errors import Damaged, NotFound
from concrete_cli.plan import Plan, Source
from concrete_cli.runs import Run, Runs

FORMAT = 1
FILE = "lineage.json"
PATIENCE = 10  # seconds for git
# The settings of the folder that is looked at may name programs; these would be run.
GIT = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")


def texts(run: Run, home: Path) -> dict[str, str]:
    """Return the files that a version is remembered by: lineage.json."""
    return {FILE: json.dumps(of(run, home), indent=2, ensure_ascii=False) + "\n"}


def of(run: Run, home: Path) -> dict[str, Any]:
    """Return the lineage of what a run has made; its own run is the first in `runs`."""
    record = run.record
    return {
        "format": FORMAT,
        "concrete": __version__,
        "git": commit(Path(record["file"]).parent),
        "shares": _shares(run, Cache(home)),
        "runs": [_facts(one, Cache(home)) for one in _family(run, Runs(home))],
    }


def commit(folder: Path) -> dict[str, Any] | None:
    """Return the git commit of a folder, and whether files have changed since; None without git."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        head = _git(folder, "rev-parse", "HEAD")
        return {"commit": head, "changed": bool(_git(folder, "status", "--porcelain"))}
    return None


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [*GIT, "-C", str(folder), *words],
        check=True,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
    )
    return done.stdout.strip()


def _shares(run: Run, cache: Cache) -> list[int]:
    """Return how many trials each shard of a tuning came to: what repeats it without a clock."""
    with contextlib.suppress(OSError, ValueError, KeyError, Damaged):
        entry = cache.entry(run.last_events()["select"].entry)
        tuning = json.loads((entry.output("leaderboard") / "tuning.json").read_text("utf-8"))
        return list(tuning["shares"])
    return []


def _facts(run: Run, cache: Cache) -> dict[str, Any]:
    record, plan, last = run.record, run.plan, run.last_events()
    wanted = ("workflow", "experiment", "file", "backend", "created", "sets")
    steps: dict[str, Any] = {}
    for step in plan.steps:
        event = last.get(step.name)
        if event is None or not event.state.good:
            continue
        with contextlib.suppress(OSError, Damaged):
            entry = cache.entry(event.entry).record
            steps[step.name] = {
                "recipe": entry["recipe"],
                "outputs": entry["outputs"],
                "made_by": entry.get("run", ""),
            }
    return {
        "run": run.id,
        **{name: record.get(name) for name in wanted},
        "text": run.text,
        "plan": plan_json.document(plan),
        "steps": steps,
    }


def _family(run: Run, runs: Runs) -> Iterator[Run]:
    """Yield a run and the runs that it takes something from."""
    waiting, seen = [run], set()
    while waiting:
        one = waiting.pop(0)
        if one.id in seen:
            continue
        seen.add(one.id)
        yield one
        for name in _sources(one.plan):
            with contextlib.suppress(NotFound):
                waiting.append(runs.find(name))


def _sources(plan: Plan) -> list[str]:
    uris = (item.uri for step in plan.steps for _, item in step.items() if isinstance(item, Source))
    names = (uri.removeprefix("run:").partition("/")[0] for uri in uris if uri.startswith("run:"))
    return list(dict.fromkeys(names))
