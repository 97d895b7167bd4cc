"""Which worker takes the next connection.

All workers wait on one socket, and asyncio alone would let the first one that wakes up take all
that is there, so that one worker gets all of a client's connections. Here a worker takes one at a
time, and one that has more than another waits a moment, in which the other can go first.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from .board import Board
from .protocol import Protocol

MOMENT = 0.001  # seconds
PAUSE = 0.1  # seconds, when this process can open no more files


class Door:
    """Takes connections from a listening socket until it is closed."""

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], Protocol],
        connections: set[Protocol],
        board: Board,
        most: int,
    ) -> None:
        self._listener = listener
        self._protocol = protocol
        self._connections = connections
        self._board = board
        self._most = most
        self._loop = asyncio.get_running_loop()
        self._later: asyncio.TimerHandle | None = None
        self._arriving: set[asyncio.Task[object]] = set()
        listener.settimeout(0)

    def open(self) -> None:
        """Begin to listen."""
        self._loop.add_reader(self._listener, self._knock)

    async def close(self) -> None:
        """Take what has connected so far, and nothing more."""
        if self._later:
            self._later.cancel()
        self._loop.remove_reader(self._listener)
        while self._take():
            pass
        self._listener.close()
        if self._arriving:
            await asyncio.wait(self._arriving)

    def _knock(self) -> None:
        if len(self._connections) > self._board.fewest_connections():
            self._wait(MOMENT)
        else:
            self._take()

    def _wait(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener)
        self._later = self._loop.call_later(seconds, self._waited)

    def _waited(self) -> None:
        self._later = None
        self.open()
        self._take()

    def _take(self) -> bool:
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return False  # another worker was quicker, or the peer has thought better of it
        except OSError:
            self._wait(PAUSE)
            return False
        if len(self._connections) >= self._most and not self._make_room():
            connection.close()
            return True
        connection.settimeout(0)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        arrival = self._loop.connect_accepted_socket(self._protocol, connection)
        task: asyncio.Task[object] = self._loop.create_task(arrival)
        self._arriving.add(task)
        task.add_done_callback(self._arriving.discard)
        return True

    def _make_room(self) -> bool:
        """Close the one that has asked for nothing, or has read nothing, for the longest time."""
        open_ = [one for one in self._connections if not one.transport.is_closing()]
        if waiting := [one for one in open_ if one.waiting]:
            min(waiting, key=lambda one: one.since).transport.abort()
            return True
        if stuck := next((one.backlog.oldest() for one in open_), None):
            stuck.transport.abort()
        return stuck is not None
