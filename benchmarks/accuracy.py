"""How good the selected candidate is: over split seeds, by mix and on plain random splits.

    .venv/bin/python benchmarks/accuracy.py [--seeds 0,1,2,3,4]

Nothing here is chosen by test rows: the candidate is selected by its cross-validated score. The
last table cross-validates on all rows with scikit-learn's unshuffled GroupKFold, which is how
figures for these data are mostly given: there are no test rows, and more rows to learn from.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd
import timing
from sklearn.model_selection import GroupKFold
from timing import CONCRETE, ROOT

from concrete_cli import config

EXPERIMENT = str(ROOT / "configs" / "concrete.toml")
PLAIN = ("split.group_by=[]", "split.test_fraction=0.1")
LIGHTGBM = {
    "n_estimators": 100,
    "learning_rate": 0.1,
    "num_leaves": 31,
    "min_child_samples": 20,
    "subsample": 1.0,
    "subsample_freq": 0,
    "colsample_bytree": 1.0,
    "reg_lambda": 0.0,
}
VOTING = dict(config.load(EXPERIMENT).train.candidates["voting"].params)
TRIED: dict[str, tuple[str, dict[str, Any]]] = {
    "voting": ("voting", VOTING),
    "lightgbm, its own defaults": ("lightgbm", LIGHTGBM),
}


def train(home: str, *sets: str) -> dict[str, Any]:
    """Return the document of a run of the full experiment."""
    changes = [word for change in sets for word in ("--set", change)]
    command = [CONCRETE, "train", EXPERIMENT, "--json", "-q", *changes, "--home", home]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return dict(json.loads(done.stdout))


def splits(seeds: list[int]) -> None:
    """Print what the experiment comes to with each seed of its split."""
    print("| split | seed | selected | CV RMSE | test RMSE | coverage | seconds |")
    print("|---|--:|---|--:|--:|--:|--:|")
    for title, sets in (("by mix", ()), ("random 90/10", PLAIN)):
        scores = []
        for seed in seeds:
            with tempfile.TemporaryDirectory() as home:
                begin = time.perf_counter()
                found = train(home, f"experiment.seed={seed}", *sets)
                seconds = time.perf_counter() - begin
            selected, test = found["selected"], found["test"]
            scores.append((selected["cv"]["rmse"], test["rmse"]))
            row = [title, seed, selected["candidate"], f"{scores[-1][0]:.3f}"]
            row += [f"{scores[-1][1]:.3f}", f"{test['coverage']:.3f}", f"{seconds:.0f}"]
            print("| " + " | ".join(map(str, row)) + " |", flush=True)
        means = [statistics.mean(column) for column in zip(*scores, strict=True)]
        print(f"| {title} | mean | | {means[0]:.3f} | {means[1]:.3f} | | |", flush=True)


def all_rows(seeds: list[int]) -> None:
    """Print cross-validated scores on all rows, with each seed of the models."""
    print(
        "\n| all rows, GroupKFold(5) by mix | CV RMSE with each model seed | mean |\n|---|---|--:|"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = gathered(Path(name))
        for title, (model, params) in TRIED.items():
            found = [tried(folder, model, params, seed) for seed in seeds]
            words = " ".join(f"{score:.3f}" for score in found)
            print(f"| {title} | {words} | {statistics.mean(found):.3f} |", flush=True)


def gathered(folder: Path) -> Path:
    """Return a folder like that of the step split, with all rows and GroupKFold's folds."""
    home = str(folder / "home")
    linear = 'train.candidates={linear={model="linear"}}'
    run = train(home, linear)["run"]
    for output in ("prepare.data", "split.train"):
        into = str(folder / output)
        fetch = [CONCRETE, "fetch", run, output, into, "--home", home]
        subprocess.run(fetch, check=True, stdout=subprocess.DEVNULL)
    rows = pd.read_parquet(folder / "prepare.data" / "data.parquet")
    mixes = rows.columns.difference(["age", "compressive_strength"])
    group = rows.groupby(list(mixes), sort=False).ngroup().to_numpy()
    fold = rows["age"].to_numpy(dtype="int64") * 0
    for number, (_, out) in enumerate(GroupKFold(5).split(rows, groups=group)):
        fold[out] = number
    made = folder / "all"
    made.mkdir()
    rows.to_parquet(made / "rows.parquet", index=False)
    pd.DataFrame({"fold": fold, "group": group}).to_parquet(made / "folds.parquet", index=False)
    shutil.copy(folder / "split.train" / "signature.json", made)
    return made


def tried(folder: Path, model: str, params: dict[str, Any], seed: int) -> float:
    """Return the cross-validated RMSE that the step train finds."""
    with tempfile.TemporaryDirectory() as out:
        words = ["--name", "it", "--model", model, "--params", json.dumps(params)]
        words += ["--seed", str(seed), "--train", str(folder), "--candidate", out]
        subprocess.run(
            [sys.executable, str(ROOT / "steps" / "train.py"), *words],
            check=True,
            stdout=subprocess.DEVNULL,
            env=timing.environment(),
        )
        return float(json.loads(Path(out, "candidate.json").read_text())["cv"]["rmse"])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="0,1,2,3,4")
    seeds = [int(seed) for seed in parser.parse_args().seeds.split(",")]
    print(f"configs/concrete.toml, RMSE in MPa; {timing.machine()}\n")
    splits(seeds)
    all_rows(seeds)


if __name__ == "__main__":
    main()
