"""When a schedule starts: checked here, since Azure refuses a bad cron only after the upload."""

from __future__ import annotations

import re
from typing import Any

from concrete_cli.errors import UsageError

UNITS = {"m": "minute", "h": "hour", "d": "day", "w": "week"}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, MONTHS),
    ("day of the week", 0, 7, DAYS),
)


def check(cron: str, every: str) -> None:
    """Raise UsageError unless exactly one of them says a time, and says it well."""
    if bool(cron) == bool(every):
        raise UsageError("say when: --cron or --every", help='--cron "0 3 * * 1", --every 12h')
    if every:
        recurrence(every)
        return
    fields = cron.split()
    if len(fields) != len(FIELDS):
        what = f"--cron {cron!r} has {len(fields)} fields, not 5"
        raise UsageError(what, help='"0 3 * * 1": Mondays at 3 in the night')
    for field, (name, low, high, names) in zip(fields, FIELDS, strict=True):
        for part in field.lower().split(","):
            if not _fits(part, low, high, names):
                hint = f"{low} to {high}, *, */2, 1-3"
                raise UsageError(f"--cron {cron!r}: {part!r} is no {name}", help=hint)


def recurrence(every: str) -> dict[str, Any]:
    """Return frequency and interval of `30m`, `12h`, `1d` or `1w`."""
    match = re.fullmatch(r"([1-9]\d*)([mhdw])", every)
    if match is None:
        raise UsageError(f"--every {every!r} is not a duration", help="30m, 12h, 1d, 1w")
    return {"frequency": UNITS[match[2]], "interval": int(match[1])}


def _fits(part: str, low: int, high: int, names: tuple[str, ...]) -> bool:
    match = re.fullmatch(r"(?:\*|(\w+)(?:-(\w+))?)(?:/([1-9]\d*))?", part)
    if match is None:
        return False
    ends = [_number(word, low, names) for word in (match[1], match[2]) if word]
    within = all(low <= end <= high for end in ends)
    return within and ends == sorted(ends) and int(match[3] or 1) <= high


def _number(word: str, low: int, names: tuple[str, ...]) -> int:
    """Return what a word of a field counts as; -1: it is none."""
    if word in names:
        return names.index(word) + low
    return int(word) if word.isdecimal() else -1
