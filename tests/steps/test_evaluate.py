import json
import shutil
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.pipeline import Pipeline

from _axis import axis
from _bundle import load_bundle
from _charts import leaderboard_chart, predicted_chart, residuals_chart
from _importance import MOST_ROWS, REPEATS, importance
from _intervals import calibrate, interval
from _pipeline import Matrix
from _scores import loss, scores
from _test_scores import bootstrap
from stepping import attempt, choose, cut, mixed, read, step

CHARTS = ("predicted.svg", "residuals.svg", "leaderboard.svg")


def evaluated(chosen, folder, **arguments):
    step(
        "evaluate",
        **arguments,
        model=chosen / "model",
        leaderboard=chosen / "leaderboard",
        test=chosen / "test",
        report=folder,
    )
    return folder


@pytest.fixture(scope="module")
def report(chosen, tmp_path_factory):
    return evaluated(chosen, tmp_path_factory.mktemp("report"), bootstraps=200)


def test_the_scores_are_those_of_the_predictions(report, chosen):
    metrics = read(report / "metrics.json")
    rows = pd.read_parquet(report / "predictions.parquet")
    error = rows["actual"] - rows["predicted"]
    assert metrics["rows"] == len(rows) == len(pd.read_parquet(chosen / "test" / "rows.parquet"))
    assert metrics["rmse"] == pytest.approx(np.sqrt((error**2).mean()))
    assert metrics["mae"] == pytest.approx(error.abs().mean())
    assert metrics["r2"] == pytest.approx(1 - (error**2).mean() / rows["actual"].var(ddof=0))
    for name in ("rmse", "mae", "r2"):
        low, high = metrics[f"{name}_ci"]
        assert low < metrics[name] < high
    inside = rows["actual"].between(rows["lower"], rows["upper"])
    assert metrics["coverage"] == pytest.approx(inside.mean())
    assert metrics["width"] == pytest.approx((rows["upper"] - rows["lower"]).mean())
    assert 0.8 < metrics["coverage"] <= 1


def test_importance_is_sorted_and_about_raw_columns(report, chosen):
    found = read(report / "importance.json")
    means = [one["mean"] for one in found["columns"]]
    assert means == sorted(means, reverse=True)
    assert {one["column"] for one in found["columns"]} == {
        column["name"]
        for column in read(chosen / "model" / "manifest.json")["signature"]["columns"]
    }
    assert found["columns"][0]["column"] in ("age", "cement")


class Sum(RegressorMixin, BaseEstimator):
    """Three times the first column and the second; knows what it was asked."""

    def fit(self, rows, target):
        del rows, target
        self.asked_ = []
        return self

    def predict(self, rows):
        self.asked_.append(rows.shape)
        return 3 * rows[:, 0] + rows[:, 1]


class Counted(Matrix):
    """A matrix that counts how often it was made."""

    made = 0

    def transform(self, rows):
        Counted.made += 1
        return super().transform(rows)


def summed(rows, columns):
    names = [f"x{number}" for number in range(columns)]
    frame = pd.DataFrame(np.random.default_rng(0).random((rows, columns)), columns=names)
    steps = [("matrix", Counted(names, [], {}, "codes")), ("model", Sum())]
    return Pipeline(steps).fit(frame, frame), frame, 3 * frame["x0"] + frame["x1"]


def growth(pipeline, frame, actual, **limits):
    about = {"model": "mine:Sum", "params": {}}
    return importance(pipeline, about, frame, actual.to_numpy(), trained_on=100, seed=0, **limits)


def test_importance_asks_the_model_for_no_more_rows_than_it_needs():
    """A forest over a million test rows would take hours."""
    pipeline, frame, actual = summed(50_000, 3)

    found = growth(pipeline, frame, actual)

    assert sum(rows for rows, _ in pipeline[-1].asked_) <= (1 + REPEATS * 3) * MOST_ROWS < 100_000
    assert [one["column"] for one in found.columns] == ["x0", "x1", "x2"]
    assert found.columns[0]["mean"] == pytest.approx(3 / np.sqrt(6), rel=0.05)
    assert found.columns[2]["mean"] == 0
    assert found.left_out == 0


def test_the_rows_are_prepared_once_however_many_columns_are_shuffled():
    Counted.made = 0
    pipeline, frame, actual = summed(12, 300)

    found = growth(pipeline, frame, actual)

    assert len(found.columns) == 300
    assert Counted.made <= 3


