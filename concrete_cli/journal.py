"""The events of a run on disk: a line of JSON each, appended and synced, read while they grow."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from concrete_cli import disk
from concrete_cli.backend import Event, State


def append(path: Path, events: Iterable[Event]) -> None:
    """Write events down; they are on disk when this returns."""
    lines = [json.dumps(_document(event)) for event in events]
    if lines:
        disk.append_lines(path, lines)


def noted(path: Path, events: Iterable[Event]) -> Iterator[Event]:
    """Yield events, and write those down that the journal does not hold yet.

    A step that was set back to waiting may do again what it has done before.
    """
    tail = Tail(path)
    known: set[tuple[str, str, str]] = set()
    for event in events:
        for one in tail.events():
            if one.state is State.WAITING:
                known = {key for key in known if key[0] != one.step}
            else:
                known.add(_key(one))
        if _key(event) not in known:
            append(path, [event])
        yield event


class Tail:
    """A journal that grows, read as far as its last whole line each time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0

    def events(self) -> Iterator[Event]:
        """Yield the events that were added since the last call; a line cut short is no event."""
        for line in self._lines():
            with contextlib.suppress(ValueError, TypeError, KeyError):
                fields = json.loads(line)
                yield Event(**fields | {"state": State(fields["state"])})

    def _lines(self) -> list[bytes]:
        with contextlib.suppress(FileNotFoundError), self.path.open("rb") as file:
            file.seek(self.offset)
            text = file.read()
            whole = text[: text.rfind(b"\n") + 1]
            self.offset += len(whole)
            return whole.split(b"\n")[:-1]
        return []


class Fold:
    """The last event of each step in a journal that grows; what was read is not read again."""

    def __init__(self, path: Path) -> None:
        self._tail = Tail(path)
        self._last: dict[str, Event] = {}

    def last(self) -> Mapping[str, Event]:
        """Return the last event of each step that has any, as it is now."""
        self._last |= {event.step: event for event in self._tail.events()}
        return MappingProxyType(self._last)


def _key(event: Event) -> tuple[str, str, str]:
    return event.step, event.state.value, str(event.facts.get("run", ""))


def _document(event: Event) -> dict[str, Any]:
    document = {"step": event.step, "state": event.state.value, "time": round(event.time, 3)}
    rest = {name: value for name, value in vars(event).items() if name not in document and value}
    return document | rest
