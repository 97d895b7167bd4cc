"""Every family on rows with text, booleans and holes: it learns, it is saved, it is the same."""

import importlib
import json

import numpy as np
import pandas as pd
import pytest

from _bundle import load_model, save_model
from _families import (
    FAMILIES,
    effort,
    family,
    known_parameters,
    max_rows,
    members,
    modules,
    types,
)
from _parameters import EXTRA, PARAMETERS
from _pipeline import build, fit
from _types import TYPES
from stepping import read

SMALL = {
    "n_estimators": 20,
    "max_iter": 20,
}
LEARNERS = [name for name in FAMILIES if name != "voting"]


def small(model):
    known = FAMILIES[model].preset
    return {name: value for name, value in SMALL.items() if name in known}


@pytest.fixture(scope="module")
def rows(toys):
    rows = pd.read_parquet(toys / "train" / "rows.parquet")
    return rows, rows.pop("price").to_numpy(), read(toys / "train" / "signature.json")


def fitted(rows, model, params):
    frame, target, signature = rows
    return fit(build(signature, model, params, 3, 1), frame, target)


def test_the_tables_name_the_same_families():
    assert set(FAMILIES) == set(PARAMETERS) == set(TYPES)
    assert set(EXTRA) <= set(FAMILIES)


@pytest.mark.parametrize("model", LEARNERS)
def test_parameters_are_those_of_the_class(model):
    row = family(model)
    maker = getattr(importlib.import_module(row.module), row.path.partition(":")[2])
    assert sorted(PARAMETERS[model]) == sorted(maker().get_params(deep=False))
    assert len(set(known_parameters(model))) == len(known_parameters(model))
    assert set(row.preset) <= set(known_parameters(model))


@pytest.mark.parametrize("model", LEARNERS)
def test_saved_and_loaded_it_predicts_the_same(model, rows, tmp_path):
    pipeline = fitted(rows, model, small(model))
    frame, target, _ = rows
    predicted = pipeline.predict(frame)
    assert np.corrcoef(predicted, target)[0, 1] > 0.7
    save_model(pipeline, tmp_path / "model.skops", types(model))
    loaded = load_model(tmp_path / "model.skops", types(model))
    assert np.array_equal(loaded.predict(frame), predicted)


@pytest.mark.parametrize("model", LEARNERS)
def test_columns_need_no_frame_and_may_be_unknown(model, rows):
    pipeline = fitted(rows, model, small(model))
    frame = rows[0].head(3)
    columns = {name: frame[name].tolist() for name in frame}
    assert np.array_equal(pipeline.predict(columns), pipeline.predict(frame))
    columns = {
        "size": [None, 5.0],
        "count": [3, -1],
        "colour": ["a colour never seen", None],
        "is_new": [None, True],
    }
    assert np.isfinite(pipeline.predict(columns)).all()


def test_equal_models_are_equal_files(rows, tmp_path):
    for name in ("one", "two"):
        save_model(
            fitted(rows, "random_forest", small("random_forest")),
            tmp_path / name,
            types("random_forest"),
        )
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize(
    ("model", "params"),
    [
        ("knn", {"algorithm": "ball_tree", "metric": "euclidean"}),
        ("knn", {"algorithm": "brute", "metric": "chebyshev"}),
        ("knn", {"algorithm": "kd_tree", "p": 3}),
        ("svr", {"kernel": "linear"}),
        ("ridge", {"solver": "sag"}),
        ("random_forest", {"n_estimators": 5, "criterion": "absolute_error"}),
        ("gradient_boosting", {"n_estimators": 5, "loss": "huber"}),
        ("gradient_boosting", {"n_estimators": 5, "loss": "quantile"}),
        ("gradient_boosting", {"n_estimators": 50, "n_iter_no_change": 3}),
        ("hist_gradient_boosting", {"max_iter": 5, "loss": "absolute_error"}),
        ("hist_gradient_boosting", {"max_iter": 5, "loss": "quantile", "quantile": 0.5}),
        ("hist_gradient_boosting", {"max_iter": 20, "early_stopping": True}),
        ("xgboost", {"n_estimators": 5, "booster": "dart"}),
        ("xgboost", {"n_estimators": 5, "objective": "reg:absoluteerror"}),
        ("lightgbm", {"n_estimators": 5, "boosting_type": "dart", "linear_tree": True}),
        ("lightgbm", {"n_estimators": 5, "objective": "huber", "max_bin": 15}),
    ],
)
def test_what_a_person_may_ask_for_can_be_saved(model, params, rows, tmp_path):
    pipeline = fitted(rows, model, params)
    save_model(pipeline, tmp_path / "model.skops", types(model))
    loaded = load_model(tmp_path / "model.skops", types(model))
    assert np.array_equal(loaded.predict(rows[0]), pipeline.predict(rows[0]))


