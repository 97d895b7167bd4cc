"""Score the selected model on the test rows, which nothing has looked at so far."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet

from _bundle import load_bundle
from _charts import leaderboard_chart, predicted_chart, residuals_chart
from _importance import importance
from _intervals import interval
from _scores import METRICS, scores
from _step import arguments, limit_threads, read_json, report, run, write_json
from _test_scores import bootstrap


def parser() -> argparse.ArgumentParser:
    """Return the arguments of this step."""
    it = arguments(__doc__)
    it.add_argument("--seed", type=int, default=0)
    it.add_argument("--bootstraps", type=int, default=1000, help="resamples for the intervals")
    it.add_argument("--model", type=Path, required=True, help="what select left")
    it.add_argument("--leaderboard", type=Path, required=True, help="what select left")
    it.add_argument("--test", type=Path, required=True, help="what split left")
    it.add_argument("--report", type=Path, required=True, help="output: scores, charts")
    return it


def main(args: argparse.Namespace) -> None:
    """Write metrics.json, predictions.parquet, importance.json and three charts."""
    model, manifest = load_bundle(args.model)
    limit_threads()
    rows = pd.read_parquet(args.test / "rows.parquet")
    groups = pd.read_parquet(args.test / "groups.parquet")["group"].to_numpy()
    signature = manifest["signature"]
    actual = rows.pop(signature["target"]).to_numpy(dtype=np.float64)
    predicted = np.asarray(model.predict(rows), dtype=np.float64)
    lower, upper = interval(manifest["interval"], predicted)
    metrics: dict[str, Any] = {"rows": len(rows), **scores(actual, predicted)}
    spread = bootstrap(actual, predicted, groups, args.bootstraps, args.seed)
    metrics |= {f"{name}_ci": spread[name] for name in METRICS}
    metrics["coverage"] = float(np.mean((lower <= actual) & (actual <= upper)))
    metrics["width"] = float(np.mean(upper - lower))
    report(metrics, args.report)
    pd.DataFrame(
        {"actual": actual, "predicted": predicted, "lower": lower, "upper": upper}
    ).to_parquet(args.report / "predictions.parquet", index=False)
    trained_on = pyarrow.parquet.read_metadata(args.model / "oof.parquet").num_rows
    found = importance(model, manifest, rows, actual, trained_on=trained_on, seed=args.seed)
    left_out = {"left_out": found.left_out} if found.left_out else {}
    about = {"metric": "rmse", "columns": found.columns, **left_out}
    write_json(args.report / "importance.json", about)
    if found.left_out:
        print(
            f"importance: of {len(rows.columns)} columns the {len(found.columns)} were shuffled to"
            f" which the model gives most weight; {found.left_out} were left out"
        )
    board = read_json(args.leaderboard / "leaderboard.json")
    charts = {
        "predicted": predicted_chart(actual, predicted, lower, upper, signature),
        "residuals": residuals_chart(actual, predicted, signature),
        "leaderboard": leaderboard_chart(board),
    }
    for name, svg in charts.items():
        (args.report / f"{name}.svg").write_text(svg, encoding="utf-8")
    for name in METRICS:
        low, high = metrics[f"{name}_ci"]
        print(f"{name} {metrics[name]:.4g} (95 %: {low:.4g} to {high:.4g})")


if __name__ == "__main__":
    run(parser, main)
