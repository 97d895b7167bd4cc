"""Peers that ask and do not read: how long and how much answers wait for them."""

from __future__ import annotations

import asyncio
from typing import Protocol

SLOWEST = 16_384  # bytes a second that a peer has to read
MOST = 32 << 20  # bytes of answers that wait in one process


class Connection(Protocol):
    """What waits; `transport` writes it."""

    transport: asyncio.Transport


class Backlog:
    """The connections of a process whose peers have answers to read, the oldest first."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._timers: dict[Connection, asyncio.TimerHandle] = {}

    def add(self, one: Connection) -> None:
        """Let an answer wait for its peer, for a while; others have to go if it is too much."""
        if one in self._timers:
            return
        seconds = self._patience + one.transport.get_write_buffer_size() / SLOWEST
        loop = asyncio.get_running_loop()
        self._timers[one] = loop.call_later(seconds, self._cut, one)
        while len(self._timers) > 1 and self._size() > MOST:
            self._cut(next(iter(self._timers)))

    def remove(self, one: Connection) -> None:
        """Forget a connection whose peer has read, or has gone."""
        if timer := self._timers.pop(one, None):
            timer.cancel()

    def oldest(self) -> Connection | None:
        """Return the connection that has waited for its peer for the longest time."""
        return next(iter(self._timers), None)

    def _cut(self, one: Connection) -> None:
        self.remove(one)
        one.transport.abort()

    def _size(self) -> int:
        return sum(one.transport.get_write_buffer_size() for one in self._timers)
