"""What the steps of a run elsewhere have printed: `logs(handle, step)` of its backend."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from concrete_cli.backend import Event, State
from concrete_cli.cloud import remote
from concrete_cli.cloud.remote import Target
from concrete_cli.errors import BackendUnavailable, NotFound

SHORTEST, LONGEST, GROWTH = 0.5, 10.0, 1.5  # seconds between looks, and how they grow
PAUSES = (1, 2, 4, 8, 16)  # seconds before another look, while a cloud is out of reach


def pieces(target: Target, step: str | None, *, follow: bool) -> Iterator[tuple[str, bytes]]:
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
        last = _look(target, PAUSES if follow else ())
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
        if not follow or (target.run and remote.ended(target.run)):
            return
        pause = SHORTEST if news else min(pause * GROWTH, LONGEST)
        time.sleep(pause)


def _look(target: Target, pauses: tuple[int, ...]) -> dict[str, Event]:
    """Return the last event of each step; what fails is tried again after each pause."""
    for pause in pauses:
        with contextlib.suppress(BackendUnavailable):
            return {event.step: event for event in remote.seen(target)}
        time.sleep(pause)
    return {event.step: event for event in remote.seen(target)}


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
