"""Declared files: part of the recipe, and of the model whose class reads them."""

import csv
from pathlib import Path

from concrete_cli import payload

STEP = """
import argparse, pathlib, subprocess, sys
HERE = pathlib.Path(__file__).parent
parser = argparse.ArgumentParser()
parser.add_argument("--text", type=pathlib.Path)
args = parser.parse_args()
query = (HERE / "sql" / "query.sql").read_text()
helped = subprocess.run([sys.executable, HERE / "helper.py"], capture_output=True, text=True)
(args.text / "word.txt").write_text(query + helped.stdout)
"""
EXPERIMENT = """
[experiment]
name = "mine"

[pipeline.steps.say]
script = "say.py"
outputs = ["text"]
files = ["sql", "help*.py"]
"""


def test_a_step_runs_again_when_a_declared_file_has_changed(concrete, tmp_path):
    def write(query, word):
        (tmp_path / "sql" / "query.sql").write_text(query)
        (tmp_path / "further.py").write_text(f"WORD = {word!r}")

    def run():
        [folder] = concrete("run", "--json").json()["outputs"].values()
        return Path(folder, "word.txt").read_text()

    (tmp_path / "sql").mkdir()
    (tmp_path / "concrete.toml").write_text(EXPERIMENT)
    (tmp_path / "say.py").write_text(STEP)
    (tmp_path / "helper.py").write_text("import further\nprint(further.WORD)")
    write("select 1; ", "a")
    assert run() == "select 1; a\n"
    assert "1 reused" in concrete("run").stdout

    write("select 2; ", "b")
    why = [line.partition(":")[0] for line in concrete("why", "say").stdout.splitlines()]
    assert why == ["code.further.py", "code.sql/query.sql"]
    assert run() == "select 2; b\n"


CLASS = """
import importlib
import json
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

HERE = Path(__file__).parent


class Const(RegressorMixin, BaseEstimator):
    def __init__(self, times=1.0):
        self.times = times

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict(self, X):
        found = json.loads((HERE / "calibration.json").read_text())["c"]
        found += importlib.import_module("extra").C + __import__("team.unit").unit.ONE
        return np.full(len(X), self.times * found)
"""
FINETUNE = """
[finetune]
trials = 1

[finetune.space.mine]
times = "uniform(1.0, 1.1)"
"""


def test_the_files_of_a_class_go_where_the_model_goes(concrete, tmp_path, monkeypatch):
    """Class beside the experiment, a file and a module that it reads, a package from a path."""
    team = tmp_path / "lib" / "team"
    team.mkdir(parents=True)
    (team / "__init__.py").write_text("")
    (team / "unit.py").write_text("ONE = 1")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "lib"), prepend=":")
    concrete("init", tmp_path)
    file = tmp_path / "concrete.toml"
    head = file.read_text().partition("[finetune]")[0]
    file.write_text(head + FINETUNE + '[register]\nname = "own"\n')
    (tmp_path / "mine.py").write_text(CLASS)
    (tmp_path / "extra.py").write_text("C = 10")
    (tmp_path / "calibration.json").write_text('{"c": 24}')
    own = 'train.candidates={mine={model="mine:Const",files="calibration.json"}}'
    words = ["--set", own]
    concrete("train", *words)
    (tmp_path / "calibration.json").write_text('{"c": 25}')
    again = {row["step"]: row["why"] for row in concrete("plan", *words, "--json").json()["steps"]}
    assert again["train_mine"][0].startswith("code.calibration.json: ")
    concrete("train", *words)
    concrete("finetune", *words)
    version = tmp_path / ".concrete/models/own/1"
    carried = {path.relative_to(version).as_posix() for path in version.glob("code/**/*.*")}
    assert carried == {
        f"code/{name}"
        for name in ("mine.py", "extra.py", "calibration.json", "team/__init__.py", "team/unit.py")
    }

    for path in ("mine.py", "extra.py", "calibration.json"):
        (tmp_path / path).unlink()
    monkeypatch.delenv("PYTHONPATH")
    rows = "\n".join((payload.folder("data") / "concrete.csv").read_text().splitlines()[:3])
    more = ("--out", "-", "--keep", "compressive_strength")
    scored = concrete("score", *words, *more, "--model", "own", stdin=rows)
    predicted = {row["prediction"] for row in csv.DictReader(scored.stdout.splitlines())}
    assert {*map(float, predicted)} == {36}
