"""A schedule of this machine, and how the programs that keep schedules are called."""

from __future__ import annotations

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
    command: list[str], *, text: str | None = None, check: bool = True
) -> subprocess.CompletedProcess[str]:
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        if not check:
            return subprocess.CompletedProcess(command, 127, "", str(error))
        hint = "without --install the line is only shown: start the command in another way"
        raise BackendUnavailable(f"this machine has no {command[0]}", help=hint) from error
    if check and done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise BackendUnavailable(f"{' '.join(command)} failed: {said[-1] if said else ''}")
    return done
