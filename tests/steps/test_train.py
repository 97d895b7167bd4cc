import json

import numpy as np
import pandas as pd
import pytest

from _bundle import load_model
from _families import types
from stepping import attempt, cut, process, read


def test_a_candidate_is_tried_on_the_folds_and_fitted_on_all_rows(concrete, tmp_path):
    folder = tmp_path / "trees"
    (tmp_path / "train").symlink_to(concrete / "train")
    folder = attempt(tmp_path, "trees", "decision_tree", params={"max_depth": 4}, seed=1)
    facts = read(folder / "candidate.json")
    assert (facts["candidate"], facts["model"], facts["status"]) == (
        "trees",
        "decision_tree",
        "done",
    )
    assert facts["params"] == {"max_depth": 4}
    folds = facts["folds"]
    assert len(folds) == 5
    assert facts["cv"]["rmse"] == pytest.approx(np.mean([fold["rmse"] for fold in folds]))
    spread = np.std([fold["rmse"] for fold in folds], ddof=1) / np.sqrt(5)
    assert facts["cv"]["se"] == pytest.approx(spread)
    assert facts["bytes"] == (folder / "model.skops").stat().st_size
    oof = pd.read_parquet(folder / "oof.parquet")
    rows = pd.read_parquet(concrete / "train" / "rows.parquet")
    assert oof["actual"].tolist() == rows["compressive_strength"].tolist()
    one = oof[oof["fold"] == 0]
    rmse = np.sqrt(np.mean((one["actual"] - one["predicted"]) ** 2))
    assert folds[0]["rmse"] == pytest.approx(rmse)
    model = load_model(folder / "model.skops", types("decision_tree"))
    predicted = model.predict(rows.drop(columns="compressive_strength"))
    assert np.sqrt(np.mean((predicted - oof["actual"]) ** 2)) < facts["cv"]["rmse"]
    metrics = read(folder / "metrics.json")
    assert metrics["cv_rmse"] == facts["cv"]["rmse"]


@pytest.mark.parametrize(
    ("model", "params", "error"),
    [
        ("ridge", {"alpha": "much"}, "InvalidParameterError"),
        ("ridge", {"alfa": 1}, "TypeError"),
        ("no_such_module:Model", {}, "ModuleNotFoundError"),
    ],
)
def test_a_candidate_that_fails_says_so(toys, tmp_path, capsys, model, params, error):
    (tmp_path / "train").symlink_to(toys / "train")
    folder = attempt(tmp_path, "bad", model, params=params)
    facts = read(folder / "candidate.json")
    assert facts["status"] == "failed"
    assert facts["error"].startswith(error)
    assert facts["cv"] is None
    assert not (folder / "model.skops").exists()
    assert "Traceback" in capsys.readouterr().err


def test_a_family_that_does_not_scale_is_skipped_unless_told(toys, tmp_path):
    (tmp_path / "train").symlink_to(toys / "train")
    folder = attempt(tmp_path, "one", "svr", max_rows=100)
    facts = read(folder / "candidate.json")
    assert facts["status"] == "skipped"
    assert facts["error"] == (
        "svr does not scale: 120 rows are more than 100; set max_rows of candidate one to try it"
        " all the same"
    )
    assert sorted(path.name for path in folder.iterdir()) == ["candidate.json", "metrics.json"]
    folder = attempt(tmp_path, "two", "svr", max_rows=120)
    assert read(folder / "candidate.json")["status"] == "done"


def test_a_class_of_the_users_own(toys, tmp_path, monkeypatch):
    (tmp_path / "own_model.py").write_text(
        "import numpy as np\n"
        "from sklearn.base import BaseEstimator, RegressorMixin\n"
        "class Middle(RegressorMixin, BaseEstimator):\n"
        "    def __init__(self, shift=0.0, random_state=None):\n"
        "        self.shift, self.random_state = shift, random_state\n"
        "    def fit(self, X, y):\n"
        "        self.value_ = float(np.median(y)) + self.shift\n"
        "        return self\n"
        "    def predict(self, X):\n"
        "        return np.full(len(X), self.value_)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "train").symlink_to(toys / "train")
    folder = attempt(tmp_path, "own", "own_model:Middle", params={"shift": 1.0}, seed=5)
    facts = read(folder / "candidate.json")
    assert facts["status"] == "done"
    model = load_model(folder / "model.skops", types("own_model:Middle"))
    assert model[-1].random_state == 5
    assert model.predict({"size": [1], "count": [1], "colour": ["red"], "is_new": [True]}) > 1


def test_groups_do_not_leak_into_other_folds(tmp_path):
    random = np.random.default_rng(0)
    group = np.repeat(np.arange(60), 8)
    frame = pd.DataFrame({"mark": random.random(60)[group], "who": group})
    frame["noise"] = random.random(480)
    frame["target"] = random.normal(size=60)[group]
    frame.to_parquet(tmp_path / "table.parquet")
    scores = {}
    for name, group_by in (("apart", ["who"]), ("mixed", [])):
        folder = cut(
            tmp_path / "table.parquet",
            tmp_path / name,
            "target",
            group_by=group_by,
            drop=["who"],
        )
        tried = attempt(folder, "trees", "decision_tree")
        scores[name] = read(tried / "candidate.json")["cv"]["r2"]
    assert scores["mixed"] > 0.6
    assert scores["apart"] < 0.2


def test_the_number_of_threads_changes_nothing(concrete, tmp_path):
    members = [
        {"model": "linear"},
        {"model": "svr"},
        {"model": "extra_trees", "params": {"n_estimators": 20}},
        {"model": "hist_gradient_boosting", "params": {"max_iter": 8}},
        {"model": "xgboost", "params": {"n_estimators": 8}},
        {"model": "lightgbm", "params": {"n_estimators": 8}},
    ]
    for threads in ("1", "2"):
        folder = tmp_path / threads
        folder.mkdir()
        done = process(
            "train",
            *("--name", "all", "--model", "voting", "--params", json.dumps({"members": members})),
            *("--train", str(concrete / "train"), "--candidate", str(folder)),
            OMP_NUM_THREADS=threads,
            OMP_WAIT_POLICY="passive",
        )
        assert done.returncode == 0
        assert read(folder / "candidate.json")["status"] == "done", done.stderr
        assert done.stderr == ""
    for name in ("oof.parquet", "model.skops"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()
