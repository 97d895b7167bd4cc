"""The supervisor of one endpoint, seen from a command: start it, let it hand over, end it."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

from concrete_cli import disk
from concrete_cli.errors import BackendUnavailable

from . import alive, answers, bundles, listening, log, settings
from .settings import Settings
from .start import PROCESS, start

START = 60.0  # seconds in which an endpoint has to answer
STOP = 45.0  # seconds in which it has to answer what it has accepted
LOOK = 0.02  # seconds between looks


class Daemon:
    """What runs, or does not, for the endpoint in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name

    def process(self) -> tuple[int, str] | None:
        """Return pid and beginning of the supervisor if it is alive."""
        return alive.noted(self.folder / PROCESS)

    def start(self, how: Settings, *, any_port: bool = False) -> None:
        """Start it and wait until it answers; the settings say from then on how it is served.

        With `any_port` it answers at another port if somebody else has taken its own.
        """
        bundles.check(self.folder / how.bundle)
        patience = listening.LEFTOVERS
        with listening.listen(how.host, how.port, patience=patience, or_any=any_port) as listener:
            how = replace(how, port=listener.getsockname()[1])
            how.write(self.folder / settings.FILE)
            disk.failpoint("deploy:start")
            process = start(self.folder, settings.FILE, listener)
        disk.failpoint("deploy:started")
        end = time.monotonic() + START
        while time.monotonic() < end:
            if process.poll() is not None:
                raise self._broken("ended before it answered")
            if answers.ready(how):
                process.returncode = 0  # it stays; nobody here waits for its end
                return
            time.sleep(LOOK)
        self.end()
        raise self._broken(f"did not answer within {START:g} s")

    def hand_over(self, how: Settings) -> None:
        """Have the supervisor start one that takes over its socket, and wait until it has.

        If that one does not come up, all stays as it was.
        """
        bundles.check(self.folder / how.bundle)
        before = self.process()
        assert before
        path = self.folder / log.FILE
        size = path.stat().st_size
        how.write(self.folder / settings.NEXT)
        disk.failpoint("deploy:next")
        alive.signal_if(*before, signal.SIGHUP)
        end = time.monotonic() + START
        while time.monotonic() < end:
            now = self.process()
            if now and now != before:
                self._wait_for_end(before)
                return
            if now is None or log.FAILED in log.since(path, size):
                break
            time.sleep(LOOK)
        (self.folder / settings.NEXT).unlink(missing_ok=True)
        raise self._broken("did not come up anew" + ("; it goes on as it was" if now else ""))

    def end(self) -> None:
        """Let it answer what it has accepted, and end it; one that does not run is fine."""
        process = self.process()
        if not process or not alive.signal_if(*process, signal.SIGTERM):
            return
        end = time.monotonic() + STOP
        while self.process() and time.monotonic() < end:
            time.sleep(LOOK)
        if self.process():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process[0], signal.SIGKILL)

    def _wait_for_end(self, process: tuple[int, str]) -> None:
        """From then on all answers are the new one's."""
        end = time.monotonic() + STOP
        while alive.identity(process[0]) == process[1] and time.monotonic() < end:
            time.sleep(LOOK)

    def _broken(self, what: str) -> BackendUnavailable:
        path = self.folder / log.FILE
        told = disk.tail(path, 4)
        return BackendUnavailable(f"endpoint {self.name} {what}", help=f"its log, {path}:\n{told}")
