"""The daemon of an endpoint: it imports and loads once, forks workers, starts them again.

The model is loaded here, with one thread per library and nothing computed, so that a worker is
there a few milliseconds after its fork and all share the memory. Were another thread running, a
fork could hang: then each worker is an interpreter of its own and loads for itself.

    SIGTERM   workers answer what they have accepted, then all end
    SIGHUP    a new supervisor takes over the socket (a new model, or the same one anew); this one
              goes when the new one answers, and stays if it does not
"""

from __future__ import annotations

import contextlib
import gc
import os
import selectors
import signal
import socket
import subprocess
import sys
from pathlib import Path

from concrete_cli import documents

from . import alive, board, model, settings
from .board import Board
from .crew import Crew, Ship
from .log import FAILED, Log
from .start import PROCESS, start

TICK = 0.25  # seconds


class Supervisor:
    """Keeps an endpoint alive; `parent` is a pipe to the one that this one takes over from."""

    def __init__(
        self, folder: Path, file: str, listener: socket.socket, parent: int | None
    ) -> None:
        self.folder, self.file, self.listener, self.parent = folder, file, listener, parent
        self.how = settings.read(folder / file)
        self.log = Log(folder)
        self.board = Board(folder / board.name(os.getpid()), self.how.workers + 1)
        self.ready = False
        self._asked: set[int] = set()
        self._successor: int | None = None  # the pipe on which it says that it has taken over
        self._selector = selectors.DefaultSelector()
        self._lifeline, self._held = os.pipe()

    def run(self) -> int:
        """Serve until told to stop; return the exit code."""
        gc.disable()  # imports and loading make no garbage worth a search
        self._listen_to_signals()
        if self.parent is None:
            self._introduce()
        ship = Ship(
            self.folder,
            self.file,
            self.how,
            model.load(self.folder / self.how.bundle),
            self.listener,
            self.board,
            self._lifeline,
            self._held,
        )
        gc.enable()
        gc.freeze()  # what is there now stays in pages that the workers share
        self.log.write(event="the model is loaded", model=self.how.model)
        crew = Crew(ship, self.log, self._selector)
        while not (crew.dismissed and crew.gone):
            crew.complete()
            self._wait()
            crew.reap()
            self._act(crew)
            crew.look_after()
            self.log.put_aside()
            if not self.ready and crew.ready:
                self.ready = True
                self._take_over()
            if not self.ready and crew.hopeless:
                self.log.write(event="no worker comes up")
                return 1
        self.log.write(event="the endpoint has ended")
        return 0

    def close(self) -> None:
        """Leave nothing behind; workers that still run see the end of their lifeline."""
        os.close(self._held)
        self.board.path.unlink(missing_ok=True)

    def _listen_to_signals(self) -> None:
        woken, wake = os.pipe()
        for end in (woken, wake):
            os.set_blocking(end, False)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, _: self._asked.add(number))
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        self._selector.register(woken, selectors.EVENT_READ)

    def _wait(self) -> None:
        for key, _ in self._selector.select(TICK):
            if key.fd == self._successor:
                self._hear_of_successor()
            else:
                with contextlib.suppress(BlockingIOError):
                    os.read(key.fd, 4096)

    def _act(self, crew: Crew) -> None:
        asked, self._asked = self._asked, set()
        if signal.SIGHUP in asked and self._successor is None and not crew.dismissed:
            self._start_successor()
        if signal.SIGTERM in asked and not crew.dismissed:
            self.listener.close()
            crew.dismiss()

    # --- handing over

    def _introduce(self) -> None:
        pid = os.getpid()
        documents.write(self.folder / PROCESS, {"pid": pid, "began": alive.identity(pid)})

    def _take_over(self) -> None:
        if self.parent is None:
            return
        if self.file != settings.FILE:
            (self.folder / self.file).replace(self.folder / settings.FILE)
            self.file = settings.FILE
        self._introduce()
        os.write(self.parent, b"1")
        os.close(self.parent)

    def _start_successor(self) -> None:
        there = (self.folder / settings.NEXT).is_file()
        heard, told = os.pipe()
        file = settings.NEXT if there else settings.FILE
        process: subprocess.Popen[bytes] = start(self.folder, file, self.listener, told)
        process.returncode = 0  # it is no worker of ours; the pipe says how it is
        os.close(told)
        self._successor = heard
        self._selector.register(heard, selectors.EVENT_READ)
        self.log.write(event="a successor starts", supervisor=process.pid)

    def _hear_of_successor(self) -> None:
        assert self._successor is not None
        took_over = os.read(self._successor, 1) == b"1"
        self._selector.unregister(self._successor)
        os.close(self._successor)
        self._successor = None
        if took_over:
            self._asked.add(signal.SIGTERM)
        else:
            (self.folder / settings.NEXT).unlink(missing_ok=True)
            self.log.write(event=f"{FAILED}; this one goes on")


def main() -> int:
    """Be a supervisor."""
    folder, file, listener, *parent = sys.argv[1:]
    to_parent = int(parent[0]) if parent else None
    if to_parent is not None:
        os.set_inheritable(to_parent, False)  # noqa: FBT003
    supervisor = Supervisor(Path(folder), file, socket.socket(fileno=int(listener)), to_parent)
    try:
        return supervisor.run()
    finally:
        supervisor.close()


if __name__ == "__main__":
    sys.exit(main())
