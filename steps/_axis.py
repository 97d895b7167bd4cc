"""Round numbers for the marks of an axis, and how to write them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

STEPS = (1, 2, 2.5, 5, 10)
WANTED = 5


@dataclass(frozen=True)
class Axis:
    """Maps values onto pixels: `low` lies at `start`, `high` at `end`; `marks` are round."""

    low: float
    high: float
    start: float
    end: float
    marks: Sequence[float]

    def at(self, value: float) -> float:
        """Return the pixel of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def axis(low: float, high: float, start: float, end: float) -> Axis:
    """Return an axis from one mark to another that holds `low` and `high`."""
    if high - low <= 1e-9 * max(abs(low), abs(high), 1e-99):
        half = 0.5 * (abs(low) if abs(low) > 1e-99 else 1.0)
        low, high = low - half, high + half
    rough = (high - low) / WANTED
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(one * power for one in STEPS if one * power >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    marks = [number * step for number in range(first, last + 1)]
    return Axis(marks[0], marks[-1], start, end, marks)


def written(value: float) -> str:
    """Return a mark as a person writes it."""
    return f"{value:.10g}" if abs(value) < 1e7 else f"{value:.3g}"
