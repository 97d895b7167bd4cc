"""Which columns the test scores depend on: by how much the rmse grows when one is shuffled.

To shuffle each of C columns, C tables of C columns are predicted. So there is a limit, counted in
steps of the computation and not in seconds: every machine measures the same columns, the ones that
the model itself gives the most weight.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from _expression import Expression, parse_all
from _families import family, members, steps
from _scores import scores

Floats = NDArray[np.float64]
REPEATS = 5
MOST_ROWS = 4_000  # an rmse over so many is good to about two per cent; time grows with them
ENOUGH_ROWS = 500  # before fewer rows than these are shuffled, columns are left out
FEWEST_ROWS = 100
FEWEST_COLUMNS = 20  # before fewer columns than these are shuffled, more rows are left out
MOST_STEPS = 10_000_000_000  # about half a minute
CALL = 100_000  # steps that a prediction takes, however few its rows
AT_ONCE = 1 << 24  # numbers that are predicted at a time
OFTEN = 2.0  # seconds between lines of progress


@dataclass(frozen=True)
class Found:
    """Columns with the growth of the rmse, the largest first, and how many were left out."""

    columns: list[dict[str, Any]]
    left_out: int


def importance(
    model: Pipeline,
    manifest: Mapping[str, Any],
    rows: pd.DataFrame,
    actual: Floats,
    *,
    trained_on: int,
    seed: int,
    most: int = MOST_STEPS,
) -> Found:
    """Return by how much the rmse grows when one column is shuffled.

    `trained_on` is the number of rows that the model was fitted on, `most` the limit in steps.
    """
    random = np.random.default_rng(seed)
    shuffler = Shuffler(model, manifest, rows.head(1))
    each = steps(manifest["model"], manifest["params"], trained_on, shuffler.width)

    def fitting(columns: int) -> int:
        return (most // columns - CALL) // (REPEATS * each)

    enough = min(ENOUGH_ROWS, fitting(FEWEST_COLUMNS))
    limit = min(MOST_ROWS, max(FEWEST_ROWS, enough, fitting(rows.shape[1])))
    if len(rows) > limit:
        chosen = np.sort(random.choice(len(rows), limit, replace=False))
        rows, actual = rows.iloc[chosen], actual[chosen]
    shuffler = Shuffler(model, manifest, rows)
    base = scores(actual, shuffler.predict())["rmse"]
    count = max(1, most // (CALL + REPEATS * len(rows) * each))
    names = shuffler.foremost(count) if count < rows.shape[1] else [*rows.columns]
    found: list[dict[str, Any]] = []
    told = time.monotonic()
    for number, name in enumerate(names):
        orders = np.stack([random.permutation(len(rows)) for _ in range(REPEATS)])
        growth = [scores(actual, part)["rmse"] - base for part in shuffler.shuffled(name, orders)]
        mean, spread = float(np.mean(growth)), float(np.std(growth))
        found.append({"column": name, "mean": mean, "std": spread})
        if time.monotonic() - told > OFTEN:
            told = time.monotonic()
            print(f"progress: {number + 1} of {len(names)} columns shuffled", flush=True)
    found.sort(key=lambda one: (-one["mean"], one["column"]))
    return Found(found, rows.shape[1] - len(names))


class Shuffler:
    """Predicts rows of which one column is shuffled; what stays as it is was prepared once."""

    def __init__(self, model: Pipeline, manifest: Mapping[str, Any], rows: pd.DataFrame) -> None:
        self.names = [*rows.columns]
        if manifest["model"] == "voting":
            average = model[-1]
            named = [name for name, _ in members(manifest["params"])]
            self.parts = [
                Part(member, name, rows)
                for member, name in zip(average.members_, named, strict=True)
            ]
            self.weights = average.weights
        else:
            self.parts = [Part(model, manifest["model"], rows)]
            self.weights = None

    @property
    def width(self) -> int:
        """How many numbers the model sees of a row."""
        return max(int(part.plain.shape[1]) for part in self.parts)

    def predict(self) -> Floats:
        """Return the predictions of the rows as they are."""
        return self._average([part.predict(part.plain) for part in self.parts])

    def shuffled(self, name: str, orders: NDArray[np.int64]) -> Iterator[Floats]:
        """Yield the predictions for each order of the values of a column."""
        together = max(1, min(len(orders), AT_ONCE // (orders.shape[1] * self.width)))
        for first in range(0, len(orders), together):
            some = orders[first : first + together]
            found = self._average([part.shuffled(name, some) for part in self.parts])
            yield from np.split(found, len(some))

    def foremost(self, count: int) -> list[str]:
        """Return the columns to which the model gives most weight, in their own order."""
        weights = np.sum([part.weights(self.names) for part in self.parts], axis=0)
        chosen = np.sort(np.argsort(-weights, kind="stable")[:count])
        return [self.names[number] for number in chosen]

    def _average(self, found: list[Floats]) -> Floats:
        if len(found) == 1 and self.weights is None:
            return found[0]
        return np.asarray(np.average(found, axis=0, weights=self.weights))


class Part:
    """One pipeline, with the rows as its model sees them."""

    def __init__(self, pipeline: Pipeline, model: str, rows: pd.DataFrame) -> None:
        self.matrix, *self.preparation, self.model = (step for _, step in pipeline.steps)
        self.attribute = family(model).weights
        self.raw = self.matrix.transform(rows)
        self.plain = self._prepared(self.raw)
        self.features: dict[str, Expression] = parse_all(self.matrix.features)
        self.places = dict(_places(self.matrix))
        self._table: Floats = np.empty((0, 0))

    def predict(self, table: Floats) -> Floats:
        """Return one float per row of what the model sees."""
        return np.asarray(self.model.predict(table), dtype=np.float64)

    def shuffled(self, name: str, orders: NDArray[np.int64]) -> Floats:
        """Return the predictions for each order of the values of a column, one after another."""
        own, derived = self.places[name], [*self._derived(name)]
        if derived:
            table = self._again(self.raw, orders)
            table[:, own] = self.raw[orders.ravel()][:, own]
            self._derive(table, derived)
            return self.predict(self._prepared(table))
        if len(self._table) != orders.size:
            self._table = self._again(self.plain, orders)
        self._table[:, own] = self.plain[:, own][orders.ravel()]
        predicted = self.predict(self._table)
        self._table[:, own] = self._again(self.plain[:, own], orders)
        return predicted

    def weights(self, names: list[str]) -> Floats:
        """Return how much each column counts for the model: what it says, or its correlation."""
        found = self._said() if self.attribute else self._correlation()
        total = found.sum()
        found = found / total if total > 0 else found
        reads = {name: [self.places[one] for one in self._derived(name)] for name in names}
        return np.array(
            [found[np.concatenate([self.places[name], *reads[name]])].sum() for name in names]
        )

    def _said(self) -> Floats:
        return np.abs(np.asarray(getattr(self.model, self.attribute), dtype=np.float64)).ravel()

    def _correlation(self) -> Floats:
        """Return how far a parabola over each column alone tells the predictions."""
        told = self.predict(self.plain)
        told = told - told.mean()
        found = np.zeros(self.plain.shape[1])
        for number, values in enumerate(self.plain.T):
            centred = np.nan_to_num(values - np.nanmean(values)) if np.isfinite(values).any() else 0
            for shape in (centred, centred**2 - np.mean(centred**2)):
                length = np.sqrt(np.sum(np.square(shape)) * np.sum(told**2))
                if length > 0:
                    found[number] = max(found[number], abs(np.sum(shape * told)) / length)
        return found

    def _derived(self, name: str) -> Iterator[str]:
        """Yield the derived features that change with a column, in the order of computing them."""
        changed = {name}
        for feature, expression in self.features.items():
            if not changed.isdisjoint(expression.columns):
                changed.add(feature)
                yield feature

    def _derive(self, table: Floats, derived: list[str]) -> None:
        for feature in derived:
            read = {name: table[:, self.places[name][0]] for name in self.features[feature].columns}
            values = self.features[feature].evaluate(read)
            table[:, self.places[feature][0]] = np.where(np.isfinite(values), values, np.nan)

    def _prepared(self, table: Floats) -> Floats:
        for step in self.preparation:
            table = step.transform(table)
        return table

    @staticmethod
    def _again(table: Floats, orders: NDArray[np.int64]) -> Floats:
        return np.tile(table, (len(orders), 1))


def _places(matrix: Any) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Yield each raw column and derived feature with its places in what the matrix makes."""
    first = 0
    for name in (*matrix.numbers, *matrix.features):
        yield name, np.array([first])
        first += 1
    for name in matrix.categories:
        width = len(matrix.levels_[name]) if matrix.encoding == "one_hot" else 1
        yield name, np.arange(first, first + width)
        first += width
