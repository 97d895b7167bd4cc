"""Predicting few rows without what scikit-learn and others do around it for many.

`compile_` turns a fitted pipeline into a function of plain columns; None when it does not know a
part. It reads fitted attributes, some of them private, so `prove` lets nobody use a function whose
answers are not the pipeline's own: a new version of a library may cost speed, never correctness.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from _expression import parse_all
from _pipeline import Average, Matrix, _numbers
from _trees import Trees, of_nodes, of_tree, of_xgboost

Floats = NDArray[np.float64]
Columns = Mapping[str, Any]
Predict = Callable[[Any], Floats]
CLOSE = 1e-12  # relative: sums of one row and of many may round differently


def compile_(pipeline: Any) -> Predict | None:
    """Return the same prediction as a plain function, or None."""
    try:
        return _pipeline(pipeline)
    except (AttributeError, ImportError, KeyError, TypeError, ValueError):
        return None


def prove(fast: Predict, pipeline: Any, signature: Mapping[str, Any], rows: int = 12) -> bool:
    """Whether the function predicts as the pipeline does, in and around the known ranges."""
    draw = np.random.default_rng(0)
    columns = {one["name"]: _drawn(one, draw, rows) for one in signature["columns"]}
    try:
        expected = np.asarray(pipeline.predict(columns), dtype=np.float64)
        single = ({name: [values[row]] for name, values in columns.items()} for row in range(rows))
        with np.errstate(all="ignore"):
            singles = [fast(one)[0] for one in single]
            together = fast(columns)
    except Exception:  # noqa: BLE001  whatever it is, the pipeline is what counts
        return False
    return all(
        np.allclose(expected, found, rtol=CLOSE, atol=0, equal_nan=True)
        for found in (np.array(singles), together)
    )


def _drawn(column: Mapping[str, Any], draw: Any, rows: int) -> list[Any]:
    if column["kind"] == "number":
        low, high = column["min"] or 0, column["max"] or 0
        room = (high - low) / 4
        values: list[Any] = [*map(float, draw.uniform(low - room, high + room, rows))]
    elif column["kind"] == "boolean":
        values = [bool(value) for value in draw.integers(0, 2, rows)]
    else:
        values = [str(value) for value in draw.choice([*column["choices"], "never seen"], rows)]
    if column["missing"]:
        values[0] = None
    return values


def _pipeline(pipeline: Any) -> Predict:
    first = pipeline.steps[0][1]
    if isinstance(first, Average):
        return _average(first)
    matrix, rest = _matrix(first), _rest(pipeline)
    return lambda columns: rest(matrix(columns))


def _average(average: Average) -> Predict:
    """Members that are fed in the same way share the matrix."""
    matrices: dict[str, Callable[[Columns], Floats]] = {}
    members = []
    for member in average.members_:
        first = member.steps[0][1]
        key = repr((first.numbers, first.features, first.levels_ and first.encoding, first.levels_))
        matrices.setdefault(key, _matrix(first))
        members.append((key, _rest(member)))

    def predict(columns: Columns) -> Floats:
        made = {key: matrix(columns) for key, matrix in matrices.items()}
        predictions = [rest(made[key]) for key, rest in members]
        found: Floats = np.average(predictions, axis=0, weights=average.weights)
        return found

    return predict


def _rest(pipeline: Any) -> Predict:
    """Return what comes after the matrix."""
    between = [_between(step) for _, step in pipeline.steps[1:-1]]
    model = _model(pipeline.steps[-1][1])

    def predict(X: Floats) -> Floats:
        for step in between:
            X = step(X)
        return model(X)

    return predict


def _matrix(matrix: Matrix) -> Callable[[Columns], Floats]:
    features = [(name, one.function()) for name, one in parse_all(matrix.features).items()]
    names = [*matrix.numbers, *matrix.features]

    def transform(rows: Columns) -> Floats:
        columns: dict[str, Any] = {name: _numbers(rows[name]) for name in matrix.numbers}
        for name, compute in features:
            values = compute(columns)
            finite = np.isfinite(values)
            columns[name] = values if finite.all() else np.where(finite, values, np.nan)
        blocks = [columns[name] for name in names]
        for name in matrix.categories:
            blocks += matrix._encoded(name, rows[name])  # noqa: SLF001
        # In the order of rows: sums over what stands in another order may round differently.
        return np.ascontiguousarray(np.array(blocks).T)

    return transform


def _between(step: Any) -> Callable[[Floats], Floats]:
    name = type(step).__name__
    if name == "SimpleImputer" and not step.add_indicator:
        fill = step.statistics_
        return lambda X: np.where(np.isnan(X), fill, X)
    if name == "StandardScaler" and step.with_mean and step.with_std:
        return lambda X: (X - step.mean_) / step.scale_
    raise TypeError(name)


def _model(model: Any) -> Predict:
    return MODELS[type(model).__name__](model)


def _linear(model: Any) -> Predict:
    weights, start = model.coef_, model.intercept_
    # Not X @ weights: what a row comes to must not depend on the rows beside it.
    return lambda X: np.asarray(np.sum(X * weights, axis=1) + start)


def _forest(model: Any) -> Predict:
    trees = Trees([of_tree(one.tree_) for one in model.estimators_], np.float32)
    count = len(model.estimators_)
    return lambda X: trees.total(X) / count


def _bagging(model: Any) -> Predict:
    pairs = zip(model.estimators_, model.estimators_features_, strict=True)
    trees = Trees([of_tree(one.tree_, features) for one, features in pairs], np.float32)
    count = len(model.estimators_)
    return lambda X: trees.total(X) / count


def _gradient_boosting(model: Any) -> Predict:
    trees = Trees([of_tree(one.tree_) for one in model.estimators_[:, 0]], np.float32)
    trees.value = trees.value * model.learning_rate
    start = float(model.init_.constant_[0, 0])
    return lambda X: trees.total(X, start)


def _hist_gradient_boosting(model: Any) -> Predict:
    if len(model._predictors[0]) != 1:  # noqa: SLF001
        raise TypeError("several trees per iteration")
    trees = Trees([of_nodes(one[0].nodes) for one in model._predictors])  # noqa: SLF001
    start = float(model._baseline_prediction.ravel()[0])  # noqa: SLF001
    return lambda X: trees.total(X, start)


def _xgboost(model: Any) -> Predict:
    booster = model.get_booster()
    learner = json.loads(booster.save_raw("json"))["learner"]
    made = learner["gradient_booster"]["model"]["trees"]
    parts = [nodes for nodes in map(of_xgboost, made) if nodes]
    if len(parts) < len(made):  # splits by categories are for the library to follow
        return lambda X: np.asarray(
            booster.inplace_predict(X, validate_features=False), dtype=np.float64
        )
    trees = Trees(parts, np.float32)
    start = float(learner["learner_model_param"]["base_score"].strip("[]"))
    return lambda X: trees.total(X, start).astype(np.float64)


def _lightgbm(model: Any) -> Predict:
    booster = model.booster_
    return lambda X: np.asarray(booster.predict(X, num_threads=1))


MODELS: dict[str, Callable[[Any], Predict]] = {
    "BaggingRegressor": _bagging,
    "ExtraTreesRegressor": _forest,
    "GradientBoostingRegressor": _gradient_boosting,
    "HistGradientBoostingRegressor": _hist_gradient_boosting,
    "LGBMRegressor": _lightgbm,
    "LinearRegression": _linear,
    "RandomForestRegressor": _forest,
    "Ridge": _linear,
    "XGBRegressor": _xgboost,
}
