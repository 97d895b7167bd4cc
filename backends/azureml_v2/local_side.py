"""What a run in the cloud leaves in its folder here: events, logs of failures, how to replay."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from concrete_cli import payload
from concrete_cli.backend import Event
from concrete_cli.plan import Item, Output, Step
from concrete_cli.runs import Run, Runs
from concrete_cli.sources import fetching


def with_log(event: Event, handle: str, home: Path, log: str) -> Event:
    """Keep the log of a failed step beside its run, if that is here; say how to replay it."""
    run = run_of(handle, home)
    if run is None:
        return event
    file = run.folder / "failed" / event.step / "log.txt"
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text(log, encoding="utf-8")
    facts = {**event.facts, "log": str(file)}
    facts["replay"] = replay(fetching.step(run.plan.step(event.step), home), run.id)
    return replace(event, facts=facts)


def recorded(events: Iterator[Event], handle: str, home: Path) -> Iterator[Event]:
    """Yield events, and write down those that the run's folder does not hold yet, if it is here."""
    run = run_of(handle, home)
    return run.noted(events) if run else events


def run_of(handle: str, home: Path) -> Run | None:
    """Return the run of this home that was handed over under a handle, if there is one."""
    for run in Runs(home).all():
        if run.record.get("handle") == handle:
            return run
    folder = Runs(home).folder / handle.rpartition("-")[0]
    return Run(folder) if (folder / "run.json").is_file() else None


def replay(step: Step, run: str) -> str:
    """Return a line for a shell: fetch what the step read, then run its script in a debugger."""
    fetches: list[str] = []

    def place(item: Item) -> str:
        if isinstance(item, Output) and item.step == step.name:
            return '"$(mktemp -d)"'
        if not isinstance(item, Output):
            return shlex.quote(item.uri)
        folder = f"replay/{item}"
        fetches.append(f"concrete fetch {run} {item} {folder}")
        return folder

    words = [str(word) for word in step.argv(place)]
    arguments = [word if word.startswith('"$(') else shlex.quote(word) for word in words]
    script = shlex.quote(str(payload.script(step.script)))
    line = [shlex.quote(sys.executable), "-m pdb -c continue --", script, *arguments]
    return " && ".join([*dict.fromkeys(fetches), " ".join(line)])
