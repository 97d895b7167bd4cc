"""The charts of a report: predicted against actual, residuals, leaderboard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from _axis import axis
from _svg import Drawing

Floats = NDArray[np.float64]
MOST_DOTS = 2000
WIDTH, HEIGHT = 640, 520
LEFT, RIGHT, TOP, BOTTOM = 76, 620, 44, 460


def predicted_chart(
    actual: Floats, predicted: Floats, lower: Floats, upper: Floats, signature: Mapping[str, Any]
) -> str:
    """Return predicted against actual values of the test rows, with the prediction intervals."""
    name, unit = _target(signature)
    low = float(min(actual.min(), predicted.min()))
    high = float(max(actual.max(), predicted.max()))
    across, up = axis(low, high, LEFT, RIGHT), axis(low, high, BOTTOM, TOP)
    about = f"{len(actual)} test rows; on the diagonal the prediction is exact"
    drawing = Drawing(WIDTH, HEIGHT, f"{name}: predicted and actual", about)
    drawing.write(LEFT, 24, drawing.title, kind="title")
    drawing.frame(across, up, f"actual{unit}", f"predicted{unit}")
    drawing.line(across.at(across.low), up.at(up.low), across.at(across.high), up.at(up.high))
    shown = _shown(len(actual))
    for row in shown:
        x = across.at(actual[row])
        ends = (up.at(float(np.clip(end[row], up.low, up.high))) for end in (lower, upper))
        drawing.line(x, next(ends), x, next(ends), "band")
    for row in shown:
        note = f"test row {row + 1}: {actual[row]:.4g}, predicted {predicted[row]:.4g}"
        drawing.dot(across.at(actual[row]), up.at(predicted[row]), note)
    return drawing.text()


def residuals_chart(actual: Floats, predicted: Floats, signature: Mapping[str, Any]) -> str:
    """Return what is left over against what was predicted: a shape in it is a lesson unlearnt."""
    name, unit = _target(signature)
    residuals = actual - predicted
    reach = float(np.abs(residuals).max()) or 1.0
    across = axis(float(predicted.min()), float(predicted.max()), LEFT, RIGHT)
    up = axis(-reach, reach, BOTTOM, TOP)
    about = f"{len(actual)} test rows; above zero the prediction was too low"
    drawing = Drawing(WIDTH, HEIGHT, f"{name}: residuals", about)
    drawing.write(LEFT, 24, drawing.title, kind="title")
    drawing.frame(across, up, f"predicted{unit}", f"actual - predicted{unit}")
    drawing.line(across.start, up.at(0), across.end, up.at(0))
    for row in _shown(len(actual)):
        note = f"test row {row + 1}: {residuals[row]:+.4g}"
        drawing.dot(across.at(predicted[row]), up.at(residuals[row]), note)
    return drawing.text()


def leaderboard_chart(board: Mapping[str, Any]) -> str:
    """Return the candidates' cross-validated metric with its standard error, the best on top."""
    lines = board["candidates"]
    metric = board["metric"]
    scored = [line for line in lines if line["cv"] and line["cv"][metric] is not None]
    values = [line["cv"][metric] for line in scored]
    errors = [line["cv"]["se"] or 0 for line in scored]
    ends = [value + error for value, error in zip(values, errors, strict=True)]
    longest = max(len(line["candidate"]) for line in lines)
    left, bottom = 30 + 8 * longest, 48 + 26 * len(lines)
    across = axis(min(0, *values), max(0, *ends), left, RIGHT - 40)
    about = "the bar is the mean over the folds, the line its standard error"
    drawing = Drawing(WIDTH, bottom + 48, f"leaderboard: {metric} in cross-validation", about)
    drawing.write(12, 24, drawing.title, kind="title")
    for mark in across.marks:
        drawing.line(across.at(mark), 40, across.at(mark), bottom, "grid")
        drawing.write(across.at(mark), bottom + 18, f"{mark:.10g}", anchor="middle", kind="quiet")
    for number, line in enumerate(lines):
        middle = 58 + 26 * number
        drawing.write(left - 8, middle + 4, line["candidate"], anchor="end")
        if line not in scored:
            drawing.write(left + 6, middle + 4, line["status"], kind="quiet")
            continue
        value, error = line["cv"][metric], line["cv"]["se"] or 0
        start, end = sorted((across.at(0), across.at(value)))
        kind = "bar best" if line["candidate"] == board["selected"] else "bar"
        drawing.bar(start, middle - 8, end - start, 16, kind)
        drawing.line(across.at(value - error), middle, across.at(value + error), middle)
        drawing.write(across.at(value + error) + 6, middle + 4, f"{value:#.3g}", kind="quiet")
    return drawing.text()


def _target(signature: Mapping[str, Any]) -> tuple[str, str]:
    unit = signature["target_unit"]
    return signature["target"], f" ({unit})" if unit else ""


def _shown(count: int) -> list[int]:
    # Evenly spread, so that the drawing stays small however many rows there are.
    spread = np.linspace(0, count - 1, min(count, MOST_DOTS)).astype(int)
    return [int(row) for row in np.unique(spread)]
