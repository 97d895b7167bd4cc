"""What steps have imported themselves, so that a fork server can do it ahead the next time.

Reading a script tells what it imports; what its libraries import late, and which of the imports
inside its functions come about, only a run tells. Noted by script and step, whatever the
parameters. It decides how fast a step is, never what it gives.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from concrete_cli import digest, disk, installed
from concrete_cli.plan import Step, is_module

FOLDER = "imports"
MOST = 500  # modules of a step


class Learned:
    """The notes of a home."""

    def __init__(self, home: Path) -> None:
        self._folder = home / FOLDER
        self._known: dict[str, dict[str, list[str]]] = {}
        self._changed: set[str] = set()

    def of(self, step: Step) -> tuple[str, ...]:
        """Return the modules that a step imported in earlier runs: installed ones, no others."""
        names = self._notes(step.script).get(step.name, [])
        return tuple(name for name in names if _can_be_ahead(name))

    def note(self, step: Step, names: Iterable[str]) -> None:
        """Remember modules that a step has imported now."""
        notes = self._notes(step.script)
        before = notes.get(step.name, [])
        if new := [name for name in names if name not in before]:
            notes[step.name] = [*before, *new][-MOST:]
            self._changed.add(step.script)

    def save(self) -> None:
        """Write down what is new; a disk that takes nothing is no reason to fail."""
        for script in self._changed:
            with contextlib.suppress(OSError):
                self._folder.mkdir(mode=0o700, exist_ok=True)
                disk.write(self._place(script), json.dumps(self._known[script]))
        self._changed.clear()

    def _notes(self, script: str) -> dict[str, list[str]]:
        if script not in self._known:
            found: Any = {}
            with contextlib.suppress(OSError, ValueError):  # it only makes steps quicker
                found = json.loads(self._place(script).read_bytes())
            lists = found.items() if isinstance(found, dict) else ()
            self._known[script] = {
                name: [*filter(is_module, names)]
                for name, names in lists
                if isinstance(names, list)
            }
        return self._known[script]

    def _place(self, script: str) -> Path:
        return self._folder / digest.of_json(script)[:16]


def _can_be_ahead(module: str) -> bool:
    found = installed.origin(module.partition(".")[0])
    return found.found and not found.own
