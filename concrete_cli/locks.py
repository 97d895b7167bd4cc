"""Lock files: the kernel lets go of one when the process that holds it dies, however it dies."""

from __future__ import annotations

import contextlib
import fcntl
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

PAUSES = (0.005, 0.02, 0.1)  # seconds; whoever looks whether a lock is held holds it for a moment


@contextlib.contextmanager
def hold(
    path: Path, *, shared: bool = False, wait: bool = False, pauses: Iterable[float] = PAUSES
) -> Iterator[bool]:
    """Hold the lock file while the block runs; yield whether it could be had.

    `shared` ones go together, and with no other; with `wait` it can always be had, some time, else
    it is tried again after each of the `pauses`.
    """
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    with path.open("ab") as file:
        if wait:
            fcntl.flock(file, kind)
            yield True
            return
        held = _flock(file, kind)
        for pause in pauses:
            if held:
                break
            time.sleep(pause)
            held = _flock(file, kind)
        yield held


def share(file: IO[bytes]) -> None:
    """Hold a lock file together with others until it is closed; wait for whoever has it alone."""
    fcntl.flock(file, fcntl.LOCK_SH)


def is_held(path: Path) -> bool:
    """Whether a process holds the lock file for itself. Looking writes nothing."""
    try:
        with path.open("rb") as file:
            return not _flock(file, fcntl.LOCK_SH)
    except FileNotFoundError:
        return False


def _flock(file: IO[bytes], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
