"""How much memory this process has used."""

from __future__ import annotations

import re
import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak() -> int:
    """Return the most memory in bytes that this process has held since its program began.

    `ru_maxrss` alone would not do: on Linux it begins with what the process held before `exec`,
    so a command started by something large would seem large itself (getrusage(2), proc(5)).
    """
    if STATUS.exists() and (found := re.search(r"VmHWM:\s+(\d+) kB", STATUS.read_text())):
        return int(found[1]) << 10
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
