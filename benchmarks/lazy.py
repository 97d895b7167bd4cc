"""Nine steps whose scripts import everything inside functions, by the command that people type.

.venv/bin/python benchmarks/lazy.py [--runs 5]

Beside it a plain script that does the same work in one process, and a fork server of a page
(fork_probe.py) that is told what to import.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from functools import partial
from pathlib import Path

import timing
from timing import CONCRETE, ROOT, Contestant

DATA = ROOT / "data" / "concrete.csv"
TARGET = "compressive_strength"
# Of each model: the module and the class, then its parameters.
MODELS = {
    "linear": ("sklearn.linear_model:LinearRegression", {}),
    "knn": ("sklearn.neighbors:KNeighborsRegressor", {"n_neighbors": 5}),
    "tree": ("sklearn.tree:DecisionTreeRegressor", {"max_depth": 5, "random_state": 0}),
    "forest": ("sklearn.ensemble:RandomForestRegressor", {"n_estimators": 100, "random_state": 0}),
    "boost": ("sklearn.ensemble:GradientBoostingRegressor", {"n_estimators": 200}),
    "xgb": ("xgboost:XGBRegressor", {"n_estimators": 300, "n_jobs": 1}),
}
MODULES = [
    *("pandas", "joblib", "sklearn.model_selection", "sklearn.preprocessing", "sklearn.metrics"),
    *(place.partition(":")[0] for place, _ in MODELS.values()),
]
WORK = f'''"""What the steps share; nothing is imported before it is needed."""
import json, pathlib
TARGET = {TARGET!r}

def divide(source, out):
    import pandas
    from sklearn.model_selection import train_test_split
    parts = train_test_split(pandas.read_csv(source), test_size=0.2, random_state=0)
    for name, part in zip(("train", "test"), parts):
        part.to_csv(out / f"{{name}}.csv", index=False)

def scale(folder, out):
    import joblib, pandas
    from sklearn.preprocessing import StandardScaler
    scaler = None
    for name in ("train", "test"):
        part = pandas.read_csv(folder / f"{{name}}.csv").astype(float)
        rows = part.drop(columns=TARGET)
        scaler = scaler or StandardScaler().fit(rows)
        rows[:] = scaler.transform(rows)
        rows.assign(**{{TARGET: part[TARGET]}}).to_csv(out / f"{{name}}.csv", index=False)
    joblib.dump(scaler, out / "scaler.joblib")

MODELS = {{
'''
LINE = '    {name!r}: lambda: __import__({module!r}, fromlist=["x"]).{cls},\n'
REST = """}

def fit(model, params, folder, out):
    import joblib, pandas
    from sklearn.model_selection import KFold, cross_val_score
    rows = pandas.read_csv(folder / "train.csv")
    target = rows.pop(TARGET)
    folds = KFold(5, shuffle=True, random_state=0)
    scores = cross_val_score(MODELS[model]()(**params), rows, target, cv=folds,
                             scoring="neg_root_mean_squared_error")
    joblib.dump(MODELS[model]()(**params).fit(rows, target), out / "model.joblib")
    (out / "rmse.json").write_text(json.dumps(-float(scores.mean())))

def choose(tried, folder, out):
    import joblib, pandas
    from sklearn.metrics import root_mean_squared_error
    best = min(tried, key=lambda one: json.loads((one / "rmse.json").read_text()))
    rows = pandas.read_csv(folder / "test.csv")
    target = rows.pop(TARGET)
    model = joblib.load(best / "model.joblib")
    found = float(root_mean_squared_error(target, model.predict(rows)))
    (out / "best.json").write_text(json.dumps({"best": best.parent.name, "rmse": found}))
"""
STEP = """import argparse, json, pathlib
import work
parser = argparse.ArgumentParser()
for name in ("source", "folder", "out"): parser.add_argument(f"--{name}", type=pathlib.Path)
parser.add_argument("--tried", type=pathlib.Path, nargs="+")
parser.add_argument("--model")
parser.add_argument("--params", type=json.loads)
args = parser.parse_args()
"""
CALLS = {
    "divide": "work.divide(args.source, args.out)",
    "scale": "work.scale(args.folder, args.out)",
    "fit": "work.fit(args.model, args.params, args.folder, args.out)",
    "choose": "work.choose(args.tried, args.folder, args.out)",
}
PLAIN = """import pathlib, sys
sys.path.insert(0, "scripts")
import work
out = pathlib.Path("plain")
for name in ("divide", "scale", "choose", *{models!r}):
    (out / name).mkdir(parents=True, exist_ok=True)
