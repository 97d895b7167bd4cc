"""What a process is told to become a step, and what is heard of its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Orders:
    """All that a process needs to become a step.

    `env` is what its environment has beyond the runner's, `files` the script and its own modules
    (code.closure), `modules` are imported before the fork, `path` goes on sys.path behind the
    script's folder, `threads` is how many processors the step may use. In the file `unlisted` it
    says what else it uses (see observe), apart from what is in the places `spared`; in the file
    `imported`, which modules it was the first to import.
    """

    script: str
    argv: tuple[str, ...]
    cwd: str
    env: dict[str, str]
    log: str
    files: dict[str, str]
    modules: tuple[str, ...]
    path: tuple[str, ...]
    threads: int
    unlisted: str
    spared: tuple[str, ...]
    imported: str

    @property
    def document(self) -> dict[str, Any]:
        """These orders as JSON data."""
        return dict(vars(self))


@dataclass(frozen=True)
class Ended:
    """How a process ended: exit code (negative: a signal), CPU seconds, peak memory in bytes.

    `lost` says that it was not the step's doing: the fork server died.
    """

    ticket: int
    code: int
    cpu: float = 0
    memory: int = 0
    lost: bool = False
