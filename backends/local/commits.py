"""Writing events down in groups, each when what it tells of is on the disk.

To wait for a disk takes as long as a small step, but it takes hardly longer for many files than for
one. So a thread does the waiting: it takes all that has happened since it last came back, brings
the files to the disk and then the lines of the journal, while the steps to come run already. An
event is told to nobody before that. A power cut loses what was not yet told, and nothing else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from concrete_cli.backend import Event
from concrete_cli.syncing import Syncing

Group = list[tuple[list[Event], list[Path]]]


class Commits:
    """Takes events with the folders that they tell of; gives the events back when all is safe."""

    def __init__(self, append: Callable[[list[Event]], None]) -> None:
        self._append = append
        self._changed = threading.Condition()
        self._waiting: Group = []
        self._safe: list[Event] = []
        self._error: BaseException | None = None
        self._ended = False
        self._thread = threading.Thread(target=self._work, name="commits", daemon=True)

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait, whatever happened: what was done is to be known."""
        self.wait()

    def add(self, events: Collection[Event], folders: Collection[Path] = ()) -> None:
        """Take note of what has happened, and return at once."""
        if events:
            with self._changed:
                self._waiting.append(([*events], [*folders]))
                self._changed.notify()

    def safe(self) -> Iterator[Event]:
        """Yield what has become safe since the last call; raise what kept it from doing so."""
        with self._changed:
            events, self._safe = self._safe, []
        yield from events
        if self._error:
            raise self._error

    def wait(self) -> None:
        """Return when all is safe; nothing is added after that."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        with Syncing() as syncing:
            while group := self._next():
                try:
                    syncing.bring([path for _, paths in group for path in paths])
                    events = [event for some, _ in group for event in some]
                    self._append(events)
                except BaseException as error:  # noqa: BLE001  it is raised where events are told
                    self._error = error
                    return
                with self._changed:
                    self._safe += events

    def _next(self) -> Group:
        """Return all that waits, once there is any; nothing when there will be none."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended)
            group, self._waiting = self._waiting, []
        return group
