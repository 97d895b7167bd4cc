"""Gates: what a model's scores on the test rows must be before it is registered."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from _bundle import load_bundle
from _manifest import MODEL, digest
from _scores import loss, scores
from _step import Refused, may_pass, read_json

OPERATORS = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}


def required(rules: Mapping[str, str], metrics: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield metric, rule, value and met of each rule, such as rmse: "<= 6.0"."""
    for metric, rule in rules.items():
        word, _, limit = rule.partition(" ")
        value = metrics.get(metric)
        met = value is not None and bool(OPERATORS[word](value, float(limit)))
        yield {"metric": metric, "rule": rule, "value": value, "met": met}


def better(
    alias: str,
    metric: str,
    metrics: Mapping[str, Any],
    mine: Path,
    rival: Path | None,
    rows: pd.DataFrame,
) -> dict[str, Any]:
    """Return the gate that asks for a better score than that of the version with an alias.

    Both are scored on the same test rows where the rival can read them, else what was written of
    it when it was registered counts.
    """
    value = metrics[metric]
    gate = {"metric": metric, "rule": f"better than {alias}", "value": value, "met": True}
    if rival is None:
        return gate | {"note": f"no version is called {alias} yet"}
    if digest(rival / MODEL) == digest(mine / MODEL):
        return gate | {"note": f"it is the {alias} version itself"}
    other, note = _score(rival, metric, rows)
    met = loss(metric, value) < loss(metric, other)
    gate["rule"] = f"better than {alias}: {'>' if metric == 'r2' else '<'} {other:.6g}"
    return gate | {"met": met, "note": note}


def told(gate: Mapping[str, Any]) -> str:
    """Return a gate in one line."""
    value = "unknown" if gate["value"] is None else f"{gate['value']:.6g}"
    note = f" ({gate['note']})" if gate.get("note") else ""
    return f"{gate['metric']} {value}, wanted {gate['rule']}{note}"


def _score(rival: Path, metric: str, rows: pd.DataFrame) -> tuple[float, str]:
    try:
        model, manifest = load_bundle(rival)
        signature = manifest["signature"]
        wanted = [column["name"] for column in signature["columns"]]
        if missing := {signature["target"], *wanted} - {*rows.columns}:
            return _written(rival, metric, f"no column {', '.join(sorted(missing))}")
        actual = rows[signature["target"]].to_numpy(dtype=np.float64)
        predicted = np.asarray(model.predict(rows[wanted]), dtype=np.float64)
    except Refused:
        raise  # a damaged or foreign file is no reason to pass a gate
    except Exception as error:  # noqa: BLE001  a library that is not there any more, too little memory
        reason = f"{type(error).__name__}: {error}"
        may_pass(f"the rival could not be scored: {reason}")
        return _written(rival, metric, reason)
    return scores(actual, predicted)[metric], "on the same test rows"


def _written(rival: Path, metric: str, reason: str) -> tuple[float, str]:
    """Return the score that was written down when the rival was registered, and why it counts."""
    written = read_json(rival / "metrics.json")
    return float(written[metric]), f"on its own test rows: it cannot read these: {reason}"
