"""Runs that go on elsewhere: they need nobody here, and are looked at when somebody asks.

A backend whose runs do so has `glance(handle)`, which yields what has happened so far, and
`logs(handle, step)`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from concrete_cli import results, runs, settings, workspace
from concrete_cli.backend import Backend, Event, State, were_stopped
from concrete_cli.errors import BackendUnavailable, NotFound
from concrete_cli.runs import Run
from concrete_cli.workspace import Workspace

SHORTEST, LONGEST, GROWTH = 0.5, 10.0, 1.5  # seconds between looks, and how they grow


@dataclass(frozen=True)
class Target:
    """A run that a person means; `run` is None when it was made on another machine."""

    workspace: Workspace
    backend: Backend
    handle: str
    run: Run | None = None


def goes_on(backend: Backend) -> bool:
    """Whether runs of a backend go on without this process."""
    return hasattr(backend, "glance")


def find(
    wanted: str, *, home: Path | None, elsewhere: str = "", experiment: Path | None = None
) -> Target:
    """Return the run that a person means by its name or its handle.

    `elsewhere` is the backend of a run that was made on another machine; its settings are those
    of the experiment.
    """
    space = workspace.of_experiment(experiment, home) if experiment else workspace.here(home)
    if run := known(space, wanted, elsewhere):
        return Target(space, space.backend_of(run), run.record.get("handle", run.id), run)
    given = settings.of_file(elsewhere, experiment)
    place = space.backend(elsewhere, given)
    if not goes_on(place):
        raise NotFound("run", wanted, [run.id for run in space.runs.all()])
    return Target(space, place, wanted)


def refresh(run: Run, backend: Backend) -> None:
    """Write down what has happened meanwhile to a run that goes on elsewhere."""
    record = run.record
    if record.get("remote") and goes_on(backend) and not ended(run):
        for _ in run.noted(glance(backend, record["handle"])):
            pass
        register(run, backend)


def register(run: Run, backend: Backend) -> None:
    """Note which versions of models a run has become; register them where it did not itself."""
    plan, record = run.plan, run.record
    done = runs.status(plan, run.last_events(), driven=False, cancelled=False) == "done"
    models: Any = getattr(backend, "models", None)
    if not (done and plan.publishes and models) or record.get("registered"):
        return
    for name, output in plan.publishes.items():
        card = {"experiment": record.get("experiment", ""), "concrete_run": run.id}
        card |= results.test_scores(run, backend)
        if getattr(backend, "registers", False):
            number = models.find(name).version
            models.note(name, number, card)
        else:
            number = models.publish(record["handle"], name, output, card)
        run.note(registered={"name": name, "version": number})


def refresh_all(space: Workspace, name: str = "") -> None:
    """Ask for every run that goes on elsewhere, or on one backend, how it is now."""
    for run in space.runs.all():
        record = run.record
        if record.get("remote") and name in ("", record["backend"]) and not ended(run):
            refresh(run, space.backend_of(run))


def cancel(target: Target) -> None:
    """Stop a run; one that has ended is left as it is."""
    run = target.run
    if run and goes_on(target.backend):
        refresh(run, target.backend)
        if ended(run):
            return
        run.cancel()
    target.backend.cancel(target.handle)


def document(target: Target) -> dict[str, Any]:
    """Return what can be seen of a run that was made on another machine."""
    last = {event.step: event for event in glance(target.backend, target.handle)}
    states = {event.state for event in last.values()}
    unfinished = any(not state.ended for state in states) or not states
    bad = "cancelled" if were_stopped(last.values()) else "failed" if State.FAILED in states else ""
    return {
        "handle": target.handle,
        "backend": target.backend.name,
        # A step that has not begun is no event: "done so far" is all that can be said.
        "status": "running" if unfinished else bad or "done so far",
        "steps": [
            {
                "name": event.step,
                "state": event.state.value,
                "seconds": event.seconds,
                "detail": event.detail,
            }
            for event in last.values()
        ],
    }


def glance(backend: Backend, handle: str) -> Iterator[Event]:
    """Yield what has happened so far."""
    look: Any = getattr(backend, "glance", None)
    yield from look(handle) if look else ()


def logs(target: Target, step: str | None, *, follow: bool) -> Iterator[tuple[str, bytes]]:
    """Yield pieces of log with the name of their step; with `follow` until the run has ended."""
    read: Any = getattr(target.backend, "logs", None)
    if read is None:
        raise BackendUnavailable(f"backend {target.backend.name} keeps no logs")
    if target.run is None and follow:
        yield from _ended_logs(target, step, read)
        return
    shown: dict[str, int] = {}
    final: set[str] = set()
    pause = SHORTEST
    while True:
        last = {event.step: event for event in _seen(target)}
        if step and step not in last and not follow:
            _check_step(target, step, last)
        news = False
        for name, event in last.items():
            if name in final or step not in (None, name) or event.state is State.SKIPPED:
                continue
            text = read(target.handle, name)[shown.get(name, 0) :]
            shown[name] = shown.get(name, 0) + len(text)
            final |= {name} if event.state.ended else set()
            if text:
                news = True
                yield name, text.encode()
        if not follow or (target.run and ended(target.run)):
            return
        pause = SHORTEST if news else min(pause * GROWTH, LONGEST)
        time.sleep(pause)


def _seen(target: Target) -> Iterator[Event]:
    events = glance(target.backend, target.handle)
    return target.run.noted(events) if target.run else events


def _ended_logs(target: Target, step: str | None, read: Any) -> Iterator[tuple[str, bytes]]:
    """Yield the log of each step when it has ended, until the run has."""
    for event in target.backend.watch(target.handle):
        ran = event.state.ended and event.state is not State.SKIPPED
        if ran and step in (None, event.step):
            yield event.step, read(target.handle, event.step).encode()


def _check_step(target: Target, step: str, last: dict[str, Event]) -> None:
    if target.run:
        target.run.plan.step(step)  # NotFound names the nearest
    elif last:
        raise NotFound("step", step, last)


def ended(run: Run) -> bool:
    """Whether every step of a run was seen to end."""
    last = run.last_events()
    return all(step.name in last and last[step.name].state.ended for step in run.plan.steps)


def known(space: Workspace, wanted: str, elsewhere: str = "") -> Run | None:
    """Return the run of this home with that name or handle; None: look elsewhere."""
    for run in space.runs.all():
        record = run.record
        if wanted in (record.get("handle"), *record.get("earlier", ())):
            return run
    try:
        return space.runs.find(wanted, lambda run: elsewhere in ("", run.record["backend"]))
    except NotFound:
        if not elsewhere:
            raise
        return None
