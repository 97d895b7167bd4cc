"""A run that has ended badly in a cloud goes on: what did not finish is submitted once more.

A run of a cloud that has ended stays so. The whole plan is handed over again, under a new handle
that becomes the run's own; the cloud gives back the steps that are finished. The steps that are
not are set back to waiting in the journal of the run.
"""

from __future__ import annotations

import time
from dataclasses import replace

from concrete_cli import locks, results, runs
from concrete_cli.backend import Backend, Event, Options, State
from concrete_cli.cloud import remote
from concrete_cli.errors import Busy
from concrete_cli.plan import Plan
from concrete_cli.runs import Run
from concrete_cli.sources import fetching


def submit_again(run: Run, backend: Backend, tell: fetching.Tell | None = None) -> None:
    """Hand over a run again that was stopped or has failed; one that goes on is left alone.

    One that is being stopped is waited for. `tell` hears of what takes a while.
    """
    with locks.hold(run.lock) as mine:
        if not mine:
            raise Busy(f"{run.id} is being submitted again", help=run.line("show"))
        remote.refresh(run, backend)
        if run.cancelled and not remote.ended(run):
            _wait(run, backend, tell)
        if remote.ended(run) and results.status(run) in ("failed", "cancelled"):
            _submit(run, backend, tell)


def _wait(run: Run, backend: Backend, tell: fetching.Tell | None) -> None:
    if tell:
        tell("waiting until it has stopped")
    for _ in run.noted(backend.watch(run.record["handle"])):
        pass


def _submit(run: Run, backend: Backend, tell: fetching.Tell | None) -> None:
    """Submit the plan under a new handle, unless that has been done and not been written down."""
    record, plan, last = run.record, run.plan, run.last_events()
    old = str(record["handle"])
    left = tuple(step.name for step in plan.steps if not last[step.name].state.good)
    if _ended_badly(backend, old, plan):
        if tell:
            tell(f"submitting again: {', '.join(left)}")
        fetched = fetching.here(plan, run.folder.parents[1], tell)
        handle = backend.submit(fetched, run.folder, _options(run.options, left))
        run.note(handle=handle, earlier=[*record.get("earlier", ()), old])
    run.uncancel()
    run.append(Event(name, State.WAITING, time=time.time()) for name in left)


def _ended_badly(backend: Backend, handle: str, plan: Plan) -> bool:
    """Whether it is so there, too: a kill -9 may have left the journal a handle behind."""
    last = {event.step: event for event in remote.glance(backend, handle)}
    return runs.status(plan, last, driven=True, cancelled=False) == "failed"


def _options(given: Options, left: tuple[str, ...]) -> Options:
    """Return the options for another time: without reuse only what is left runs anew.

    A step that was forced is so again: what it has come to is not given back by a cloud.
    """
    return given if given.reuse else replace(given, reuse=True, force=left)
