"""Finding processes that a test has left behind."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable
from pathlib import Path

SIGN = "TEST_WITHOUT_STRAYS"  # a variable that all processes of a test inherit


def signed(sign: str) -> dict[int, str]:
    """Return the processes of a test, with their command lines."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"{SIGN}={sign}\0".encode() in (path / "environ").read_bytes() + b"\0":
                words = (path / "cmdline").read_bytes().replace(b"\0", b" ")
                found[int(path.name)] = words.decode(errors="replace")[:200]
    found.pop(os.getpid(), None)
    return found


def zombies() -> list[int]:
    """Return the children of this process that have ended and that nobody has waited for."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (path / "stat").read_text().rpartition(")")[2].split()
            if fields[:2] == ["Z", str(os.getpid())]:
                found.append(int(path.name))
    return found


def none_left(sign: str, before: Iterable[int], seconds: float = 3) -> str:
    """Say which processes of a test are left after a while; nothing when all are gone.

    `before` are the zombies of earlier tests in the same worker: they are not this one's fault.
    """
    end = time.monotonic() + seconds
    while (left := signed(sign)) and time.monotonic() < end:
        time.sleep(0.02)
    if left:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
        return f"processes are left: {left}"
    if dead := sorted(set(zombies()) - set(before)):
        return f"nobody has waited for {dead}"
    return ""
