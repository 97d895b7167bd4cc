"""HTTP/1.1 as uvicorn speaks it, with a deadline for the head of each request.

uvicorn waits for ever for a peer that connects and says nothing, or sends its headers letter by
letter.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


class Joined:
    """A transport that sends what is written in one go, head and body of an answer in one packet.

    uvicorn writes them one by one, which costs both sides a system call and a wake-up.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        """Be the transport in all else."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send it soon, with what else is written until then."""
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)

    def close(self) -> None:
        """Send what is left, then close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        parts, self._parts = self._parts, []
        if parts and not self._transport.is_closing():
            self._transport.write(b"".join(parts))


class Protocol(H11Protocol):
    """One connection."""

    slow: float  # seconds for the head of a request, set by `with_deadlines`
    changed: Callable[[int], None]  # is told how many connections there are

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None
        self.since = self.loop.time()

    @property
    def waiting(self) -> bool:
        """Whether no request is being answered or read."""
        return self.conn.their_state is h11.IDLE

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        joined: Any = Joined(transport, self.loop)
        super().connection_made(joined)
        self.changed(len(self.connections))
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._forget_deadline()
        super().connection_lost(exc)
        self.changed(len(self.connections))

    def data_received(self, data: bytes) -> None:
        """Take what has come; from the first byte of a request on its head has a deadline."""
        if self.waiting:
            self._expect_head()
        super().data_received(data)
        if not self.waiting:
            self._forget_deadline()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._refuse(400, "Bad Request", msg.removesuffix("."))

    def _expect_head(self) -> None:
        if self._deadline is None:
            self.since = self.loop.time()
            self._deadline = self.loop.call_later(self.slow, self._too_slow)

    def _forget_deadline(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        if self.waiting:
            self._refuse(408, "Request Timeout", f"no request arrived within {self.slow:g} s")

    def _refuse(self, status: int, phrase: str, message: str) -> None:
        self._forget_deadline()
        body = json.dumps({"error": message}).encode() + b"\n"
        head = f"HTTP/1.1 {status} {phrase}\r\ncontent-type: application/json\r\n"
        head += f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        if not self.transport.is_closing():
            self.transport.write(head.encode() + body)
            self.transport.close()


def with_deadlines(slow_: float, changed_: Callable[[int], None]) -> type[Protocol]:
    """Return the protocol with its deadline; `changed_` is told how many connections there are."""

    class Bounded(Protocol):
        slow = slow_
        changed = staticmethod(changed_)

    return Bounded
