"""One scikit-learn Pipeline per candidate: raw rows in, predictions out, nothing else needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from importlib import import_module
from inspect import signature as signature_of
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.pipeline import Pipeline

from _expression import parse_all
from _families import family, known_parameters, members

MOST_LEVELS = {"one_hot": 100, "codes": 250}
Floats = NDArray[np.float64]


class Matrix(BaseEstimator):  # type: ignore[misc]
    """Turns rows into floats: numbers, then derived features, then categories.

    `rows` is a DataFrame or anything else that maps a column name to its values. What is missing,
    a level never seen and a derived feature that is undefined become NaN, or in `one_hot`
    columns all zeros. Levels are learnt from the training rows, the most frequent first.
    """

    def __init__(
        self,
        numbers: list[str],
        categories: list[str],
        features: dict[str, str],
        encoding: str,
    ) -> None:
        self.numbers = numbers
        self.categories = categories
        self.features = features
        self.encoding = encoding

    def fit(self, rows: Mapping[str, Any], y: object = None) -> Matrix:  # noqa: ARG002
        """Learn the levels of the categories."""
        self.levels_ = {name: self._learn(rows[name]) for name in self.categories}
        return self

    def transform(self, rows: Mapping[str, Any]) -> Floats:
        """Return one line of floats per row."""
        columns: dict[str, Any] = {name: _numbers(rows[name]) for name in self.numbers}
        for name, expression in parse_all(self.features).items():
            values = expression.evaluate(columns)
            columns[name] = np.where(np.isfinite(values), values, np.nan)
        blocks = [columns[name] for name in (*self.numbers, *self.features)]
        for name in self.categories:
            blocks += self._encoded(name, rows[name])
        return np.column_stack(blocks)

    def get_feature_names_out(self, names: object = None) -> NDArray[Any]:  # noqa: ARG002
        """Return the names of the columns that `transform` makes."""
        found = [*self.numbers, *self.features]
        for name, levels in self.levels_.items():
            one_hot = [f"{name}={level}" for level in levels]
            found += one_hot if self.encoding == "one_hot" else [name]
        return np.asarray(found, dtype=object)

    def _learn(self, values: Iterable[Any]) -> list[str]:
        counts = Counter(text for text in map(label, values) if text is not None)
        ranked = sorted(counts, key=lambda text: (-counts[text], text))
        return ranked[: MOST_LEVELS[self.encoding]]

    def _encoded(self, name: str, values: Iterable[Any]) -> list[Floats]:
        place = {level: float(number) for number, level in enumerate(self.levels_[name])}
        codes = np.array([place.get(level(value, place), np.nan) for value in values], dtype=float)
        if self.encoding == "codes":
            return [codes]
        return [(codes == number).astype(float) for number in place.values()]


class Average(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """The mean of what several pipelines predict, weighted if `weights` says so."""

    def __init__(self, members: list[Any], weights: list[float] | None = None) -> None:
        self.members = members
        self.weights = weights

    def fit(self, rows: Any, target: Floats) -> Average:
        """Fit every member; unlike scikit-learn's VotingRegressor, each is kept once."""
        self.members_ = [fit(clone(member), rows, target) for member in self.members]
        return self

    def predict(self, rows: Any) -> Floats:
        """Return one float per row."""
        predictions = [member.predict(rows) for member in self.members_]
        return np.average(predictions, axis=0, weights=self.weights)


def label(value: Any) -> Any:
    """Return a category's level as text, None where it is missing; 3, 3.0 and "3" are the same."""
    if type(value) is str:
        return value
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        if np.isnan(value):
            return None
        value = int(value) if value.is_integer() else value
    # pandas has missing values of its own; they cannot be compared.
    return None if value is None or type(value).__name__ in ("NAType", "NaTType") else str(value)


def level(value: Any, known: Container[Any]) -> Any:
    """Return the level that a value is; where 1.0 is none of the known ones, it may be 1."""
    text = label(value)
    if text in known or type(text) is not str:
        return text
    whole, _, rest = text.partition(".")
    if not whole.lstrip("+-").isdecimal() or rest.strip("0"):
        return text
    return next((one for one in (whole, f"{whole}.0") if one in known), text)


def _numbers(values: Any) -> Floats:
    if hasattr(values, "to_numpy"):
        return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))
    return np.asarray(values, dtype=np.float64)


def build(
    signature: Mapping[str, Any], model: str, params: Mapping[str, Any], seed: int, cpus: int
) -> Pipeline:
    """Return the unfitted pipeline of a candidate; its params go before the family's preset."""
    if model != "voting":
        return Pipeline(_steps(signature, model, params, seed, cpus))
    pipelines = [
        Pipeline(_steps(signature, one, given, seed, cpus)) for one, given in members(params)
    ]
    return Pipeline([("model", Average(pipelines, params.get("weights")))])


def fit(pipeline: Any, rows: Any, target: Floats) -> Any:
    """Fit a pipeline and return it; from then on scikit-learn's models use one thread.

    The trees of a forest are added up in the order in which its threads come home, so two threads
    would give predictions that differ in the last digit, from run to run. And how many threads
    there were must not be seen in the file of the model.
    """
    pipeline.fit(rows, target)
    for model in (pipeline[-1], *(member[-1] for member in getattr(pipeline[-1], "members", []))):
        if type(model).__module__.startswith("sklearn.") and getattr(model, "n_jobs", None):
            model.set_params(n_jobs=1)
        _forget_generators(model)
        if hasattr(model, "_bin_mapper"):
            model._bin_mapper.n_threads = 1  # noqa: SLF001  histograms remember it, too
    return pipeline


def _steps(
    signature: Mapping[str, Any], model: str, params: Mapping[str, Any], seed: int, cpus: int
) -> list[tuple[str, Any]]:
    row = family(model)
    columns = signature["columns"]
    numbers = [column["name"] for column in columns if column["kind"] != "category"]
    categories = [column["name"] for column in columns if column["kind"] == "category"]
    features = dict(signature["features"])
    steps: list[tuple[str, Any]] = [
        ("matrix", Matrix(numbers, categories, features, row.categories))
    ]
    if row.impute:
        imputer = _class("sklearn.impute:SimpleImputer")
        steps.append(("impute", imputer(strategy="median", keep_empty_features=True)))
    if row.scale:
        steps.append(("scale", _class("sklearn.preprocessing:StandardScaler")()))
    first = len(numbers) + len(features)
    coded = range(first, first + len(categories)) if row.categories == "codes" else range(0)
    native = {"feature_types": ["q"] * first + ["c"] * len(coded), "enable_categorical": True}
    given = {**row.preset, **(native if coded else {}), **params}
    jobs = {"n_jobs": cpus} if row.parallel else {}
    maker = _class(row.path)
    known = known_parameters(model) or signature_of(maker).parameters
    seeded = {"random_state": seed} if "random_state" in known else {}
    regressor = maker(**{**seeded, **jobs, **given})
    if row.scale_target:
        scaler = _class("sklearn.preprocessing:StandardScaler")()
        wrapper = _class("sklearn.compose:TransformedTargetRegressor")
        regressor = wrapper(regressor, transformer=scaler)
    steps.append(("model", regressor))
    return steps


def _class(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


def _forget_generators(ensemble: Any) -> None:
    """Take from each fitted tree its random generator, which predicting has no use for.

    In a file all of them together are larger than the trees, and take longer to write and read.
    """
    for tree in np.ravel(getattr(ensemble, "estimators_", [])):
        if isinstance(getattr(tree, "random_state", None), np.random.RandomState):
            tree.random_state = None
