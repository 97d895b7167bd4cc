"""How well predictions fit: rmse and mae in the target's unit, r2 without one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

METRICS = ("rmse", "mae", "r2")
Floats = NDArray[np.float64]


def scores(actual: Floats, predicted: Floats) -> dict[str, float]:
    """Return rmse, mae and r2; r2 is NaN where the target does not vary."""
    error = predicted - actual
    spread = float(np.sum((actual - actual.mean()) ** 2))
    squares = float(np.sum(error**2))
    return {
        "rmse": float(np.sqrt(squares / len(actual))),
        "mae": float(np.mean(np.abs(error))),
        "r2": 1 - squares / spread if spread > 0 else float("nan"),
    }


def loss(metric: str, value: float | None) -> float:
    """Return a number that is smaller where the score is better; a missing score is infinite."""
    if value is None or not np.isfinite(value):
        return float("inf")
    return -value if metric == "r2" else value


def standard_error(values: list[float]) -> float:
    """Return the standard error of the mean of independent scores."""
    if len(values) < 2:
        return float("nan")
    return float(np.std(values, ddof=1) / np.sqrt(len(values)))
