"""Schedules of this machine: a systemd timer of the user, or a line of the user's crontab.

Which of the two: a systemd of the user where one runs, else cron. Nothing of ours runs meanwhile;
what is installed stands in the user's own files, where it can be read and changed.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from concrete_cli.errors import NotFound

from . import times
from .crontab import Cron
from .scheduled import Scheduled
from .systemd import Systemd


class Timers:
    """The schedules of the user."""

    def schedule(
        self, name: str, command: list[str], *, cron: str, every: str, install: bool
    ) -> Scheduled:
        """Return what would start the command at these times, local time; install it if asked."""
        keeper = _keeper()
        expression = times.check(cron) if cron else times.every(every)
        made = keeper.make(name, command, expression)
        if install:
            keeper.install(made)
        return made if not install else self._find(name)

    def list(self) -> list[Scheduled]:
        """Return what is installed, by name."""
        return sorted(_keeper().all(), key=lambda one: one.name)

    def disable(self, name: str) -> Scheduled:
        """Keep a schedule, but let it start nothing."""
        _keeper().disable(self._find(name))
        return self._find(name)

    def delete(self, name: str) -> None:
        """Remove a schedule."""
        _keeper().delete(self._find(name))

    def _find(self, name: str) -> Scheduled:
        found = {one.name: one for one in self.list()}
        if name not in found:
            raise NotFound("schedule", name, found)
        return found[name]


def _keeper() -> Cron | Systemd:
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and (Path(runtime) / "systemd").is_dir() and shutil.which("systemctl"):
        return Systemd()
    return Cron()
