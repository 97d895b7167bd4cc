"""A candidate of the user's own, from the experiment's folder or its scripts folder."""

import re

import pytest

MODEL = """
import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from my_helper import middle


class MyRegressor(RegressorMixin, BaseEstimator):
    def __init__(self, shrink=0.0):
        self.shrink = shrink

    def fit(self, X, y):
        self.middle_ = middle(y)
        self.weights_ = np.linalg.lstsq(X - X.mean(axis=0), y - self.middle_, rcond=None)[0]
        self.means_ = X.mean(axis=0)
        return self

    def predict(self, X):
        return self.middle_ + (1 - self.shrink) * (X - self.means_) @ self.weights_
"""
HELPER = "import numpy as np\n\n\ndef middle(values):\n    return float(np.mean(values))\n"
OWN = 'train.candidates={mine={model="my_module:MyRegressor"},ridge={model="ridge"}}'


def test_own_model_is_tried_beside_others(concrete, tmp_path):
    concrete("init", tmp_path)
    folder = tmp_path / "scripts"
    folder.mkdir()
    (folder / "my_module.py").write_text(MODEL)
    (folder / "my_helper.py").write_text(HELPER)
    words = ["--set", 'pipeline.scripts="scripts"', "--set", OWN]

    first = concrete("train", *words, "--json").json()

    by_name = {one["candidate"]: one for one in first["leaderboard"]}
    assert by_name["mine"]["status"] == "done", by_name["mine"]["error"]
    assert by_name["mine"]["cv"]["rmse"] == pytest.approx(by_name["ridge"]["cv"]["rmse"], rel=0.02)

    (folder / "my_helper.py").write_text(HELPER.replace("mean", "median"))
    again = concrete("plan", *words, "--json").json()["steps"]

    decisions = {row["step"]: row["decision"] for row in again}
    assert decisions["train_mine"] == "run"
    assert decisions["train_ridge"] == "reuse"


LICENSED = """
import os
import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin


class Licensed(RegressorMixin, BaseEstimator):
    def __init__(self, depth=1):
        self.depth = depth

    def fit(self, X, y):
        os.environ["LAB_LICENCE"]
        self.mean_ = float(np.mean(y))
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)
"""


def test_a_candidate_that_failed_is_tried_again(concrete, tmp_path):
    concrete("init", tmp_path)
    (tmp_path / "licensed.py").write_text(LICENSED)
    words = ["--set", 'train.candidates={mine={model="licensed:Licensed"},ridge={model="ridge"}}']

    failed = concrete("train", *words, "--json").json()
    planned = concrete("plan", *words).stdout
    why = concrete("why", "train_mine", *words).stdout
    there = {"LAB_LICENCE": "yes"}
    resumed = concrete("resume", "--json", env=there).json()
    again = concrete("train", *words, "--json", env=there).json()

    assert {one["candidate"]: one["status"] for one in failed["leaderboard"]} == {
        "ridge": "done",
        "mine": "failed",
    }
    assert re.search(r"^run +train_mine .* failed last time$", planned, re.MULTILINE)
    assert re.search(r"^reuse +train_ridge ", planned, re.MULTILINE)
    assert why == "failed last time: KeyError: 'LAB_LICENCE'\n"
    assert {one["status"] for one in resumed["leaderboard"]} == {"done"}
    assert {step["state"] for step in again["steps"]} == {"reused"}


READS = 'middle(y) + float(open(__file__.replace("my_module.py", "shift.txt")).read())'


def test_own_model_alone_is_evaluated(concrete, tmp_path):
    """It reads a file that is not declared: that is said, and only what needs to runs again."""
    concrete("init", tmp_path)
    (tmp_path / "my_module.py").write_text(MODEL.replace("middle(y)", READS))
    (tmp_path / "shift.txt").write_text("0")
    (tmp_path / "my_helper.py").write_text(HELPER)

    only = 'train.candidates={mine={model="my_module:MyRegressor",params={shrink=0.1}}}'
    done = concrete("train", "--set", only, "--json")
    found = done.json()
    planned = concrete("plan", "--set", only, "--json").json()["steps"]

    assert '\n    [train.candidates.mine]\n    files = ["shift.txt"]\n' in done.stderr
    assert {row["step"]: row["decision"] for row in planned} == {
        "prepare": "reuse",
        "split": "reuse",
        "train_mine": "run",
        "select": "run",
        "evaluate": "run",
    }
    assert found["selected"]["candidate"] == "mine"
    assert found["test"]["r2"] > 0.5


def test_a_model_that_is_not_there(concrete, tmp_path):
    concrete("init", tmp_path)
    (tmp_path / "my_module.py").write_text(MODEL)

    wrong = concrete(
        "check", "--set", 'train.candidates={mine={model="my_modul:MyRegressor"}}', code=3
    )

    assert "did you mean 'my_module'" in wrong.stderr
