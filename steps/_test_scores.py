"""How sure the test scores are, and which columns they hang on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from _scores import METRICS, scores

Floats = NDArray[np.float64]
REPEATS = 5
MOST_ROWS = 4_000  # an rmse over so many is good to about two per cent; time grows with them


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


def importance(model: Any, rows: pd.DataFrame, actual: Floats, seed: int) -> list[dict[str, Any]]:
    """Return by how much the rmse grows when one column is shuffled, the largest first."""
    random = np.random.default_rng(seed)
    if len(rows) > MOST_ROWS:
        chosen = np.sort(random.choice(len(rows), MOST_ROWS, replace=False))
        rows, actual = rows.iloc[chosen], actual[chosen]
    rows = rows.reset_index(drop=True)
    base = scores(actual, np.asarray(model.predict(rows)))["rmse"]
    found = []
    # All repeats go through the model at once: a forest asks its trees one by one each time.
    repeated = pd.concat([rows] * REPEATS, ignore_index=True)
    for name in rows.columns:
        orders = np.concatenate([random.permutation(len(rows)) for _ in range(REPEATS)])
        shuffled = repeated.assign(**{name: rows[name].to_numpy()[orders]})
        parts = np.split(np.asarray(model.predict(shuffled)), REPEATS)
        growth = [scores(actual, part)["rmse"] - base for part in parts]
        mean, spread = float(np.mean(growth)), float(np.std(growth))
        found.append({"column": name, "mean": mean, "std": spread})
    return sorted(found, key=lambda one: (-one["mean"], one["column"]))
