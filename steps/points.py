"""Read what the charts of a report show: test predictions, and how the columns' values lie.

Not a step of a plan: the command that writes a report runs it aside. Of many test rows a sample is
shown, drawn the same way each time, and residuals and coverage are of all; how the values of a
column lie is told by the first 500,000 rows.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet
from numpy.typing import NDArray

from _step import arguments, run, write_json

Floats = NDArray[np.float64]
MOST_DOTS = 1500
BINS = 24
MOST_ROWS = 500_000  # of the data, to count values in
GROUPS, PER_GROUP = 5, 20


def parser() -> argparse.ArgumentParser:
    """Return the arguments of this script."""
    it = arguments(__doc__)
    it.add_argument("--report", type=Path, help="what evaluate left")
    it.add_argument("--data", type=Path, help="what prepare left")
    it.add_argument("--points", type=Path, required=True, help="output: points.json")
    return it


def main(args: argparse.Namespace) -> None:
    """Write points.json: dots, residuals, coverage, histograms."""
    found: dict[str, Any] = {"dots": [], "residuals": None, "coverage": [], "histograms": {}}
    if args.report:
        found |= _predictions(args.report / "predictions.parquet")
    if args.data:
        found["histograms"] = _histograms(args.data / "data.parquet")
    write_json(args.points / "points.json", found)


def _predictions(path: Path) -> dict[str, Any]:
    table = pyarrow.parquet.read_table(path)
    names = ("actual", "predicted", "lower", "upper")
    columns = {name: np.asarray(table[name], dtype=np.float64) for name in names}
    actual, predicted = columns["actual"], columns["predicted"]
    shown = np.arange(len(actual))
    if len(shown) > MOST_DOTS:
        shown = np.sort(np.random.default_rng(0).choice(len(shown), MOST_DOTS, replace=False))
    dots = [[float(f"{columns[name][row]:.7g}") for name in names] for row in shown]
    residuals = actual - predicted
    inside = (columns["lower"] <= actual) & (actual <= columns["upper"])
    return {
        "dots": dots,
        "residuals": _histogram(residuals),
        "coverage": _coverage(predicted, inside),
    }


def _coverage(predicted: Floats, inside: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """Return the share of rows inside their interval, from low to high predictions."""
    groups = max(1, min(GROUPS, len(predicted) // PER_GROUP))
    parts = np.array_split(np.argsort(predicted, kind="stable"), groups)
    return [
        {
            "low": float(predicted[part[0]]),
            "high": float(predicted[part[-1]]),
            "rows": len(part),
            "share": float(inside[part].mean()),
        }
        for part in parts
    ]


def _histograms(path: Path) -> dict[str, Any]:
    file = pyarrow.parquet.ParquetFile(path)
    found: dict[str, Any] = {}
    for name in file.schema_arrow.names:
        kind = str(file.schema_arrow.field(name).type)
        if kind not in {"double", "float", "int64", "int32"}:
            continue
        batches = file.iter_batches(batch_size=MOST_ROWS, columns=[name])
        values = pc.drop_null(next(batches).column(0)).to_numpy(zero_copy_only=False)
        histogram = _histogram(np.asarray(values, dtype=np.float64))
        if histogram:
            found[name] = histogram
    return found


def _histogram(values: Floats) -> dict[str, Any] | None:
    values = values[np.isfinite(values)]
    if not values.size:
        return None
    counts, edges = np.histogram(values, bins=BINS)
    return {"counts": counts.tolist(), "low": float(edges[0]), "high": float(edges[-1])}


if __name__ == "__main__":
    run(parser, main)
