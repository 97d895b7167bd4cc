"""A sweep: draw values, run trials, keep the best by the metric that the trials logged."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

from ..cloud import Cloud, Run
from ..routing import Json
from .step import Order, carry_out
from .values import Value


def run_sweep(
    cloud: Cloud, root: Run, spec: Json, inputs: dict[str, Value], sweep: Json
) -> Run | None:
    """Run the trials one after another; return the best one, if any succeeded."""
    dice = random.Random(0)  # noqa: S311  the same trials every time
    space = sweep.get("search_space") or sweep.get("searchSpace") or {}
    objective, limits = sweep["objective"], sweep.get("limits") or {}
    metric = objective.get("primary_metric") or objective.get("primaryMetric")
    sign = 1 if str(objective["goal"]).lower() == "minimize" else -1
    count = limits.get("max_total_trials") or limits.get("maxTotalTrials") or 1
    best: tuple[float, Run] | None = None
    for number in range(count):
        drawn: dict[str, Value] = {name: _draw(dice, value) for name, value in space.items()}
        run = Run(f"{root.name}_{number}", "azureml.scriptrun", root.name, f"trial {number}")
        run.canceled = root.canceled
        cloud.runs[run.name] = run
        order = Order(run, root.name, spec, {**inputs, **drawn}, reuse=False)
        if root.canceled.is_set() or not carry_out(cloud, order):
            continue
        value = _metrics(cloud, run).get(metric)
        if value is not None and (best is None or sign * value < sign * best[0]):
            best = value, run
    if best is None:
        root.fail(f"No trial succeeded and logged the metric {metric}.")
    return best[1] if best else None


def _draw(dice: random.Random, spec: Json | list[Any]) -> str:
    kind, given = _distribution(spec)
    draws: dict[str, Callable[[], object]] = {
        "choice": lambda: dice.choice(given[0]),
        "uniform": lambda: dice.uniform(*given),
        "loguniform": lambda: math.exp(dice.uniform(*given)),
        "randint": lambda: dice.randrange(given[0]),
    }
    return str(draws[kind]())


def _distribution(spec: Json | list[Any]) -> tuple[str, list[Any]]:
    """Return kind and arguments: an object inside a pipeline, `[kind, [arguments]]` alone."""
    if isinstance(spec, list):
        return str(spec[0]), list(spec[1])
    names = ("values", "min_value", "max_value", "upper")
    return str(spec["type"]), [spec[name] for name in names if name in spec]


def _metrics(cloud: Cloud, run: Run) -> dict[str, float]:
    """Return the last values in the MLflow file store that the trial was given."""
    files = (cloud.work / run.name / "mlruns").glob("*/*/metrics/*")
    return {file.name: float(file.read_text().split("\n")[-2].split()[1]) for file in files}
