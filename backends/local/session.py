"""Who is connected to a fork server, and the children that they asked for."""

from __future__ import annotations

import contextlib
import json
import socket
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Session:
    """One connection, and the environment of who is there."""

    socket: socket.socket
    received: bytes = b""
    environment: dict[str, str] = field(default_factory=dict)

    def send(self, **message: Any) -> None:
        """Send a line; a peer that is gone will be noticed when it is read from."""
        with contextlib.suppress(OSError):
            self.socket.sendall(json.dumps(message).encode() + b"\n")

    def lines(self) -> list[bytes] | None:
        """Return the whole lines that have arrived, or nothing when the peer is gone."""
        try:
            data = self.socket.recv(1 << 20)
        except ConnectionError:
            data = b""
        if not data:
            return None
        *lines, self.received = (self.received + data).split(b"\n")
        return lines


@dataclass(frozen=True)
class Child:
    """A step's first process: who asked for it, and the mark that all its processes bear."""

    session: Session
    ticket: int
    work: str
