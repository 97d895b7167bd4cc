"""Try one candidate: cross-validate it on the train rows' folds, then fit it on all of them.

A candidate that fails says so in candidate.json and exits 0: the others go on. It is tried again in
the next run; one that is skipped, since there are too many rows for it, is not.
"""

from __future__ import annotations

import argparse
import time
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from _bundle import save_model
from _families import max_rows, modules, types
from _manifest import MODEL
from _own_code import carry
from _pipeline import build, fit
from _scores import METRICS, scores, standard_error
from _step import (
    arguments,
    cpus,
    json_value,
    limit_threads,
    may_pass,
    read_json,
    report,
    run,
    write_json,
)
from _versions import versions


def parser() -> argparse.ArgumentParser:
    """Return the arguments of this step."""
    it = arguments(__doc__)
    it.add_argument("--name", required=True, help="the candidate's name in the experiment")
    it.add_argument("--model", required=True, help="a family, or module:Class")
    it.add_argument("--params", type=json_value, default={}, help="go before the preset")
    it.add_argument("--metric", choices=METRICS, default="rmse")
    it.add_argument("--seed", type=int, default=0)
    it.add_argument("--max-rows", type=int, help="skip the candidate above this many rows")
    it.add_argument("--files", type=json_value, default=[], help="that its class reads")
    it.add_argument("--train", type=Path, required=True, help="what split left")
    it.add_argument("--candidate", type=Path, required=True, help="output: the tried candidate")
    return it


def main(args: argparse.Namespace) -> None:
    """Write candidate.json, oof.parquet, model.skops, metrics.json."""
    start = time.perf_counter()
    facts: dict[str, Any] = {
        "candidate": args.name,
        "model": args.model,
        "params": args.params,
        "status": "done",
        "error": None,
        "cv": None,
        "folds": [],
    }
    rows = pd.read_parquet(args.train / "rows.parquet")
    limit = max_rows(args.model, args.params) if args.max_rows is None else args.max_rows
    if limit is not None and len(rows) > limit:
        facts["status"] = "skipped"
        facts["error"] = (
            f"{args.model} does not scale: {len(rows)} rows are more than {limit};"
            f" set max_rows of candidate {args.name} to try it all the same"
        )
        print(facts["error"])
    else:
        try:
            facts |= _try(args, rows)
        except Exception as error:  # noqa: BLE001  any library may raise anything
            traceback.print_exc()
            facts["status"], facts["error"] = "failed", f"{type(error).__name__}: {error}"
            may_pass(facts["error"])
    model = args.candidate / MODEL
    facts["bytes"] = model.stat().st_size if model.exists() else 0
    facts["seconds"] = time.perf_counter() - start
    write_json(args.candidate / "candidate.json", facts)
    cv = {f"cv_{name}": value for name, value in (facts["cv"] or {}).items()}
    report({**cv, "bytes": facts["bytes"], "seconds": facts["seconds"]}, args.candidate)


def _try(args: argparse.Namespace, rows: pd.DataFrame) -> dict[str, Any]:
    needed = modules(args.model, args.params)
    for module in needed:
        import_module(module)
    limit_threads()
    signature = read_json(args.train / "signature.json")
    fold = pd.read_parquet(args.train / "folds.parquet")["fold"].to_numpy()
    actual = rows.pop(signature["target"]).to_numpy(dtype=np.float64)
    pipeline = build(signature, args.model, args.params, args.seed, cpus())
    predicted = np.full(len(rows), np.nan)
    folds = []
    for number in range(int(fold.max()) + 1):
        out = fold == number
        begin = time.perf_counter()
        fitted = fit(clone(pipeline), rows[~out], actual[~out])
        between = time.perf_counter()
        predicted[out] = fitted.predict(rows[out])
        end = time.perf_counter()
        if not np.isfinite(predicted[out]).all():
            raise ValueError(f"a prediction in fold {number} is not a finite number")
        folds.append(
            {
                **scores(actual[out], predicted[out]),
                "rows": int(out.sum()),
                "fit_seconds": between - begin,
                "predict_seconds": end - between,
            }
        )
        print(f"fold {number}: {args.metric} {folds[-1][args.metric]:.4g}")
    cv = {name: float(np.mean([one[name] for one in folds])) for name in METRICS}
    cv["se"] = standard_error([one[args.metric] for one in folds])
    oof = {"row": np.arange(len(rows)), "fold": fold, "actual": actual, "predicted": predicted}
    fit(pipeline, rows, actual)
    allowed = types(args.model, args.params)
    save_model(pipeline, args.candidate / MODEL, allowed)
    pd.DataFrame(oof).to_parquet(args.candidate / "oof.parquet", index=False)
    code = carry(args.model, args.params, args.candidate, args.files)
    made_with = versions([*needed, *code.get("imports", ())])
    return {"cv": cv, "folds": folds, "versions": made_with, "types": allowed, **code}


if __name__ == "__main__":
    run(parser, main)
