"""Prediction intervals from out-of-fold residuals (split conformal, scaled by the prediction).

The typical residual is read off as a function of the prediction where there are rows enough; then
one factor makes the wanted share of the out-of-fold rows fall inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PER_BIN = 100
MOST_BINS = 10


def calibrate(actual: Floats, predicted: Floats, coverage: float) -> dict[str, Any]:
    """Return what `interval` needs to cover `coverage` of the rows, in the target's unit."""
    residuals = np.abs(actual - predicted)
    bins = int(np.clip(len(actual) // PER_BIN, 1, MOST_BINS))
    parts = np.array_split(np.argsort(predicted, kind="stable"), bins)
    at = np.array([np.median(predicted[part]) for part in parts])
    scale = np.array([np.mean(residuals[part]) for part in parts])
    scale = np.maximum(scale, max(float(residuals.mean()) * 0.1, 1e-12))
    ratios = np.sort(residuals / np.interp(predicted, at, scale))
    rank = min(len(ratios), int(np.ceil((len(ratios) + 1) * coverage)))
    widths = scale * ratios[rank - 1]
    half = np.interp(predicted, at, widths)
    return {
        "coverage": coverage,
        "half_width": float(half.mean()),
        "at": at.tolist(),
        "half_widths": widths.tolist(),
        "rows": len(actual),
        "method": "out-of-fold residuals, scaled by the prediction",
    }


def interval(calibration: Mapping[str, Any], predicted: Floats) -> tuple[Floats, Floats]:
    """Return the lower and the upper ends, one per prediction."""
    half = np.interp(predicted, calibration["at"], calibration["half_widths"])
    return predicted - half, predicted + half
