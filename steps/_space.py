"""Points of a search space: every parameter is a number from 0 to 1 that stands for its value."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from statistics import NormalDist
from typing import Any

Search = Mapping[str, Any]
Point = dict[str, float]
EDGE = 1e-6  # a normal distribution has no quantile at 0 and 1
LEVELS = (1 / 6, 1 / 2, 5 / 6)  # of a parameter without steps, in a grid
MOST_LEVELS = 1000


def values(space: Mapping[str, Search], point: Point) -> dict[str, Any]:
    """Return the parameters that a point stands for."""
    return {name: value(search, point[name]) for name, search in space.items()}


def value(search: Search, share: float) -> Any:
    """Return the value below which the `share` of an expression's values lie."""
    kind, q = search["type"], search.get("q")
    if kind == "choice":
        return search["values"][_bucket(share, len(search["values"]))]
    if kind == "randint":
        return _bucket(share, search["upper"])
    if kind.endswith("normal"):
        normal = NormalDist(search["mu"], search["sigma"])
        number = normal.inv_cdf(min(max(share, EDGE), 1 - EDGE))
    else:
        low, high = search["min_value"], search["max_value"]
        number = low + share * (high - low)
    if "log" in kind:
        number = math.exp(number)
    if not q:
        return number
    number = round(number / q) * q
    return int(number) if isinstance(q, int) else number


def grid(space: Mapping[str, Search]) -> Iterator[Point]:
    """Yield every combination of the values; of a parameter without steps, three of them."""
    rows = [_levels(search) for search in space.values()]
    yield from (dict(zip(space, point, strict=True)) for point in itertools.product(*rows))


def size(space: Mapping[str, Search]) -> int:
    """Return how many combinations `grid` yields."""
    return math.prod(len(_levels(search)) for search in space.values())


def _levels(search: Search) -> list[float]:
    kind = search["type"]
    if kind in ("choice", "randint"):
        count = len(search["values"]) if kind == "choice" else search["upper"]
        return [(number + 0.5) / count for number in range(count)]
    if kind != "quniform":
        return list(LEVELS)
    low, high, q = (search[name] for name in ("min_value", "max_value", "q"))
    steps = range(math.ceil(low / q - 1e-9), math.floor(high / q + 1e-9) + 1)
    return [(number * q - low) / (high - low) for number in steps[:MOST_LEVELS]] or [0.5]


def _bucket(share: float, count: int) -> int:
    return min(int(share * count), count - 1)
