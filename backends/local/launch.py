"""Starting a step's process, warm or cold, and hearing of its end.

A server does it for us, even where the step gets a fresh interpreter: it outlives us for the moment
that it takes to end whatever a step has started.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import json
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from concrete_cli import interpreter

from . import processes, resident
from .limits import single_threaded
from .orders import Ended, Orders

_ahead: list[_Server] = []  # the server that was started before its run; at most one
PATIENCE = 5.0  # seconds for a server to end what runs
BRIEF = 0.2  # seconds, when nothing runs


class Launcher:
    """Starts processes and waits for them; closing it kills what still runs.

    With `keep_warm` the server that it starts stays for so many seconds after its last run.
    """

    def __init__(self, log: Path, keep_warm: float = 0) -> None:
        self._log = log
        self._keep_warm = keep_warm
        self._tickets = itertools.count(1)
        self._server: _Server | None = None
        self._use_resident = True

    def start(self, orders: Orders, *, cold: bool) -> int:
        """Start a process; return the ticket by which its end is told."""
        ticket = next(self._tickets)
        self._ready().run(ticket, orders, cold=cold)
        return ticket

    def preload(self, modules: Iterable[str]) -> None:
        """Have the fork server import these while it has nothing else to do."""
        self._ready().send(op="preload", modules=list(modules))

    def wait(self, timeout: float) -> list[Ended]:
        """Return the processes that have ended; wait for one for `timeout` seconds at most."""
        if self._server is None:
            time.sleep(timeout)
            return []
        ended = self._server.read(timeout)
        if any(one.lost for one in ended):
            self.close()
        return ended

    def signal(self, ticket: int, number: int) -> None:
        """Send a signal to the process group of a ticket; one that has ended is fine."""
        if self._server:
            self._server.send(op="signal", ticket=ticket, number=number)

    def give_up(self) -> list[Ended]:
        """Do without a server that does not answer; return what is lost with it."""
        lost = self._server.lost() if self._server else []
        self.close()
        return lost

    def close(self) -> None:
        """Kill whatever runs, and the fork server."""
        self._use_resident = False  # it may be what was lost
        if self._server:
            self._server.close()
        self._server = None

    def _ready(self) -> _Server:
        if self._server is None and _ahead and not self._keep_warm:
            self._server = _ahead.pop()
        if self._server is None:
            there = resident.reach(self._keep_warm) if self._use_resident else None
            self._server = _Server(self._log, there)
        return self._server


def start_ahead(modules: Iterable[str]) -> None:
    """Start a fork server for the run to come, so that it imports while the plan is made."""
    if not _ahead:
        _ahead.append(_Server(None, resident.connect()))
        _ahead[0].send(op="preload", modules=list(dict.fromkeys(modules)))


@atexit.register
def _end_ahead() -> None:
    while _ahead:
        _ahead.pop().close()


class _Server:
    """The runner's end of a fork server: the resident one, or one of its own."""

    def __init__(self, log: Path | None, there: socket.socket | None) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._socket = there or self._launch(log)
        self._received = b""
        self._works: dict[int, str] = {}
        self.send(op="environment", env=processes.environment())

    def run(self, ticket: int, orders: Orders, *, cold: bool) -> None:
        self._works[ticket] = orders.env[processes.MARK]
        self.send(op="run", ticket=ticket, orders=orders.document, cold=cold)

    def send(self, **message: object) -> None:
        self._socket.settimeout(None)
        with contextlib.suppress(OSError):  # a server that died is noticed when it is read from
            self._socket.sendall(json.dumps(message).encode() + b"\n")

    def read(self, timeout: float) -> list[Ended]:
        self._socket.settimeout(timeout)
        try:
            data = self._socket.recv(1 << 20)
        except TimeoutError:
            return []
        except ConnectionError:
            data = b""
        if not data:
            return self.lost()
        *lines, self._received = (self._received + data).split(b"\n")
        return [self._ended(**json.loads(line)) for line in lines]

    def lost(self) -> list[Ended]:
        return [Ended(ticket, -signal.SIGKILL, lost=True) for ticket in self._works]

    def close(self) -> None:
        """Let the server see that nobody is there; it kills its children and closes its end."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
            self._socket.settimeout(PATIENCE if self._works else BRIEF)
            while self._socket.recv(1 << 20):
                pass
        self._socket.close()
        if self._process:
            self._process.kill()
            self._process.wait()
        if self._works:
            processes.kill_marked(self._works.values())

    def _launch(self, log: Path | None) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs, log.open("ab") if log else tempfile.TemporaryFile() as output:
            self._process = subprocess.Popen(
                interpreter.module(f"{__package__}.forkserver", str(theirs.fileno())),
                env=single_threaded(processes.environment()) | processes.ROOM,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return ours

    def _ended(self, ticket: int, status: int, cpu: float, memory: int) -> Ended:
        del self._works[ticket]
        return Ended(ticket, status, cpu, memory)
