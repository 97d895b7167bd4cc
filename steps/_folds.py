"""Cross-validation of many configurations: what does not depend on them is done once per fold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from _families import members, modules
from _pipeline import build, fit
from _scores import scores
from _step import read_json
from _trials import DONE, Trial

Floats = NDArray[np.float64]
KEPT = 1 << 30  # bytes of prepared folds that stay in memory
MEMBERS = 50  # members of voting candidates whose predictions stay in memory


class Folds:
    """The train rows, cut into the folds that training used."""

    def __init__(self, train: Path, seed: int, cpus: int) -> None:
        self.seed, self.cpus = seed, cpus
        self.signature = read_json(train / "signature.json")
        self.rows = pd.read_parquet(train / "rows.parquet")
        self.target = self.rows.pop(self.signature["target"]).to_numpy(dtype=np.float64)
        self.fold = pd.read_parquet(train / "folds.parquet")["fold"].to_numpy()
        self.count = int(self.fold.max()) + 1
        self._prepared: dict[tuple[int, str], tuple[Floats, Floats]] = {}
        self._members: dict[tuple[int, str, str], Floats] = {}
        self._bytes = 0

    def score(self, number: int, predicted: Floats) -> dict[str, float]:
        """Return rmse, mae and r2 of predictions for the rows of a fold."""
        return scores(self.target[self.fold == number], predicted)

    def predict(self, number: int, model: str, params: Mapping[str, Any]) -> Floats:
        """Fit a configuration on the other folds; return its predictions for this fold's rows."""
        if model == "voting":
            found = [self._member(number, one, given) for one, given in members(params)]
            predicted: Floats = np.average(found, axis=0, weights=params.get("weights"))
        else:
            predicted = self._predict_one(number, model, params)
        if not np.isfinite(predicted).all():
            raise ValueError(f"a prediction in fold {number} is not a finite number")
        return predicted

    def pipeline(self, model: str, params: Mapping[str, Any]) -> Pipeline:
        """Return the unfitted pipeline of a configuration."""
        return build(self.signature, model, params, self.seed, self.cpus)

    def _member(self, number: int, model: str, params: Mapping[str, Any]) -> Floats:
        """Return the predictions of one member; while only weights change, it is fitted once."""
        key = (number, model, json.dumps(params, sort_keys=True))
        if key not in self._members:
            self._members[key] = self._predict_one(number, model, params)
            while len(self._members) > MEMBERS * self.count:
                del self._members[next(iter(self._members))]
        return self._members[key]

    def _predict_one(self, number: int, model: str, params: Mapping[str, Any]) -> Floats:
        *preparation, (_, regressor) = self.pipeline(model, params).steps
        inside, outside = self._prepare(number, preparation)
        fit(Pipeline([("model", regressor)]), inside, self.target[self.fold != number])
        return np.asarray(regressor.predict(outside), dtype=np.float64)

    def _prepare(self, number: int, preparation: list[tuple[str, Any]]) -> tuple[Floats, Floats]:
        what = [(type(step).__name__, step.get_params(deep=False)) for _, step in preparation]
        key = (number, repr(what))
        if key in self._prepared:
            return self._prepared[key]
        out = self.fold == number
        pipeline = Pipeline(preparation)
        inside = pipeline.fit_transform(self.rows[~out])
        outside = pipeline.transform(self.rows[out])
        self._bytes += inside.nbytes + outside.nbytes
        if self._bytes < KEPT:
            self._prepared[key] = inside, outside
        return inside, outside


def load_libraries(model: str, params: Mapping[str, Any]) -> tuple[str, ...]:
    """Import what a candidate needs, so that its threads can be limited; return the names."""
    needed = modules(model, params)
    for name in needed:
        import_module(name)
    return needed


def untuned(folder: Path, folds: Folds, params: dict[str, Any]) -> Trial:
    """Return trial 0: what training found of the untuned model, without fitting it again."""
    predicted = pd.read_parquet(folder / "oof.parquet")["predicted"].to_numpy()
    found = [folds.score(number, predicted[folds.fold == number]) for number in range(folds.count)]
    return Trial(0, DONE, params, folds=tuple(found))
