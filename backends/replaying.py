"""How a step of a run in a cloud is replayed here, where the run and so its plan are known."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from concrete_cli import interpreter, payload
from concrete_cli.backend import Event
from concrete_cli.plan import Item, Output
from concrete_cli.runs import Run, Runs
from concrete_cli.sources import fetching


def filled(events: Iterable[Event], handle: str, home: Path) -> Iterator[Event]:
    """Yield events; those of failed steps say how to replay them, if the run is here."""
    for event in events:
        run = run_of(handle, home) if "replay" in event.facts else None
        if run is None:
            yield event
        else:
            facts = {**event.facts, "replay": line(run, event.step, home)}
            yield replace(event, facts=facts)


def run_of(handle: str, home: Path) -> Run | None:
    """Return the run of this home that was handed over under a handle, if there is one."""
    for run in Runs(home).all():
        if run.record.get("handle") == handle:
            return run
    folder = Runs(home).folder / handle.rpartition("-")[0]
    return Run(folder) if (folder / "run.json").is_file() else None


def line(run: Run, name: str, home: Path) -> str:
    """Return a line for a shell: fetch what the step read, then run its script in a debugger."""
    step = fetching.step(run.plan.step(name), home)
    fetches: list[str] = []

    def place(item: Item) -> str:
        if isinstance(item, Output) and item.step == step.name:
            return '"$(mktemp -d)"'
        if not isinstance(item, Output):
            return shlex.quote(item.uri)
        folder = f"replay/{item}"
        fetches.append(run.line("fetch", str(item), folder))
        return folder

    words = [str(word) for word in step.argv(place)]
    arguments = [word if word.startswith('"$(') else shlex.quote(word) for word in words]
    command = interpreter.debugging(payload.script(step.script), arguments)
    return " && ".join([*dict.fromkeys(fetches), command])
