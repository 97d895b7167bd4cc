"""The socket of an endpoint: made by the command, so that it can say what is wrong with it."""

from __future__ import annotations

import errno
import socket

from concrete_cli.errors import Busy, UsageError

FIRST, LAST = 8400, 8499  # where a port is looked for when none is asked for
QUEUE = 1024  # connections that wait for a worker


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0: the first that is free from 8400 on."""
    if port:
        return _listen(host, port)
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
        message = f"{host} is no address of this machine: {error.strerror}"
        raise UsageError(message, help="--host 127.0.0.1, or leave it out") from error
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(QUEUE)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            advice = "another --port, or leave it out: a free one is taken"
            raise Busy(f"port {port} of {host} is in use", help=advice) from error
        message = f"cannot listen on port {port} of {host}: {error.strerror}"
        raise UsageError(message, help="ports below 1024 are for the administrator") from error
    return listener
