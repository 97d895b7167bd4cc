"""Schedules as lines of the user's crontab; those of others stay byte for byte as they are."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

from concrete_cli import locks
from concrete_cli.errors import BackendUnavailable, UsageError

from .scheduled import Scheduled, call, last_line

MARK, OFF = "# concrete:", "#off "
# What the crontabs of this world say of a user who has none yet.
NONE_YET = re.compile(rb"no f?crontab|No such file")
LOCK = Path(".local/state/concrete/crontab.lock")  # below the user's own folder, as the crontab is
TRIES = 3  # times that a crontab is written where another program writes it at the same time


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
        return [one for one in map(_read, _lines()) if one]

    def install(self, made: Scheduled) -> None:
        """Add a line, or put it in the place of the one that is called the same."""
        _change(made.name, made.text)

    def disable(self, found: Scheduled) -> None:
        """Make a line a comment."""
        if found.active:
            _change(found.name, OFF + found.text)

    def delete(self, found: Scheduled) -> None:
        """Take a line away."""
        _change(found.name, "")


def _change(name: str, text: str) -> None:
    """Put our line of this name into the crontab; no text takes it away.

    A crontab is read and written as a whole, so only one of our processes at a time does that.
    Other programs do not know the lock: what is there is read again afterwards.
    """
    wanted = [os.fsencode(text)] if text else []
    with locks.hold(_lock(), wait=True):
        for _ in range(TRIES):
            lines = _changed(_lines(), name, wanted)
            call(["crontab", "-"], given=b"".join(lines))
            if [line for line in _lines() if _is_ours(line, name)] == wanted:
                return
    raise BackendUnavailable(
        f"the crontab does not hold what was written for the schedule {name!r}",
        help="look at it: crontab -l; another program may have written it at the same time",
    )


def _changed(lines: list[bytes], name: str, wanted: list[bytes]) -> list[bytes]:
    """Return the lines with the wanted one where ours of this name is, or at the end."""
    places = [place for place, line in enumerate(lines) if _is_ours(line, name)]
    first = places[0] if places else len(lines)
    rest = [line for place, line in enumerate(lines) if place > first and place not in places]
    changed = [*lines[:first], *wanted, *rest]
    return [line if line.endswith(b"\n") else line + b"\n" for line in changed]  # cron wants that


def _is_ours(line: bytes, name: str) -> bool:
    return line.rstrip(b"\r\n").endswith(os.fsencode(MARK + name))


def _lines() -> list[bytes]:
    """Return the lines of the crontab, each with its end; only a line feed ends one."""
    done = call(["crontab", "-l"], check=False)
    if done.returncode and not NONE_YET.search(done.stderr):
        message = f"the crontab cannot be read, and is left as it is: {last_line(done)}"
        raise BackendUnavailable(message, help="crontab -l")
    return re.findall(rb"[^\n]*\n|[^\n]+", b"" if done.returncode else done.stdout)


def _lock() -> Path:
    path = Path.home() / LOCK
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _read(line: bytes) -> Scheduled | None:
    rest, mark, name = os.fsdecode(line).rstrip("\r\n").rpartition(MARK)
    if not mark:
        return None
    active = not rest.startswith(OFF)
    text = rest.removeprefix(OFF)
    words = text.split(maxsplit=5)
    if len(words) < 6:
        return None
    command = words[5].strip().replace(r"\%", "%")
    when = " ".join(words[:5])
    text += f"{mark}{name}\n"
    return Scheduled(name, name, when, command, "crontab", text, active=active, installed=True)
