"""The model families: what can stand at `model = ` in an experiment, one row each.

To add one: a row here, its parameters in `_parameters.py`, its types in `_types.py`. Nothing heavy
is imported: the command reads this table to check an experiment, a warm server to know what to
load. The presets were found by cross-validation on small and middling tables: many small steps,
small trees, and a random half of rows and columns for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from _parameters import EXTRA, PARAMETERS
from _types import COMMON, TYPES


@dataclass(frozen=True)
class Family:
    """How one kind of model is made and fed.

    `scale`, `scale_target` and `impute` say what the model needs done to its numbers, `categories`
    how it wants text: one 0/1 column per level, or codes that it treats as categories itself.
    Above `max_rows` a candidate is skipped unless the experiment says otherwise; None is no limit.
    `parallel` ones are told how many threads to fit with; the others ask OpenMP. `effort` is about
    how many seconds the preset took on 800 rows: the candidates that take long begin first.
    """

    path: str
    preset: Mapping[str, Any] = field(default_factory=dict)
    scale: bool = False
    scale_target: bool = False
    impute: bool = False
    categories: Literal["one_hot", "codes"] = "one_hot"
    max_rows: int | None = None
    parallel: bool = False
    effort: float = 0.2
    weights: Literal["", "coef_", "feature_importances_"] = ""
    compares: bool = False

    @property
    def module(self) -> str:
        """The module that holds the class."""
        return self.path.partition(":")[0]


FAMILIES: dict[str, Family] = {
    "linear": Family(
        "sklearn.linear_model:LinearRegression", scale=True, impute=True, weights="coef_"
    ),
    "ridge": Family(
        "sklearn.linear_model:Ridge", {"alpha": 1.0}, scale=True, impute=True, weights="coef_"
    ),
    "knn": Family(
        "sklearn.neighbors:KNeighborsRegressor",
        {"n_neighbors": 5, "weights": "distance", "p": 1},
        scale=True,
        impute=True,
        max_rows=200_000,
        compares=True,
    ),
    "svr": Family(
        "sklearn.svm:SVR",
        {"C": 10.0, "epsilon": 0.05, "gamma": "scale"},
        scale=True,
        scale_target=True,
        impute=True,
        max_rows=20_000,
        effort=0.5,
        compares=True,
    ),
    "decision_tree": Family(
        "sklearn.tree:DecisionTreeRegressor",
        {"min_samples_leaf": 3},
        weights="feature_importances_",
    ),
    "bagging": Family(
        "sklearn.ensemble:BaggingRegressor",
        {"n_estimators": 100, "max_features": 0.7},
        max_rows=200_000,
        effort=2.5,
    ),
    "random_forest": Family(
        "sklearn.ensemble:RandomForestRegressor",
        {"n_estimators": 200, "max_features": 0.5},
        max_rows=200_000,
        parallel=True,
        effort=4,
        weights="feature_importances_",
    ),
    "extra_trees": Family(
        "sklearn.ensemble:ExtraTreesRegressor",
        {"n_estimators": 300, "max_features": 0.5},
        max_rows=200_000,
        parallel=True,
        effort=4,
        weights="feature_importances_",
    ),
    "gradient_boosting": Family(
        "sklearn.ensemble:GradientBoostingRegressor",
        {
            "n_estimators": 1200,
            "learning_rate": 0.03,
            "max_depth": 4,
            "max_features": 0.4,
            "min_samples_leaf": 3,
            "subsample": 0.5,
        },
        impute=True,
        max_rows=100_000,
        effort=9,
        weights="feature_importances_",
    ),
    "hist_gradient_boosting": Family(
        "sklearn.ensemble:HistGradientBoostingRegressor",
        {
            "max_iter": 600,
            "learning_rate": 0.05,
            "max_leaf_nodes": 8,
            "min_samples_leaf": 8,
            "max_features": 0.5,
            "l2_regularization": 1.0,
            "early_stopping": False,
        },
        effort=2.5,
    ),
    "xgboost": Family(
        "xgboost:XGBRegressor",
        {
            "n_estimators": 1200,
            "learning_rate": 0.03,
            "max_depth": 4,
            "min_child_weight": 3,
            "subsample": 0.6,
            "colsample_bynode": 0.3,
            "reg_lambda": 2.0,
        },
        categories="codes",
        effort=2,
        weights="feature_importances_",
    ),
    "lightgbm": Family(
        "lightgbm:LGBMRegressor",
        {
            "n_estimators": 1200,
            "learning_rate": 0.03,
            "num_leaves": 12,
            "min_child_samples": 5,
            "subsample": 0.6,
            "subsample_freq": 1,
            "colsample_bytree": 0.5,
            "reg_lambda": 1.0,
            # As many threads as OpenMP says, the same model whatever their number, no chatter.
            "n_jobs": 0,
            "deterministic": True,
            "force_row_wise": True,
            "verbose": -1,
        },
        effort=2,
        weights="feature_importances_",
    ),
    "voting": Family("_pipeline:Average"),
}
MEMBERS = ("extra_trees", "gradient_boosting", "lightgbm")
ROUNDS = ("n_estimators", "max_iter")
UNKNOWN_EFFORT = 10.0
DEPTH = 10  # steps from the root of a tree to a leaf
PAIRS = 8  # numbers of two rows that are compared in one step
# What scikit-learn imports is named piece by piece: a fork server looks up between two imports.
FOUNDATION = ("scipy.sparse", "scipy.spatial", "scipy.optimize", "scipy.interpolate", "scipy.stats")
PREPARATION = ("sklearn.pipeline", "sklearn.impute", "sklearn.preprocessing")


def family(model: str) -> Family:
    """Return the row of `model`, or one for a class of the user's own, `module:Class`."""
    return Family(model, impute=True) if ":" in model else FAMILIES[model]


