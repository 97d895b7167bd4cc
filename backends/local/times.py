"""When a local schedule starts: cron expressions, checked, and as systemd writes them. Pure."""

from __future__ import annotations

import re

from concrete_cli.errors import UsageError

FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
PART = re.compile(r"(\*|([0-9]{1,2}|[A-Za-z]{3})(?:-([0-9]{1,2}|[A-Za-z]{3}))?)(?:/([1-9][0-9]?))?")
HELP = 'five fields: minute hour day month weekday, such as "0 3 * * 1"'
WHOLE = {"m": 60, "h": 24}
NIGHTLY = {"d": "0 0 * * *", "w": "0 0 * * 1"}


def check(text: str) -> str:
    """Return a cron expression with single spaces; raise UsageError if it is none."""
    words = text.split()
    if len(words) != len(FIELDS):
        raise UsageError(f"--cron {text!r} has {len(words)} fields, not 5", help=HELP)
    for word, (name, low, high) in zip(words, FIELDS, strict=True):
        for part in word.split(","):
            found = PART.fullmatch(part)
            ends = [_number(one, name) for one in found.group(2, 3) if one] if found else [-1]
            if not all(low <= one <= high for one in ends) or ends != sorted(ends):
                message = f"--cron {text!r}: {part!r} is no {name} within {low} and {high}"
                raise UsageError(message, help=HELP)
    return " ".join(words)


def every(text: str) -> str:
    """Return `30m`, `12h`, `1d` or `1w` as a cron expression, where cron can say it."""
    found = re.fullmatch(r"([1-9][0-9]*)([mhdw])", text)
    if not found:
        raise UsageError(f"--every {text!r} is not a span of time", help="30m, 12h, 1d, 1w")
    number, unit = int(found[1]), found[2]
    if unit in NIGHTLY and number == 1:
        return NIGHTLY[unit]
    if unit in WHOLE and number < WHOLE[unit] and WHOLE[unit] % number == 0:
        star = "*" if number == 1 else f"*/{number}"
        return f"{star} * * * *" if unit == "m" else f"0 {star} * * *"
    hint = "a part of an hour or of a day, 1d or 1w; or say --cron"
    raise UsageError(f"cron cannot say --every {text}", help=hint)


def calendar(expression: str) -> str:
    """Return a cron expression as `OnCalendar=` of systemd has it."""
    minute, hour, day, month, weekday = expression.split()
    if day != "*" and weekday != "*":
        message = f"{expression!r} names a day and a weekday: cron means either, systemd both"
        raise UsageError(message, help="leave one of them *")
    days = ""
    if weekday != "*":
        days = ",".join(_days(part) for part in weekday.split(",")) + " "
    date = f"*-{_values(month, 'month')}-{_values(day, 'day')}"
    return f"{days}{date} {_values(hour, 'hour')}:{_values(minute, 'minute')}:00"


def _values(word: str, name: str) -> str:
    low = next(low for known, low, _ in FIELDS if known == name)
    return ",".join(_value(part, name, low) for part in word.split(","))


def _value(part: str, name: str, low: int) -> str:
    found = PART.fullmatch(part)
    assert found  # `check` has seen it
    first, last, step = found.group(2, 3, 4)
    begin = "*" if first is None else f"{_number(first, name):02}"
    text = f"{begin}..{_number(last, name):02}" if last else begin
    if not step:
        return text
    return f"{f'{low:02}' if begin == '*' else text}/{step}"


def _days(part: str) -> str:
    found = PART.fullmatch(part)
    assert found  # `check` has seen it
    first, last, step = found.group(2, 3, 4)
    if step:
        raise UsageError(f"systemd cannot say the weekdays {part!r}", help="name them: 1,3,5")
    if first is None:
        return "Mon..Sun"
    begin, end = _number(first, "weekday"), _number(last or first, "weekday")
    if begin == 0:  # the week of systemd ends on Sunday: no range begins there
        return ",".join(dict.fromkeys(DAYS[: end + 1]))
    return f"{DAYS[begin]}..{DAYS[end]}" if last else DAYS[begin]


def _number(text: str, name: str) -> int:
    if text.isdecimal():
        return int(text)
    words = [day.lower() for day in DAYS] if name == "weekday" else list(MONTHS)
    if name not in ("weekday", "month") or text.lower() not in words:
        return -1
    return words.index(text.lower()) + (name == "month")