work.divide({data!r}, out / "divide")
work.scale(out / "divide", out / "scale")
for name, params in {models!r}.items(): work.fit(name, params, out / "scale", out / name)
work.choose([out / name for name in {models!r}], out / "scale", out / "choose")
"""


def write(folder: Path) -> None:
    """Write the scripts, the experiment and the plain script."""
    scripts = folder / "scripts"
    scripts.mkdir()
    lines = (
        LINE.format(name=name, module=place.partition(":")[0], cls=place.partition(":")[2])
        for name, (place, _) in MODELS.items()
    )
    (scripts / "work.py").write_text(WORK + "".join(lines) + REST)
    for name, call in CALLS.items():
        (scripts / f"{name}.py").write_text(STEP + call + "\n")
    models = {name: params for name, (_, params) in MODELS.items()}
    (folder / "plain.py").write_text(PLAIN.format(models=models, data=str(DATA)))
    table = '[experiment]\nname = "lazy"\n[pipeline]\nscripts = "scripts"\n'
    for name, step in steps({}).items():
        given = {
            flag: [word] if isinstance(word, str) else word for flag, word in step["in"].items()
        }
        table += f'[pipeline.steps.{name}]\nscript = "{step["script"]}.py"\noutputs = ["out"]\n'
        table += f"inputs = {{ {', '.join(f'{k} = {json.dumps(v)}' for k, v in given.items())} }}\n"
        if "model" in step:
            params = ", ".join(f"{k} = {json.dumps(v)}" for k, v in MODELS[name[2:]][1].items())
            table += f'params = {{ model = "{step["model"]}", params = {{ {params} }} }}\n'
    (folder / "concrete.toml").write_text(table)


def steps(changed: dict[str, dict[str, int]]) -> dict[str, dict]:
    """Return the nine steps: script, what they read, and of a model its parameters."""
    models = [f"m_{name}" for name in MODELS]
    fits = {
        f"m_{name}": {
            "script": "fit",
            "in": {"folder": "scale.out"},
            "model": name,
            "params": MODELS[name][1] | changed.get(name, {}),
        }
        for name in MODELS
    }
    return {
        "divide": {"script": "divide", "in": {"source": str(DATA)}},
        "scale": {"script": "scale", "in": {"folder": "divide.out"}},
        **fits,
        "best": {
            "script": "choose",
            "in": {"tried": [f"{name}.out" for name in models], "folder": "scale.out"},
        },
    }


def probe(folder: Path, changed: dict[str, dict[str, int]]) -> None:
    """Write the steps as the probe takes them."""
    found = {}
    for name, step in steps(changed).items():
        argv = []
        for flag, words in step["in"].items():
            several = [words] if isinstance(words, str) else words
            argv += [
                f"--{flag}",
                *(word.replace(".", "/") if ".out" in word else word for word in several),
            ]
        if "model" in step:
            argv += ["--model", step["model"], "--params", json.dumps(step["params"])]
        needs = [
            word[:-4]
            for words in step["in"].values()
            for word in ([words] if isinstance(words, str) else words)
            if word.endswith(".out")
        ]
        found[name] = {
            "script": f"../scripts/{step['script']}.py",
            "argv": argv,
            "needs": needs,
            "out": f"{name}/out",
        }
    (folder / "steps.json").write_text(json.dumps({"modules": MODULES, "steps": found}))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    print(f"nine steps that import inside functions; {timing.machine()}\n")
    with tempfile.TemporaryDirectory() as name:
        folder, there = Path(name), Path(name, "probe")
        there.mkdir()
        write(folder)
        probe(there, {})
        python = timing.sys.executable
        home = folder / ".concrete"
        plain = Contestant("plain script", [python, "plain.py"], folder)
        least = Contestant(
            "fork probe", [python, str(ROOT / "benchmarks/fork_probe.py"), "steps.json"], there
        )
        least.before = partial(_forget, there)
        ours = Contestant("concrete, first time", [CONCRETE, "run", "-q"], folder)
        ours.before = partial(shutil.rmtree, home, ignore_errors=True)
        again = Contestant("concrete, it has run before", [CONCRETE, "run", "-q"], folder)
        again.before = partial(_leave_notes, home)
        contestants = [plain, ours, again, least]
        timing.alternate(contestants, runs)
        print(timing.table("From nothing", contestants, plain))
        print(_changed(ours, least, there, runs))


def _changed(ours: Contestant, least: Contestant, there: Path, runs: int) -> str:
    """One parameter of one model changes each time."""
    mine = Contestant("concrete", ours.command, ours.cwd)
    theirs = Contestant("fork probe", least.command, least.cwd)
    counts = {mine.name: iter(range(6, 1000)), theirs.name: iter(range(6, 1000))}

    def change_ours() -> None:
        value = next(counts[mine.name])
        change = f"pipeline.steps.m_knn.params.params.n_neighbors={value}"
        mine.command = [*ours.command, "--set", change]

    def change_theirs() -> None:
        probe(there, {"knn": {"n_neighbors": next(counts[theirs.name])}})

    mine.before, theirs.before = change_ours, change_theirs
    timing.alternate([mine, theirs], runs)
    return timing.table("One parameter changed", [mine, theirs], theirs)


def _leave_notes(home: Path) -> None:
    for name in ("cache", "plans"):
        shutil.rmtree(home / name, ignore_errors=True)
        (home / name).mkdir(parents=True)


def _forget(folder: Path) -> None:
    for path in folder.glob("*/out"):
        shutil.rmtree(path)


if __name__ == "__main__":
    main()
