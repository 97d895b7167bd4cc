"""The tables of a page: what stands in each line, with the small drawings in it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from concrete_cli.report import charts, words
from concrete_cli.report.svg import Axis

SPARK = 180  # pixels


def board(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the leaderboard, each line with its mean and standard error drawn."""
    metric = found["metric"]
    selected = (found["selected"] or {}).get("candidate")
    axis = _axis((one["cv"] for one in found["leaderboard"]), metric)
    lines = []
    for one in found["leaderboard"]:
        best = one["candidate"] == selected
        values = _value(one["cv"], metric, "chosen" if best else "")
        spark = charts.spread([values], axis, wide=SPARK) if values and axis else ""
        lines.append({**one, "best": best, "spark": spark})
    return lines


def places(leaderboard: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return the decimals of each score: four digits of the first candidate's, three of r2."""
    first: dict[str, int] = {}
    for one in leaderboard:
        for name, value in (one["cv"] or {}).items():
            if isinstance(value, float):
                first.setdefault(name, words.places(value, 3 if name == "r2" else 4))
    return first


def boards(both: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the candidates of two runs, each with both means drawn on one scale."""
    metric = both[0]["metric"]
    by_name = [{one["candidate"]: one["cv"] for one in found["leaderboard"]} for found in both]
    axis = _axis((cv for one in by_name for cv in one.values()), metric)
    lines = []
    for name in dict.fromkeys([*by_name[0], *by_name[1]]):
        cvs = (one.get(name) for one in by_name)
        pair = [_value(cv, metric, kind) for cv, kind in zip(cvs, "ab", strict=True)]
        known = [one for one in pair if one]
        gap = pair[1][0] - pair[0][0] if pair[0] and pair[1] else None
        spark = charts.spread(known, axis, wide=SPARK) if known and axis else ""
        values = [one[0] if one else None for one in pair]
        lines.append({"candidate": name, "values": values, "gap": gap, "spark": spark})
    return lines


def tests(both: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each test metric of two runs, with both intervals drawn on one scale."""
    lines = []
    for metric in ("rmse", "mae", "r2"):
        tests = [found["test"] or {} for found in both]
        pair = [_interval(test, metric, kind) for test, kind in zip(tests, "ab", strict=True)]
        known = [one for one in pair if one]
        if not known:
            continue
        low, high = min(one[0] - one[1] for one in known), max(one[0] + one[1] for one in known)
        spark = charts.spread(known, Axis(low, high, 6, SPARK - 6), wide=SPARK)
        values = [test.get(metric) for test in tests]
        cis = [test.get(f"{metric}_ci") for test in tests]
        lines.append({"metric": metric, "values": values, "cis": cis, "spark": spark})
    return lines


def took(both: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return how long each step took in two runs."""
    sides = [{one["name"]: one for one in found["timing"]["steps"]} for found in both]
    most = max([one["seconds"] for side in sides for one in side.values()], default=0) or 1.0
    return [
        {"name": name, "sides": [side.get(name) for side in sides], "most": most}
        for name in dict.fromkeys([*sides[0], *sides[1]])
    ]


def difference(first: str, second: str) -> Iterable[tuple[str, str]]:
    """Yield kind (same, gone, new, place) and text of the lines in which two texts differ."""
    kinds = {"-": "gone", "+": "new", "@": "place", " ": "same"}
    lines = difflib.unified_diff(first.splitlines(), second.splitlines(), lineterm="", n=1)
    for line in list(lines)[2:]:
        yield kinds[line[0]], line


def _axis(cvs: Iterable[Mapping[str, Any] | None], metric: str) -> Axis | None:
    """Return a scale for the scores; one that is hopeless lies on its edge."""
    values = [value for cv in cvs if (value := _value(cv, metric, ""))]
    if not values:
        return None
    lows, highs = (sorted(one[0] + sign * one[1] for one in values) for sign in (-1, 1))
    low, high = lows[0], highs[-1]
    if metric == "r2":
        low = max(low, min(0.0, high))
    elif len(highs) > 3:
        high = min(high, highs[len(highs) * 3 // 4] * 2 - low)
    return Axis(low, high, 6, SPARK - 6, wanted=4)


def _value(cv: Mapping[str, Any] | None, metric: str, kind: str) -> tuple[float, float, str] | None:
    if not cv or cv.get(metric) is None:
        return None
    return cv[metric], cv.get("se") or 0.0, kind


def _interval(test: Mapping[str, Any], metric: str, kind: str) -> tuple[float, float, str] | None:
    ends = test.get(f"{metric}_ci") or [None, None]
    if None in ends:
        return None
    return (ends[0] + ends[1]) / 2, (ends[1] - ends[0]) / 2, kind
