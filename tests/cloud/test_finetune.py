"""finetune picks up a train run of the same cloud; its rehearsal picks up a local one.

The candidate is a class of the user's own: its code has to be wherever the model goes.
"""

import pytest

pytest.importorskip("skops")

EXPERIMENT = """
[experiment]
name = "mix"
[data]
source = "in.csv"
target = "y"
[split]
stratify = {{ column = "y", bins = 2 }}
[train]
folds = 2
[train.candidates.mine]
model = "mine:Mean"
[finetune]
trials = 2
[finetune.space.mine]
shift = "uniform(-1, 1)"
[register]
name = "strength"
{table}
"""
MINE = """
import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

class Mean(RegressorMixin, BaseEstimator):
    def __init__(self, shift=0.0):
        self.shift = shift
    def fit(self, X, y):
        self.value_ = float(np.mean(y)) + self.shift
        return self
    def predict(self, X):
        return np.full(len(X), self.value_)
"""


@pytest.fixture
def mix(folder, cloud):
    import served

    served.rows(mixed=False).to_csv(folder / "in.csv", index=False)
    (folder / "mine.py").write_text(MINE)
    path = folder / "concrete.toml"
    table = cloud.table.replace('["numbers.factor"]', "[]").replace('["factor"]', "[]")
    path.write_text(EXPERIMENT.format(table=table))
    return path


@pytest.mark.timeout(300)
def test_a_cloud_run_is_tuned_in_the_cloud(type_, mix, cloud, folder):
    at = ("--backend", cloud.name, "--json")
    started = type_("train", mix, *at, "--detach").json()
    type_("logs", started["run"], "--follow")
    told = type_("finetune", mix, *at, "--dry-run").json()
    assert "tune_0" in [step["name"] for step in told["steps"]]
    at += ("--home", folder / "away")  # another machine, which knows the handle
    done = type_("finetune", mix, *at, "--from", started["handle"]).json()
    assert (done["status"], done["backend"]) == ("done", cloud.name)
    assert done["tuning"]["trials"] == 2
    assert done["registered"] == {"name": "strength", "version": 1}
    refused = type_("models", "pull", "strength", *at, code=2)
    assert "carries its code (mine.py)" in refused.stdout
    pulled = type_("models", "pull", "strength", *at, "--trust-code").json()
    assert pulled["here"]["name"] == "strength"
    home = ("--home", folder / "away")
    type_("models", "verify", *home)
    (there,) = type_("models", "list", "strength", *at).json()["models"]
    (here,) = type_("models", "list", "strength", "--json", *home).json()["models"]
    assert there["run"] == here["run"] == done["run"]
    assert there["metrics"]["rmse"] == here["metrics"]["rmse"] == done["test"]["rmse"]
    runs = type_("models", "show", "strength", "--json", *home).json()["lineage"]["runs"]
    assert [run["workflow"] for run in runs] == ["finetune", "train"]
    page = folder / "report.html"
    type_("report", runs[1]["run"], "-o", page, *home)
    assert "150 rows of in.csv" in page.read_text()


@pytest.mark.timeout(300)
def test_tuning_is_rehearsed_on_what_was_trained_here(type_, mix, cloud):
    type_("train", mix, "--quiet")
    found = type_(
        "rehearse", mix, "--workflow", "finetune", "--backend", cloud.name, "--json", code=None
    ).json()
    assert found["equal"], [step for step in found["steps"] if not step["equal"]]
