"""What a run in the cloud leaves in its folder here: events, logs of failures, how to replay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from concrete_cli.backend import Event

from .. import replaying
from ..replaying import run_of


def with_log(event: Event, handle: str, home: Path, log: str) -> Event:
    """Keep the log of a failed step beside its run, if that is here; say how to replay it."""
    run = run_of(handle, home)
    if run is None:
        return event
    file = run.folder / "failed" / event.step / "log.txt"
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text(log, encoding="utf-8")
    facts = {**event.facts, "log": str(file)}
    facts["replay"] = replaying.line(run, event.step, home)
    return replace(event, facts=facts)


def recorded(events: Iterator[Event], handle: str, home: Path) -> Iterator[Event]:
    """Yield events, and write down those that the run's folder does not hold yet, if it is here."""
    run = run_of(handle, home)
    return run.noted(events) if run else events
