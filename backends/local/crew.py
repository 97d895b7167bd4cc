"""The attempts that run at this moment: started, watched for time and space, ended."""

from __future__ import annotations

import itertools
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from concrete_cli import disk

from . import processes
from .attempt import Attempt
from .launch import Launcher
from .orders import Ended

# Seconds between looks at deadlines, logs and requests to cancel: what floods its log writes
# gigabytes a second, and nothing but a look stops it.
TICK = 0.02
GRACE = 5.0  # seconds between SIGTERM and SIGKILL
HOPELESS = 15.0  # seconds after SIGTERM; then it is the server that hangs, in an import say
TRUSTED = 2  # times that a fork server may be lost before all that follows runs cold
LOST = 10  # times that a server may be lost before that counts as the steps' own failure


class Crew:
    """Starts attempts and tells of their ends."""

    def __init__(
        self, scratch: Path, run_folder: Path, *, cold: bool, keep_warm: float = 0
    ) -> None:
        self._scratch = scratch
        self._run_folder = run_folder
        self._cold = cold or not processes.FORK_IS_SAFE
        self._running: dict[int, Attempt] = {}
        self._launcher = Launcher(scratch / "server.log", 0 if self._cold else keep_warm)
        self._losses = 0
        self._places: list[Path] = []
        self._numbers = itertools.count()
        if scratch.exists():  # a runner was killed
            processes.kill_marked({str(scratch)})
            disk.remove(scratch)

    @property
    def busy(self) -> bool:
        """Whether anything runs."""
        return bool(self._running)

    @property
    def cold(self) -> bool:
        """Whether each attempt gets a fresh interpreter."""
        return self._cold or self._losses >= TRUSTED

    def preload(self, modules: Iterable[str]) -> None:
        """Let the fork server import what the steps to come need, in their order."""
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._launcher.preload(modules)

    def begin(self, attempt: Attempt) -> None:
        """Start the process of an attempt."""
        attempt.work = self._scratch / f"{attempt.step.name}-{attempt.number}"
        attempt.cwd = self._place()
        attempt.cold = attempt.cold or self.cold
        attempt.prepare()
        attempt.ticket = self._launcher.start(attempt.orders(self._run_folder), cold=attempt.cold)
        attempt.started = time.monotonic()
        self._running[attempt.ticket] = attempt

    def wait(self) -> list[tuple[Attempt, Ended]]:
        """Wait a moment at most; return the attempts that have ended, and how."""
        ended = self._launcher.wait(TICK)
        left = [(self._leave(one.ticket), one) for one in ended]
        hopeless = [one for one in self._running.values() if self._look_after(one)]
        if hopeless:
            self._cold = True
            ended = self._launcher.give_up()
            left += [(self._leave(one.ticket), one) for one in ended]
        if any(one.lost for _, one in left):
            self._losses += 1
        return left

    @property
    def lost_too_often(self) -> bool:
        """Whether it is no accident any more that servers are lost."""
        return self._losses >= LOST

    def stop(self) -> list[Attempt]:
        """Kill all that runs; return what it was."""
        self._launcher.close()
        return [self._leave(ticket) for ticket in list(self._running)]

    def close(self) -> None:
        """Kill all that runs; what it has written stays in the scratch folder."""
        self._launcher.close()

    def _look_after(self, attempt: Attempt) -> bool:
        """Keep logs within bounds; stop what is late, first politely. Return whether that fails."""
        attempt.trim_log()
        now, limit = time.monotonic(), attempt.step.timeout
        if not attempt.stopping:
            if limit and now - attempt.started > limit:
                attempt.stopping = now
                self._launcher.signal(attempt.ticket, signal.SIGTERM)
        elif now - attempt.stopping > GRACE:
            self._launcher.signal(attempt.ticket, signal.SIGKILL)
        return bool(attempt.stopping) and now - attempt.stopping > max(HOPELESS, 2 * GRACE)

    def _place(self) -> Path:
        """Return an empty folder to run in; one is used again, since removing takes disks long."""
        if self._places:
            return self._places.pop()
        place = self._scratch / "cwd" / str(next(self._numbers))
        place.mkdir(mode=0o700, parents=True)
        return place

    def _leave(self, ticket: int) -> Attempt:
        attempt = self._running.pop(ticket)
        attempt.disk_full = disk.is_full(self._scratch)
        if disk.is_empty(attempt.cwd):
            self._places.append(attempt.cwd)
        else:
            disk.remove(attempt.cwd)
        attempt.trim_log()
        return attempt
