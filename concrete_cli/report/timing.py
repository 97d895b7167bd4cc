"""When each step of a run began and how long it took, from the run's events."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import Any

from concrete_cli.backend import Event, State
from concrete_cli.plan import Plan


def of(plan: Plan, events: Iterable[Event], told: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return `seconds` of the whole and, per step, state, start, seconds, memory and detail.

    `told` are name and state of each step as the run's document has them.

    A run that was stopped and resumed may have waited in between: such gaps are cut out.
    """
    ordered = list(events)
    last = {event.step: event for event in ordered}
    began = {event.step: event.time for event in ordered if event.state is State.RUNNING}
    clock = _clock(ordered)
    states = {one["name"]: one["state"] for one in told}
    begin = min((clock(time) for time in began.values()), default=0.0)
    steps: list[dict[str, Any]] = []
    for step in plan.steps:
        event = last.get(step.name, Event(step.name, State.WAITING))
        worked = event.state in (State.DONE, State.FAILED) and step.name in began
        steps.append(
            {
                "name": step.name,
                "script": step.script.rpartition("/")[2],
                "state": states[step.name],
                "seconds": event.seconds,
                "start": clock(began[step.name]) - begin if worked else None,
                "attempt": event.attempt,
                "detail": event.detail,
                "memory": event.facts.get("memory"),
                "needs": sorted(step.needs),
                "optional": step.optional,
            }
        )
    ends = [one["start"] + one["seconds"] for one in steps if one["start"] is not None]
    return {"seconds": max(ends, default=0.0), "steps": steps}


def _clock(events: list[Event]) -> Any:
    """Return a function from a time to the seconds in which something ran until then."""
    times: list[tuple[float, float]] = []
    running: set[str] = set()
    passed, before = 0.0, events[0].time if events else 0.0
    for event in events:
        passed += max(0.0, event.time - before) if running else 0.0
        before = max(before, event.time)
        times.append((event.time, passed))
        if event.state is State.RUNNING:
            running.add(event.step)
        else:
            running.discard(event.step)

    times.sort()
    totals = [*accumulate((passed for _, passed in times), max)]

    def clock(time: float) -> float:
        known = bisect_right(times, time, key=lambda one: one[0])
        return totals[known - 1] if known else 0.0

    return clock
