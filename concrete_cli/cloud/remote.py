"""Runs that go on elsewhere: they need nobody here, and are looked at when somebody asks.

A backend whose runs do so has `glance(handle)`, which yields what has happened so far.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from concrete_cli import results, runs, settings, workspace
from concrete_cli.backend import Backend, Event, State, were_stopped
from concrete_cli.errors import NotFound
from concrete_cli.runs import Run
from concrete_cli.workspace import Workspace


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
            number = models.left_by(record["handle"], name, output).version
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


def seen(target: Target) -> Iterator[Event]:
    """Yield what has happened so far; what this home knows of a run is brought up to date."""
    events = glance(target.backend, target.handle)
    return target.run.noted(events) if target.run else events


def ended(run: Run) -> bool:
    """Whether every step of a run was seen to end."""
    last = run.last_events()
    return all(step.name in last and last[step.name].state.ended for step in run.plan.steps)
