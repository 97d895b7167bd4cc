"""Bodies: reading one, not too much of it and not for too long; and sending one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[Message], Awaitable[None]]
Scope = MutableMapping[str, Any]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
PATIENCE = 2.0  # seconds for which the rest of a refused body is taken and thrown away


class Refusal(Exception):
    """An answer that is no success, with its one line."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})


class Gone(Exception):
    """The peer has hung up."""


async def read(receive: Receive, max_bytes: int, seconds: float) -> bytes:
    """Return the whole body; Refusal when it is too large or too slow, whatever its header says."""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > max_bytes:
                    raise too_large(max_bytes)
                more = message.get("more_body", False)
    except TimeoutError:
        raise Refusal(408, f"the body did not arrive within {seconds:g} s") from None
    return b"".join(parts)


def too_large(max_bytes: int) -> Refusal:
    """Return the refusal of a body that is too large."""
    return Refusal(413, f"the body is larger than {max_bytes} bytes: send the rows in parts")


async def respond(
    send: Send,
    status: int,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    *,
    more: bool = False,
) -> None:
    """Send an answer of JSON; with `more` it is not yet the end of it."""
    pairs = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        *((name.encode(), value.encode()) for name, value in (headers or {}).items()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def skip(receive: Receive) -> None:
    """Take what has come of a body: if it is all, the connection can go on with what follows."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0):
            await receive()


async def throw_away(receive: Receive, max_bytes: int) -> None:
    """Take what a peer still sends, for a while: one that is busy sending reads no answer."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            size, more = 0, True
            while more and size < 4 * max_bytes:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return
                size += len(message.get("body", b""))
                more = message.get("more_body", False)
