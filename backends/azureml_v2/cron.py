"""When a schedule starts: checked here, since Azure refuses a bad cron only after the upload."""

from __future__ import annotations

import re
from typing import Any

from concrete_cli.errors import UsageError

UNITS = {"m": "minute", "h": "hour", "d": "day", "w": "week"}
FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of the month", 1, 31),
    ("month", 1, 12),
    ("day of the week", 0, 7),
)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


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
    for field, (name, low, high) in zip(fields, FIELDS, strict=True):
        for part in field.lower().split(","):
            if not _fits(part, low, high):
                hint = f"{low} to {high}, *, */2, 1-3"
                raise UsageError(f"--cron {cron!r}: {part!r} is no {name}", help=hint)


def recurrence(every: str) -> dict[str, Any]:
    """Return frequency and interval of `30m`, `12h`, `1d` or `1w`."""
    match = re.fullmatch(r"([1-9]\d*)([mhdw])", every)
    if match is None:
        raise UsageError(f"--every {every!r} is not a duration", help="30m, 12h, 1d, 1w")
    return {"frequency": UNITS[match[2]], "interval": int(match[1])}


def _fits(part: str, low: int, high: int) -> bool:
    match = re.fullmatch(r"(\*|(\w+)(-(\w+))?)(/[1-9]\d*)?", part)
    if match is None:
        return False
    numbers = [word for word in (match[2], match[4]) if word and word not in (*MONTHS, *DAYS)]
    return all(word.isdigit() and low <= int(word) <= high for word in numbers)
