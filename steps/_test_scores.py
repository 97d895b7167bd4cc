"""How sure the test scores are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from _scores import METRICS

Floats = NDArray[np.float64]


def bootstrap(
    actual: Floats, predicted: Floats, groups: NDArray[Any], times: int, seed: int
) -> dict[str, list[float]]:
    """Return the 95 % interval of each metric.

    Whole groups are drawn: rows of one group are no independent witnesses. Everything a metric
    needs is a sum over groups, so a resample is one product.
    """
    random = np.random.default_rng(seed)
    number = np.unique(groups, return_inverse=True)[1]
    centred = actual - actual.mean()
    error = predicted - actual
    parts = [np.ones_like(error), error**2, np.abs(error), centred, centred**2]
    sums = np.column_stack([np.bincount(number, weights=part) for part in parts])
    count = len(sums)
    found = np.empty((times, len(METRICS)))
    for row in range(times):
        drawn = np.bincount(random.integers(0, count, count), minlength=count)
        rows, squares, absolute, total, spread = drawn @ sums
        variation = spread - total**2 / rows
        r2 = 1 - squares / variation if variation > 0 else np.nan
        found[row] = np.sqrt(squares / rows), absolute / rows, r2
    ends = [
        np.nanpercentile(column, [2.5, 97.5]) if np.isfinite(column).any() else [np.nan] * 2
        for column in found.T
    ]
    return {
        name: [float(low), float(high)] for name, (low, high) in zip(METRICS, ends, strict=True)
    }