def test_the_work_is_limited_and_what_weighs_least_is_left_out(capsys):
    pipeline, frame, actual = summed(2000, 400)

    found = growth(pipeline, frame, actual, most=30_000_000)
    again = growth(pipeline, frame, actual, most=30_000_000)

    assert found == again
    assert found.left_out == 400 - len(found.columns) > 300
    assert [one["column"] for one in found.columns[:2]] == ["x0", "x1"]
    assert sum(rows * columns for rows, columns in pipeline[-1].asked_) < 2 * 30_000_000
    assert "\n" not in capsys.readouterr().out.strip()


def naive(model, rows, actual, orders_of):
    """Return the growth of the rmse as it is defined: whole tables through the whole pipeline."""
    base = scores(actual, model.predict(rows))["rmse"]
    found = {}
    for name in rows:
        parts = [
            scores(actual, model.predict(rows.assign(**{name: rows[name].to_numpy()[order]})))
            for order in orders_of(name)
        ]
        found[name] = np.mean([part["rmse"] - base for part in parts])
    return found


MEMBERS = ["ridge", {"model": "lightgbm", "params": {"n_estimators": 20}}, "decision_tree"]


@pytest.mark.parametrize(
    ("model", "params"),
    [
        ("ridge", {}),
        ("decision_tree", {}),
        ("xgboost", {"n_estimators": 20}),
        ("svr", {}),
        ("voting", {"members": MEMBERS, "weights": [1, 2, 3]}),
    ],
)
def test_shuffling_is_what_it_is_by_definition(tmp_path, model, params):
    """Derived features, levels, holes, members: all follow the column that is shuffled."""
    mixed(120).to_csv(tmp_path / "t.csv", index=False)
    features = {"root": "sqrt(count)", "both": "root * size"}
    cut(tmp_path / "t.csv", tmp_path, "price", folds=3, features=features)
    attempt(tmp_path, "one", model, params=params)
    choose(tmp_path, "one")
    pipeline, manifest = load_bundle(tmp_path / "model")
    rows = pd.read_parquet(tmp_path / "test" / "rows.parquet")
    actual = rows.pop("price").to_numpy()
    random = np.random.default_rng(7)
    orders = {
        name: [random.permutation(len(rows)) for _ in range(REPEATS)] for name in rows.columns
    }

    found = importance(pipeline, manifest, rows, actual, trained_on=90, seed=7)
    few = importance(pipeline, manifest, rows, actual, trained_on=90, seed=7, most=250_000)

    expected = naive(pipeline, rows, actual, orders.get)
    assert {one["column"]: one["mean"] for one in found.columns} == pytest.approx(expected)
    assert "size" in {one["column"] for one in few.columns}
    assert few.left_out == 4 - len(few.columns) > 0


def test_it_is_the_same_twice(report, chosen, tmp_path):
    again = evaluated(chosen, tmp_path / "again", bootstraps=200)
    names = sorted(path.name for path in report.iterdir())
    assert names == sorted([*CHARTS, "importance.json", "metrics.json", "predictions.parquet"])
    for name in names:
        assert (again / name).read_bytes() == (report / name).read_bytes(), name


@pytest.mark.parametrize("name", CHARTS)
def test_charts_are_small_and_well_formed(report, name):
    text = (report / name).read_text()
    root = ET.fromstring(text)
    assert root.tag.endswith("svg")
    assert root[0].text
    assert len(text) < 200_000
    assert "nan" not in text
    assert "prefers-color-scheme:dark" in text


def test_names_cannot_break_out_of_a_chart():
    evil = '<script>alert("1")</script>&'
    values = np.array([1.0, 2.0, 3.0])
    signature = {"target": evil, "target_unit": evil}
    line = {"candidate": evil, "status": "done", "cv": {"rmse": 1.0, "se": None}}
    board = {"metric": "rmse", "selected": evil, "candidates": [line]}
    for text in (
        predicted_chart(values, values, values - 1, values + 1, signature),
        residuals_chart(values, values, signature),
        leaderboard_chart(board),
    ):
        ET.fromstring(text)
        assert "<script" not in text


