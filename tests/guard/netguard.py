"""No test may talk to the network: only loopback and unix sockets work.

An audit hook sees what C code does too, needs no import of `socket`, and cannot be undone. What was
tried is also noted, because a caller may swallow the error: the fixture in conftest.py looks there.
"""

from __future__ import annotations

import os
import sys

LOG = "NETGUARD_LOG"  # a file to note attempts in; without it the guard is off

_NAMES = {"", "localhost", "::1", "::", "0.0.0.0", "<broadcast>"}
_CONNECTS = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_LOOKUPS = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}


class NetworkBlockedError(RuntimeError):
    """Not an OSError, which clients retry or take for bad weather."""


def hook(event: str, args: tuple[object, ...]) -> None:
    if not event.startswith("socket."):
        return
    if event in _CONNECTS:
        address = args[1]
        host = address[0] if isinstance(address, tuple) else None  # unix sockets: str or bytes
    elif event in _LOOKUPS:
        host = args[0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode(errors="replace")
    if not isinstance(host, str) or host in _NAMES or host.startswith("127."):
        return
    if log := os.environ.get(LOG):
        with open(log, "a", encoding="utf-8") as file:  # noqa: PTH123  pathlib is slow to import
            file.write(f"{event} {host}\n")
        raise NetworkBlockedError(f"a test tried to reach {host} ({event})")


def install() -> None:
    sys.addaudithook(hook)
