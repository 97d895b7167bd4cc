"""One process that answers requests, on the socket that all workers of an endpoint share."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

import uvicorn

from . import key, model, settings
from .app import Endpoint
from .board import Board, Slot
from .door import Door
from .guard import Guard
from .log import Log
from .protocol import with_limits
from .settings import Settings

LINGER = 0.3  # seconds in which a peer that has just sent another request is still answered
BOARD = "CONCRETE_BOARD"  # the name of the board's file, for a worker that was not forked


def work(
    folder: Path,
    how: Settings,
    score: Any,
    listener: socket.socket,
    board: Board,
    number: int,
    lifeline: int,
) -> None:
    """Answer until SIGTERM, or until the supervisor at the other end of the lifeline is gone."""
    log = Log(folder)
    slot = board.slot(number)
    slot.set("connections", 0)
    score.LOADED["model"].quicken()
    endpoint = Endpoint(how, folder / how.bundle, score, board, slot)
    app: Any = endpoint.app()
    guard = Guard(app, how, key.Key(folder / key.FILE), slot, log)
    _log_warnings(log)
    config = uvicorn.Config(
        guard,
        http=with_limits(how.read_timeout, lambda count: slot.set("connections", count)),
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=int(how.idle_timeout),
        timeout_graceful_shutdown=int(how.timeout),
    )
    server = _Server(config, listener, board, how.max_connections)
    server.endpoint, server.guard, server.slot, server.log = endpoint, guard, slot, log
    server.lifeline = lifeline
    endpoint.tell(server.server_state.tasks)
    server.run(sockets=[])


class _Server(uvicorn.Server):
    """uvicorn, with a door of its own and a gentle end."""

    endpoint: Endpoint
    guard: Guard
    slot: Slot
    log: Log
    lifeline: int

    def __init__(
        self, config: uvicorn.Config, listener: socket.socket, board: Board, most: int
    ) -> None:
        super().__init__(config)
        self._listener = listener
        self._board = board
        self._most = most
        self._door: Door | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        loop = asyncio.get_running_loop()
        connections: Any = self.server_state.connections
        make: Any = self.config.http_protocol_class

        def protocol() -> Any:
            return make(config=self.config, server_state=self.server_state, app_state={})

        self._door = Door(self._listener, protocol, connections, self._board, self._most)
        self._door.open()
        loop.add_reader(self.lifeline, self._let_go)
        self.slot.beat()
        self.log.write(event="worker is ready")

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:
            self.slot.beat()
            self.log.follow()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer what was accepted, tell everybody to go, then go."""
        assert self._door
        self.endpoint.draining = self.guard.draining = True
        await self._door.close()
        end = time.monotonic() + LINGER
        while self.server_state.connections and time.monotonic() < end:  # noqa: ASYNC110
            await asyncio.sleep(LINGER / 20)
        await super().shutdown(sockets)
        self.slot.set("connections", 0)
        self.log.write(event="worker has ended")

    def _let_go(self) -> None:
        asyncio.get_running_loop().remove_reader(self.lifeline)
        self.should_exit = True


def _log_warnings(log: Log) -> None:
    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            log.write(level=record.levelname.lower(), message=self.format(record))

    logging.basicConfig(level=logging.WARNING, handlers=[Handler()], force=True)


def main() -> None:
    """Be a worker in an interpreter of its own, where forking is not safe."""
    folder, file, listener, lifeline, number = sys.argv[1:]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    how = settings.read(Path(folder, file))
    board = Board(Path(folder, os.environ[BOARD]), how.workers + 1)
    score = model.load(Path(folder, how.bundle))
    listening = socket.socket(fileno=int(listener))
    work(Path(folder), how, score, listening, board, int(number), int(lifeline))


if __name__ == "__main__":
    main()
