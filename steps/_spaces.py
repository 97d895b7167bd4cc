"""What is searched when an experiment says nothing: one table of expressions per family.

Expressions are tables as in Azure ML's sweeps (`[finetune.space.CANDIDATE]` writes the same as
text): there, `loguniform` takes natural logarithms; `_log` and `_count` take the values themselves.
Nothing heavy is imported: the command reads this to make its plan.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from _families import members

Search = Mapping[str, Any]
Space = dict[str, Search]


def _between(low: float, high: float) -> Search:
    return {"type": "uniform", "min_value": low, "max_value": high}


def _log(low: float, high: float) -> Search:
    return {"type": "loguniform", "min_value": math.log(low), "max_value": math.log(high)}


def _whole(low: int, high: int) -> Search:
    return {"type": "quniform", "min_value": low, "max_value": high, "q": 1}


def _count(low: int, high: int) -> Search:
    """A whole number whose doubling matters, not its growth by one."""
    ends = {"min_value": math.log(low), "max_value": math.log(high)}
    return {"type": "qloguniform", **ends, "q": 1}


def _one_of(*values: Any) -> Search:
    return {"type": "choice", "values": list(values)}


_YES_NO: Search = {"type": "choice", "values": [False, True]}

SPACES: dict[str, Space] = {
    "linear": {"positive": _YES_NO},
    "ridge": {"alpha": _log(1e-3, 1e3)},
    "knn": {
        "n_neighbors": _count(1, 40),
        "weights": _one_of("uniform", "distance"),
        "p": _one_of(1, 2),
    },
    "svr": {"C": _log(1, 1000), "epsilon": _log(0.003, 0.3), "gamma": _log(0.003, 1)},
    "decision_tree": {
        "max_depth": _whole(3, 30),
        "min_samples_leaf": _count(1, 40),
        "max_features": _between(0.4, 1),
    },
    "bagging": {"max_features": _between(0.4, 1), "max_samples": _between(0.4, 1)},
    "random_forest": {
        "max_features": _between(0.2, 1),
        "min_samples_leaf": _count(1, 10),
        "max_samples": _between(0.5, 1),
    },
    "extra_trees": {
        "max_features": _between(0.3, 1),
        "min_samples_leaf": _count(1, 8),
        "min_samples_split": _count(2, 12),
    },
    "gradient_boosting": {
        "learning_rate": _log(0.01, 0.2),
        "n_estimators": _count(200, 1600),
        "max_depth": _whole(2, 7),
        "min_samples_leaf": _count(1, 30),
        "subsample": _between(0.3, 1),
        "max_features": _between(0.2, 1),
    },
    "hist_gradient_boosting": {
        "learning_rate": _log(0.01, 0.2),
        "max_iter": _count(150, 1200),
        "max_leaf_nodes": _count(5, 48),
        "min_samples_leaf": _count(2, 40),
        "l2_regularization": _log(1e-3, 50),
        "max_features": _between(0.2, 1),
    },
    "xgboost": {
        "learning_rate": _log(0.01, 0.2),
        "n_estimators": _count(200, 1600),
        "max_depth": _whole(2, 8),
        "min_child_weight": _log(0.5, 20),
        "subsample": _between(0.3, 1),
        "colsample_bytree": _between(0.4, 1),
        "colsample_bynode": _between(0.3, 1),
        "reg_lambda": _log(0.01, 50),
    },
    "lightgbm": {
        "learning_rate": _log(0.02, 0.12),
        "n_estimators": _count(400, 2000),
        "num_leaves": _count(6, 40),
        "min_child_samples": _count(4, 30),
        "subsample": _between(0.4, 0.95),
        "colsample_bynode": _between(0.4, 1),
        "reg_lambda": _log(0.1, 50),
        "linear_tree": _YES_NO,
        "linear_lambda": _log(8, 200),  # of linear trees; with less they leap at the edges
    },
}
WEIGHT = "weight"


def space(model: str, params: Mapping[str, Any] | None = None) -> Space:
    """Return what is searched of a candidate by default; nothing for a class of the user's own.

    Of a voting candidate it is the weights of its members, `MEMBER.weight`: they cost nothing, as
    the members stay as they are. `MEMBER.parameter` can be searched as well, but a few dozen
    trials come to nothing in the spaces of three models at once.
    """
    if model != "voting":
        return dict(SPACES.get(model, {}))
    return {f"{name}.{WEIGHT}": _between(0, 1) for name, _, _ in named_members(params or {})}


def named_members(params: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield name, model and params of each member of a voting candidate; twins get a number."""
    every = list(members(params))
    models = [model for model, _ in every]
    for number, (model, given) in enumerate(every):
        yield (model if models.count(model) == 1 else f"{model}_{number}"), model, given


def preset(model: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the params with which a candidate is what its family's preset makes of it."""
    if model != "voting":
        return {}
    return {"members": [{"model": one, "params": {}} for _, one, _ in named_members(params)]}


def merged(model: str, params: Mapping[str, Any], drawn: Mapping[str, Any]) -> dict[str, Any]:
    """Return the params of a candidate with what a trial drew in their place."""
    if model != "voting":
        return {**params, **drawn}
    members_, weights = [], []
    before = params.get("weights") or []
    for number, (name, one, given) in enumerate(named_members(params)):
        mine = {
            key.rpartition(".")[2]: value
            for key, value in drawn.items()
            if key.rpartition(".")[0] == name
        }
        weights.append(mine.pop(WEIGHT, before[number] if before else 1))
        members_.append({"model": one, "params": {**given, **mine}})
    total = sum(weights)
    plain = total <= 0 or len(set(weights)) == 1
    own = {key: value for key, value in drawn.items() if "." not in key}
    even = {key: value for key, value in params.items() if key != "weights"}
    shares = {} if plain else {"weights": [weight / total for weight in weights]}
    return {**even, **shares, **own, "members": members_}
