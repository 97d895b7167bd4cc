"""What tuning is worth, and how fast it is: nested cross-validation, the mixes kept whole.

    python benchmarks/finetune.py                  # 5 outer folds x 60 s: about 7 minutes
    python benchmarks/finetune.py --outer 2 --budget 20

The outer folds are scikit-learn's GroupKFold by mix, in the order of the file. Each is a test set
that neither the untuned nor the tuned model has seen. The steps are those of `concrete finetune`,
in as many processes as it has workers. The rival for speed is what people write: one process,
Optuna, `cross_val_score` of the same pipeline on the same folds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "steps")]

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from sklearn.model_selection import GroupKFold  # noqa: E402

from _bundle import load_bundle  # noqa: E402
from _families import family  # noqa: E402
from _folds import Folds  # noqa: E402
from _groups import assign, group_numbers, strata  # noqa: E402
from _scores import scores  # noqa: E402
from _signature import signature  # noqa: E402
from _space import values  # noqa: E402
from _spaces import space  # noqa: E402
from _step import read_json, write_json  # noqa: E402
from concrete_cli import config  # noqa: E402
from concrete_cli.plan import Item, Output, Plan, Step  # noqa: E402
from concrete_cli.workflows.finetune import Start, finetune  # noqa: E402
from concrete_cli.workflows.train import prepare  # noqa: E402

SEED = 0


def main() -> None:
    """Print a table, a line an outer fold."""
    it = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    it.add_argument("--experiment", type=Path, default=ROOT / "configs" / "concrete.toml")
    it.add_argument("--family", default="lightgbm")
    it.add_argument("--outer", type=int, default=5, help="outer folds to run, of 5")
    it.add_argument("--budget", type=float, default=60, help="seconds of tuning per fold")
    it.add_argument("--workers", type=int, default=2)
    it.add_argument(
        "--set", action="append", default=[], help="a setting, such as finetune.average=5"
    )
    it.add_argument("--seed", type=int, help="shuffle the outer folds by this seed")
    it.add_argument("--no-rival", action="store_true", help="no plain Optuna loop")
    args = it.parse_args()
    sets = (f"finetune.budget={args.budget}", "finetune.trials=100000", *args.set)
    experiment = config.load(args.experiment, sets)
    print("fold  library  untuned    tuned     kept           inner  trials  per s")
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch, "prepare", "data")
        first, folder = prepare(experiment), Path(scratch)
        if start(first, folder, lambda item: placed(item, folder, {})).wait():
            raise SystemExit("prepare failed")
        for fold in range(args.outer):
            one = nested(experiment, args, data, fold, Path(scratch, str(fold)))
            found.append(one)
            print(
                f"{fold:>4} {one['library']:>8.3f} {one['untuned']:>8.3f} {one['tuned']:>8.3f}"
                f" {one['kept']:>8} {one['inner'][0]:>7.3f} {one['inner'][1]:>7.3f}"
                f" {one['trials']:>7} {one['rate']:>6.2f}",
                flush=True,
            )
        wanted = ("library", "untuned", "tuned", "rate")
        means = {name: float(np.mean([one[name] for one in found])) for name in wanted}
        scores_ = " ".join(f"{means[name]:>8.3f}" for name in wanted[:3])
        print(f"mean {scores_} {'':>32} {means['rate']:>6.2f}")
        if not args.no_rival:
            rate = max(rival(Path(scratch, "0", "train"), args, cpus) for cpus in (1, args.workers))
            print(f"plain Optuna loop in one process: {rate:.2f} trials/s, at its better of 1 and")
            print(f"{args.workers} threads; ours are {means['rate'] / rate:.1f} x as many")


def nested(
    experiment: Any, args: argparse.Namespace, data: Path, fold: int, folder: Path
) -> dict[str, Any]:
    """Train, tune and test with one outer fold held out."""
    test = split(experiment, data, fold, folder, args.seed)
    candidate, selected = folder / "candidate", folder / "selected"
    train = folder / "train"
    words = {"name": args.family, "model": args.family, "seed": SEED, "train": train}
    script("train.py", words, {"candidate": candidate})
    board = folder / "board"
    words = {"names": json.dumps([args.family]), "train": train, "candidates": candidate}
    script("choose.py", words, {"model": selected, "leaderboard": board})
    start = Start("X", args.family, args.family, {}, slots=args.workers)
    plan = finetune(experiment, start)
    places = {
        "run:X/split.train": train,
        "run:X/select.model": selected,
        "run:X/select.leaderboard": board,
    }
    play(plan, folder / "tune", places)
    tuning = read_json(folder / "tune" / "select" / "leaderboard" / "tuning.json")
    target = test.pop(experiment.data.target).to_numpy(float)

    def score(model: Path) -> float:
        return scores(target, load_bundle(model)[0].predict(test))["rmse"]

    return {
        "library": scores(target, library(args.family, train).predict(test))["rmse"],
        "untuned": score(selected),
        "tuned": score(folder / "tune" / "select" / "model"),
        "kept": tuning["kept"],
        "inner": (tuning["untuned"], tuning["best"]),
        "trials": tuning["trials"],
        "rate": tuning["trials"] / tuning["seconds"],
    }


def split(experiment: Any, data: Path, fold: int, folder: Path, seed: int | None) -> pd.DataFrame:
    """Write the train folder that `split` would leave; return the rows of the outer fold."""
    rows = pd.read_parquet(data / "data.parquet")
    facts = read_json(data / "profile.json")
    groups = group_numbers(rows, experiment.split.group_by)
    bins = strata(rows["cement"], 5)
    random = np.random.default_rng(seed or 0)
    folds = GroupKFold(5, shuffle=seed is not None, random_state=seed).split(rows, groups=groups)
    outer = np.empty(len(rows), dtype=int)
    for number, (_, out) in enumerate(folds):
        outer[out] = number
    train, inside = rows[outer != fold], outer != fold
    numbers = np.unique(groups[inside], return_inverse=True)[1]
    inner = assign(numbers, bins[inside], [0.2] * 5, random)[numbers]
    into = folder / "train"
    into.mkdir(parents=True)
    train.to_parquet(into / "rows.parquet", index=False)
    pd.DataFrame({"fold": inner, "group": numbers}).to_parquet(into / "folds.parquet", index=False)
    write_json(into / "signature.json", signature(train, facts))
    write_json(into / "metrics.json", {"rows": len(train), "groups": int(numbers.max()) + 1})
    return rows[outer == fold]


def library(family_: str, train: Path) -> Any:
    """Return the family's class as its library comes, without our preset, fitted."""
    folds = Folds(train, SEED, 1)
    pipeline = folds.pipeline(family_, {})
    module, _, name = family(family_).path.partition(":")
    quiet = {"verbose": -1} if family_ == "lightgbm" else {}
    pipeline.set_params(model=getattr(import_module(module), name)(**quiet))
    return pipeline.fit(folds.rows, folds.target)


