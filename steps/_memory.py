"""Whether a table fits into memory, found out before it is read: a killed process says nothing."""

from __future__ import annotations

import re
from pathlib import Path

from _step import Refused

PER_VALUE = 40  # bytes that `prepare` needs for each value, at its peak (measured)
MEMINFO = Path("/proc/meminfo")
GROUPS = Path("/proc/self/cgroup")
LIMITS = Path("/sys/fs/cgroup")
GB = 1e9


def check(source: Path, values: int, size: int) -> None:
    """Refuse a table of so many values in so many bytes if there is no memory for it."""
    needed, there = PER_VALUE * values + size, free()
    if there is None or needed <= there:
        return
    raise Refused(
        f"{source} has {values} values in {size / GB:.1f} GB: to learn from it takes about"
        f" {needed / GB:.1f} GB of memory, and {there / GB:.1f} GB are free; take fewer rows or"
        " columns, or a larger machine"
    )


def free() -> int | None:
    """Return how many bytes this process may still take; None where nothing says so."""
    if not MEMINFO.is_file():
        return None
    kilobytes = dict(re.findall(r"(\w+): +(\d+) kB", MEMINFO.read_text()))
    if "MemAvailable" not in kilobytes:
        return None
    there = (int(kilobytes["MemAvailable"]) + int(kilobytes.get("SwapFree", 0))) << 10
    return min([there, *_limits()])


def _limits() -> list[int]:
    """Return what is left of the limit of each control group that this process is in."""
    if not GROUPS.is_file():
        return []
    found = []
    for line in GROUPS.read_text().splitlines():
        number, _, name = line.split(":", 2)
        if number != "0":  # version 2 has one hierarchy, with this number
            continue
        group = LIMITS / name.lstrip("/")
        for folder in (group, *group.parents):
            if not folder.is_relative_to(LIMITS):
                break
            most, used = folder / "memory.max", folder / "memory.current"
            if most.is_file() and (text := most.read_text().strip()).isdecimal():
                found.append(max(0, int(text) - int(used.read_text())))
    return found
