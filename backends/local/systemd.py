"""Schedules as timers of the user's own systemd."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
from pathlib import Path

from concrete_cli import disk

from . import times
from .scheduled import Scheduled, call

PREFIX = "concrete-"
SHOWN = re.compile(r"^# when: (.*)$", re.MULTILINE)


class Systemd:
    """Timers of the user's own systemd."""

    def make(self, name: str, command: list[str], expression: str) -> Scheduled:
        """Return both units, as one text."""
        calendar = times.calendar(expression)
        pipeline = shlex.join(command)
        text = (
            f"# {PREFIX}{name}.service\n[Unit]\nDescription=concrete {name}\n\n[Service]\n"
            f"Type=oneshot\nExecStart={_escaped(command)}\n\n"
            f"# {PREFIX}{name}.timer\n# when: {expression}\n[Unit]\nDescription=concrete {name}\n\n"
            f"[Timer]\nOnCalendar={calendar}\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n"
        )
        return Scheduled(name, name, expression, pipeline, "systemd", text)

    def all(self) -> list[Scheduled]:
        """Return our timers."""
        found = []
        for file in sorted(_units().glob(f"{PREFIX}*.timer")):
            name = file.stem.removeprefix(PREFIX)
            service, timer = (_text(file.with_suffix(end)) for end in (".service", ".timer"))
            when = SHOWN.search(timer)
            command = re.search(r"^ExecStart=(.*)$", service, re.MULTILINE)
            done = call(["systemctl", "--user", "is-enabled", file.name], check=False)
            found.append(
                Scheduled(
                    file.name,
                    name,
                    when[1] if when else "",
                    command[1].replace("%%", "%") if command else "",
                    "systemd",
                    service + timer,
                    active=done.stdout.strip() == b"enabled",
                    installed=True,
                )
            )
        return found

    def install(self, made: Scheduled) -> None:
        """Write the units and start the timer."""
        folder = _units()
        folder.mkdir(parents=True, exist_ok=True)
        service, _, timer = made.text.partition(f"# {PREFIX}{made.name}.timer\n")
        disk.write(folder / f"{PREFIX}{made.name}.service", service)
        disk.write(folder / f"{PREFIX}{made.name}.timer", timer)
        call(["systemctl", "--user", "daemon-reload"])
        call(["systemctl", "--user", "enable", "--now", f"{PREFIX}{made.name}.timer"])

    def disable(self, found: Scheduled) -> None:
        """Stop the timer, and keep it from starting again."""
        call(["systemctl", "--user", "disable", "--now", found.id])

    def delete(self, found: Scheduled) -> None:
        """Stop the timer and remove both units."""
        self.disable(found)
        for suffix in ("timer", "service"):
            (_units() / f"{PREFIX}{found.name}.{suffix}").unlink(missing_ok=True)
        call(["systemctl", "--user", "daemon-reload"])


def _units() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "systemd" / "user"


def _text(file: Path) -> str:
    """Return what a unit says; nothing where it is missing."""
    with contextlib.suppress(FileNotFoundError):
        return file.read_text(encoding="utf-8", errors="surrogateescape")
    return ""


def _escaped(command: list[str]) -> str:
    """Return a command as systemd reads it: it knows specifiers and variables."""
    words = (word.replace("\\", "\\\\").replace('"', '\\"') for word in command)
    return " ".join(f'"{word}"' for word in words).replace("%", "%%").replace("$", "$$")
