"""A fork server that stays when a run has ended: `concrete warm start`, or `keep_warm = "10m"`.

It listens on a unix socket that only its user can reach (folder 0700, socket 0600, and the peer's
user is checked). The name of the socket is a digest of the interpreter, of what is installed and
of the environment that imports depend on: when one of them changes, nobody finds the old server,
and it ends after idling. Runs use it when it is there and do without when it is not.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from concrete_cli import digest, interpreter
from concrete_cli.errors import BackendUnavailable

from . import processes
from .limits import single_threaded

IDLE = 30 * 60.0  # seconds
# Variables that change what an import does, by the beginning of their names.
MATTERS = ("PYTHON", "LD_", "OMP_", "OPENBLAS_", "MKL_", "KMP_", "LANG", "LC_", "VIRTUAL_ENV")


def start(modules: Iterable[str], idle: float = IDLE) -> dict[str, Any]:
    """Have a server that has imported the modules, or does so now; return its status."""
    connection = connect() or _launch(idle)
    with connection:
        _ask(connection, op="preload", modules=list(modules))
        return _status(connection)


def stop() -> bool:
    """End the server; return whether there was one."""
    connection = connect()
    if connection is None:
        return False
    with connection:
        _ask(connection, op="quit")
        while connection.recv(1 << 16):
            pass
    return True


def status() -> dict[str, Any] | None:
    """Return pid, age and idle limit in seconds, and modules of the server, if there is one."""
    connection = connect()
    if connection is None:
        return None
    with connection, contextlib.suppress(ConnectionError, ValueError):
        return _status(connection)
    return None  # it ended while it was asked


def connect() -> socket.socket | None:
    """Return a connection to the server that fits this process, if there is one.

    A folder that cannot be trusted, which anybody can make in /tmp, is as good as none.
    """
    connection = socket.socket(socket.AF_UNIX)
    with contextlib.suppress(OSError, BackendUnavailable):
        connection.connect(str(_place()))
        return connection
    connection.close()
    return None


def reach(idle: float) -> socket.socket | None:
    """Return a connection to the server; start one that stays so long, if `idle` is not 0."""
    connection = connect()
    if connection is None and idle:
        with contextlib.suppress(OSError, BackendUnavailable):
            return _launch(idle)
    return connection


def _launch(idle: float) -> socket.socket:
    place = _place()
    place.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        before = os.umask(0o177)
        try:
            listener.bind(str(place))
        finally:
            os.umask(before)
        listener.listen()
        with (place.parent / "server.log").open("ab") as log:
            module = f"{__package__}.forkserver"
            subprocess.Popen(
                interpreter.module(module, str(listener.fileno()), str(idle)),
                env=single_threaded(processes.environment()) | processes.ROOM,
                pass_fds=[listener.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
            )
    connection = connect()
    assert connection  # the kernel queues it until the server accepts
    return connection


def _place() -> Path:
    folder = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    folder /= f"concrete-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    facts = folder.lstat()
    if facts.st_uid != os.getuid() or not stat.S_ISDIR(facts.st_mode) or facts.st_mode & 0o077:
        raise BackendUnavailable(
            f"{folder} is not a folder that only you can enter",
            help="remove that folder",
        )
    return folder / f"{_key()[:16]}.sock"


def _key() -> str:
    """Return a digest of all that decides what an import gives."""
    folders = [path for path in sys.path if path and Path(path).is_dir()]
    return digest.of_json(
        {
            "python": [sys.executable, sys.version],
            "installed": {path: Path(path).stat().st_mtime_ns for path in folders},
            "environment": {
                name: value
                for name, value in sorted(os.environ.items())
                if name.startswith(MATTERS)
            },
        }
    )


def _status(connection: socket.socket) -> dict[str, Any]:
    _ask(connection, op="status")
    with connection.makefile() as lines:
        return dict(json.loads(lines.readline()))


def _ask(connection: socket.socket, **message: object) -> None:
    connection.sendall(json.dumps(message).encode() + b"\n")


def same_user(connection: socket.socket) -> bool:
    """Whether the peer of a unix socket belongs to the user of this process."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True  # the folder of the socket is closed to others
    size = 3 * 4  # struct ucred: pid, uid, gid
    facts = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    return int.from_bytes(facts[4:8], sys.byteorder) == os.getuid()
