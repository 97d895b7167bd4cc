"""The workers of an endpoint: started, missed, started again."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from concrete_cli import interpreter

from . import worker
from .board import Board
from .log import Log
from .settings import Settings

HUNG = float(os.environ.get("CONCRETE_HUNG", "60"))  # seconds without a sign of life
STEADY = 10.0  # seconds that a worker has to live to count as sound
PATIENCE = 5  # deaths in a row after which a worker that was never ready is given up
LONGEST_PAUSE = 5.0  # seconds before a worker that keeps dying is started again


@dataclass
class Ship:
    """What a worker is given: where it finds things, what it listens to, where it counts.

    `held` is the supervisor's end of the lifeline; `file` holds the settings in the folder.
    """

    folder: Path
    file: str
    how: Settings
    score: Any
    listener: socket.socket
    board: Board
    lifeline: int
    held: int


@dataclass
class _Hand:
    number: int
    started: float


class Crew:
    """As many workers as the settings say, each in a slot of the board."""

    def __init__(self, ship: Ship, log: Log, selector: selectors.BaseSelector) -> None:
        self._ship = ship
        self._log = log
        self._selector = selector
        self._hands: dict[int, _Hand] = {}
        self._deaths: dict[int, int] = {}
        self._not_before: dict[int, float] = {}
        self.dismissed = False

    @property
    def gone(self) -> bool:
        """Whether nobody works any more."""
        return not self._hands

    @property
    def ready(self) -> bool:
        """Whether every worker answers."""
        return len(self._ship.board.living()) == self._ship.how.workers

    @property
    def hopeless(self) -> bool:
        """Whether a worker keeps dying."""
        return max(self._deaths.values(), default=0) >= PATIENCE

    def complete(self) -> None:
        """Start a worker for each slot that has none."""
        if self.dismissed:
            return
        now = time.monotonic()
        taken = {hand.number for hand in self._hands.values()}
        for number in range(1, self._ship.how.workers + 1):
            if number not in taken and self._not_before.get(number, 0) <= now:
                self._ship.board.slot(number).set("beat", 0)
                pid = self._fork(number) if alone() else self._spawn(number)
                self._hands[pid] = _Hand(number, time.monotonic())

    def reap(self) -> None:
        """Take note of those that have ended."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                if hand := self._hands.pop(pid, None):
                    self._bury(pid, hand, os.waitstatus_to_exitcode(status))

    def look_after(self) -> None:
        """Kill a worker that gives no sign of life."""
        now = time.monotonic()
        for pid, hand in self._hands.items():
            beat = self._ship.board.slot(hand.number).get("beat")
            if now - max(beat, hand.started) > HUNG:
                self._log.write(event="worker hangs; it is killed", worker=pid)
                os.kill(pid, signal.SIGKILL)

    def dismiss(self) -> None:
        """Let all of them answer what they have accepted, and end."""
        self.dismissed = True
        for pid in self._hands:
            os.kill(pid, signal.SIGTERM)

    def _bury(self, pid: int, hand: _Hand, code: int) -> None:
        self._ship.board.slot(hand.number).set("connections", 0)
        if self.dismissed:
            return
        lived = time.monotonic() - hand.started
        deaths = self._deaths.get(hand.number, 0) + 1 if lived < STEADY else 1
        self._deaths[hand.number] = deaths
        pause = 0.0 if deaths == 1 else min(0.05 * 2**deaths, LONGEST_PAUSE)
        self._not_before[hand.number] = time.monotonic() + pause
        self._ship.board.slot(0).add("restarts")
        self._log.write(event="worker died", worker=pid, code=code, lived=round(lived, 3))

    def _fork(self, number: int) -> int:
        pid = os.fork()
        if pid:
            return pid
        code = 1
        try:
            self._leave_to_child()
            ship = self._ship
            worker.work(
                ship.folder, ship.how, ship.score, ship.listener, ship.board, number, ship.lifeline
            )
            code = 0
        except BaseException as error:  # noqa: BLE001  the log is all there is to tell
            self._log.write(event="worker failed", error=repr(error))
        finally:
            os._exit(code)

    def _spawn(self, number: int) -> int:
        ship = self._ship
        passed = (ship.listener.fileno(), ship.lifeline)
        arguments = [str(ship.folder), ship.file, *map(str, passed), str(number)]
        process = subprocess.Popen(
            interpreter.module(f"{__package__}.worker", *arguments),
            pass_fds=passed,
            env=os.environ | {worker.BOARD: ship.board.path.name},
        )
        process.returncode = 0  # `reap` waits for it
        return process.pid

    def _leave_to_child(self) -> None:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.close(self._ship.held)
        self._selector.close()


def alone() -> bool:
    """Whether no thread runs but this one, so that a fork copies all that goes on."""
    if sys.platform != "linux" or os.environ.get("CONCRETE_FORK") == "no":
        return False
    names = [task.joinpath("comm").read_text() for task in Path("/proc/self/task").iterdir()]
    # pyarrow's allocator has a thread of its own, and lets it go and come back around a fork.
    return sum(not name.startswith("jemalloc") for name in names) == 1
