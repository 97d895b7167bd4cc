"""uvicorn on a socket that is there already, with a door of its own and a gentle end."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

import uvicorn

from .board import Board, Slot
from .door import Door
from .guard import Guard
from .log import Log
from .protocol import with_limits
from .settings import Settings

LINGER = 0.3  # seconds in which a peer that has just sent another request is still answered


class Server(uvicorn.Server):
    """One process that answers; `slot` is its own on the board."""

    def __init__(
        self,
        guard: Guard,
        how: Settings,
        listener: socket.socket,
        board: Board,
        slot: Slot,
        log: Log,
    ) -> None:
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
        super().__init__(config)
        self._guard, self._listener, self._board = guard, listener, board
        self._most = how.max_connections
        self._door: Door | None = None
        self.slot, self.log = slot, log

    def ready(self) -> None:
        """Be told that requests are answered from now on."""

    def each_second(self) -> None:
        """Say that this process is alive."""
        self.slot.beat()

    def leaving(self) -> None:
        """Be told that no more connections are taken."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the door."""
        await super().startup(sockets)
        connections: Any = self.server_state.connections
        make: Any = self.config.http_protocol_class

        def protocol() -> Any:
            return make(config=self.config, server_state=self.server_state, app_state={})

        self._door = Door(self._listener, protocol, connections, self._board, self._most)
        self._door.open()
        self.slot.beat()
        self.ready()

    async def on_tick(self, counter: int) -> bool:
        """Do what is due."""
        if counter % 10 == 0:
            self.each_second()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer what was accepted, tell everybody to go, then go."""
        assert self._door
        self._guard.draining = True
        self.leaving()
        await self._door.close()
        end = time.monotonic() + LINGER
        while self.server_state.connections and time.monotonic() < end:  # noqa: ASYNC110
            await asyncio.sleep(LINGER / 20)
        await super().shutdown(sockets)
        self.slot.set("connections", 0)
