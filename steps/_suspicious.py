"""Rows that look wrong, whatever the data is about. They are named, never changed.

Two rows that are equal in all features should not differ much in the target. And where all but one
feature are equal, the target mostly moves one way as that feature grows: rows that jump the other
way are worth a look.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from _hashes import Hashes

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
FEWEST_PAIRS = 30
ONE_WAY = 0.9
FAR = 0.25
SHOWN = 5


def conflicts(
    hashes: Mapping[str, Hashes],
    features: Sequence[str],
    target: Floats,
    name: str,
    number: Numbers,
) -> Iterator[str]:
    """Yield a warning per group of rows with equal features and targets far apart.

    `name` is what the target is called, `number` has the numbers of the rows. The worst five groups
    are named.
    """
    same = _total(hashes, features)
    order = np.lexsort((target, same))
    starts = np.flatnonzero(np.r_[True, same[order][1:] != same[order][:-1]])
    ends = np.r_[starts[1:], len(order)]
    spread = target[order][ends - 1] - target[order][starts]
    far = np.flatnonzero(spread > target.std())
    for group in far[np.argsort(-spread[far], kind="stable")][:SHOWN]:
        rows = order[starts[group] : ends[group]]
        middle = float(np.median(target[rows]))
        odd = int(rows[np.argmax(np.abs(target[rows] - middle))])
        other = int(rows[np.argmax(np.abs(target[rows] - target[odd]))])
        if len(rows) == 2:
            values = f"{name} is {target[odd]:g} and {target[other]:g}"
            yield f"rows {number[odd]} and {number[other]} disagree: {values}, all features equal"
            continue
        yield (
            f"row {number[odd]} looks wrong: {name} is {target[odd]:g}, and {target[other]:g} in"
            f" row {number[other]}, all features equal ({len(rows)} such rows, median {middle:g})"
        )


def against_trend(
    hashes: Mapping[str, Hashes],
    numbers: Mapping[str, Floats],
    features: Sequence[str],
    target: Floats,
    name: str,
    number: Numbers,
) -> Iterator[str]:
    """Yield a warning per row whose target jumps against what one feature does to all others.

    `name` is what the target is called, `number` has the numbers of the rows. The worst five of
    each feature are named.
    """
    everything = _total(hashes, features)
    for column, values in numbers.items():
        with np.errstate(over="ignore"):
            others = everything - hashes[column]
        ordered = np.sort(others)
        if np.count_nonzero(ordered[1:] == ordered[:-1]) < FEWEST_PAIRS:
            continue
        order = np.lexsort((values, others))
        before, after = order[:-1], order[1:]
        pair = (others[before] == others[after]) & (values[before] < values[after])
        before, after = before[pair], after[pair]
        change = target[after] - target[before]
        grows = float(np.mean(change > 0)) if len(change) else 0.5
        if len(change) < FEWEST_PAIRS or max(grows, 1 - grows) < ONE_WAY:
            continue
        usual, seen = ("grows", "falls") if grows > 0.5 else ("falls", "grows")
        jump = -change if grows > 0.5 else change
        wrong = np.flatnonzero(jump > FAR * target.std())
        for pair_ in wrong[np.argsort(-jump[wrong], kind="stable")][:SHOWN]:
            one, other = int(before[pair_]), int(after[pair_])
            yield (
                f"row {number[other]} looks wrong: {name} {seen} from {target[one]:g} (row"
                f" {number[one]}) to {target[other]:g} as {column} grows from {values[one]:g} to"
                f" {values[other]:g}, all else equal; in {max(grows, 1 - grows):.0%} of such pairs"
                f" it {usual}"
            )


def _total(hashes: Mapping[str, Hashes], names: Sequence[str]) -> Hashes:
    with np.errstate(over="ignore"):
        total: Hashes = np.add.reduce([hashes[name] for name in names])
    return total