def rival(train: Path, args: argparse.Namespace, cpus: int) -> float:
    """Return the trials per second of a plain Optuna loop, in half of the time each."""
    import optuna
    from sklearn.model_selection import PredefinedSplit, cross_val_score
    from threadpoolctl import threadpool_limits

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    folds = Folds(train, SEED, cpus)
    searches = space(args.family)
    threadpool_limits(cpus, user_api="openmp")

    def objective(trial: Any) -> float:
        point = {name: trial.suggest_float(name, 0, 1) for name in searches}
        pipeline = folds.pipeline(args.family, values(searches, point))
        found = cross_val_score(
            pipeline,
            folds.rows,
            folds.target,
            cv=PredefinedSplit(folds.fold),
            scoring="neg_root_mean_squared_error",
        )
        return -float(found.mean())

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=SEED))
    begin = time.perf_counter()
    study.optimize(objective, timeout=args.budget / 2)
    return len(study.trials) / (time.perf_counter() - begin)


def play(plan: Plan, folder: Path, places: dict[str, Path]) -> None:
    """Run the steps of a plan as far as select, the shards side by side."""

    def place(item: Item) -> Path:
        return placed(item, folder, places)

    shards = [step for step in plan.steps if step.name.startswith("tune_")]
    started = [start(step, folder, place) for step in shards]
    for process in started:
        if process.wait():
            raise SystemExit(f"a step failed: {process.args}")
    if start(plan.step("select"), folder, place).wait():
        raise SystemExit("select failed")


def placed(item: Item, folder: Path, places: dict[str, Path]) -> Path:
    """Return where an input or output lies."""
    if isinstance(item, Output):
        return folder / item.step / item.name
    return places.get(item.uri) or Path(item.uri)


def start(step: Step, folder: Path, place: Any) -> subprocess.Popen[bytes]:
    """Start a step's script with one thread."""
    for output in step.outputs:
        (folder / step.name / output.name).mkdir(parents=True)
    words = [sys.executable, ROOT / "steps" / step.script, *step.argv(place)]
    return subprocess.Popen(
        [str(word) for word in words],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
    )


def script(name: str, words: dict[str, Any], outputs: dict[str, Path]) -> None:
    """Run a step's script."""
    for path in outputs.values():
        path.mkdir(parents=True)
    argv = [
        word for key, value in {**words, **outputs}.items() for word in (f"--{key}", str(value))
    ]
    subprocess.run(
        [sys.executable, ROOT / "steps" / name, *argv], check=True, stdout=subprocess.DEVNULL
    )


if __name__ == "__main__":
    main()
