"""The socket of an endpoint: made by the command, so that it can say what is wrong with it."""

from __future__ import annotations

import errno
import socket
import time

from concrete_cli.errors import Busy, UsageError

FIRST, LAST = 8400, 8499  # where a port is looked for when none is asked for
LEFTOVERS = 1.0  # seconds in which workers of a supervisor that was killed let go of its port
LOOK = 0.05  # seconds between looks at a port that is in use
BUFFER = 1 << 18  # bytes that the system keeps for a peer that does not read; it would keep 4 MB
QUEUE = 1024  # connections that wait for a worker


def listen(host: str, port: int, *, patience: float = 0, or_any: bool = False) -> socket.socket:
    """Return a listening socket; port 0: the first that is free from 8400 on.

    A port that is in use is waited for for `patience` seconds: processes of an endpoint that was
    killed may be about to end. With `or_any` another one is taken then.
    """
    if not port:
        return _anywhere(host)
    end = time.monotonic() + patience
    while True:
        try:
            return _listen(host, port)
        except Busy:
            if time.monotonic() < end:
                time.sleep(LOOK)
            elif or_any:
                return _anywhere(host)
            else:
                raise


def free_port(host: str) -> int:
    """Return a port that nobody listens on now."""
    with _anywhere(host) as listener:
        return int(listener.getsockname()[1])


def _anywhere(host: str) -> socket.socket:
    for candidate in range(FIRST, LAST + 1):
        try:
            return _listen(host, candidate)
        except Busy:
            continue
    return _listen(host, 0)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise _no_address(host, error) from error
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for buffer in (socket.SO_SNDBUF, socket.SO_RCVBUF):  # its connections have them too
            listener.setsockopt(socket.SOL_SOCKET, buffer, BUFFER)
        listener.bind(address)
        listener.listen(QUEUE)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise Busy(f"port {port} of {host} is in use") from error
        if error.errno == errno.EADDRNOTAVAIL:
            raise _no_address(host, error) from error
        message = f"cannot listen on port {port} of {host}: {error.strerror}"
        advice = "only the administrator can use ports below 1024: --port 8400"
        denied = error.errno in (errno.EACCES, errno.EPERM)
        raise UsageError(message, help=advice if denied else "") from error
    return listener


def _no_address(host: str, error: OSError) -> UsageError:
    message = f"{host} is not an address of this machine: {error.strerror}"
    return UsageError(message, help="--host 127.0.0.1")
