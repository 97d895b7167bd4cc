"""Schedules as lines of the user's crontab; those of others are left as they are."""

from __future__ import annotations

import re
import shlex
import subprocess

from concrete_cli.errors import BackendUnavailable, UsageError

from .scheduled import Scheduled, call

MARK, OFF = "# concrete:", "#off "
# What the crontabs of this world say of a user who has none yet.
NONE_YET = re.compile(r"no f?crontab|No such file")


class Cron:
    """Lines of the crontab; those of others are left as they are."""

    def make(self, name: str, command: list[str], expression: str) -> Scheduled:
        """Return a line; cron reads a percent sign as the end of it."""
        words = shlex.join(command).replace("%", r"\%")
        line = f"{expression} {words} {MARK}{name}"
        if "\n" in line:
            raise UsageError("a line of the crontab cannot hold two lines", help="a --set does")
        return Scheduled(name, name, expression, shlex.join(command), "crontab", line + "\n")

    def all(self) -> list[Scheduled]:
        """Return our lines."""
        return [one for one in map(_read, self._lines()) if one]

    def install(self, made: Scheduled) -> None:
        """Add a line, in the place of one that is called the same."""
        self._write([*self._others(made.name), made.text.rstrip()])

    def disable(self, found: Scheduled) -> None:
        """Make a line a comment."""
        if found.active:
            self._write([*self._others(found.name), OFF + found.text.rstrip()])

    def delete(self, found: Scheduled) -> None:
        """Take a line away."""
        self._write(self._others(found.name))

    def _others(self, name: str) -> list[str]:
        """Return the lines that stay; refuse to go on where they cannot be read."""
        done = self._listed()
        if done.returncode and not NONE_YET.search(done.stderr):
            said = (done.stderr or done.stdout).strip().splitlines() or [f"exit {done.returncode}"]
            message = f"the crontab cannot be read, and is left as it is: {said[-1]}"
            raise BackendUnavailable(message, help="crontab -l")
        lines = [] if done.returncode else done.stdout.splitlines()
        return [line for line in lines if not line.endswith(f"{MARK}{name}")]

    def _listed(self) -> subprocess.CompletedProcess[str]:
        return call(["crontab", "-l"], check=False)

    def _lines(self) -> list[str]:
        done = self._listed()
        return done.stdout.splitlines() if done.returncode == 0 else []

    def _write(self, lines: list[str]) -> None:
        call(["crontab", "-"], text="".join(f"{line}\n" for line in lines))


def _read(line: str) -> Scheduled | None:
    rest, mark, name = line.rpartition(MARK)
    if not mark:
        return None
    active = not line.startswith(OFF)
    words = rest.removeprefix(OFF).split(maxsplit=5)
    if len(words) < 6:
        return None
    text = line.removeprefix(OFF) + "\n"
    command = words[5].strip().replace(r"\%", "%")
    when = " ".join(words[:5])
    return Scheduled(name, name, when, command, "crontab", text, active=active, installed=True)
