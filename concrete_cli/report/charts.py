"""The charts of a report. Each takes plain facts and returns a drawing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from concrete_cli.report.svg import Axis, Svg, frame, number

WIDTH, HEIGHT = 440, 400
LEFT, RIGHT, TOP, BOTTOM = 54, 430, 34, 350
Dots = Sequence[Sequence[float]]


def predicted(dots: Dots, unit: str) -> Markup:
    """Return predicted against actual; what lies outside its interval is set off."""
    values = [value for dot in dots for value in dot[:2]]
    low, high = min(values), max(values)
    across, up = Axis(low, high, LEFT, RIGHT), Axis(low, high, BOTTOM, TOP)
    svg = Svg(WIDTH, HEIGHT, "predicted against actual values of the test rows")
    frame(svg, across, up, _with("actual", unit), _with("predicted", unit))
    svg.line(across.start, up.start, across.end, up.end, "ideal")
    for actual, _, lower, upper in dots:
        svg.line(across.at(actual), up.at(lower), across.at(actual), up.at(upper), "whisker")
    for actual, mean, lower, upper in sorted(dots, key=lambda dot: dot[2] <= dot[0] <= dot[3]):
        kind = "dot" if lower <= actual <= upper else "dot out"
        note = f"actual {actual:.4g}, predicted {mean:.4g} ({lower:.4g} to {upper:.4g})"
        svg.dot(across.at(actual), up.at(mean), kind, _radius(dots), note)
    return svg.done()


def residuals(dots: Dots, histogram: Mapping[str, Any] | None, unit: str) -> Markup:
    """Return actual minus predicted against predicted, with how often each occurs at the side."""
    side = 70
    reach = max((abs(dot[0] - dot[1]) for dot in dots), default=1.0) or 1.0
    across = Axis(min(dot[1] for dot in dots), max(dot[1] for dot in dots), LEFT, RIGHT - side)
    up = Axis(-reach, reach, BOTTOM, TOP)
    svg = Svg(WIDTH, HEIGHT, "residuals of the test rows")
    frame(svg, across, up, _with("predicted", unit), _with("actual \N{MINUS SIGN} predicted", unit))
    svg.line(across.start, up.at(0), across.end, up.at(0), "ideal")
    for actual, mean, lower, upper in dots:
        kind = "dot" if lower <= actual <= upper else "dot out"
        note = f"predicted {mean:.4g}, {actual - mean:+.4g}"
        svg.dot(across.at(mean), up.at(actual - mean), kind, _radius(dots), note)
    if histogram:
        _beside(svg, histogram, up, RIGHT - side + 8, RIGHT)
    return svg.done()


def coverage(groups: Sequence[Mapping[str, Any]], wanted: float, unit: str) -> Markup:
    """Return the share of rows inside their interval, from low to high predictions."""
    height, bottom = 250, 196
    svg = Svg(WIDTH, height, "share of the test rows inside their interval")
    least = min([wanted - 0.15, *(group["share"] - _error(group) for group in groups)])
    up = Axis(max(0.0, least), 1.0, bottom, TOP, wanted=4)
    for mark in up.marks:
        svg.line(LEFT, up.at(mark), RIGHT, up.at(mark), "grid")
        svg.text(LEFT - 8, up.at(mark) + 4, f"{mark:.0%}", "mark", "end")
    svg.line(LEFT, up.at(wanted), RIGHT, up.at(wanted), "ideal")
    svg.text(LEFT, TOP - 12, f"inside the interval, wanted {wanted:.0%}", "name")
    step = (RIGHT - LEFT) / len(groups)
    for place, group in enumerate(groups):
        x = LEFT + step * (place + 0.5)
        error = _error(group)
        svg.line(x, up.at(group["share"] - error), x, up.at(group["share"] + error), "error")
        note = f"{group['share']:.1%} of {group['rows']} rows"
        svg.dot(x, up.at(group["share"]), "dot solid", 4.5, note)
        ends = f"{_three(group['low'])}\N{EN DASH}{_three(group['high'])}"
        svg.text(x, bottom + 20, ends, "mark", "middle")
    svg.text((LEFT + RIGHT) / 2, bottom + 42, _with("predicted", unit), "name", "middle")
    return svg.done()


def trials(tuning: Mapping[str, Any], unit: str) -> Markup:
    """Return the score of each trial and the best so far; trials given up are ticks below.

    It is drawn twice: in a narrow window the words of a wide chart could not be read.
    """
    wide = _trials(tuning, unit, 886, marks=8, kind="chart wide")
    return wide + _trials(tuning, unit, RIGHT, marks=4, kind="chart narrow")


def _trials(tuning: Mapping[str, Any], unit: str, right: float, *, marks: int, kind: str) -> Markup:
    height, bottom, metric = 300, 240, str(tuning["metric"])
    history = sorted(tuning["history"], key=lambda line: line["number"])
    done = [line for line in history if line["value"] is not None]
    sign = -1 if metric == "r2" else 1
    low, high = _bulk([sign * line["value"] for line in done])
    across = Axis(
        0, max(1, *(line["number"] for line in history)), LEFT, right, wanted=marks, whole=True
    )
    up = Axis(min(sign * low, sign * high), max(sign * low, sign * high), bottom, TOP, wanted=4)
    svg = Svg(right + 14, height, "scores of the trials", kind)
    frame(svg, across, up, "trial", _with(f"{metric} in cross-validation", unit))
    path, best = "", math.inf
    for line in history:
        x = across.at(line["number"])
        if line["value"] is None:
            svg.line(x, bottom, x, bottom - 7, "given-up")
            continue
        y = up.at(line["value"])
        svg.dot(x, y, "dot", 3, f"trial {line['number']}: {metric} {line['value']:.4g}")
        if sign * line["value"] < best:
            best = sign * line["value"]
            path += f"H{x:.1f}V{y:.1f}" if path else f"M{x:.1f} {y:.1f}"
    if path:
        svg.path(f"{path}H{right}", "best")
    return svg.done()


def _bulk(losses: Sequence[float]) -> tuple[float, float]:
    """Return the ends of what is worth showing: a hopeless trial must not press all others flat."""
    ordered = sorted(losses) or [0.0]
    low, high = ordered[0], ordered[-1]
    if len(ordered) > 10:
        upper = ordered[len(ordered) * 9 // 10]
        high = min(high, upper + (upper - low))
    return low, high


def spread(values: Sequence[tuple[float, float, str]], axis: Axis, *, wide: float) -> Markup:
    """Return means with their standard errors on a common scale, one row of a table."""
    height = 10 + 12 * len(values)
    svg = Svg(wide, height, "mean and standard error", "spark")
    if len(values) == 2:
        ends = [axis.at(value) for value, _, _ in values]
        svg.line(ends[0], 11, ends[1], 23, "link")
    for place, (value, error, kind) in enumerate(values):
        y = 11 + 12 * place
        svg.line(axis.at(value - error), y, axis.at(value + error), y, f"error {kind}")
        svg.dot(
            axis.at(value),
            y,
            f"dot solid {kind}",
            4,
            f"{value:.4g} \N{PLUS-MINUS SIGN} {error:.2g}",
        )
    return svg.done()


def histogram(found: Mapping[str, Any] | None) -> Markup:
    """Return how the values of a column lie, small enough for a row of a table."""
    if not found:
        return Markup()
    width, height = 96, 22
    svg = Svg(width, height, "how the values lie", "spark")
    counts, most = found["counts"], max(found["counts"]) or 1
    step = width / len(counts)
    for place, count in enumerate(counts):
        tall = math.ceil(count / most * (height - 2)) if count else 0
        svg.box(place * step, height - tall, step - 0.6, tall, "bar", 0)
    return svg.done()


def _beside(svg: Svg, found: Mapping[str, Any], up: Axis, left: float, right: float) -> None:
    counts, most = found["counts"], max(found["counts"]) or 1
    step = (found["high"] - found["low"]) / len(counts) or 1.0
    for place, count in enumerate(counts):
        low = up.at(found["low"] + place * step)
        high = up.at(found["low"] + (place + 1) * step)
        svg.box(left, high, count / most * (right - left), low - high - 0.6, "bar", 0)


def _error(group: Mapping[str, Any]) -> float:
    share = (group["share"] * group["rows"] + 1) / (group["rows"] + 2)
    return math.sqrt(share * (1 - share) / group["rows"])


def _radius(dots: Dots) -> float:
    return 3.2 if len(dots) < 400 else 2.4


def _three(value: float) -> str:
    return number(float(f"{value:.3g}"))


def _with(name: str, unit: str) -> str:
    return f"{name}, {unit}" if unit else name