def test_a_chart_of_many_rows_stays_small():
    values = np.random.default_rng(0).normal(size=100_000)
    signature = {"target": "y", "target_unit": ""}
    assert len(residuals_chart(values, values + 1, signature)) < 400_000


def test_a_leaderboard_with_failures_and_negative_scores():
    lines = [
        {"candidate": "a", "status": "done", "cv": {"r2": -0.5, "se": 0.1}},
        {"candidate": "b", "status": "failed", "cv": None},
        {"candidate": "c", "status": "done", "cv": {"r2": None, "se": None}},
    ]
    text = leaderboard_chart({"metric": "r2", "selected": "a", "candidates": lines})
    assert "failed" in text
    ET.fromstring(text)


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9))
def test_an_axis_holds_its_values(low, size):
    start, end = 5.0, 105.0
    made = axis(low, low + size, start, end)
    slack = 1e-6 * max(abs(low), abs(low + size), size) + 1e-90
    assert made.low <= low + slack
    assert made.high >= low + size - slack
    assert 2 <= len(made.marks) <= 9
    assert made.at(made.low) == pytest.approx(start)
    assert made.at(made.high) == pytest.approx(end)


def test_intervals_cover_what_they_promise():
    random = np.random.default_rng(0)
    predicted = random.uniform(0, 100, 4000)
    actual = predicted + random.normal(0, 1 + predicted / 10)
    made = calibrate(actual[:2000], predicted[:2000], 0.9)
    lower, upper = interval(made, predicted[2000:])
    inside = (lower <= actual[2000:]) & (actual[2000:] <= upper)
    assert inside.mean() == pytest.approx(0.9, abs=0.03)
    weak = predicted[2000:] < 20
    assert inside[weak].mean() == pytest.approx(0.9, abs=0.06)
    assert (upper - lower)[weak].mean() < 0.5 * (upper - lower)[~weak].mean()


def test_intervals_of_few_or_perfect_rows():
    made = calibrate(np.array([1.0, 2.0]), np.array([1.5, 1.0]), 0.9)
    lower, upper = interval(made, np.array([5.0]))
    assert upper - lower == pytest.approx(2)
    exact = np.arange(500.0)
    lower, upper = interval(calibrate(exact, exact, 0.9), exact)
    assert (lower <= exact).all()
    assert (exact <= upper).all()


def test_whole_groups_are_drawn():
    """Ten groups of 100 equal rows tell as little as ten rows."""
    random = np.random.default_rng(0)
    error = random.normal(size=10)
    actual = np.arange(10.0)
    single = bootstrap(actual, actual + error, np.arange(10), 500, 0)
    rows = np.repeat(np.arange(10), 100)
    many = bootstrap(actual[rows], (actual + error)[rows], rows, 500, 0)
    assert many["rmse"] == pytest.approx(single["rmse"])


def test_the_bootstrap_is_that_of_the_rows():
    random = np.random.default_rng(1)
    actual = random.normal(size=40)
    predicted = actual + random.normal(size=40)
    found = bootstrap(actual, predicted, np.arange(40), 300, 7)
    drawn = np.random.default_rng(7)
    expected = []
    for _ in range(300):
        chosen = drawn.integers(0, 40, 40)
        expected.append(scores(actual[chosen], predicted[chosen])["r2"])
    assert found["r2"] == pytest.approx(np.percentile(expected, [2.5, 97.5]))


def test_scores_of_one_row_and_of_no_spread():
    found = scores(np.array([1.0]), np.array([3.0]))
    assert (found["rmse"], found["mae"]) == (2, 2)
    assert np.isnan(found["r2"])
    assert loss("r2", found["r2"]) == loss("rmse", None) == float("inf")
    assert loss("r2", 0.9) < loss("r2", 0.5)


def test_one_test_row(chosen, tmp_path):
    shutil.copytree(chosen / "test", tmp_path / "test")
    for name in ("rows", "groups"):
        path = tmp_path / "test" / f"{name}.parquet"
        pd.read_parquet(path).head(1).to_parquet(path)
    for name in ("model", "leaderboard"):
        (tmp_path / name).symlink_to(chosen / name)
    metrics = read(evaluated(tmp_path, tmp_path / "report", bootstraps=10) / "metrics.json")
    assert metrics["rows"] == 1
    assert metrics["r2"] is None
    assert json.dumps(metrics, allow_nan=False)
