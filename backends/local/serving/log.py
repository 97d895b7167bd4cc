"""The log of an endpoint: lines of JSON, from the supervisor and all workers, in one file."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

FILE = "log"
FAILED = "the successor did not come up"
PATIENCE = 0.2  # seconds between looks at a log that grows
# bytes; then the file is put aside as log.1, in place of the one before
LIMIT = int(os.environ.get("CONCRETE_LOG_LIMIT", str(16 << 20)))


class Log:
    """Writes to fd 2, which is the log file of the process."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def write(self, **facts: object) -> None:
        """Write a line, whole even if several processes write at once."""
        line = {"time": round(time.time(), 3), "pid": os.getpid(), **facts}
        with contextlib.suppress(OSError):  # a full disk must not stop the answers
            os.write(2, json.dumps(line).encode() + b"\n")

    def put_aside(self) -> None:
        """Begin a new file if this one is large."""
        with contextlib.suppress(FileNotFoundError):
            if self.path.stat().st_size > LIMIT:
                self.path.replace(self.path.with_name(f"{FILE}.1"))
        self.follow()

    def follow(self) -> None:
        """Write to the file of that name, should it be another one by now."""
        try:
            there = self.path.stat()
            if os.path.samestat(there, os.fstat(2)):
                return
        except FileNotFoundError:
            pass
        with contextlib.suppress(OSError):
            new = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            for descriptor in (1, 2):
                os.dup2(new, descriptor)
            os.close(new)


def since(path: Path, offset: int) -> str:
    """Return what was written after that many bytes."""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read().decode(errors="backslashreplace")


def lines(path: Path, more: Callable[[], bool] = lambda: False) -> Iterator[str]:
    """Yield the lines of a log, and those that come while there may be `more` of them."""
    while True:
        again = more()
        with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
            while True:
                at = file.tell()
                if (line := file.readline()).endswith(b"\n"):
                    yield line.decode(errors="backslashreplace").rstrip("\n")
                    continue
                file.seek(at)
                if not again or _is_another(path, file.fileno()):
                    break
                again = more()
                time.sleep(PATIENCE)
        if not again:
            return


def _is_another(path: Path, descriptor: int) -> bool:
    """Whether the file of that name is not the one that is open."""
    with contextlib.suppress(FileNotFoundError):
        return not os.path.samestat(path.stat(), os.fstat(descriptor))
    return False