def known_parameters(model: str) -> tuple[str, ...] | None:
    """Return the names that `params` may hold; None for a class of the user's own."""
    return None if ":" in model else (*PARAMETERS[model], *EXTRA.get(model, ()))


def members(params: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield model and params of each model that a voting candidate averages.

    `members` lists families, or tables {model, params}.
    """
    for member in params.get("members", MEMBERS):
        if isinstance(member, str):
            yield member, {}
        else:
            yield member["model"], member.get("params", {})


def max_rows(model: str, params: Mapping[str, Any] | None = None) -> int | None:
    """Return above how many rows a candidate is skipped: the least that one of its parts says."""
    limits = [family(part).max_rows for part in parts(model, params)]
    return min((limit for limit in limits if limit is not None), default=None)


def effort(model: str, params: Mapping[str, Any]) -> float:
    """Return about how long a candidate takes compared with others; a class of one's own: long."""
    if model == "voting":
        return sum(effort(part, given) for part, given in members(params))
    if ":" in model:
        return UNKNOWN_EFFORT
    row = FAMILIES[model]
    preset = _rounds(row.preset)
    return float(row.effort * _rounds(params, preset) / preset) if preset else row.effort


def steps(model: str, params: Mapping[str, Any], rows: int, columns: int) -> int:
    """Return about how many steps it takes to predict one row, on whichever machine.

    `rows` is how many the model was fitted on, `columns` how many numbers it sees of each.
    """
    if model == "voting":
        return sum(steps(part, given, rows, columns) for part, given in members(params))
    if ":" in model:
        return columns + rows  # nobody knows
    row = FAMILIES[model]
    if row.compares:
        return columns + columns * rows // PAIRS
    return columns + DEPTH * _rounds(params, _rounds(row.preset))


def _rounds(params: Mapping[str, Any], otherwise: int = 0) -> int:
    """Return of how many trees or rounds a model is made, as far as `params` say so."""
    given = (params.get(name) for name in ROUNDS)
    return next((one for one in given if isinstance(one, int) and one > 0), otherwise)


def modules(model: str, params: Mapping[str, Any] | None = None) -> tuple[str, ...]:
    """Return the modules that a candidate needs, and no others."""
    families = [family(part) for part in parts(model, params)]
    scaled = ("sklearn.compose",) if any(part.scale_target for part in families) else ()
    own = [part.module for part in families if not part.module.startswith("_")]
    return tuple(dict.fromkeys([*FOUNDATION, *PREPARATION, *scaled, *own]))


def types(model: str, params: Mapping[str, Any] | None = None) -> tuple[str, ...]:
    """Return every type that the file of a candidate may hold."""
    found = set(COMMON)
    for part in parts(model, params):
        found.update([part.replace(":", ".")] if ":" in part else TYPES[part])
    return tuple(sorted(found))


def parts(model: str, params: Mapping[str, Any] | None) -> list[str]:
    """Return a model and, if it is made of others, those too."""
    if model != "voting":
        return [model]
    return [model, *(part for part, _ in members(params or {}))]
