"""The process that listens for a published plan, seen from a command: find it, start it, end it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from concrete_cli import disk, documents, formats, interpreter
from concrete_cli.errors import BackendUnavailable

from .serving import alive, listening
from .serving.start import PROCESS

FACTS, LOG = "published.json", "log"
HOST = "127.0.0.1"
START, STOP, LOOK = 20.0, 10.0, 0.02  # seconds, seconds, seconds between looks


def process_of(folder: Path) -> tuple[int, str] | None:
    """Return pid and beginning of the process that listens, if it is alive."""
    return alive.noted(folder / PROCESS)


def port(folder: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return int(documents.read(folder / FACTS, formats.PUBLISHED)["port"])
    return 0


def listen(port: int) -> socket.socket:
    if port:
        with contextlib.suppress(Exception):  # somebody else has it now
            return listening.listen(HOST, port)
    return listening.listen(HOST, 0)


def start(folder: Path, home: Path, listener: socket.socket) -> subprocess.Popen[bytes]:
    arguments = [str(folder), str(home), str(listener.fileno())]
    with (folder / LOG).open("ab") as log:
        return subprocess.Popen(
            interpreter.own_module(f"{__package__}.trigger_server", *arguments),
            pass_fds=[listener.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )


def wait(folder: Path, process: subprocess.Popen[bytes]) -> None:
    """Return when the process listens; the socket does from the beginning, so this is quick."""
    end = time.monotonic() + START
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        if process_of(folder) == (process.pid, alive.identity(process.pid)):
            process.returncode = 0  # it stays; nobody here waits for its end
            return
        time.sleep(LOOK)
    told = disk.tail(folder / LOG, 4)
    raise BackendUnavailable(f"{folder.name} did not begin to listen", help=told)


def end(folder: Path) -> None:
    process = process_of(folder)
    if not process or not alive.signal_if(*process, signal.SIGTERM):
        return
    end = time.monotonic() + STOP
    while process_of(folder) == process and time.monotonic() < end:
        time.sleep(LOOK)
    if process_of(folder) == process:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process[0], signal.SIGKILL)
