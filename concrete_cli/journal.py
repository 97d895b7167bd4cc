"""The events of a run on disk: a line of JSON each, appended and synced, read while they grow.

Each line ends in a sum of what is before it. A line that is not as it was written is no event; it
is damage, unless a crash cut it short and whoever came next has marked it so.
"""

from __future__ import annotations

import contextlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from concrete_cli import disk
from concrete_cli.backend import Event, State

SUM = b', "sum": "'


def append(path: Path, events: Iterable[Event]) -> None:
    """Write events down; they are on disk when this returns."""
    lines = [_line(event) for event in events]
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
        self.damage = ""  # of the lines that were read
        self._number = 0
        self._file = 0

    def events(self) -> Iterator[Event]:
        """Yield the events that were added since the last call; a line cut short is no event."""
        for line in self._lines():
            self._number += 1
            with contextlib.suppress(ValueError, TypeError, KeyError, RecursionError):
                fields = json.loads(_checked(line))
                yield Event(**fields | {"state": State(fields["state"])})
                continue
            if not line.endswith(disk.CUT):
                self.damage = self.damage or f"line {self._number} has changed"

    def _lines(self) -> list[bytes]:
        with contextlib.suppress(FileNotFoundError), self.path.open("rb") as file:
            if self._file != (inode := os.fstat(file.fileno()).st_ino):  # it was healed
                self.offset, self.damage, self._number, self._file = 0, "", 0, inode
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

    def damage(self, least: int) -> str:
        """Say what is not as it was written; there have to be `least` bytes at the least."""
        self.last()
        return self._tail.damage or ("is cut short" if self._tail.offset < least else "")


def heal(path: Path) -> None:
    """Leave the lines that are events; what is missing is found in the cache, or done again."""
    tail = Tail(path)
    events = list(tail.events())
    if tail.damage:
        disk.write(path, "".join(f"{_line(event)}\n" for event in events))


def _line(event: Event) -> str:
    text = json.dumps(_document(event))
    return f'{text[:-1]}{SUM.decode()}{zlib.crc32(text.encode()):08x}"}}'


def _checked(line: bytes) -> bytes:
    """Return what a line says without its sum; the first lines of old runs have none."""
    head, found, sum_ = line.rpartition(SUM)
    if not found:
        return line
    text = head + b"}"
    if sum_ != b'%08x"}' % zlib.crc32(text):
        raise ValueError("another sum")
    return text


def _key(event: Event) -> tuple[str, str, str]:
    return event.step, event.state.value, str(event.facts.get("run", ""))


def _document(event: Event) -> dict[str, Any]:
    document = {"step": event.step, "state": event.state.value, "time": round(event.time, 3)}
    rest = {name: value for name, value in vars(event).items() if name not in document and value}
    return document | rest
