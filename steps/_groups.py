"""Shares rows out to buckets so that groups stay whole and strata stay even."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Integers = NDArray[np.int64]


def group_numbers(rows: pd.DataFrame, by: Sequence[str]) -> Integers:
    """Return one number per row, equal where all the columns `by` are; missing equals missing."""
    groups = np.zeros(len(rows), dtype=np.int64)
    for name in by:
        codes, levels = pd.factorize(rows[name], use_na_sentinel=False)
        combined = groups * len(levels) + codes
        groups = pd.factorize(combined)[0].astype(np.int64)
    return groups


def set_apart(groups: Integers, alone: NDArray[np.bool_]) -> Integers:
    """Return the groups of the rows, each row of `alone` being one of its own."""
    if not alone.any():
        return groups
    apart = np.where(alone, groups.max() + 1 + np.arange(len(groups)), groups)
    return pd.factorize(apart)[0].astype(np.int64)


def strata(values: pd.Series, bins: int) -> Integers:
    """Return the stratum of each row: a quantile bin of numbers, a level of anything else."""
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        ranks = values.rank(method="average", pct=True).to_numpy()
        numbers = np.ceil(np.nan_to_num(ranks, nan=0.0) * bins)
        return numbers.astype(np.int64)
    return pd.factorize(values, use_na_sentinel=False)[0].astype(np.int64)


def assign(
    groups: Integers, strata: Integers, shares: Sequence[float], random: np.random.Generator
) -> Integers:
    """Return the bucket of each group; bucket i gets about `shares[i]` of every stratum's rows.

    `groups` numbers the rows' groups from 0; a group's stratum is that of its first row. The
    groups of a stratum are laid round a circle in random order, each as long as it has rows, and
    the circle is cut by the shares: so large and small groups have the same chance everywhere.
    No bucket stays empty while another has two groups.
    """
    sizes = np.bincount(groups)
    first = np.unique(groups, return_index=True)[1]
    order = random.permutation(len(sizes))
    order = order[np.argsort(strata[first][order], kind="stable")]
    rows = sizes[order]
    _, start, part = np.unique(strata[first][order], return_index=True, return_inverse=True)
    before = np.cumsum(rows) - rows
    total = np.add.reduceat(rows, start)
    middle = (before - before[start][part] + rows / 2) / total[part]
    place = (middle + random.random(len(start))[part]) % 1
    buckets = np.empty(len(sizes), dtype=np.int64)
    ends = np.cumsum(shares)[:-1]
    buckets[order] = np.searchsorted(ends, place, side="right")
    for empty in np.flatnonzero(np.bincount(buckets, minlength=len(shares)) == 0):
        fullest = np.bincount(buckets).argmax()
        mine = np.flatnonzero(buckets == fullest)
        buckets[mine[sizes[mine].argmin()]] = empty
    return buckets
