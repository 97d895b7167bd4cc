"""`concrete init` and `concrete train` on data that nobody here tuned for."""

import tomllib

import pytest

from data_sets import barley, cars, diabetes, driving, penguins, shop

TREES = 'trees={model="lightgbm",params={n_estimators=60,learning_rate=0.2}}'
QUICK = f'train.candidates={{linear={{model="ridge"}},{TREES}}}'
# What a model must explain of the test rows' variance; 0 is what the mean does.
SETS = [(diabetes, 0.3), (penguins, 0.7), (cars, 0.7), (barley, 0.1), (driving, 0.7)]


@pytest.mark.parametrize(("make", "floor"), SETS, ids=lambda one: getattr(one, "__name__", ""))
def test_data_set(concrete, tmp_path, make, floor):
    data, target = make(tmp_path)

    made = concrete("init", "here", "--data", data, "--target", target, "--json").json()
    concrete("check", made["experiment"])
    found = concrete("train", made["experiment"], "--set", QUICK, "--json").json()

    assert found["status"] == "done"
    assert {one["status"] for one in found["leaderboard"]} == {"done"}
    assert found["test"]["r2"] > floor
    assert found["test"]["coverage"] > 0.7


def test_a_hundred_thousand_rows(concrete, tmp_path):
    data, target = shop(tmp_path)

    made = concrete("init", "here", "--data", data, "--target", target, "--json").json()
    experiment = tomllib.loads((tmp_path / "here" / "concrete.toml").read_text())
    words = ["--set", f"train.candidates={{{TREES}}}", "--set", "train.folds=2", "--json"]
    found = concrete("train", made["experiment"], *words).json()

    assert made["rows"] == 100_000
    assert made["left_out"] == {"id": "it numbers the rows"}
    assert experiment["data"]["columns"]["shop"]["choices"] == ["north", "süd", "west <1>"]
    assert {"svr", "knn"}.isdisjoint(experiment["train"]["candidates"])
    assert found["status"] == "done"
    assert found["test"]["r2"] > 0.5
    assert 0.87 < found["test"]["coverage"] < 0.93
