"""HTTP/1.1 as uvicorn speaks it, with a deadline for the head of each request and a limit on it.

uvicorn waits for ever for a peer that connects and says nothing, or sends its headers letter by
letter, and takes as many of them as come. Parsed by httptools: h11 takes longer over a request
than a model does over a row.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

CONTINUE = b"HTTP/1.1 100"
LARGEST_HEAD = 65_536  # bytes of a request before its body, or after it


class Joined:
    """A transport that sends the head of an answer together with what is written next.

    uvicorn writes them one by one, which costs both sides a system call and a wake-up.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""

    def __getattr__(self, name: str) -> Any:
        """Be the transport in all else."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send it, but keep a head until its body comes."""
        if not self._head and data.startswith(b"HTTP/1.1 ") and not data.startswith(CONTINUE):
            self._head = data
            return
        self._transport.write(self._head + data)
        self._head = b""

    def flush(self) -> None:
        """Send what was kept: the answer has no body."""
        if self._head and not self._transport.is_closing():
            self._transport.write(self._head)
        self._head = b""

    def close(self) -> None:
        """Send what is left, then close."""
        self.flush()
        self._transport.close()


class Protocol(HttpToolsProtocol):
    """One connection."""

    transport: Any  # a Joined
    slow: float  # seconds for the head of a request, set by `with_deadlines`
    changed: Callable[[int], None]  # is told how many connections there are

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None
        self._in_head = False
        self._declining = False  # while a new parser is told what the last one knew
        self._headers = 0  # bytes of the headers of this request
        self._size = 0  # bytes that have just come and belong to a head alone
        self._unfinished = 0  # bytes of a head that is not yet whole
        self.since = self.loop.time()

    @property
    def waiting(self) -> bool:
        """Whether no request is being answered or read."""
        cycle: Any = self.cycle  # None before the first request
        return cycle is None or cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        joined: Any = Joined(transport)
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
        self._unset_keepalive_if_required()
        self._size = len(data) if self.waiting else 0
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self._refuse(400, "Bad Request", "this is not HTTP/1.1 as it should be")
        else:
            self._watch_head()

    def on_message_begin(self) -> None:
        """Begin to count."""
        if self._declining:
            return
        super().on_message_begin()
        self._in_head, self._headers = True, 0
        self._unfinished = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, or what comes as one behind a body in chunks: that is thrown away."""
        self._headers += len(name) + len(value)
        if self._headers > LARGEST_HEAD:
            raise ValueError("too much")
        if self._in_head and not self._declining:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Have the request answered."""
        self._in_head, self._size = False, 0
        if not self._declining:
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Have the body be at its end."""
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with the next request."""
        self.transport.flush()
        super().on_response_complete()

    def _feed(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                self._decline()
                data = data[offer.args[0] :]
            else:
                return

    def _decline(self) -> None:
        """Go on in HTTP/1.1, though the parser takes another protocol's offer for its end.

        A new parser is told how long the body is of the request that made the offer.
        """
        body = (b"content-length", b"transfer-encoding")
        lines = [b"%s: %s\r\n" % header for header in self.headers if header[0] in body]
        self.parser = httptools.HttpRequestParser(self)
        self._declining = True
        try:
            self.parser.feed_data(b"POST / HTTP/1.1\r\n" + b"".join(lines) + b"\r\n")
        finally:
            self._declining = False

    def _watch_head(self) -> None:
        if not self.waiting:
            self._forget_deadline()
            return
        self._expect_head()
        self._unfinished += self._size
        if self._in_head and self._unfinished > LARGEST_HEAD:
            self._refuse(431, "Request Header Fields Too Large", f"over {LARGEST_HEAD} bytes")

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
