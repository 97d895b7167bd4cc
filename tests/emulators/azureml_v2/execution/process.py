"""A process group with its own session, so that stopping it stops what it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path

KEPT = ("LANG", "TMPDIR", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "LD_LIBRARY_PATH")


class Process:
    """The command line of a step, run by bash as the service runs it."""

    def __init__(self, command: str, folder: Path, log: Path, environment: dict[str, str]) -> None:
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                ["/bin/bash", "-c", command],
                cwd=folder / "wd",
                env={**kept, **environment},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def poll(self) -> int | None:
        """Return the exit code as a shell tells it, or None while it runs."""
        code = self.process.poll()
        return 128 - code if code is not None and code < 0 else code

    def stop(self) -> None:
        """Kill the whole group; it is gone when this returns."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
