"""HTTP/1.1 as uvicorn speaks it, with a limit on everything that a peer can let pile up.

uvicorn waits for ever for a peer that connects and says nothing, sends its headers letter by
letter, or reads none of its answers; it takes as many headers as come, and as many requests ahead
of their answers. Parsed by httptools: h11 takes longer over a request than a model does over a row.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .backlog import Backlog

CONTINUE = b"HTTP/1.1 100"
LARGEST_HEAD = 65_536  # bytes of a request before its body, or after it
MOST_HEADERS = 100
READ = 32_768  # bytes that are read at once, and kept while a request is being answered
WRITE = 16_384  # bytes of answers that may wait; then no request is answered until they are sent
END = b"\r\n\r\n"  # of a head
SLICE = 512  # bytes of a body that are parsed at once, whatever is in them
LINGER = 0.5  # seconds for which a peer that was refused may go on sending


class Joined:
    """A transport that sends the head of an answer together with what is written next.

    uvicorn writes them one by one, which costs both sides a system call and a wake-up.
    """

    def __init__(self, transport: asyncio.Transport, closing: Callable[[], None]) -> None:
        self._transport = transport
        self._closing = closing  # is called when nothing more will be written
        self._head = b""
        self._paused = False  # by uvicorn
        self._held = False  # by us

    def __getattr__(self, name: str) -> Any:
        """Be the transport in all else."""
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        """Whether nothing more is read; asked for often."""
        return self._transport.is_closing()

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

    def write_eof(self) -> None:
        """Send what is left, and say that it was all."""
        self.flush()
        self._transport.write_eof()

    def close(self) -> None:
        """Send what is left, then close."""
        self.flush()
        self._transport.close()
        self._closing()

    def pause_reading(self) -> None:
        """Read nothing: uvicorn has enough of a body."""
        self._paused = True
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on, unless we have enough."""
        self._paused = False
        self.hold(self._held)

    def hold(self, held: bool) -> None:  # noqa: FBT001  a switch
        """Read nothing while there are requests that wait for the answer to another one."""
        self._held = held
        if held:
            self._transport.pause_reading()
        elif not self._paused:
            self._transport.resume_reading()


