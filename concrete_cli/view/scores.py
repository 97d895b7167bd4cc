"""Scores as people read them, in whatever unit the target has: metres, or millionths of one."""

from __future__ import annotations

import math

PLAIN = (1e-4, 1e6)  # between these a number is read without a power of ten
DECIMALS = 3


def score(
    value: float | None, scale: float | None = None, *, sign: str = "", least: int = DECIMALS
) -> str:
    """Return a score with as many digits as tell scores apart that are about as large as `scale`.

    The `least` decimals are enough from 0.1 to a million, and for r2, which has no scale.
    There is no r2 of rows that are all the same, or of a fold of one row: that is a dash.
    """
    if value is None:
        return "-"
    scale = abs(scale or 1)
    if not PLAIN[0] <= scale < PLAIN[1]:
        return f"{value:{sign}.{least - 1}e}"
    places = max(least, least - 1 - math.floor(math.log10(scale)))
    return f"{value:{sign}.{places}f}"
