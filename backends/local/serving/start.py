"""Starting a supervisor; light enough for the command to import."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

from concrete_cli import interpreter

from ..limits import single_threaded
from .log import FILE as LOG

PROCESS = "process.json"  # which process the supervisor of an endpoint is


def start(
    folder: Path, file: str, listener: socket.socket, told: int | None = None
) -> subprocess.Popen[bytes]:
    """Start a supervisor on a listening socket; it outlives whoever calls this.

    `file` holds its settings; through the pipe `told` it says when it has taken over.
    """
    passed = [listener.fileno(), *([] if told is None else [told])]
    arguments = [str(folder), file, *map(str, passed)]
    with (folder / LOG).open("ab") as log:
        return subprocess.Popen(
            interpreter.module(f"{__package__}.supervisor", *arguments),
            env=single_threaded(os.environ),
            pass_fds=passed,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )
