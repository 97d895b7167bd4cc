"""Processes that must not outlive those who started them. Linux does it best; elsewhere, groups."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import sys
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctypes import CDLL

FORK_IS_SAFE = sys.platform == "linux"  # the system libraries of macOS break in forked children
# A variable in the environment of each step's processes, by which strays are known.
MARK = "CONCRETE_STEP_WORK"
ROOM = {MARK: " " * os.pathconf("/", "PC_PATH_MAX")}  # for a child to put its mark in
PR_SET_PDEATHSIG = 1  # prctl(2)
PR_SET_CHILD_SUBREAPER = 36
LOOKS = 500  # times
PAUSE = 0.002  # seconds; a process that was killed needs a moment to go


def environment() -> dict[str, str]:
    """Return the environment of this process, with a PYTHONPATH that is the same in any folder."""
    found = dict(os.environ)
    if found.get("PYTHONPATH"):
        folders = found["PYTHONPATH"].split(os.pathsep)
        found["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, folders))
    return found


def die_with(parent: int) -> None:
    """Be killed when `parent`, who started this process, dies; at once if it is dead already."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of whatever a step leaves behind, so that it can be found and ended."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def bear(mark: str) -> None:
    """Put the mark where others can read it, though this process was forked and not executed.

    The system shows of an environment what a program was started with: there the fork server
    keeps ROOM, and what its children write over it is shown of them and of those they fork.
    """
    if sys.platform != "linux":
        return
    import ctypes

    find = _libc().getenv
    find.restype = ctypes.c_void_p
    place, text = find(MARK.encode()), os.fsencode(mark) + b"\0"
    if place and ctypes.string_at(place) == ROOM[MARK].encode() and len(text) <= len(ROOM[MARK]):
        ctypes.memmove(place, text, len(text))


def signal_group(leader: int, number: int) -> None:
    """Send a signal to a process and to all of its group; those that are gone are fine."""
    for send in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            send(leader, number)


def children() -> set[int]:
    """Return the processes that this one started or has adopted."""
    found: set[int] = set()
    with contextlib.suppress(OSError):
        for thread in os.listdir("/proc/self/task"):  # noqa: PTH208  called once a step
            with open(f"/proc/self/task/{thread}/children", "rb") as file:  # noqa: PTH123
                found |= set(map(int, file.read().split()))
    return found


def kill_marked(works: Collection[str]) -> None:
    """End every process that bears one of these marks, or that of a folder below; wait for it.

    One that has given up its environment is known by the step's log, if it still prints there.
    """
    works = {*works, *map(os.path.realpath, works)}
    for _ in range(LOOKS):
        found = [pid for pid in _all() if _belongs(_mark(pid) or _prints_to(pid), works)]
        if not found:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(PAUSE)


@functools.cache
def _libc() -> CDLL:
    import ctypes  # the command itself, which only watches, does without

    return ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        _libc().prctl(option, value, 0, 0, 0)


def _all() -> Iterator[int]:
    with contextlib.suppress(FileNotFoundError):
        found = (int(entry.name) for entry in os.scandir("/proc") if entry.name.isdecimal())
        yield from (pid for pid in found if pid != os.getpid())


def _belongs(mark: str, works: Collection[str]) -> bool:
    return any(mark == work or mark.startswith(work + os.sep) for work in works) if mark else False


def _mark(pid: int) -> str:
    """Return the mark of a process; one that has ended has none."""
    begin = f"{MARK}=".encode()
    with contextlib.suppress(OSError):
        for item in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            if item.startswith(begin):
                return os.fsdecode(item[len(begin) :])
    return ""


def _prints_to(pid: int) -> str:
    """Return the file that the stdout of a process is."""
    with contextlib.suppress(OSError):
        return str(Path(f"/proc/{pid}/fd/1").readlink())
    return ""
