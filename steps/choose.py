"""Select the candidate with the best mean cross-validated metric. The test rows are not seen.

The file is not called select.py: beside a running script that name would hide Python's own
`select` module from subprocess.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from _intervals import calibrate
from _manifest import FORMAT, MODEL, digest, write_manifest
from _own_code import pass_on
from _scores import METRICS, loss, standard_error
from _step import Refused, arguments, json_value, read_json, report, run, write_json


def parser() -> argparse.ArgumentParser:
    """Return the arguments of this step."""
    it = arguments(__doc__)
    it.add_argument("--names", type=json_value, required=True, help="the candidates, in order")
    it.add_argument("--metric", choices=METRICS, default="rmse")
    it.add_argument("--coverage", type=float, default=0.9, help="of the prediction intervals")
    it.add_argument("--train", type=Path, required=True, help="what split left")
    it.add_argument("--candidates", type=Path, nargs="+", required=True, help="what train left")
    it.add_argument("--model", type=Path, required=True, help="output: the selected model")
    it.add_argument("--leaderboard", type=Path, required=True, help="output: leaderboard.json")
    return it


def main(args: argparse.Namespace) -> None:
    """Write model/ and leaderboard/."""
    tried = [_read(name, folder) for name, folder in zip(args.names, args.candidates, strict=True)]
    board = sorted(tried, key=lambda one: _loss(one, args.metric))
    best = board[0]
    if _loss(best, args.metric) == float("inf"):
        why = ((one["candidate"], one["error"] or "its score is no number") for one in tried)
        reasons = "; ".join(f"{name}: {error}" for name, error in why)
        raise Refused(f"every candidate failed, there is nothing to select ({reasons})")
    leaderboard = {
        "metric": args.metric,
        "selected": best["candidate"],
        "candidates": [_line(one, best, args.metric) for one in board],
    }
    write_json(args.leaderboard / "leaderboard.json", leaderboard)
    done = sum(one["status"] == "done" for one in tried)
    report({"candidates": len(tried), "done": done, **_cv(best)}, args.leaderboard)
    folder = args.candidates[args.names.index(best["candidate"])]
    for name in (MODEL, "oof.parquet"):
        shutil.copyfile(folder / name, args.model / name)
    oof = pd.read_parquet(folder / "oof.parquet")
    manifest = {
        "format": FORMAT,
        **{key: best[key] for key in ("candidate", "model", "params", "cv")},
        "metric": args.metric,
        "signature": read_json(args.train / "signature.json"),
        "interval": calibrate(oof["actual"].to_numpy(), oof["predicted"].to_numpy(), args.coverage),
        "versions": best["versions"],
        "types": best["types"],
        **pass_on(best, folder, args.model),
        "files": {name: digest(args.model / name) for name in (MODEL, "oof.parquet")},
    }
    write_manifest(args.model, manifest)
    report(_cv(best), args.model)


def _read(name: str, folder: Path) -> dict[str, Any]:
    path = folder / "candidate.json"
    if not path.is_file():
        # The step was killed or ran out of time: its folder is there, and empty.
        lost = {"status": "failed", "error": "it ended before it had a result"}
        return {"candidate": name, "model": None, "params": {}, "cv": None, **lost}
    found: dict[str, Any] = read_json(path)
    return {**found, "candidate": name}


def _loss(one: dict[str, Any], metric: str) -> float:
    return loss(metric, one["cv"][metric]) if one["status"] == "done" else float("inf")


def _cv(one: dict[str, Any]) -> dict[str, Any]:
    return {f"cv_{name}": value for name, value in one["cv"].items()}


def _line(one: dict[str, Any], best: dict[str, Any], metric: str) -> dict[str, Any]:
    difference = None
    if one["status"] == "done":
        pairs = zip(one["folds"], best["folds"], strict=True)
        gaps = [_number(mine[metric]) - _number(its[metric]) for mine, its in pairs]
        difference = {"mean": float(np.mean(gaps)), "se": standard_error(gaps)}
    kept = ("candidate", "model", "status", "error", "cv", "seconds", "bytes")
    return {key: one.get(key) for key in kept} | {"difference": difference}


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


if __name__ == "__main__":
    run(parser, main)
