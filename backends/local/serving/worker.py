"""One process that answers requests, on the socket that all workers of an endpoint share."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from . import key, model, settings
from .app import Endpoint
from .board import Board
from .guard import Guard
from .log import Log
from .server import Server
from .settings import Settings

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
    guard = Guard(endpoint.app(), how, key.Key(folder / key.FILE), slot, log)
    _log_warnings(log)
    server = _Server(guard, how, listener, board, slot, log)
    server.endpoint, server.lifeline = endpoint, lifeline
    endpoint.tell(server.server_state.tasks)
    server.run(sockets=[])
    log.write(event="worker has ended")


class _Server(Server):
    endpoint: Endpoint
    lifeline: int

    def ready(self) -> None:
        """End with the supervisor."""
        asyncio.get_running_loop().add_reader(self.lifeline, self._let_go)
        self.log.write(event="worker is ready")

    def each_second(self) -> None:
        """Write to the log that is there."""
        super().each_second()
        self.log.follow()

    def leaving(self) -> None:
        """Tell balancers of load."""
        self.endpoint.draining = True

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
