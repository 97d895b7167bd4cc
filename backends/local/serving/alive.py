"""Telling a process from another one that got its number later."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from concrete_cli import documents, formats


def identity(pid: int) -> str:
    """Return when a process began, in whatever terms the system has; nothing when it is gone."""
    if sys.platform != "linux":
        command = ["ps", "-o", "lstart=", "-p", str(pid)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.strip()
    with contextlib.suppress(OSError):
        # The name in parentheses may hold anything; the fields behind it are numbers.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        if fields[0] not in "ZX":
            boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
            return f"{boot} {fields[19]}"
    return ""


def noted(file: Path) -> tuple[int, str] | None:
    """Return pid and beginning of the process that a file names, if it is alive."""
    with contextlib.suppress(FileNotFoundError):
        document = documents.read(file, formats.PROCESS)
        pid, began = int(document["pid"]), str(document["began"])
        if began and identity(pid) == began:
            return pid, began
    return None


def mark(pid: int) -> str:
    """Return when a process began as part of a file name; nothing when it is gone."""
    return "".join(filter(str.isalnum, identity(pid)))[-16:]


def signal_if(pid: int, began: str, number: int) -> bool:
    """Signal a process if it is still the one that began then; return whether it is."""
    if not began or identity(pid) != began:
        return False
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True
