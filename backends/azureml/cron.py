"""Cron expressions, and what of them a schedule of the SDK v1 can express. No SDK in here.

The service knows recurrences: every so many minutes, hours, days, weeks or months, at given hours
and minutes, on given days of the week. Times are UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from concrete_cli.errors import UsageError

FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
SHORT = tuple(day[:3].lower() for day in DAYS)
UNITS = {"m": "Minute", "h": "Hour", "d": "Day", "w": "Week"}
HELP = "five fields: minute hour day month weekday, such as '0 3 * * 1'"
SAYABLE = "'M H * * DAYS', 'M H D * *', '*/N * * * *', 'M */N * * *'; or use azureml-v2"
LATEST_DAY = 28  # of a month: later ones do not come every month


@dataclass(frozen=True)
class Recurrence:
    """How often something happens, in the service's words.

    Minutes of a frequency below a day, and the day of a month, are said by when it begins.
    """

    frequency: str
    interval: int = 1
    hours: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    week_days: tuple[str, ...] = ()
    day: int = 0


@dataclass(frozen=True)
class Field:
    """One field: `step` for `*/n`, else the values; a bare `*` has neither."""

    values: tuple[int, ...] = ()
    step: int = 0

    @property
    def any(self) -> bool:
        """Whether it is a bare `*`."""
        return not self.values and not self.step


def every(text: str) -> Recurrence:
    """Return the recurrence of `12h`, `30m`, `1d` or `2w`."""
    found = re.fullmatch(r"([1-9]\d*)([mhdw])", text)
    if not found:
        raise UsageError(f"{text!r} is not a span of time", help="such as 30m, 12h, 1d, 2w")
    return Recurrence(UNITS[found[2]], int(found[1]))


def parse(text: str) -> tuple[Field, Field, Field, Field, Field]:
    """Return the five fields of a cron expression, checked."""
    words = text.split()
    if len(words) != len(FIELDS):
        raise UsageError(f"{text!r} has {len(words)} fields, not five", help=HELP)
    minute, hour, day, month, weekday = (
        _field(word, *facts) for word, facts in zip(words, FIELDS, strict=True)
    )
    return minute, hour, day, month, weekday


def recurrence(text: str) -> Recurrence:
    """Return what a cron expression says as a recurrence; some cannot be said so."""
    fields = parse(text)
    found = _often(*fields) or _daily(*fields)
    if found is None or not fields[3].any:
        raise UsageError(f"a schedule of the SDK v1 cannot express {text!r}", help=SAYABLE)
    return found


def begin(when: Recurrence, now: datetime) -> datetime | None:
    """Return the time that the service counts from, where the recurrence depends on it."""
    if when.frequency in ("Day", "Week") or not when.minutes:
        return None
    found = now.replace(second=0, microsecond=0, minute=when.minutes[0])
    if when.frequency == "Minute":
        return found
    if when.frequency == "Hour":
        return found.replace(hour=now.hour - now.hour % when.interval)
    found = found.replace(hour=when.hours[0], day=when.day)
    later = (found.replace(day=1) + timedelta(days=32)).replace(day=when.day)
    return found if found > now else later


def _often(minute: Field, hour: Field, day: Field, _month: Field, week: Field) -> Recurrence | None:
    """Return what happens several times a day, at even distances."""
    if not (day.any and week.any and not hour.values):
        return None
    if hour.any and not minute.values:
        step = minute.step or 1
        return Recurrence("Minute", step, minutes=(0,)) if 60 % step == 0 else None
    if len(minute.values) != 1:
        return None
    if 24 % (hour.step or 1):  # uneven over midnight
        return Recurrence("Day", 1, tuple(range(0, 24, hour.step)), minute.values)
    return Recurrence("Hour", hour.step or 1, minutes=minute.values)


def _daily(minute: Field, hour: Field, day: Field, _month: Field, week: Field) -> Recurrence | None:
    """Return what happens at given times of a day, of every day or of some."""
    if not minute.values or not hour.values or day.step or week.step:
        return None
    times = hour.values, minute.values
    if day.any and week.any:
        return Recurrence("Day", 1, *times)
    if day.any:
        names = tuple(DAYS[number] for number in sorted({value % 7 for value in week.values}))
        return Recurrence("Week", 1, *times, week_days=names)
    single = all(len(field.values) == 1 for field in (minute, hour, day))
    if week.any and single and day.values[0] <= LATEST_DAY:
        return Recurrence("Month", 1, *times, day=day.values[0])
    return None


def _field(word: str, name: str, low: int, high: int) -> Field:
    if word == "*":
        return Field()
    if found := re.fullmatch(r"\*/(\d+)", word):
        step = int(found[1])
        if not 1 <= step <= high:
            raise UsageError(f"{name} {word!r}: the step is not within 1 and {high}", help=HELP)
        return Field(step=step)
    values: set[int] = set()
    for part in word.split(","):
        ends = [_number(one, name, word) for one in part.split("-")]
        if not 1 <= len(ends) <= 2 or not low <= ends[0] <= ends[-1] <= high:
            raise UsageError(f"{name} {word!r} is not within {low} and {high}", help=HELP)
        values |= set(range(ends[0], ends[-1] + 1))
    return Field(tuple(sorted(values)))


def _number(text: str, name: str, word: str) -> int:
    if name == "weekday" and text[:3].lower() in SHORT:
        return SHORT.index(text[:3].lower())
    if not text.isdecimal():
        raise UsageError(f"{name} {word!r} is not a number, a list or a range", help=HELP)
    return int(text)