class Protocol(HttpToolsProtocol):
    """One connection."""

    transport: Any  # a Joined
    slow: float  # seconds for the head of a request, set by `with_limits`
    backlog: Backlog  # of all connections of this process
    changed: Callable[[int], None]  # is told how many connections there are

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None
        self._rest = b""  # has come, and is parsed when the request before it is answered
        self._held = False  # and nothing more is read till then
        self._ended = False  # the peer sends nothing more
        self._refused = False  # and what it still sends is thrown away
        self._refusal: tuple[int, str, str] | None = None  # waits for the answer before it
        self._in_head = False
        self._declining = False  # while a new parser is told what the last one knew
        self._headers = 0  # bytes of the headers of this request
        self._size = 0  # bytes that are being parsed and belong to a head alone
        self._unfinished = 0  # bytes of a head that is not yet whole
        self.since = self.loop.time()

    @property
    def waiting(self) -> bool:
        """Whether no request is being answered or read."""
        cycle: Any = self.cycle  # None before the first request
        if cycle is None:
            return True
        return bool(cycle.response_complete) and not self.pipeline

    @property
    def _in_body(self) -> bool:
        """Whether what comes next belongs to the request that is being answered."""
        return not self.waiting and self.cycle.more_body and not self.pipeline

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        transport.set_write_buffer_limits(high=WRITE)
        transport.max_size = READ  # type: ignore[attr-defined]  # asyncio's own would be 256 kB
        joined: Any = Joined(transport, self._closing)
        super().connection_made(joined)
        self.changed(len(self.connections))
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadlines."""
        self._forget_deadline()
        self.backlog.remove(self)
        self._rest = b""
        super().connection_lost(exc)
        self.changed(len(self.connections))

    def data_received(self, data: bytes) -> None:
        """Take what has come; from the first byte of a request on its head has a deadline."""
        self._unset_keepalive_if_required()
        if not self._refused:
            self._rest += data
            self._go_on()

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio takes either
        """Answer what has come from a peer that sends nothing more; then close."""
        self._ended = True
        return not self.waiting and not self._in_body

    def pause_writing(self) -> None:
        """Give the peer some time to read what it has asked for."""
        super().pause_writing()
        self.backlog.add(self)

    def resume_writing(self) -> None:
        """Go on with a peer that has read."""
        super().resume_writing()
        if not self.transport.is_closing():
            self.backlog.remove(self)

    def _closing(self) -> None:
        """Do not wait for ever until a peer has read the last answer."""
        if self.transport.get_write_buffer_size():
            self.backlog.add(self)

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
            if len(self.headers) >= MOST_HEADERS:
                raise ValueError("too many")
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Have the request answered."""
        self._in_head, self._size = False, 0
        if self._declining:
            return
        if not self.url.startswith(b"/"):
            self._take_host_of_target()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Have the body be at its end."""
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with the next request."""
        self.transport.flush()
        super().on_response_complete()
        if self._rest or self._refusal or self._ended:
            self._go_on_with_what_has_come()

    def _go_on_with_what_has_come(self) -> None:
        if self._refusal and self.waiting:
            self._refuse(*self._refusal)
        if self.transport.is_closing():
            return
        if self._rest:
            self._go_on()
        if self._ended and self.waiting:
            self.transport.close()

    def _go_on(self) -> None:
        """Parse what has come, at most until one more request is whole: others wait unparsed."""
        try:
            while self._rest:
                waiting = self.waiting
                if not waiting and not self._in_body:
                    break
                data = self._next(0 if waiting else SLICE)
                self._size = len(data) if waiting else 0
                self._feed(data)
                self._unfinished += self._size
        except httptools.HttpParserError:
            self._rest = b""
            self._refuse(400, "Bad Request", "this is not HTTP/1.1 as it should be")
        else:
            if self._rest or self._held:
                self._held = bool(self._rest)
                self.transport.hold(self._held)
            self._watch_head()

    def _next(self, begin: int) -> bytes:
        """Return what can be parsed now: one head can end in it, no matter how many there are."""
        rest = self._rest
        first = rest.find(END, begin)
        if first < 0 or rest.find(END, first + len(END)) < 0:
            self._rest = b""
            return rest
        self._rest = rest[first + len(END) :]
        return rest[: first + len(END)]

    def _take_host_of_target(self) -> None:
        """Let `GET http://name/path` ask for that name, whatever the Host header says."""
        target: Any = httptools.parse_url(self.url)
        place = next((at for at, (name, _) in enumerate(self.headers) if name == b"host"), None)
        if target.host is None or not target.path:
            raise ValueError("another form of target")
        header = (b"host", target.host)
        if place is None:
            self.headers.append(header)
        else:
            self.headers[place] = header

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            self._decline()
            if rest := data[offer.args[0] :]:
                self._feed(rest)

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
        if not self.waiting and not self._in_body:
            self._refusal = (status, phrase, message)  # answers come in the order of requests
            return
        if self._in_body and self.cycle.response_started:
            self.transport.close()
            return
        body = json.dumps({"error": message}).encode() + b"\n"
        head = f"HTTP/1.1 {status} {phrase}\r\ncontent-type: application/json\r\n"
        head += f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        if not self.transport.is_closing():
            self.transport.write(head.encode() + body)
            self._close_gently()

    def _close_gently(self) -> None:
        """Take what a peer is still sending: with that unread, it would not see the answer."""
        self._refused = True
        self._unset_keepalive_if_required()
        self.transport.write_eof()
        self.loop.call_later(LINGER, self.transport.close)


def with_limits(slow_: float, changed_: Callable[[int], None]) -> type[Protocol]:
    """Return the protocol with its limits; `changed_` is told how many connections there are."""

    class Bounded(Protocol):
        slow = slow_
        backlog = Backlog(slow_)
        changed = staticmethod(changed_)

    return Bounded