def test_voting_is_the_mean_of_its_members(rows, tmp_path):
    params = {"members": ["ridge", {"model": "decision_tree", "params": {"max_depth": 3}}]}
    pipeline = fitted(rows, "voting", params)
    parts = [
        fitted(rows, "ridge", {}),
        fitted(rows, "decision_tree", {"max_depth": 3}),
    ]
    frame = rows[0]
    mean = np.mean([part.predict(frame) for part in parts], axis=0)
    assert pipeline.predict(frame) == pytest.approx(mean, rel=1e-12)
    weighted = fitted(rows, "voting", {**params, "weights": [3, 1]}).predict(frame)
    assert weighted == pytest.approx(
        np.average([part.predict(frame) for part in parts], axis=0, weights=[3, 1]), rel=1e-12
    )
    allowed = types("voting", params)
    assert "sklearn.linear_model._ridge.Ridge" in allowed
    save_model(pipeline, tmp_path / "model.skops", allowed)
    loaded = load_model(tmp_path / "model.skops", allowed)
    assert np.array_equal(loaded.predict(frame), pipeline.predict(frame))


def test_what_a_candidate_needs_is_named_without_loading_it():
    assert modules("xgboost")[-1] == "xgboost"
    assert "sklearn.compose" in modules("svr")
    assert modules("my_module:Mine")[-1] == "my_module"
    assert {"lightgbm", "sklearn.ensemble"} <= set(modules("voting"))
    assert not any(name.startswith("_") for model in FAMILIES for name in modules(model))


def test_voting_scales_as_badly_as_its_worst_member():
    assert max_rows("lightgbm") is None
    assert max_rows("voting", {"members": ["lightgbm", "svr", "knn"]}) == max_rows("svr")
    assert max_rows("voting", {"members": ["lightgbm", "xgboost"]}) is None
    assert [model for model, _ in members({})]


def test_presets_can_be_written_as_json():
    for row in FAMILIES.values():
        assert json.loads(json.dumps(dict(row.preset))) == dict(row.preset)


def test_more_rounds_are_more_effort_and_an_ensemble_takes_as_long_as_its_members():
    preset = FAMILIES["xgboost"].preset["n_estimators"]

    assert effort("xgboost", {"n_estimators": 2 * preset}) == 2 * effort("xgboost", {})
    assert effort("svr", {"max_iter": -1}) == effort("svr", {})
    assert effort("xgboost", {"n_estimators": "many"}) == effort("xgboost", {})
    two = {"members": ["knn", {"model": "xgboost", "params": {"n_estimators": preset // 2}}]}
    assert effort("voting", two) == effort("knn", {}) + effort("xgboost", {}) / 2
    assert effort("module:Class", {}) > effort("gradient_boosting", {})


def test_fitted_trees_keep_no_random_generators(rows):
    frame, target, signature = rows
    pipeline = build(signature, "gradient_boosting", {"n_estimators": 5}, 0, 1)
    before = pipeline.fit(frame, target).predict(frame)

    after = fit(pipeline, frame, target)

    assert np.array_equal(after.predict(frame), before)
    trees = np.ravel(after[-1].estimators_)
    assert len(trees) == 5
    assert {tree.random_state for tree in trees} == {None}
