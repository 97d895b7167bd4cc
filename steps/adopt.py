"""Keep the tuned model if it beats the untuned one on the same folds, else the untuned one.

Beats: the mean gain over the folds is larger than its standard error. The best of many trials looks
better than it is on the folds that chose it; so each fold judges what the other folds have chosen.
The test rows are not seen.
"""

from __future__ import annotations

import argparse
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from _bundle import save_model
from _families import types
from _folds import Folds, load_libraries, untuned
from _intervals import calibrate
from _manifest import FORMAT, MANIFEST, MODEL, check_sums, digest, write_manifest
from _own_code import carry, pass_on
from _pipeline import fit
from _scores import METRICS, standard_error
from _step import arguments, cpus, json_value, limit_threads, read_json, report, run, write_json
from _trials import Trial
from _tuning import beats, best_trials, combined, cv, every_trial, extended, gained, summary
from _versions import versions

OOF = "oof.parquet"


def parser() -> argparse.ArgumentParser:
    """Return the arguments of this step."""
    it = arguments(__doc__)
    it.add_argument("--metric", choices=METRICS, default="rmse")
    it.add_argument("--seed", type=int, default=0)
    it.add_argument("--coverage", type=float, default=0.9, help="of the prediction intervals")
    it.add_argument("--average", type=int, default=1, help="how many of the best are averaged")
    it.add_argument("--files", type=json_value, default=[], help="that its class reads")
    it.add_argument("--train", type=Path, required=True, help="what split left")
    it.add_argument("--untuned", type=Path, required=True, help="the model that train selected")
    it.add_argument("--board", type=Path, required=True, help="the leaderboard of train")
    it.add_argument("--tried", type=Path, nargs="+", required=True, help="what tune left")
    it.add_argument("--model", type=Path, required=True, help="output: the model to go on with")
    it.add_argument("--leaderboard", type=Path, required=True, help="output: also tuning.json")
    return it


def main(args: argparse.Namespace) -> None:
    """Write model/ and leaderboard/ (leaderboard.json, tuning.json)."""
    manifest = check_sums(args.untuned)
    needed = load_libraries(manifest["model"], manifest["params"])
    limit_threads()
    folds = Folds(args.train, args.seed, cpus())
    before = untuned(args.untuned, folds, manifest["params"])
    trials = every_trial(args.tried)
    best = best_trials(trials, args.metric, args.average)
    model, params = combined(manifest["model"], best) if best else (manifest["model"], {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oof = _judged(args, folds, manifest["model"], trials) if best else None
        after = _scores(folds, oof) if oof is not None else [*before.folds]
        gains = gained(before, after, args.metric)
        gain, spread = float(np.mean(gains)), standard_error(gains)
        kept = "tuned" if beats(gains) else "untuned"
        if kept == "tuned":
            changed = {"model": model, "params": params, "cv": cv(after, args.metric)}
            write_model(args, folds, manifest | changed, needed, oof)
        else:
            _copy(args.untuned, args.model)
            pass_on(manifest, args.untuned, args.model)
    before_cv = cv(before.folds, args.metric)
    kept_cv = cv(after, args.metric) if kept == "tuned" else before_cv
    report({f"cv_{name}": value for name, value in kept_cv.items()}, args.model)
    tuning = {
        "candidate": manifest["candidate"],
        "metric": args.metric,
        "kept": kept,
        "gain": gain,
        "gain_se": spread,
        "best": cv(after, args.metric)[args.metric],
        "untuned": before_cv[args.metric],
        "params": params if best else None,
        "averaged": len(best),
        "shares": [len(every_trial([path])) for path in args.tried],
        **summary(trials, args.metric),
    }
    write_json(args.leaderboard / "tuning.json", tuning)
    board = extended(read_json(args.board / "leaderboard.json"), manifest, tuning, after)
    write_json(args.leaderboard / "leaderboard.json", board)
    wanted = ("trials", "gain", "gain_se", "best", "seconds")
    report({name: tuning[name] for name in wanted}, args.leaderboard)
    print(f"{kept} model kept: gain {gain:.4g}, standard error {spread:.4g}")


def _judged(
    args: argparse.Namespace, folds: Folds, model: str, trials: list[Trial]
) -> NDArray[np.float64]:
    """Return out-of-fold predictions by what the other folds have chosen."""
    predicted = np.full(len(folds.target), np.nan)
    for number in range(folds.count):
        chosen = best_trials(trials, args.metric, args.average, without=number)
        predicted[folds.fold == number] = folds.predict(number, *combined(model, chosen))
    return predicted


def write_model(
    args: argparse.Namespace, folds: Folds, manifest: dict[str, Any], needed: Any, oof: Any
) -> None:
    """Fit the tuned model on all train rows and write its folder."""
    model, params = manifest["model"], manifest["params"]
    pipeline = fit(folds.pipeline(model, params), folds.rows, folds.target)
    allowed = types(model, params)
    save_model(pipeline, args.model / MODEL, allowed)
    columns = {"row": np.arange(len(oof)), "fold": folds.fold}
    table = pd.DataFrame({**columns, "actual": folds.target, "predicted": oof})
    table.to_parquet(args.model / OOF, index=False)
    code = carry(model, params, args.model, args.files)
    code = code or pass_on(manifest, args.untuned, args.model)
    changed = {
        "format": FORMAT,
        "interval": calibrate(folds.target, oof, args.coverage),
        "versions": versions([*needed, *code.get("imports", ())]),
        **code,
        "types": allowed,
        "files": {name: digest(args.model / name) for name in (MODEL, OOF)},
    }
    write_manifest(args.model, manifest | changed)


def _copy(model: Path, into: Path) -> None:
    for name in (MODEL, OOF, MANIFEST):
        shutil.copyfile(model / name, into / name)


def _scores(folds: Folds, oof: Any) -> list[Mapping[str, float]]:
    return [folds.score(number, oof[folds.fold == number]) for number in range(folds.count)]


if __name__ == "__main__":
    run(parser, main)
