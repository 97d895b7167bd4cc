"""A schedule of this machine, and how the programs that keep schedules are called."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass

from concrete_cli.errors import BackendUnavailable

PATIENCE = 30  # seconds


@dataclass(frozen=True)
class Scheduled:
    """A schedule: when it starts which command; `text` is the unit or the line that says so."""

    id: str
    name: str
    when: str
    pipeline: str
    kind: str
    text: str
    active: bool = True
    installed: bool = False


def call(
    command: list[str], *, given: bytes | None = None, check: bool = True
) -> subprocess.CompletedProcess[bytes]:
    """Run a program that keeps schedules; with `check` it has to be there, and to succeed."""
    try:
        done = subprocess.run(
            command, input=given, capture_output=True, timeout=PATIENCE, check=False
        )
    except FileNotFoundError as error:
        if not check:
            return subprocess.CompletedProcess(command, 127, b"", os.fsencode(str(error)))
        hint = "without --install the line is only shown: start the command in another way"
        raise BackendUnavailable(f"this machine has no {command[0]}", help=hint) from error
    except (OSError, subprocess.SubprocessError) as error:
        raise BackendUnavailable(f"{shlex.join(command)} failed: {error}") from error
    if check and done.returncode:
        raise BackendUnavailable(f"{shlex.join(command)} failed: {last_line(done)}")
    return done


def last_line(done: subprocess.CompletedProcess[bytes]) -> str:
    """Return the last line that a program has printed, which mostly says why it failed."""
    said = (done.stderr or done.stdout).decode(errors="backslashreplace").strip().splitlines()
    return said[-1] if said else f"exit {done.returncode}"
