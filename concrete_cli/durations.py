"""Durations as people write them: `90s`, `10m`, `1h30m`, `30d`, or a number of seconds."""

from __future__ import annotations

import math
import re

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)\s*")
LONGEST = 100 * 365 * UNITS["d"]
EXPECTED = 'a duration such as "90s", "10m", "2h" or "30d", or a number of seconds'


def parse(value: object) -> float:
    """Return the seconds, zero or more, that `value` means; ValueError says what is expected.

    A text without a unit, such as "90", is a number of seconds.
    """
    seconds = _seconds(value)
    if not 0 <= seconds <= LONGEST:  # false for NaN, too
        raise ValueError(f"expected {EXPECTED}")
    return seconds


def _seconds(value: object) -> float:
    if isinstance(value, bool):
        return math.nan
    if isinstance(value, int | float):
        return float(value) if abs(value) <= LONGEST else math.nan
    if not isinstance(value, str):
        return math.nan
    text = value.strip().lower()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if not text or not re.fullmatch(f"(?:{PART.pattern})+", text):
        return math.nan
    return sum(float(number) * UNITS[unit] for number, unit in PART.findall(text))
